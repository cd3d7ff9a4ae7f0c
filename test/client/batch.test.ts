import { createHash } from "node:crypto";
import { IDL } from "@dfinity/candid";
import { describe, expect, it } from "vitest";
import { isAcceptable } from "../../src/canister/candid/codec.js";
import { stat } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import {
	isBlobError,
	type UploadItem,
	type UploadManyOptions,
	type UploadManyProgress,
} from "../../src/client/index.js";
import type { UploadItems } from "../../src/client/upload/batch/found.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { candidBytes, Pack, toWire } from "../../src/client/upload/batch/pack.js";
import { planUpload } from "../../src/client/upload/options.js";
import { encodeValue, MAX_CHUNK_BYTES, type WirePutMany } from "../../src/protocol/index.js";
import { METHODS } from "../../src/protocol/wire/index.js";
import { idlOf } from "../support/idl.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const uploadMany = (context: ClientContext, items: UploadItems, options: UploadManyOptions = {}) =>
	startBatch(context, items, options);
const small = (count: number, bytes: number): UploadItem[] =>
	Array.from({ length: count }, (_, i) => ({ key: `f/${i}`, source: pseudoBytes(bytes, i + 1) }));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const read = (context: ClientContext, key: string) => new Download(context, key, {}).bytes();

describe("packing", () => {
	it("sends small files in as many calls as their bytes need", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const items = small(1_500, 3_000);
		const result = await uploadMany(context, items).done;
		expect(result).toMatchObject({ uploaded: 1_500, failed: 0, unchanged: 0 });
		expect(store.count("blobs_put_many")).toBe(Math.ceil((1_500 * 3_100) / MAX_CHUNK_BYTES));
		expect(store.calls.length).toBe(store.count("blobs_put_many"));
		expect(await read(context, "f/1234")).toEqual(pseudoBytes(3_000, 1_235));
	});

	it("has no more than a thousand in one call, and empty ones too", async () => {
		const store = new MemoryStore();
		const items = small(1_001, 0);
		expect(await uploadMany(store.context(), items).done).toMatchObject({ uploaded: 1_001 });
		const sizes = store.calls.map(({ args }) => (args[0] as WirePutMany).blobs.length);
		expect(sizes).toEqual([1_000, 1]);
	});

	it("has no more metadata in one call than the store reads", async () => {
		const types = METHODS.blobs_put_many.args.map(idlOf);
		for (const [entries, calls] of [
			[1, 2],
			[32, 10],
		] as const) {
			const store = new MemoryStore();
			const metadata = Object.fromEntries(Array.from({ length: entries }, (_, i) => [`n${i}`, "v"]));
			const items = small(1_000, 1).map((item) => ({ ...item, metadata }));
			expect(await uploadMany(store.context(), items).done).toMatchObject({ uploaded: 1_000 });
			for (const { args } of store.calls)
				expect(isAcceptable("blobs_put_many", new Uint8Array(IDL.encode(types, [...args])))).toBe(true);
			expect(store.calls.length).toBe(calls);
		}
	});

	it("sends again what one message has no instructions for", async () => {
		const store = new MemoryStore();
		// Four items, for which it is asked once, take what a message may.
		let asked = 0;
		store.host.instructions = () => 14e9 * asked++;
		store.hooks.before = () => {
			asked = 0;
		};
		expect(await uploadMany(store.context(), small(12, 10)).done).toMatchObject({ uploaded: 12, failed: 0 });
		expect(store.count("blobs_put_many")).toBe(3);
	});

	it("answers the manifest that a stat then shows", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const item: UploadItem = {
			key: "a/ü",
			source: new Blob(["text"], { type: "text/plain" }),
			visibility: "public",
			metadata: { a: "1" },
			wholeSha256: new Uint8Array(32).fill(1),
		};
		const { items: files } = await uploadMany(context, [item]).done;
		const shown = await new Download(context, "a/ü", {}).manifest();
		expect(files).toEqual([{ key: "a/ü", status: "uploaded", manifest: shown }]);
	});

	it("counts the bytes of an item in Candid exactly", () => {
		const { settings } = new MemoryStore().context();
		const type = METHODS.blobs_put_many.args[0] as never;
		const encoded = (pack: Pack) => encodeValue<unknown>(type, pack.request(new Uint8Array(16)) as never);
		for (const size of [0, 127, 128, 16_383, 16_384, 100_000])
			for (const options of [
				{},
				{ ifNoneMatch: "*" as const },
				{ ifMatch: { sequence: 7n, canisterVersion: 8n }, wholeSha256: new Uint8Array(32) },
				{ metadata: { a: "ü".repeat(100), b: "" }, contentType: "text/plain; charset=utf-8" },
			]) {
				const content = new Uint8Array(size);
				const source = { size, contentType: undefined } as never;
				const plan = planUpload({ key: `k/x${"é".repeat(size % 90)}`, ...options }, source, settings);
				const item = { plan, root: new Uint8Array(32), content, done: async () => {} };
				const pack = new Pack();
				pack.add(item);
				const empty = encoded(new Pack()).length;
				expect(candidBytes(toWire(item))).toBe(encoded(pack).length - empty);
				expect(pack.bytes).toBeGreaterThanOrEqual(encoded(pack).length);
			}
	});

	it("cuts a message in two that this identity makes too large", async () => {
		const store = new MemoryStore();
		store.hooks = {
			before: ({ method, args }) => {
				if (method === "blobs_put_many" && (args[0] as WirePutMany).blobs.length > 30)
					throw new ClientError("message_too_large", { bytes: 1, limit: 0, over: 1 });
			},
		};
		expect(await uploadMany(store.context(), small(100, 10_000)).done).toMatchObject({ uploaded: 100 });
		expect(store.count("blobs_put_many")).toBe(7);
	});

	it("makes a call with an unknown outcome again as it was", async () => {
		const store = new MemoryStore();
		const context = store.context();
		let isLost = false;
		store.hooks = {
			answer: ({ method }, answer) => {
				if (method !== "blobs_put_many" || isLost) return answer;
				isLost = true;
				transfer.pause();
				setTimeout(() => void transfer.resume(), 10);
				throw new ClientError("network", { url: "" });
			},
		};
		const transfer = uploadMany(context, small(20, 100));
		const { items: files, uploaded } = await transfer.done;
		expect(uploaded).toBe(20);
		expect(store.calls.length).toBe(2);
		expect(store.calls[0]!.args).toEqual(store.calls[1]!.args);
		const sequences = files.map((file) => file.status === "uploaded" && file.manifest.sequence);
		expect(new Set(sequences).size).toBe(20);
		expect(Math.max(...sequences.map(Number))).toBe(20);
	});
});

