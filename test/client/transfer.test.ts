import { describe, expect, it } from "vitest";
import { type BlobSource, isBlobError, type UploadProgress } from "../../src/client/index.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, S, SIZE, sha256, streamOf, upload } from "./support/transfers.js";

/** Above this a blob no longer goes in one call. */
const SINGLE = 2_064_384;

describe("sizes and sources", () => {
	const sizes = [0, 1, S - 1, S, S + 1, SINGLE - 1, SINGLE, SINGLE + 1, 32 * S, SIZE];
	for (const size of sizes) {
		it(`${size} bytes go up and come down, from every kind of source`, async () => {
			const bytes = pseudoBytes(size);
			// It bounds a single call as well.
			const chunkBytes = Math.abs(size - SINGLE) <= 1 ? MAX_CHUNK_BYTES : S;
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
				const context = store.context({ chunkBytes });
				const transfer = upload(context, make());
				const manifest = await transfer.done;
				expect(manifest.size).toBe(size);
				expect(sha256(await readAll(context)), name).toBe(sha256(bytes));
				expect(transfer.progress).toMatchObject({
					read: size,
					hashed: size,
					loaded: size,
					total: size,
				});
			}
		});
	}

	it("takes one call for a small blob, from a stream too", async () => {
		for (const source of [pseudoBytes(1000), streamOf(pseudoBytes(1000), 99)]) {
			const store = new MemoryStore();
			await upload(store.context(), source).done;
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
			expect(isBlobError(await failure(upload(context, streamOf(bytes, 10_000), { size }).done), code)).toBe(
				true,
			);
		}
	});

	it("refuses what is no source, and what breaks a bound, before anything is sent", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const one = new Uint8Array(1);
		for (const [make, code] of [
			[() => upload(context, "text" as never), "source_invalid"],
			[() => upload(context, null as never), "source_invalid"],
			[() => upload(context, one, { key: "a//b" }), "invalid_argument"],
			[() => upload(context, one, { contentType: "png" }), "invalid_argument"],
			[() => upload(context, one, { chunkBytes: 1 }), "option_invalid"],
			[() => upload(context, one, { wholeSha256: new Uint8Array(31) }), "option_invalid"],
		] as const) {
			const transfer = make();
			expect(await failure(transfer.done)).toMatchObject({ code });
			expect(transfer.state).toBe("failed");
		}
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
			const error = await failure(upload(context, source, { resume: false }).done);
			expect(isBlobError(error, "source_failed") && error.cause).toBe(cause);
		}
	});

	it("says what a commit publishes", async () => {
		const context = new MemoryStore().context();
		const wholeSha256 = new Uint8Array(32).fill(7);
		const blob = new Blob(["x"], { type: "text/plain" });
		const manifest = await upload(context, blob, { visibility: "public", metadata: { a: "1" }, wholeSha256 })
			.done;
		expect(manifest).toMatchObject({
			contentType: "text/plain",
			visibility: "public",
			metadata: { a: "1" },
			wholeSha256,
		});
		const again = await failure(upload(context, blob, { ifNoneMatch: "*" }).done);
		expect(isBlobError(again, "precondition_failed") && again.details.sequence).toBe(manifest.sequence);
		await upload(context, blob, { ifMatch: manifest }).done;
	});
});

describe("bounds on what is under way", () => {
	it("never has more chunks under way than it may, nor reads further ahead than one", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: { uploads: 3, downloads: 3 } });
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
		}).done;
		expect(store.mostRunning).toBe(3);
		expect(mostHeld).toBeLessThanOrEqual(5);
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
		const seen: UploadProgress[] = [transfer.progress];
		for await (const progress of transfer) seen.push(progress);
		await transfer.done;
		const counters = ["read", "hashed", "sent", "loaded", "reused", "retries"] as const;
		for (let i = 1; i < seen.length; i++)
			for (const name of counters) expect(seen[i]![name]).toBeGreaterThanOrEqual(seen[i - 1]![name]);
		// A rate there is only where time has passed.
		const { bytesPerSecond, ...last } = seen.at(-1)!;
		expect(["undefined", "number"]).toContain(typeof bytesPerSecond);
		expect(last).toEqual({
			read: SIZE,
			hashed: SIZE,
			sent: SIZE,
			loaded: SIZE,
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
		const error = await failure(upload(store.context({ chunkBytes: S }), pseudoBytes(SIZE)).done);
		expect(isBlobError(error, "chunk_corrupt") && error.details).toEqual({ index: 3, attempts: 3 });
	});
});
