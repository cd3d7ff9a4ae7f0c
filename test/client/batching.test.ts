import { describe, expect, it } from "vitest";
import { runBatch } from "../../src/client/batching/batch.js";
import { stat } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { ClientError } from "../../src/client/errors/errors.js";
import {
	type BatchedItem,
	type BatchItem,
	isBlobError,
	type PreparedUpload,
	type UploadOptions,
} from "../../src/client/index.js";
import { startPreparing } from "../../src/client/upload/index.js";
import { encodeValue, METHODS, type WireBatch } from "../../src/protocol/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, S, SIZE, streamOf, upload } from "./support/transfers.js";

/** Batches of the client against the engine: its checks, its messages, and its results. */

const batch = (context: ClientContext, ...items: BatchItem[]): Promise<BatchedItem[]> =>
	runBatch(context, items, {});
const prepare = (
	context: ClientContext,
	key: string,
	bytes: Uint8Array,
	options: Partial<UploadOptions> = {},
) => startPreparing(context, bytes, { key, chunkBytes: S, ...options });
const put = (key: string, source: Uint8Array = pseudoBytes(100), parts = {}): BatchItem => ({
	type: "put",
	key,
	source,
	...parts,
});
const commit = (its: PreparedUpload): BatchItem => ({ type: "commit", upload: its });
const large = pseudoBytes(SIZE);