describe("many files", () => {
	it("takes every kind of source, large ones beside small ones, with one total", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: 65_536 });
		const sizes = [0, 10, 600_000, 2_064_384, 2_500_000, 70_000];
		const items = sizes.flatMap((size, i): UploadItem[] => [
			{ key: `b/${i}`, source: pseudoBytes(size, i + 1) },
			{ key: `f/${i}`, size, source: async () => new Blob([pseudoBytes(size, i + 1) as BlobPart]) },
			{ key: `s/${i}`, source: () => new Blob([pseudoBytes(size, i + 1) as BlobPart]).stream() },
		]);
		const transfer = uploadMany(context, items, { prefix: "p/" });
		expect(transfer.progress.items.total).toBe(items.length);
		const seen: UploadManyProgress[] = [];
		for await (const progress of transfer) seen.push(progress);
		const total = 3 * sizes.reduce((sum, size) => sum + size, 0);
		const last = { total, loaded: total, read: total, hashed: total, sent: total, secondsLeft: 0 };
		expect(seen.at(-1)).toMatchObject({ ...last, items: { total: 18, uploaded: 18, failed: 0 } });
		for (let i = 1; i < seen.length; i++)
			for (const name of ["read", "hashed", "sent", "loaded", "reused"] as const)
				expect(seen[i]![name]).toBeGreaterThanOrEqual(seen[i - 1]![name]);
		for (const [i, size] of sizes.entries())
			for (const kind of "bfs")
				expect(sha256(await read(context, `p/${kind}/${i}`))).toBe(sha256(pseudoBytes(size, i + 1)));
	});

	it("fails no file for another's sake, and ends at exactly 100 %", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: 65_536 });
		await uploadMany(context, [{ key: "f/3", source: new Uint8Array(1) }]).done;
		const items: UploadItem[] = [
			...small(3, 1_000),
			{ key: "f/3", source: pseudoBytes(50), ifNoneMatch: "*" },
			{ key: "f//4", source: pseudoBytes(50) },
			{
				key: "f/5",
				size: 9,
				source: () => {
					throw new Error("no such file");
				},
			},
			{ key: "f/6", source: { size: 3_000_000, read: (start, end) => new Uint8Array(end - start - 1) } },
			{ key: "f/7", source: "text" as never },
		];
		const told: string[] = [];
		const transfer = uploadMany(context, items);
		transfer.on("item", ({ key }) => told.push(key));
		const { items: files, uploaded, failed } = await transfer.done;
		expect({ uploaded, failed }).toEqual({ uploaded: 3, failed: 5 });
		expect(files.map((file) => (file.status === "failed" ? file.error.code : "ok"))).toEqual([
			...["ok", "ok", "ok", "precondition_failed", "invalid_argument"],
			...["source_failed", "source_too_short", "source_invalid"],
		]);
		expect(told.sort()).toEqual(items.map(({ key }) => key).sort());
		expect(transfer.progress).toMatchObject({ total: 3_000, loaded: 3_000 });
	});

	it("leaves out what the store holds with the same bytes, and overwrites nobody", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: 65_536 });
		const items: UploadItem[] = [
			...small(5, 1_000),
			{ key: "f/large", source: pseudoBytes(3_000_000) },
			{ key: "f/medium", source: pseudoBytes(1_000_000) },
		];
		await uploadMany(context, items, { prefix: "x/" }).done;
		store.calls.length = 0;
		const options = { prefix: "x/", skipUnchanged: true };
		expect(await uploadMany(context, items, options).done).toMatchObject({ unchanged: 7, uploaded: 0 });
		expect(store.calls.map(({ kind, method }) => `${kind} ${method}`)).toContain("update blobs_list");
		expect(store.calls.some(({ kind }) => kind === "query")).toBe(false);

		items[2] = { ...items[2]!, source: pseudoBytes(1_000, 99) };
		items[5] = { ...items[5]!, source: pseudoBytes(3_000_000, 98) };
		items.push({ key: "f/new", source: pseudoBytes(7) });
		store.hooks = {
			// Somebody else stores the new key meanwhile.
			answer: async ({ method }, answer) => {
				if (method === "blobs_list") {
					store.hooks = {};
					await uploadMany(store.context(), [{ key: "x/f/new", source: pseudoBytes(8) }]).done;
				}
				return answer;
			},
		};
		const transfer = uploadMany(context, items, options);
		const { items: files, ...counts } = await transfer.done;
		expect(counts).toEqual({ unchanged: 5, updated: 0, uploaded: 2, failed: 1 });
		expect(files[7]).toMatchObject({ status: "failed", error: { code: "precondition_failed" } });
		expect(transfer.progress.reused).toBe(1_004_000);
	});

	it("changes of what is stored with the same bytes what is asked for and differs, and nothing else", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: 65_536 });
		const stored = { visibility: "public", contentType: "text/plain", metadata: { a: "1", b: "2" } } as const;
		const source = (i: number) => pseudoBytes(i === 5 ? 3_000_000 : 1_000, i + 1);
		const asked: Omit<UploadItem, "key" | "source">[] = [
			{},
			{ visibility: "public", contentType: "text/plain", metadata: { b: "2", a: "1" } },
			{ visibility: "private" },
			{ contentType: "image/png" },
			{ metadata: {} },
			{ visibility: "private", metadata: { a: "1", b: "3" } },
			{ visibility: "private", ifNoneMatch: "*" },
			{ visibility: "private", ifMatch: { sequence: 1_000n, canisterVersion: 1n } },
			{ wholeSha256: new Uint8Array(32) },
		];
		const items = asked.map((options, i) => ({ key: `${i}`, source: source(i), ...options }));
		await uploadMany(
			context,
			items.map(({ key, source }) => ({ key, source, ...stored })),
		).done;
		store.calls.length = 0;
		const transfer = uploadMany(context, items, { skipUnchanged: true });
		const { items: files, ...counts } = await transfer.done;
		expect(counts).toEqual({ unchanged: 2, updated: 4, uploaded: 1, failed: 2 });
		expect(files.map((file) => (file.status === "failed" ? file.error.code : file.status))).toEqual([
			...["unchanged", "unchanged", "updated", "updated", "updated", "updated"],
			...["precondition_failed", "precondition_failed", "uploaded"],
		]);
		expect(store.count("blobs_update")).toBe(5);
		expect(store.count("blobs_put_chunk")).toBe(0);
		for (const [i, options] of asked.slice(0, 8).entries()) {
			const { contentType, visibility, metadata, root } = await stat(context, `${i}`, { trust: "subnet" });
			const file = files[i]!;
			if (file.status === "failed") expect({ contentType, visibility, metadata }).toEqual(stored);
			else {
				expect({ contentType, visibility, metadata }).toEqual({
					...stored,
					...options,
				});
				expect(file.manifest).toMatchObject({ contentType, visibility, metadata, root });
			}
		}
		expect(transfer.progress.loaded).toBe(transfer.progress.total);
		expect(transfer.progress.items).toMatchObject({ updated: 4, unchanged: 2, uploaded: 1, failed: 2 });
	});

	it("shares type, visibility and metadata, which an item overrides", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const items: UploadItem[] = [
			{ key: "a", source: pseudoBytes(10) },
			{ key: "b", source: pseudoBytes(3_000_000), visibility: "private", contentType: "b/b" },
			{ key: "c", source: pseudoBytes(10), metadata: { own: "1" } },
		];
		const shared = { visibility: "public", contentType: "a/a", metadata: { all: "1" } } as const;
		const expected = [
			shared,
			{ ...shared, visibility: "private", contentType: "b/b" },
			{ ...shared, metadata: { own: "1" } },
		];
		const { items: first } = await uploadMany(context, items, shared).done;
		expect(first.map((item) => item.status !== "failed" && item.manifest)).toMatchObject(expected);
		// As items' own: what is stored otherwise is changed without bytes.
		const again = uploadMany(context, items, { ...shared, visibility: "private", skipUnchanged: true });
		expect(await again.done).toMatchObject({ updated: 2, unchanged: 1, uploaded: 0, failed: 0 });
		expect((await stat(context, "a")).visibility).toBe("private");
	});

	it("believes no node's list: one that shows another manifest, or none, uploads and overwrites nothing", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const items = small(3, 1_000);
		await uploadMany(context, items).done;
		store.hooks = {
			answer: ({ method, kind }, answer) =>
				method === "blobs_list" && kind === "query" ? { ...(answer as object), entries: [] } : answer,
		};
		expect(await uploadMany(context, items, { skipUnchanged: true }).done).toMatchObject({ unchanged: 3 });
	});

	it("holds no more bytes than it may, however small that is", async () => {
		for (const memoryBytes of [1, 5_000, 100_000, 400_000]) {
			const store = new MemoryStore();
			let held = 0;
			let most = 0;
			const context = store.context({ memoryBytes, chunkBytes: 65_536 });
			store.hooks = {
				answer: ({ method, args }, answer) => {
					const blobs = method === "blobs_put_many" ? (args[0] as WirePutMany).blobs : [];
					for (const { content } of blobs) held -= content.length;
					if (method === "blobs_put_blob") held -= (args[1] as Uint8Array).length;
					if (method === "blobs_put_chunk") held -= (args[2] as Uint8Array).length;
					return answer;
				},
			};
			const source = (size: number) => ({
				size,
				read: (start: number, end: number) => {
					held += end - start;
					most = Math.max(most, held);
					return pseudoBytes(end - start, start + 1);
				},
			});
			const items = [...Array(60).keys()].map((i) => ({ key: `f/${i}`, source: source(2_000) }));
			items.splice(30, 0, { key: "large", source: source(2_200_000) });
			expect(await uploadMany(context, items).done).toMatchObject({ uploaded: 61 });
			expect(most).toBeLessThanOrEqual(Math.max(memoryBytes, 65_536));
		}
	});

	it("stops all when it is aborted", async () => {
		const store = new MemoryStore();
		const controller = new AbortController();
		store.hooks = { before: ({ nth }) => (nth === 3 ? controller.abort("enough") : undefined) };
		const context = store.context({ chunkBytes: 65_536 });
		const items = [...small(50, 500_000), { key: "l", source: pseudoBytes(5_000_000) }];
		const error = await uploadMany(context, items, { signal: controller.signal }).done.catch(
			(reason) => reason,
		);
		expect(isBlobError(error, "aborted") && error.details.reason).toBe("enough");
		expect(store.running).toBe(0);
	});
});

