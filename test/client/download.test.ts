import { describe, expect, it, vi } from "vitest";
import { updateBlob } from "../../src/client/blobs/changing.js";
import type { ClientContext } from "../../src/client/context.js";
import { Download, type DownloadOptions } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { isBlobError, type Progress } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const S = 65_536;
/** Forty chunks, the last of them short. */
const SIZE = 40 * S - 7;

const failure = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => undefined,
		(error: unknown) => error,
	);

async function filled() {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: S, concurrency: { uploads: 4, downloads: 4 } });
	const bytes = pseudoBytes(SIZE);
	const manifest = await startUpload(context, bytes, { key: "f", visibility: "public" }).done;
	store.calls.length = 0;
	store.mostRunning = 0;
	return { store, context, bytes, manifest };
}

const download = (context: ClientContext, options: DownloadOptions = {}) =>
	new Download(context, "f", options);
const collect = async (parts: AsyncIterable<Uint8Array>) => {
	const all: Uint8Array[] = [];
	for await (const part of parts) all.push(part);
	return Buffer.concat(all);
};

describe("ranges", () => {
	const ranges = [
		[0, undefined],
		[0, 0],
		[0, 1],
		[0, S],
		[1, S + 1],
		[S, 2 * S],
		[S - 1, S],
		[3 * S + 5, 7 * S - 5],
		[39 * S, SIZE],
		[SIZE - 1, SIZE],
		[SIZE, SIZE],
		[SIZE - 10, SIZE + 1000],
		[5, 3 * S],
	] as const;
	it.each(ranges)(
		"from %s to %s, by every way to read, and no chunk that holds none of it",
		async (start, end) => {
			const { store, context, bytes } = await filled();
			const range = { start, ...(end !== undefined && { end }) };
			const wanted = Buffer.from(bytes.subarray(start, end));
			const to = Math.min(end ?? SIZE, SIZE);
			const chunks = to > start ? Math.ceil(to / S) - Math.floor(start / S) : 0;
			const one = download(context, { range });
			const reads: Record<string, () => Promise<Uint8Array>> = {
				toBytes: () => one.bytes(),
				iterator: () => collect(one),
				stream: () => collect(one.stream() as unknown as AsyncIterable<Uint8Array>),
				toBlob: async () => new Uint8Array(await (await one.blob()).arrayBuffer()),
				pipeTo: async () => {
					const parts: Uint8Array[] = [];
					await one.pipeTo(new WritableStream({ write: (part) => void parts.push(part) }));
					return Buffer.concat(parts);
				},
			};
			for (const [name, read] of Object.entries(reads)) {
				store.calls.length = 0;
				expect(Buffer.compare(await read(), wanted), name).toBe(0);
				expect(store.count("blobs_get_chunk"), name).toBe(chunks);
				expect(one.progress).toMatchObject({ loaded: wanted.length, total: wanted.length });
			}
		},
	);

	it("that are none are refused: at once where no blob could have them, else before a chunk is asked for", async () => {
		const { store, context } = await filled();
		for (const range of [{ start: -1 }, { start: 0.5 }, { start: 5, end: 4 }])
			expect(String(await failure(download(context, { range }).bytes()))).toMatch(/range\.(start|end)/);
		const error = await failure(download(context, { range: { start: SIZE + 1 } }).bytes());
		expect(isBlobError(error, "range_invalid") && error.details).toEqual({
			start: SIZE + 1,
			end: undefined,
			size: SIZE,
		});
		expect(store.count("blobs_get_chunk")).toBe(0);
	});

	it("bound the buffer, not the blob", async () => {
		const { context, bytes } = await filled();
		const part = await download(context, { range: { start: 10, end: 20 } }).bytes({ maxBytes: 10 });
		expect(Buffer.compare(part, bytes.subarray(10, 20))).toBe(0);
		const error = await failure(download(context, { range: { start: 10, end: 21 } }).bytes({ maxBytes: 10 }));
		expect(isBlobError(error, "too_large_for_memory")).toBe(true);
	});
});

