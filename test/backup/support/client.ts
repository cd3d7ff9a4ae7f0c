import { account, mode } from "../../../src/client/account.js";
import { lazyAdministration } from "../../../src/client/admin.js";
import type { BlobClient } from "../../../src/client/client.js";
import { contexts } from "../../../src/client/context.js";
import { Download, type DownloadOptions } from "../../../src/client/download/download.js";
import { changes, latestCursor } from "../../../src/client/reading/changes.js";
import { listPages } from "../../../src/client/reading/list.js";
import { stat } from "../../../src/client/stat.js";
import type { MemoryStore } from "../../client/support/memory-store.js";

/** A client of a store in memory: what a backup asks of one, and nothing else. */
export function clientOf(store: MemoryStore): BlobClient {
	const context = store.context();
	const client: Partial<BlobClient> = {
		changes: (options) => changes(context, options),
		latestCursor: (options) => latestCursor(context, options),
		list: async function* (options) {
			for await (const entries of listPages(context, options)) yield* entries;
		},
		stat: (key, options) => stat(context, key, options),
		mode: (options) => mode(context, options),
		account: (who, options) => account(context, who, options),
		admin: lazyAdministration(context),
		download: (target: never, options: DownloadOptions = {}) => new Download(context, target, options),
	};
	contexts.set(client, context);
	return client as BlobClient;
}