describe("a key that is given twice", () => {
	const sizes = [10, 400_000, 3_000_000];

	it("is that of the file given first, and the other one says so, whatever their sizes", async () => {
		for (const first of sizes)
			for (const second of sizes) {
				const context = new MemoryStore().context({ chunkBytes: 65_536 });
				const items: UploadItem[] = [
					{ key: "b", source: pseudoBytes(first, 1) },
					{ key: "other", source: pseudoBytes(10, 2) },
					{ key: "b", source: pseudoBytes(second, 3) },
				];
				const { items: files, ...counts } = await uploadMany(context, items, { prefix: "a/" }).done;
				expect(counts).toEqual({ uploaded: 2, updated: 0, unchanged: 0, failed: 1 });
				expect(files[2]).toMatchObject({
					key: "a/b",
					error: { code: "key_repeated", details: { key: "a/b" } },
				});
				expect(Buffer.compare(await read(context, "a/b"), pseudoBytes(first, 1))).toBe(0);
			}
	});

	it("is refused of files that come one after the other, too", async () => {
		const context = new MemoryStore().context();
		async function* items() {
			for (const seed of [1, 2, 3]) yield { key: "a", source: pseudoBytes(10, seed) };
		}
		expect(await uploadMany(context, items()).done).toMatchObject({ uploaded: 1, failed: 2 });
		expect(await read(context, "a")).toEqual(pseudoBytes(10, 1));
	});
});

