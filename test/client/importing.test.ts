import { Principal } from "@dfinity/principal";
import { expect, it } from "vitest";
import { beginImport, endImport } from "../../src/client/administration/importing.js";
import { stat } from "../../src/client/blobs/stat.js";
import { retry } from "../../src/client/call/retry.js";
import type { ClientContext } from "../../src/client/context.js";
import { ClientError, isBlobError } from "../../src/client/errors/errors.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { type MethodName, RECEIPT_LIFE_MS } from "../../src/protocol/index.js";
import { MemoryStore, OTHER, pseudoBytes } from "./support/memory-store.js";

/** A controller's import of other principals' blobs, also with lost responses. */

const [small, large] = [pseudoBytes(1_000), pseudoBytes(2_100_000)];
const owner = Principal.fromUint8Array(OTHER);

/** A client whose clock is the store's, and that repeats what was lost, as calls over a network do. */
function clientOf(store: MemoryStore): ClientContext {
	const context = store.context({ chunkBytes: 65_536, ports: { now: () => store.host.time } });
	const { settings, caller } = context;
	const update: ClientContext["caller"]["update"] = (name, args, options) =>
		retry(() => caller.update(name, args, options), {
			policy: settings.retry,
			ports: settings.ports,
			onRetry: options.onRetry,
		});
	return { ...context, caller: { query: caller.query, update } };
}

/** Loses the first answer to a method, until its receipt is gone and `then` has happened. */
function lose(store: MemoryStore, method: MethodName, then = async (): Promise<unknown> => undefined): void {
	let isLost = false;
	store.hooks = {
		answer: async (call, answer) => {
			if (call.method !== method || isLost) return answer;
			isLost = true;
			store.host.time += RECEIPT_LIFE_MS + 60_000;
			store.engine.clean();
			await then();
			throw new ClientError("network", { url: "https://icp-api.io" });
		},
	};
}

const asOf = (store: MemoryStore, age = 9e8) => ({
	owner,
	createdAt: store.host.time - age,
	modifiedAt: new Date(store.host.time - 5e8),
});

it.each([
	["blobs_put_blob", small],
	["blobs_commit_upload", large],
] as const)("an answer to %s that was lost for good is found by owner and times", async (method, bytes) => {
	const store = new MemoryStore();
	const context = clientOf(store);
	await beginImport(context);
	const importAs = asOf(store);
	lose(store, method);
	const found = await startUpload(context, bytes, { key: "a", ifNoneMatch: "*", importAs }).done;
	expect(found).toMatchObject({ createdAt: new Date(importAs.createdAt), modifiedAt: importAs.modifiedAt });
	expect(found.owner).toBe(owner.toText());
	expect(found).toEqual(await stat(context, "a"));
});

it("what stands there with other times is another's", async () => {
	const store = new MemoryStore();
	const context = clientOf(store);
	await beginImport(context);
	lose(store, "blobs_put_blob", () =>
		startUpload(clientOf(store), small, { key: "a", importAs: asOf(store, 8e8) }).done.then(() => undefined),
	);
	const transfer = startUpload(context, small, { key: "a", ifNoneMatch: "*", importAs: asOf(store) });
	const error: unknown = await transfer.done.then(
		() => undefined,
		(reason) => reason,
	);
	expect(isBlobError(error) && error.code).toBe("network");
});

it("uploadMany says owner and times of each, and uploads again what has others", async () => {
	const store = new MemoryStore();
	const context = clientOf(store);
	await beginImport(context);
	const importAs = asOf(store);
	const items = [
		{ key: "a", source: small, importAs },
		{ key: "b", source: small },
	];
	const { items: files } = await startBatch(context, items, {}).done;
	const stored = files.map((file) => ("manifest" in file ? file.manifest : undefined));
	expect(stored).toEqual([await stat(context, "a"), await stat(context, "b")]);
	const isSkipped = async (of: object) =>
		(await startBatch(context, [{ ...items[0]!, ...of }], { skipUnchanged: true }).done).unchanged === 1;
	expect(await isSkipped({})).toBe(true);
	expect(await isSkipped({ importAs: { ...importAs, createdAt: importAs.createdAt + 1 } })).toBe(false);
	expect(await isSkipped({ metadata: { n: "1" } })).toBe(false);
	expect(await stat(context, "a")).toMatchObject({ modifiedAt: importAs.modifiedAt, metadata: { n: "1" } });
	await endImport(context);
});
