import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ClientError } from "../../src/client/errors/errors.js";
import { type BlobSource, isBlobError, type UploadOptions } from "../../src/client/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, S, SIZE, sha256, streamOf, upload } from "./support/transfers.js";

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
		const error = await failure(upload(store.context({ chunkBytes: S }), source, options).done);
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
		await transfer.done;
		expect(store.count("blobs_begin_upload")).toBe(0);
		expect(store.count("blobs_put_chunk")).toBe(15);
		expect(transfer.progress).toMatchObject({ reused: 25 * S, loaded: SIZE, sent: SIZE - 25 * S });
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});

	it("notices chunk by chunk that the source has changed", async () => {
		const store = new MemoryStore();
		const bytes = pseudoBytes(SIZE);
		await cutOff(store, bytes, 25);
		bytes[5 * S]! ^= 1;
		bytes[9 * S + 17]! ^= 1;
		const context = store.context({ chunkBytes: S });
		await upload(context, bytes).done;
		expect(store.count("blobs_put_chunk")).toBe(17);
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});

	it("resumes a stream, and one that now ends sooner or later than it did", async () => {
		for (const size of [SIZE, SIZE - 12 * S, SIZE + 6 * S + 3, 40 * S, 30 * S]) {
			const store = new MemoryStore();
			await cutOff(store, streamOf(pseudoBytes(SIZE), 9_999), 39);
			const context = store.context({ chunkBytes: S });
			const bytes = pseudoBytes(size);
			const error = await failure(upload(context, streamOf(bytes, 9_999)).done);
			// One that ends sooner leaves chunks that cannot be taken back, and a stream cannot be read again.
			if (error) {
				expect(isBlobError(error, "source_not_repeatable") && size < SIZE).toBe(true);
				await upload(context, streamOf(bytes, 9_999), { resume: false }).done;
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
			await upload(context, source, options).done;
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
				transfer.on("progress", ({ loaded }) => loaded > 3 * S && resolve());
			});
			await transfer.abort({ reason: "no more", discard });
			const error = await failure(transfer.done);
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
		expect(isBlobError(await failure(transfer.done), "aborted")).toBe(true);
		expect(cancelled).toBe(true);
	});
});

describe("others at the same key", () => {
	it("lets two transfers of one client run beside each other", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const [one, two] = [pseudoBytes(SIZE, 1), pseudoBytes(SIZE, 2)];
		const [first, second] = await Promise.all([upload(context, one).done, upload(context, two).done]);
		const last = first.sequence > second.sequence ? one : two;
		expect(sha256(await readAll(context))).toBe(sha256(last));
	});

	it("succeeds for both where two tabs work on one session", async () => {
		const bytes = pseudoBytes(SIZE);
		for (let lead = 0; lead < 40; lead += 7) {
			const store = new MemoryStore();
			const first = upload(
				store.context({ chunkBytes: S, concurrency: { uploads: 2, downloads: 2 } }),
				bytes,
			);
			await new Promise<void>((resolve) => {
				first.on("progress", ({ loaded }) => loaded >= lead * S && resolve());
			});
			const second = upload(
				store.context({ chunkBytes: S, concurrency: { uploads: 2, downloads: 2 } }),
				bytes,
			);
			const [a, b] = await Promise.all([first.done, second.done]);
			expect(a.root).toEqual(b.root);
			expect(second.progress.loaded).toBe(SIZE);
			expect(sha256(await readAll(store.context()))).toBe(sha256(bytes));
		}
	});

	it("publishes each its own where two tabs fill one session with different bytes", async () => {
		const store = new MemoryStore();
		const [one, two] = [pseudoBytes(SIZE, 1), pseudoBytes(SIZE, 2)];
		const first = upload(store.context({ chunkBytes: S, concurrency: { uploads: 2, downloads: 2 } }), one);
		await new Promise<void>((resolve) => {
			first.on("progress", ({ loaded }) => loaded >= 5 * S && resolve());
		});
		const second = upload(store.context({ chunkBytes: S, concurrency: { uploads: 2, downloads: 2 } }), two);
		const [a, b] = await Promise.all([first.done, second.done]);
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
		await transfer.done;
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
		await transfer.done;
		expect(store.count("blobs_begin_upload")).toBe(2);
		expect(transfer.progress).toMatchObject({ loaded: SIZE, sent: SIZE, read: SIZE });
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
	});
});