describe("what the caller gave that throws", () => {
	it("is no failure of a file where it is only told of it", async () => {
		const fault = new Error("a fault of the caller's");
		const seen: unknown[] = [];
		const caught = process.listeners("uncaughtException");
		process.removeAllListeners("uncaughtException");
		process.on("uncaughtException", (error) => seen.push(error));
		try {
			const context = new MemoryStore().context({ chunkBytes: 65_536 });
			const items = [...small(3, 1_000), { key: "large", source: pseudoBytes(3_000_000) }];
			const transfer = uploadMany(context, items);
			transfer.on("item", () => {
				throw fault;
			});
			const result = await transfer.done;
			expect(result).toMatchObject({ uploaded: 4, failed: 0 });
			await new Promise((resolve) => setImmediate(resolve));
			expect(seen).toEqual([fault, fault, fault, fault]);
		} finally {
			process.removeAllListeners("uncaughtException");
			for (const listener of caught) process.on("uncaughtException", listener);
		}
	});

	it.each(["small", "large"])(
		"leaves %s files that were listed before uploaded and reported",
		async (kind) => {
			const fault = new Error("the listing broke off");
			const size = kind === "small" ? 1_000 : 700_000;
			function* broken() {
				yield { key: "1", source: pseudoBytes(size, 1) };
				yield { key: "2", source: pseudoBytes(size, 2) };
				throw fault;
			}
			async function* brokenLater() {
				yield* broken();
			}
			for (const items of [broken(), brokenLater()]) {
				const context = new MemoryStore().context();
				const told: string[] = [];
				const transfer = uploadMany(context, items);
				transfer.on("item", ({ key }) => told.push(key));
				const error = await transfer.done.then(
					() => undefined,
					(reason: unknown) => reason,
				);
				if (!isBlobError(error, "items_failed")) throw error;
				expect(error.cause).toBe(fault);
				expect(error.details.result).toMatchObject({
					uploaded: 2,
					failed: 0,
					items: [{ key: "1" }, { key: "2" }],
				});
				expect(told.sort()).toEqual(["1", "2"]);
				expect(Buffer.compare(await read(context, "2"), pseudoBytes(size, 2))).toBe(0);
			}
		},
	);

	it("is given up properly when the batch is aborted: a generator is ended", async () => {
		let isEnded = false;
		async function* endless() {
			try {
				for (let i = 0; ; i++) yield { key: `${i}`, source: pseudoBytes(400_000, i + 1) };
			} finally {
				isEnded = true;
			}
		}
		const store = new MemoryStore();
		const transfer = uploadMany(store.context(), endless());
		store.hooks = { before: ({ nth }) => (nth === 2 ? void transfer.abort() : undefined) };
		const error = await transfer.done.catch((reason) => reason);
		expect(isBlobError(error, "aborted")).toBe(true);
		expect(isEnded).toBe(true);
	});
});
