import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { CanisterError, ClientError } from "../../src/client/errors.js";
import { type BlobSource, isBlobError, type Progress, type UploadOptions } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const S = 65_536;
/** Above this a blob no longer goes in one call. */
const SINGLE = 2_064_384;
/** Forty chunks, the last of them short. */
const SIZE = 40 * S - 7;

const failure = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => undefined,
		(error: unknown) => error,
	);
const upload = (context: ClientContext, source: BlobSource, options: Partial<UploadOptions> = {}) =>
	startUpload(context, source, { key: "a/b", ...options });
const readAll = (context: ClientContext, key = "a/b") => new Download(context, key, {}).toBytes();
const streamOf = (bytes: Uint8Array, part: number) =>
	(async function* () {
		for (let at = 0; at < bytes.length; at += part) yield bytes.subarray(at, at + part);
	})();
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("sizes and sources", () => {
	const sizes = [0, 1, S - 1, S, S + 1, SINGLE - 1, SINGLE, SINGLE + 1, 32 * S, SIZE];
	for (const size of sizes) {
		it(`${size} bytes go up and come down, from every kind of source`, async () => {
			const bytes = pseudoBytes(size);
			const sources: Record<string, () => BlobSource> = {
				bytes: () => bytes,
				buffer: () => bytes.buffer as ArrayBuffer,
				blob: () => new Blob([bytes as Uint8Array<ArrayBuffer>]),
				iterable: () => streamOf(bytes, 50_001),
				stream: () => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(),
				random: () => ({ size, read: (start, end) => bytes.subarray(start, end) }),
			};
			for (const [name, make] of Object.entries(sources)) {
				const store = new MemoryStore();
				const context = store.context({ chunkBytes: S });
				const transfer = upload(context, make());
				const manifest = await transfer;
				expect(manifest.size).toBe(size);
				expect(sha256(await readAll(context)), name).toBe(sha256(bytes));
				expect(transfer.progress).toMatchObject({
					read: size,
					hashed: size,
					acknowledged: size,
					total: size,
				});
			}
		});
	}

	it("takes one call for a small blob, from a stream too", async () => {
		for (const source of [pseudoBytes(1000), streamOf(pseudoBytes(1000), 99)]) {
			const store = new MemoryStore();
			await upload(store.context(), source);
			expect(store.calls.map(({ method }) => method)).toEqual(["blobs_put_blob"]);
		}
	});

	it("holds a stream to the size that was given", async () => {
		const bytes = pseudoBytes(SIZE);
		for (const [size, code] of [
			[SIZE + 1, "source_too_short"],
			[SIZE - 1, "source_too_long"],
			[100, "source_too_long"],
		] as const) {
			const context = new MemoryStore().context({ chunkBytes: S });
			expect(isBlobError(await failure(upload(context, streamOf(bytes, 10_000), { size })), code)).toBe(true);
		}
	});

	it("refuses what is no source, and what breaks a bound, before anything is sent", () => {
		const store = new MemoryStore();
		const context = store.context();
		const code = (make: () => unknown) => {
			try {
				make();
			} catch (error) {
				return isBlobError(error) ? error.code : "other";
			}
			return undefined;
		};
		expect(code(() => upload(context, "text" as never))).toBe("source_invalid");
		expect(code(() => upload(context, null as never))).toBe("source_invalid");
		expect(code(() => upload(context, new Uint8Array(1), { key: "a//b" }))).toBe("invalid_argument");
		expect(code(() => upload(context, new Uint8Array(1), { contentType: "png" }))).toBe("invalid_argument");
		expect(code(() => upload(context, new Uint8Array(1), { chunkBytes: 1 }))).toBe("option_invalid");
		expect(code(() => upload(context, new Uint8Array(1), { wholeSha256: new Uint8Array(31) }))).toBe(
			"option_invalid",
		);
		expect(store.calls).toEqual([]);
	});

	it("tells what a source throws as its own failure", async () => {
		const cause = new Error("the disk is gone");
		const context = new MemoryStore().context({ chunkBytes: S });
		const sources: BlobSource[] = [
			{ size: SIZE, read: () => Promise.reject(cause) },
			{
				size: SIZE,
				read: () => {
					throw cause;
				},
			},
			new ReadableStream({ start: (sink) => sink.error(cause) }),
			(async function* () {
				yield new Uint8Array(100_000);
				throw cause;
			})(),
		];
		for (const source of sources) {
			const error = await failure(upload(context, source, { resume: false }));
			expect(isBlobError(error, "source_failed") && error.cause).toBe(cause);
		}
	});

	it("says what a commit publishes", async () => {
		const context = new MemoryStore().context();
		const wholeSha256 = new Uint8Array(32).fill(7);
		const blob = new Blob(["x"], { type: "text/plain" });
		const manifest = await upload(context, blob, { visibility: "public", metadata: { a: "1" }, wholeSha256 });
		expect(manifest).toMatchObject({
			contentType: "text/plain",
			visibility: "public",
			metadata: { a: "1" },
			wholeSha256,
		});
		const again = await failure(upload(context, blob, { precondition: "absent" }));
		expect(isBlobError(again, "precondition_failed") && again.details.sequence).toBe(manifest.sequence);
		await upload(context, blob, { precondition: { sequence: manifest.sequence } });
	});
});