describe("C76 a batch by the client", () => {
	it("makes changes of every kind, and says what each has made", async () => {
		const store = new MemoryStore();
		const context = store.context();
		for (const key of ["old", "gone", "said", "source"]) await upload(context, pseudoBytes(10), { key }).done;
		const prepared = await prepare(context, "large", large, {
			contentType: "video/mp4",
			metadata: { by: "anna" },
			visibility: "public",
		}).done;
		const before = store.calls.length;
		const done = await batch(
			context,
			commit(prepared),
			put("small", pseudoBytes(7), { contentType: "text/plain", wholeSha256: new Uint8Array(32).fill(1) }),
			{ type: "delete", key: "gone" },
			{ type: "delete", key: "never" },
			{ type: "rename", from: "old", to: "new" },
			{ type: "copy", from: "source", to: "copy", ifNoneMatch: "*" },
			{ type: "update", key: "said", visibility: "public", replaceMetadata: { n: "v" } },
		);
		expect(store.calls.length).toBe(before + 1);
		expect(done.map(({ key, version }) => [key, version !== undefined])).toEqual([
			["large", true],
			["small", true],
			["gone", true],
			["never", false],
			["new", true],
			["copy", true],
			["said", true],
		]);
		expect(Buffer.compare(await readAll(context, "large"), large)).toBe(0);
		expect(await stat(context, "large")).toMatchObject({
			contentType: "video/mp4",
			metadata: { by: "anna" },
			visibility: "public",
			...done[0]?.version,
		});
		expect(await stat(context, "small")).toMatchObject({ contentType: "text/plain", size: 7 });
		expect(await stat(context, "said")).toMatchObject({ visibility: "public", metadata: { n: "v" } });
		for (const key of ["new", "copy"]) expect(await readAll(context, key)).toEqual(pseudoBytes(10));
		expect(isBlobError(await failure(stat(context, "old")), "blob_not_found")).toBe(true);
		expect(context.seen.version).toMatchObject({ sequence: done[6]?.version?.sequence });
	});

	it("is refused as a whole for one item, which the error names with that one's own error", async () => {
		const store = new MemoryStore();
		const context = store.context();
		await upload(context, pseudoBytes(10), { key: "taken" }).done;
		const error = await failure(
			batch(context, put("a"), put("taken", large.subarray(0, 5), { ifNoneMatch: "*" })),
		);
		expect(error).toBeInstanceOf(ClientError);
		if (!isBlobError(error, "batch_refused")) throw error;
		expect(error.details.item).toBe(1);
		expect(error.action).toBe("give_up");
		const { error: its } = error.details;
		expect(isBlobError(its, "precondition_failed") && its.details.sequence).toBe(1n);
		expect(JSON.parse(JSON.stringify(error))).toMatchObject({
			code: "batch_refused",
			details: { item: 1, error: { code: "precondition_failed" } },
		});
		expect(isBlobError(await failure(stat(context, "a")), "blob_not_found")).toBe(true);
	});

	const refusedBeforehand = async (context: ClientContext, ...items: BatchItem[]) => {
		const error = await failure(batch(context, ...items));
		if (!isBlobError(error)) throw error;
		return error;
	};

	it("is refused before any request where an item is none, two touch one key, or more than fit are given", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const code = async (...items: BatchItem[]) => (await refusedBeforehand(context, ...items)).message;
		expect(await code()).toContain("items");
		expect(await code({ type: "move" } as never)).toContain("type");
		expect(await code({ ...put("a"), chunkBytes: 7 } as never)).toContain("chunkBytes");
		expect(await code({ type: "commit", upload: { id: 7 } } as never)).toContain("upload.id");
		const prepared = { id: "00".repeat(16), key: "a", size: 7, root: new Uint8Array(32), metadata: {} };
		const unfit = { ...prepared, chunkBytes: 0, contentType: "a/b", visibility: "public" };
		expect(await code({ type: "commit", upload: unfit } as never)).toContain("chunk_size");
		expect(await code({ type: "rename", from: "a" } as never)).toContain("to");
		expect(await code({ type: "delete", key: "../a" })).toContain("key");
		expect(await code(put("a"), { type: "rename", from: "b", to: "a" })).toContain(
			"two items touch the key a",
		);
		expect(await code({ type: "copy", from: "a", to: "b" }, { type: "delete", key: "a" })).toContain(
			"two items touch the key a",
		);
		const deep = (n: number) => Array.from({ length: 32 }, (_, level) => `${n}-${level}`).join("/");
		const many = Array.from(
			{ length: 1_000 },
			(_, n): BatchItem => ({ type: "rename", from: deep(n), to: `n${n}` }),
		);
		const tooMany = await refusedBeforehand(context, ...many);
		if (!isBlobError(tooMany, "batch_too_large")) throw tooMany;
		const said = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`n${n}`, "v"]));
		const talkative = Array.from(
			{ length: 200 },
			(_, n): BatchItem => ({ type: "update", key: `k${n}`, replaceMetadata: said }),
		);
		const tooManyValues = await refusedBeforehand(context, ...talkative);
		if (!isBlobError(tooManyValues, "batch_too_large")) throw tooManyValues;
		expect(store.calls).toEqual([]);
		// As many as it says are taken: refused only for what is not there.
		for (const [items, { fits }] of [
			[many, tooMany.details],
			[talkative, tooManyValues.details],
		] as const) {
			const refused = await refusedBeforehand(context, ...items.slice(0, fits));
			expect(refused.code).toBe("batch_refused");
			expect((await refusedBeforehand(context, ...items.slice(0, fits + 1))).code).toBe("batch_too_large");
		}
	});

	it("says before any request how many items fit a message by their bytes; these do", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const items = Array.from({ length: 30 }, (_, n) => put(`k${n}`, pseudoBytes(100_000, n + 1)));
		const error = await refusedBeforehand(context, ...items);
		if (!isBlobError(error, "batch_bytes_too_many")) throw error;
		const { fits, limit, bytes } = error.details;
		expect(bytes).toBeGreaterThan(3_000_000);
		expect(store.calls).toEqual([]);
		expect((await batch(context, ...items.slice(0, fits))).length).toBe(fits);
		const [request] = store.calls.at(-1)!.args as [WireBatch];
		const type = METHODS.blobs_batch.args[0] as never;
		expect(encodeValue<unknown>(type, request as never).length).toBeLessThan(limit);
		const stream: BatchItem = {
			type: "put",
			key: "stream",
			source: streamOf(pseudoBytes(3_000_000), 500_000),
		};
		const one = await refusedBeforehand(context, put("a"), stream);
		expect(isBlobError(one, "batch_bytes_too_many") && one.details.fits).toBe(1);
	});

	it("puts nothing in the place of something where a stream gives no byte", async () => {
		const store = new MemoryStore();
		const context = store.context();
		await upload(context, pseudoBytes(10), { key: "a" }).done;
		const empty = (parts = {}): BatchItem => ({
			type: "put",
			key: "a",
			source: streamOf(new Uint8Array(0), 1),
			...parts,
		});
		expect(isBlobError(await failure(batch(context, empty())), "source_empty")).toBe(true);
		await batch(context, empty({ allowEmpty: true }));
		expect((await stat(context, "a")).size).toBe(0);
	});
});

