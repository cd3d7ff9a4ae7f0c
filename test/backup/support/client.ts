import { account, mode } from "../../../src/client/account.js";
import { lazyAdministration } from "../../../src/client/administration/loaded.js";
import { type DeleteOptions, deleteBlob } from "../../../src/client/blobs/changing.js";
import { listPages } from "../../../src/client/blobs/list.js";
import { stat } from "../../../src/client/blobs/stat.js";
import type { BlobClient } from "../../../src/client/client.js";
import { contexts } from "../../../src/client/context.js";
import { Download, type DownloadOptions } from "../../../src/client/download/download.js";
import { changes, latestCursor } from "../../../src/client/feed/changes.js";
import * as leases from "../../../src/client/feed/leases.js";
import type { BlobClientOptions } from "../../../src/client/options.js";
import type { Manifest } from "../../../src/client/types.js";
import { startUpload } from "../../../src/client/upload/index.js";
import type { MemoryStore } from "../../client/support/memory-store.js";

/** A client of a store in memory, with the methods that a backup uses. */
export function clientOf(store: MemoryStore, options: Partial<BlobClientOptions> = {}): BlobClient {
	const context = store.context(options);
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
		takeLease: (options) => leases.takeLease(context, options),
		extendLease: (lease, options) => leases.extendLease(context, lease, options),
		releaseLease: (lease, options) => leases.releaseLease(context, lease, options),
		listLeased: (lease, options) => leases.listLeased(context, lease, options),
		download: (target: never, options: DownloadOptions = {}) => new Download(context, target, options),
	};
	Object.assign(client, {
		upload: (source: never, options: never) => startUpload(context, source, options),
		delete: (key: string, options?: DeleteOptions) => deleteBlob(context, key, options),
		downloadLeased: (manifest: Manifest, options: DownloadOptions = {}) =>
			new Download(context, manifest.key, options, manifest),
	});
	contexts.set(client, context);
	return client as BlobClient;
}