describe("bounds on what is under way", () => {
	it("never has more chunks under way than it may, nor reads further ahead than one", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: 3 });
		let held = 0;
		let mostHeld = 0;
		store.hooks = {
			before: async ({ method }) => {
				if (method !== "blobs_put_chunk") return;
				await new Promise((resolve) => setTimeout(resolve, 1));
				held--;
			},
		};
		const bytes = pseudoBytes(SIZE);
		await upload(context, {
			size: SIZE,
			read: (start, end) => {
				mostHeld = Math.max(mostHeld, ++held);
				return bytes.subarray(start, end);
			},
		});
		expect(store.mostRunning).toBe(3);
		expect(mostHeld).toBeLessThanOrEqual(5);
	});

	it("reads a download no further ahead than its window", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: 4 });
		await upload(context, pseudoBytes(SIZE));
		const reader = new Download(context, "a/b", {}).stream().getReader();
		await reader.read();
		await new Promise((resolve) => setTimeout(resolve, 30));
		expect(store.count("blobs_get_chunk")).toBeLessThanOrEqual(5);
		await reader.cancel();
		const fetched = store.count("blobs_get_chunk");
		await new Promise((resolve) => setTimeout(resolve, 30));
		expect(store.count("blobs_get_chunk")).toBe(fetched);
	});
});

describe("progress", () => {
	it("never falls and ends at exactly the size, whatever happens on the way", async () => {
		const store = new MemoryStore();
		let lies = 0;
		store.hooks = {
			answer: ({ method, nth }, answer) => {
				if (method !== "blobs_put_chunk" || nth % 7 !== 0) return answer;
				lies++;
				return new Uint8Array(32);
			},
		};
		const transfer = upload(store.context({ chunkBytes: S }), pseudoBytes(SIZE));
		const seen: Progress[] = [transfer.progress];
		for await (const progress of transfer) seen.push(progress);
		await transfer;
		const counters = ["read", "hashed", "sent", "acknowledged", "reused", "retries"] as const;
		for (let i = 1; i < seen.length; i++)
			for (const name of counters) expect(seen[i]![name]).toBeGreaterThanOrEqual(seen[i - 1]![name]);
		// A rate there is only where time has passed.
		const { bytesPerSecond, ...last } = seen.at(-1)!;
		expect(["undefined", "number"]).toContain(typeof bytesPerSecond);
		expect(last).toEqual({
			read: SIZE,
			hashed: SIZE,
			sent: SIZE,
			acknowledged: SIZE,
			total: SIZE,
			reused: 0,
			retries: lies,
			concurrency: expect.any(Number),
			secondsLeft: 0,
		});
	});

	it("gives up a chunk whose leaf keeps coming back different", async () => {
		const store = new MemoryStore();
		store.hooks = {
			answer: ({ method, args }, answer) =>
				method === "blobs_put_chunk" && args[1] === 3 ? new Uint8Array(32) : answer,
		};
		const error = await failure(upload(store.context({ chunkBytes: S }), pseudoBytes(SIZE)));
		expect(isBlobError(error, "chunk_corrupt") && error.details).toEqual({ index: 3, attempts: 3 });
	});
});