describe("C76 an upload that is prepared", () => {
	it("publishes nothing, is no other upload's to take up, and goes on where an earlier one ended", async () => {
		const store = new MemoryStore();
		const context = store.context();
		let puts = 0;
		store.hooks.before = ({ method }) => {
			if (method === "blobs_put_chunk" && ++puts === 10)
				throw new ClientError("identity_unusable", { reason: "gone" });
		};
		expect(isBlobError(await failure(prepare(context, "a/b", large).done), "identity_unusable")).toBe(true);
		store.hooks = {};
		const prepared = await prepare(store.context(), "a/b", large).done;
		expect(isBlobError(await failure(stat(context, "a/b")), "blob_not_found")).toBe(true);
		expect(store.count("blobs_begin_upload")).toBe(1);
		expect(store.count("blobs_put_chunk")).toBeLessThan(60);

		const other = store.context();
		const again = await prepare(other, "a/b", large).done;
		expect(again.id).toEqual(prepared.id);
		// The same client begins another one.
		const apart = await prepare(other, "a/b", large).done;
		expect(apart.id).not.toEqual(prepared.id);
		await batch(other, commit(apart));
		expect(Buffer.compare(await readAll(context, "a/b"), large)).toBe(0);
	});

	it("has all its chunks by the subnet's word: one that is lost is put again", async () => {
		const store = new MemoryStore();
		const context = store.context();
		store.hooks.answer = ({ method, nth, kind }, answer) => {
			if (method !== "blobs_upload_status" || kind !== "update" || nth > 0) return answer;
			const { upload, leaves } = answer as { upload: object; leaves: Uint8Array };
			return { upload, leaves: leaves.slice().fill(0, 0, 32) };
		};
		const prepared = await prepare(context, "a", large).done;
		expect(store.count("blobs_put_chunk")).toBe(41);
		expect((await batch(context, commit(prepared)))[0]?.version).toBeDefined();
	});

	it("can be kept as a structured clone, and committed by another client", async () => {
		const store = new MemoryStore();
		const prepared = await prepare(store.context(), "a", large, { ifNoneMatch: "*" }).done;
		const kept = structuredClone({ ...prepared });
		await batch(store.context(), commit(kept), put("b"));
		expect(Buffer.compare(await readAll(store.context(), "a"), large)).toBe(0);
		const late = await failure(batch(store.context(), commit(kept)));
		expect(isBlobError(late, "batch_refused") && late.details.error.code).toBe("upload_finished");
	});

	it("of another size than its source turns out to have is given up", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const source = {
			size: SIZE,
			read: (start: number, end: number) => large.subarray(start, Math.min(end, SIZE - 9)),
		};
		expect(
			isBlobError(await failure(startPreparing(context, source, { key: "a", chunkBytes: S }).done)),
		).toBe(true);
		const upTo = await prepare(context, "b", new Uint8Array(0)).done;
		expect((await batch(context, commit(upTo)))[0]?.version).toBeDefined();
		expect((await stat(context, "b")).size).toBe(0);
	});
});