describe("a stream", () => {
	it("fetches ahead as far as memory allows, and no further than it is taken", async () => {
		const { store } = await filled();
		const context = store.context({ concurrency: { uploads: 2, downloads: 2 }, memoryBytes: 3 * S });
		const reader = download(context).stream().getReader();
		for (let taken = 1; taken <= 5; taken++) {
			await reader.read();
			await new Promise((resolve) => setTimeout(resolve, 20));
			expect(store.count("blobs_get_chunk")).toBe(taken + 3);
		}
		expect(store.mostRunning).toBeLessThanOrEqual(3);
		await reader.cancel("enough");
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(store.count("blobs_get_chunk")).toBeLessThanOrEqual(8);
		expect(store.running).toBe(0);
	});

	it("asks for leaves and first chunks before the manifest is proven, and hands none out", async () => {
		const { store, context, bytes, manifest } = await filled();
		let prove = () => {};
		const proof = new Promise<void>((resolve) => {
			prove = resolve;
		});
		const asked = new Promise<void>((resolve) => {
			store.hooks = {
				before: async ({ method, nth }) => {
					if (method === "blobs_get_chunk" && nth === 3) resolve();
					if (method === "blobs_stat") await proof;
				},
			};
		});
		let isRead = false;
		const all = collect(new Download(context, manifest, {})).finally(() => {
			isRead = true;
		});
		await asked;
		expect(store.count("blobs_leaves")).toBe(1);
		expect(isRead).toBe(false);
		prove();
		expect((await all).equals(bytes)).toBe(true);
		expect(store.count("blobs_get_chunk")).toBe(Math.ceil(bytes.length / S));
	});

	it("fails with what a request failed that was made before the manifest was proven", async () => {
		const { store, context, manifest } = await filled();
		for (const refused of ["blobs_leaves", "blobs_get_chunk"] as const) {
			let requests = 0;
			store.hooks = {
				before: ({ method }) => {
					if (method === refused && ++requests === 1)
						throw new ClientError("http", { status: 413, body: "", retryAfterMs: undefined });
				},
			};
			const error = await failure(collect(new Download(context, manifest, {})));
			expect(isBlobError(error, "http")).toBe(true);
			await vi.waitFor(() => expect(store.running).toBe(0), { timeout: 30_000 });
		}
	});

	it("reads what is proven where a claim was wrong", async () => {
		const { context, bytes, manifest } = await filled();
		for (const claim of [
			{ size: 1 },
			{ sequence: 999n },
			{ chunkBytes: 2 * S },
			{ size: -1 },
			{ chunkBytes: 0 },
		])
			expect((await collect(new Download(context, { ...manifest, ...claim }, {}))).equals(bytes)).toBe(true);
		const wrong = { ...manifest, root: new Uint8Array(32) };
		expect(isBlobError(await failure(collect(new Download(context, wrong, {}))), "blob_replaced")).toBe(true);
	});

	it("ends with what aborted it", async () => {
		const { store, context } = await filled();
		const controller = new AbortController();
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth === 10) controller.abort("enough");
			},
		};
		for (const read of [
			() => collect(download(context, { signal: controller.signal })),
			() => download(context, { signal: controller.signal }).bytes(),
		])
			expect(isBlobError(await failure(read()), "aborted")).toBe(true);
		expect(store.running).toBe(0);
	});
});

describe("progress", () => {
	it("tells what arrived and how fast, rises to exactly all, and begins anew with each read", async () => {
		const { store } = await filled();
		let now = 0;
		const base = store.context({ chunkBytes: S, concurrency: { uploads: 2, downloads: 2 } });
		const ports = { ...base.settings.ports, monotonic: () => now };
		const context = { ...base, settings: { ...base.settings, ports } };
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_get_chunk") now += 500;
			},
		};
		const seen: Progress[] = [];
		const one = download(context);
		expect(one.progress).toBeUndefined();
		const stop = one.on("progress", (progress) => seen.push(progress));
		await one.bytes();
		expect(seen.length).toBe(40);
		expect(seen.at(-1)).toEqual({
			loaded: SIZE,
			total: SIZE,
			reused: 0,
			retries: 0,
			concurrency: expect.any(Number),
			bytesPerSecond: expect.any(Number),
			secondsLeft: 0,
		});
		for (const [i, { loaded }] of seen.entries()) expect(loaded).toBeGreaterThan(seen[i - 1]?.loaded ?? 0);
		// A chunk each half second, two at a time: the clock moves twice before the first one arrives.
		expect(seen.at(-2)!.bytesPerSecond).toBeGreaterThan(S);
		expect(seen.at(-2)!.bytesPerSecond).toBeLessThan(3 * S);
		stop();
		await collect(one);
		expect(seen.length).toBe(40);
		expect(one.progress?.loaded).toBe(SIZE);
	});
});