describe("resume", () => {
	/** An upload that is cut off after so many chunks. */
	const cutOff = async (
		store: MemoryStore,
		source: BlobSource,
		chunks: number,
		options: Partial<UploadOptions> = {},
	) => {
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_put_chunk" && nth >= chunks) throw new ClientError("network", { url: "" });
			},
		};
		const error = await failure(upload(store.context({ chunkBytes: S }), source, options));
		expect(isBlobError(error, "network")).toBe(true);
		store.hooks = {};
		store.calls.length = 0;
	};

	it("sends only what is missing, with no state but the canister's", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(SIZE);
		await cutOff(store, bytes, 25);
		const context = store.context({ chunkBytes: S });
		const transfer = upload(context, bytes);
		await transfer;
		expect(store.count("blobs_begin_upload")).toBe(0);
		expect(store.count("blobs_put_chunk")).toBe(15);
		expect(transfer.progress).toMatchObject({ reused: 25 * S, acknowledged: SIZE, sent: SIZE - 25 * S });
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});

	it("notices chunk by chunk that the source has changed", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(SIZE);
		await cutOff(store, bytes, 25);
		bytes[5 * S]! ^= 1;
		bytes[9 * S + 17]! ^= 1;
		const context = store.context({ chunkBytes: S });
		await upload(context, bytes);
		expect(store.count("blobs_put_chunk")).toBe(17);
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});

	it("resumes a stream, and one that now ends sooner or later than it did", async () => {
		for (const size of [SIZE, SIZE - 12 * S, SIZE + 6 * S + 3, 40 * S, 30 * S]) {
			const store = new MemoryStore();
			await cutOff(store, streamOf(pseudoBytes(SIZE), 9_999), 39);
			const context = store.context({ chunkBytes: S });
			const bytes = pseudoBytes(size);
			const error = await failure(upload(context, streamOf(bytes, 9_999)));
			// One that ends sooner leaves chunks that cannot be taken back, and a stream cannot be read again.
			if (error) {
				expect(isBlobError(error, "source_not_repeatable") && size < SIZE).toBe(true);
				await upload(context, streamOf(bytes, 9_999), { resume: false });
			}
			expect(sha256(await readAll(context))).toBe(sha256(bytes));
		}
	});

	it("begins anew where it is told to, and for another size or chunk size", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(SIZE);
		for (const [source, options] of [
			[bytes, { resume: false }],
			[bytes, { chunkBytes: S + 1 }],
			[bytes.subarray(1), {}],
		] as const) {
			await cutOff(store, bytes, 5, { resume: false });
			const context = store.context({ chunkBytes: S });
			await upload(context, source, options);
			expect(store.count("blobs_begin_upload")).toBe(1);
			expect(sha256(await readAll(context))).toBe(sha256(source));
		}
	});

	it("leaves the session open when it is aborted, and discards it when asked", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const open = async () =>
			((await store.direct("blobs_list_uploads", { key: [], after: [], limit: 9 })) as { uploads: unknown[] })
				.uploads.length;
		for (const discard of [false, true]) {
			const transfer = upload(context, pseudoBytes(SIZE), { resume: false });
			await new Promise<void>((resolve) => {
				transfer.on("progress", ({ acknowledged }) => acknowledged > 3 * S && resolve());
			});
			await transfer.abort({ reason: "no more", discard });
			const error = await failure(transfer);
			expect(isBlobError(error, "aborted") && error.details.reason).toBe("no more");
			expect(store.running).toBe(0);
			expect(await open()).toBe(1);
		}
	});

	it("stops a stream that hangs, and frees it", async () => {
		let cancelled = false;
		const stream = new ReadableStream<Uint8Array>({
			start: (sink) => sink.enqueue(new Uint8Array(10)),
			cancel: () => {
				cancelled = true;
			},
		});
		const controller = new AbortController();
		const transfer = upload(new MemoryStore().context(), stream, { signal: controller.signal });
		setTimeout(() => controller.abort(), 10);
		expect(isBlobError(await failure(transfer), "aborted")).toBe(true);
		expect(cancelled).toBe(true);
	});
});

