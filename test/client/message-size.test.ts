import { describe, expect, it } from "vitest";
import { startDeleting } from "../../src/client/blobs/deleting.js";
import type { ClientContext } from "../../src/client/context.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { isBlobError, type UploadWarning } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { warnOfParts } from "../../src/client/upload/warning.js";
import { MAX_CHUNK_BYTES, type WireDeleteMany, type WirePutMany } from "../../src/protocol/index.js";
import { type Call, MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, sha256, streamOf, upload } from "./support/transfers.js";

/** Bytes that a call carries, without what is signed around them. */
function bytesOf({ method, args }: Call): number {
	if (method === "blobs_put_chunk") return (args[2] as Uint8Array).length;
	if (method === "blobs_put_blob") return (args[1] as Uint8Array).length;
	if (method === "blobs_put_many")
		return (args[0] as WirePutMany).blobs.reduce((sum, { content }) => sum + content.length, 0);
	if (method === "blobs_delete_many")
		return (args[0] as WireDeleteMany).blobs.reduce((sum, { key }) => sum + key.length, 0);
	return 0;
}
const largest = ({ calls }: MemoryStore) => Math.max(...calls.map(bytesOf));

/** A proxy on the way takes messages of this size. */
function behindProxy(limit: number): MemoryStore {
	const store = new MemoryStore();
	store.hooks = {
		before: (call) => {
			if (bytesOf(call) > limit)
				throw new ClientError("http", { status: 413, body: "too large", retryAfterMs: undefined });
		},
	};
	return store;
}
const refusals = (store: MemoryStore, limit: number) =>
	store.calls.filter((call) => bytesOf(call) > limit).length;
const files = (count: number, bytes: number) =>
	Array.from({ length: count }, (_, i) => ({ key: `${bytes}/${i}`, source: pseudoBytes(bytes, i + 1) }));

describe("chunkBytes", () => {
	it("bounds single calls, packs and lists of keys", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: 100_000 });
		await upload(context, pseudoBytes(150_000)).done;
		expect(store.count("blobs_put_blob")).toBe(0);
		expect(await startBatch(context, [...files(30, 20_000), ...files(2, 90_000)], {}).done).toMatchObject({
			failed: 0,
		});
		const keys = Array.from({ length: 300 }, (_, i) => `${i}/`.padEnd(900, "x"));
		await startDeleting(context, keys).done;
		expect(largest(store)).toBeLessThanOrEqual(100_000);
		expect(largest(store)).toBeGreaterThan(90_000);
	});

	it("of one file bounds the pack that it is in", async () => {
		const store = new MemoryStore();
		const items = files(40, 10_000).map((item, i) => (i === 5 ? { ...item, chunkBytes: 70_000 } : item));
		expect(await startBatch(store.context(), items, {}).done).toMatchObject({ uploaded: 40 });
		const packs = store.calls.filter(({ method }) => method === "blobs_put_many").map(bytesOf);
		expect(packs.length).toBe(2);
		expect(Math.min(...packs)).toBeLessThanOrEqual(70_000);
	});
});

describe("a message that is too large for a proxy on the way", () => {
	const LIMIT = 300_000;
	const sent: [string, (bytes: Uint8Array) => Parameters<typeof upload>[1], number, { size?: number }][] = [
		["bytes in a single call", (bytes) => bytes, 1_000_000, {}],
		["bytes in chunks", (bytes) => bytes, 5_000_000, {}],
		["a short stream", (bytes) => streamOf(bytes, 10_000), 1_000_000, {}],
		["a stream of a known size", (bytes) => streamOf(bytes, 70_000), 1_000_000, { size: 1_000_000 }],
		["a long stream", (bytes) => streamOf(bytes, 70_000), 5_000_001, {}],
	];
	it.each(sent)("is halved, as is all that follows: %s", async (_, source, size, options) => {
		const store = behindProxy(LIMIT);
		const context = store.context();
		const bytes = pseudoBytes(size);
		const retries: unknown[] = [];
		const transfer = startUpload(context, source(bytes), { key: "a/b", ...options });
		transfer.on("retry", ({ error }) => retries.push(error));
		await transfer.done;
		expect(transfer.progress).toMatchObject({ loaded: size, total: size });
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
		expect(retries.some((error) => isBlobError(error, "http"))).toBe(true);
		const before = refusals(store, LIMIT);
		await upload(context, pseudoBytes(700_000, 2), { key: "c" }).done;
		expect(refusals(store, LIMIT)).toBe(before);
		// What was begun with larger chunks is given up.
		expect(store.count("blobs_begin_upload") - store.count("blobs_abort_upload")).toBe(
			store.count("blobs_commit_upload"),
		);
	});

	it("is halved where it holds many files, or one", async () => {
		const store = behindProxy(LIMIT);
		const context: ClientContext = store.context();
		const items = [...files(60, 20_000), { key: "larger", source: pseudoBytes(450_000) }];
		expect(await startBatch(context, items, {}).done).toMatchObject({ uploaded: 61, failed: 0 });
		expect(sha256(await readAll(context, "larger"))).toBe(sha256(pseudoBytes(450_000)));
		expect(
			await startDeleting(
				context,
				items.map(({ key }) => key),
			).done,
		).toMatchObject({ deleted: 61, failed: 0 });
	});

	it("is an error that names the option where nothing smaller can be sent", async () => {
		const error = await failure(upload(behindProxy(50_000).context(), pseudoBytes(200_000)).done);
		expect(isBlobError(error, "http") && error.message).toMatch(/413.*chunkBytes/);
		expect(isBlobError(error, "http") && error.action).toBe("fix");
	});
});

describe("a blob of more parts than gateways pass on", () => {
	const S = 65_536;
	const warnings = async (source: Parameters<typeof upload>[1]) => {
		const seen: UploadWarning[] = [];
		const transfer = startUpload(new MemoryStore().context({ chunkBytes: S }), source, { key: "k" });
		transfer.on("warning", (warning) => {
			seen.push(warning);
			void transfer.abort();
		});
		await failure(transfer.done);
		return seen;
	};

	it("is warned of before a byte is sent, with the chunkBytes that avoids it", async () => {
		const [warning, ...others] = await warnings(new Uint8Array(1_001 * S));
		expect(warning).toMatchObject({ code: "many_parts", key: "k", chunkBytes: 65_602 });
		expect(warning?.message).toMatch(/1001 chunks of 65536 bytes.*1000.*chunkBytes of at least 65602/);
		expect(others).toEqual([]);
	});

	it("is warned of when a stream turns out to be one", async () => {
		const [warning, ...others] = await warnings(streamOf(new Uint8Array(1_002 * S), 10 * S));
		expect(warning?.message).toMatch(/more than 1000 chunks.*chunkBytes of up to 2080768/);
		expect(others).toEqual([]);
	});

	it("is told from one that has just as many", () => {
		expect(warnOfParts("k", 1_000 * S, S)).toBeUndefined();
		// With the largest chunks there is nothing to change about the upload.
		const large = warnOfParts("k", 3e9, MAX_CHUNK_BYTES);
		expect(large?.chunkBytes).toBeUndefined();
		expect(large?.message).toMatch(/ask for ranges/);
	});
});