describe("a download that is paused", () => {
	const turns = async () => {
		for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
	};

	it("fetches nothing more until it goes on, and keeps no place in the lane", async () => {
		const { store, context, bytes } = await filled();
		const one = download(context);
		let paused = () => {};
		const wait = new Promise<void>((resolve) => {
			paused = resolve;
		});
		const stop = one.on("progress", ({ loaded }) => {
			if (loaded < 10 * S) return;
			stop();
			one.pause();
			paused();
		});
		const all = one.bytes();
		await wait;
		await turns();
		const asked = store.count("blobs_get_chunk");
		await turns();
		expect(store.count("blobs_get_chunk")).toBe(asked);
		expect(asked).toBeLessThan(20);
		// All four places are free for another.
		expect(Buffer.compare(await download(context).bytes(), bytes)).toBe(0);
		expect(one.isPaused).toBe(true);
		expect(one.progress!.loaded).toBeLessThan(SIZE);
		store.calls.length = 0;
		one.resume();
		expect(Buffer.compare(await all, bytes)).toBe(0);
		expect(asked + store.count("blobs_get_chunk")).toBe(40);
	});

	it("waits before it asks anything, and ends at once by its signal", async () => {
		const { store, context } = await filled();
		const controller = new AbortController();
		const one = download(context, { signal: controller.signal });
		one.pause();
		const all = failure(one.bytes());
		await turns();
		expect(store.calls).toEqual([]);
		controller.abort();
		expect(isBlobError(await all, "aborted")).toBe(true);
		expect(store.calls).toEqual([]);
	});

	it("tells requests that are made again", async () => {
		const { store, context } = await filled();
		// The first answers of some chunks, none of them fetched before it is known what the key holds.
		const changed = new Set<unknown>();
		store.hooks = {
			answer: ({ method, args: [, , index] }, answer) => {
				if (method !== "blobs_get_chunk" || ![20, 25, 30, 35].includes(Number(index)) || changed.has(index))
					return answer;
				changed.add(index);
				return new Uint8Array(S);
			},
		};
		const one = download(context);
		const told: unknown[] = [];
		one.on("retry", ({ error }) => told.push(error.code));
		await one.bytes();
		expect(told).toEqual(Array(4).fill("chunk_corrupt"));
		expect(one.progress?.retries).toBe(told.length);
	});
});

describe("a blob as text and JSON", () => {
	it("is decoded as UTF-8, and parsed", async () => {
		const context = new MemoryStore().context();
		const put = (key: string, text: string) =>
			startUpload(context, new TextEncoder().encode(text), { key }).done;
		await put("a", '{ "grüße": [1, 2] }');
		await put("b", "{ not }");
		const read = (key: string) => new Download(context, key, {});
		expect(await read("a").text()).toBe('{ "grüße": [1, 2] }');
		expect(await read("a").json()).toEqual({ grüße: [1, 2] });
		expect(await (await read("a").blob()).text()).toBe('{ "grüße": [1, 2] }');
		const error = await failure(read("b").json());
		expect(isBlobError(error, "json_invalid") && error.details.key).toBe("b");
		expect(isBlobError(await failure(read("a").text({ maxBytes: 3 })), "too_large_for_memory")).toBe(true);
	});
});

describe("a blob that changes while it is read", () => {
	const midway = (store: MemoryStore, act: () => PromiseLike<unknown>) => {
		store.hooks = {
			before: async ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth === 10) await act();
			},
		};
	};

	it("ends the read where its bytes were replaced, and mixes nothing", async () => {
		const { store, context, bytes } = await filled();
		midway(
			store,
			() => startUpload(store.context({ chunkBytes: S }), pseudoBytes(SIZE, 2), { key: "f" }).done,
		);
		let taken = 0;
		const error = await failure(
			(async () => {
				for await (const part of download(context)) {
					expect(Buffer.compare(part, bytes.subarray(taken, taken + part.length))).toBe(0);
					taken += part.length;
				}
			})(),
		);
		expect(isBlobError(error, "blob_replaced") && error.action).toBe("give_up");
		expect(taken).toBeGreaterThan(0);
	});

	it("is read on where only its type, metadata or visibility changed, and where it was put again", async () => {
		const { store, context, bytes } = await filled();
		for (const act of [
			() => updateBlob(store.context(), "f", { contentType: "image/png", replaceMetadata: { a: "1" } }),
			() => updateBlob(store.context(), "f", { visibility: "private" }),
			() => startUpload(store.context({ chunkBytes: S }), bytes, { key: "f", resume: false }).done,
		]) {
			store.calls.length = 0;
			midway(store, act);
			expect(Buffer.compare(await download(context).bytes(), bytes)).toBe(0);
			expect(store.count("blobs_get_chunk")).toBeLessThanOrEqual(45);
		}
	});

	it("is gone where it was deleted", async () => {
		const { store, context } = await filled();
		midway(store, () =>
			store.direct("blobs_delete", { id: pseudoBytes(16), key: "f", precondition: { none: null } }),
		);
		expect(isBlobError(await failure(download(context).bytes()), "blob_not_found")).toBe(true);
	});
});

it("takes one node's word for what the key holds where it is told to", async () => {
	const { store, context, bytes } = await filled();
	expect(Buffer.compare(await download(context, { trust: "node" }).bytes(), bytes)).toBe(0);
	expect(store.calls.every(({ kind }) => kind === "query")).toBe(true);
});

it("what one reader of a blob gives up, another that has asked for it still gets", async () => {
	const { store, context, bytes } = await filled();
	let answer = () => {};
	const asked = new Promise<void>((resolve) => {
		answer = resolve;
	});
	store.hooks.before = ({ method }) => (method === "blobs_get_chunk" ? asked : undefined);
	const blob = await download(context).openPart(() => ({ start: 0, end: 2 * S }), 2);
	const first = blob.chunk(0);
	blob.endEarly();
	answer();
	expect(Buffer.compare(await first, bytes.subarray(0, S))).toBe(0);
	expect(Buffer.compare(await blob.chunk(1), bytes.subarray(S, 2 * S))).toBe(0);
});