describe("others at the same key", () => {
	it("lets two transfers of one client run beside each other", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const [one, two] = [pseudoBytes(SIZE, 1), pseudoBytes(SIZE, 2)];
		const [first, second] = await Promise.all([upload(context, one), upload(context, two)]);
		const last = first.sequence > second.sequence ? one : two;
		expect(sha256(await readAll(context))).toBe(sha256(last));
	});

	it("succeeds for both where two tabs work on one session", async () => {
		const bytes = pseudoBytes(SIZE);
		for (let lead = 0; lead < 40; lead += 7) {
			const store = new MemoryStore();
			const first = upload(store.context({ chunkBytes: S, concurrency: 2 }), bytes);
			await new Promise<void>((resolve) => {
				first.on("progress", ({ acknowledged }) => acknowledged >= lead * S && resolve());
			});
			const second = upload(store.context({ chunkBytes: S, concurrency: 2 }), bytes);
			const [a, b] = await Promise.all([first, second]);
			expect(a.root).toEqual(b.root);
			expect(second.progress.acknowledged).toBe(SIZE);
			expect(sha256(await readAll(store.context()))).toBe(sha256(bytes));
		}
	});

	it("publishes each its own where two tabs fill one session with different bytes", async () => {
		const store = new MemoryStore();
		const [one, two] = [pseudoBytes(SIZE, 1), pseudoBytes(SIZE, 2)];
		const first = upload(store.context({ chunkBytes: S, concurrency: 2 }), one);
		await new Promise<void>((resolve) => {
			first.on("progress", ({ acknowledged }) => acknowledged >= 5 * S && resolve());
		});
		const second = upload(store.context({ chunkBytes: S, concurrency: 2 }), two);
		const [a, b] = await Promise.all([first, second]);
		expect(a.root).not.toEqual(b.root);
		const last = a.sequence > b.sequence ? one : two;
		expect(sha256(await readAll(store.context()))).toBe(sha256(last));
	});

	it("puts again what the canister lost before it commits", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(SIZE);
		// A reply that nobody gave: the chunk never arrived.
		const own = store.context({ chunkBytes: S });
		const { update } = own.caller;
		let lies = 0;
		const caller = {
			...own.caller,
			update: (async (method: string, args: unknown[], options: never) => {
				if (method === "blobs_put_chunk" && [4, 11].includes(args[1] as number) && lies++ < 2)
					return new Uint8Array(
						createHash("sha256")
							.update(args[2] as Uint8Array)
							.digest(),
					);
				return update(method as never, args as never, options);
			}) as typeof update,
		};
		const transfer = upload({ ...own, caller }, bytes);
		await transfer;
		expect(store.count("blobs_commit_upload")).toBe(2);
		expect(store.count("blobs_put_chunk")).toBe(40);
		expect(sha256(await readAll(own))).toBe(sha256(bytes));
	});

	it("begins anew when its session is taken from it", async () => {
		const store = new MemoryStore();
		store.hooks = {
			before: async ({ method, nth, args }) => {
				if (method === "blobs_put_chunk" && nth === 20) await store.direct("blobs_abort_upload", args[0]);
			},
		};
		const context = store.context({ chunkBytes: S });
		const bytes = pseudoBytes(SIZE);
		const transfer = upload(context, bytes);
		await transfer;
		expect(store.count("blobs_begin_upload")).toBe(2);
		expect(transfer.progress).toMatchObject({ acknowledged: SIZE, sent: SIZE, read: SIZE });
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});
});

describe("download", () => {
	const filled = async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const bytes = pseudoBytes(SIZE);
		const manifest = await upload(context, bytes, { contentType: "image/png" });
		return { store, context, bytes, manifest };
	};

	it("streams in order, makes a Blob, and iterates", async () => {
		const { context, bytes } = await filled();
		const download = new Download(context, "a/b", { concurrency: 3 });
		const blob = await download.toBlob();
		expect(blob.type).toBe("image/png");
		expect(sha256(new Uint8Array(await blob.arrayBuffer()))).toBe(sha256(bytes));
		const parts: Uint8Array[] = [];
		for await (const part of download) parts.push(part);
		expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
	});

	it("asks one node for a ref", async () => {
		const { store, context, bytes, manifest } = await filled();
		store.calls.length = 0;
		expect(sha256(await new Download(context, { key: "a/b", root: manifest.root }, {}).toBytes())).toBe(
			sha256(bytes),
		);
		expect(store.calls.every(({ kind }) => kind === "query")).toBe(true);
	});

	it("hands out no byte of a chunk that is damaged, and asks again", async () => {
		const { store, context, bytes } = await filled();
		const damage = (answer: unknown) => {
			const copy = (answer as Uint8Array).slice();
			copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
			return copy;
		};
		const damaged = (times: number) => {
			let left = times;
			store.hooks = {
				answer: ({ method, args }, answer) =>
					method === "blobs_get_chunk" && args[2] === 7 && left-- > 0 ? damage(answer) : answer,
			};
		};
		damaged(2);
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
		damaged(3);
		const error = await failure(readAll(context));
		expect(isBlobError(error, "chunk_corrupt") && error.details).toEqual({ index: 7, attempts: 3 });
		store.hooks = { answer: ({ method }, answer) => (method === "blobs_leaves" ? damage(answer) : answer) };
		expect(isBlobError(await failure(readAll(context)), "leaves_corrupt")).toBe(true);
	});

	it("never mixes two versions", async () => {
		const { store, context, manifest } = await filled();
		const download = new Download(context, "a/b", { concurrency: 2 });
		const reader = download.stream().getReader();
		await reader.read();
		const other = await upload(store.context({ chunkBytes: S }), pseudoBytes(SIZE, 2));
		const error = await failure(
			(async () => {
				while (!(await reader.read()).done);
			})(),
		);
		expect(isBlobError(error, "blob_replaced") && error.details.sequence).toBe(other.sequence);
		const ref = await failure(new Download(context, { key: "a/b", root: manifest.root }, {}).toBytes());
		expect(isBlobError(ref, "blob_replaced")).toBe(true);
	});

	it("waits for a node that lags, and not for a blob that is gone", async () => {
		const { store, context, bytes } = await filled();
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth < 3) throw new CanisterError({ blob_not_found: {} });
				if (method === "blobs_leaves" && nth < 3)
					throw new CanisterError({ blob_replaced: { sequence: 0n } });
			},
		};
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_get_chunk") throw new CanisterError({ blob_not_found: {} });
			},
		};
		expect(isBlobError(await failure(readAll(context)), "blob_not_found")).toBe(true);
	});

	it("makes no buffer larger than it may", async () => {
		const { context } = await filled();
		const error = await failure(new Download(context, "a/b", {}).toBytes({ maxBytes: SIZE - 1 }));
		expect(isBlobError(error, "too_large_for_memory") && error.action).toBe("fix");
	});
});
