import { describe, expect, it } from "vitest";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import {
	type BlobError,
	type BlobSource,
	isBlobError,
	type Transfer,
	type TransferState,
	type UploadOptions,
} from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { Gate } from "../../src/client/upload/gate.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, OTHER, pseudoBytes } from "./support/memory-store.js";

const S = 700_000;
/** Three chunks: just too large for one call. */
const SIZE = 3 * S - 7;
const bytes = pseudoBytes(SIZE);

const upload = (context: ClientContext, source: BlobSource, options: Partial<UploadOptions> = {}) =>
	startUpload(context, source, { key: "a/b", ...options });
const turns = async (count: number) => {
	for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** Waits for a state, however long what leads there takes. */
const until = async (isReached: () => boolean) => {
	while (!isReached()) await turns(1);
};
const isWhole = async (context: ClientContext) =>
	Buffer.compare(await new Download(context, "a/b", {}).bytes(), bytes) === 0;
const openUploads = async (store: MemoryStore) => {
	const page = await store.direct("blobs_list_uploads", { key: [], after: [], limit: 9 });
	return (page as { uploads: unknown[] }).uploads.length;
};
const fails = (transfer: Transfer) =>
	transfer.done.then(() => undefined).catch((error) => error as BlobError);

/** Every kind of moment in a transfer: before and after each call. */
const moments = async (source: () => BlobSource): Promise<{ call: number; side: "before" | "answer" }[]> => {
	const store = new MemoryStore();
	await upload(store.context({ chunkBytes: S }), source()).done;
	return store.calls.flatMap((_, call) => [
		{ call, side: "before" as const },
		{ call, side: "answer" as const },
	]);
};

/** Does something at a moment, once. */
const at = (store: MemoryStore, call: number, side: "before" | "answer", act: () => unknown) => {
	let isDone = false;
	const hit = () => {
		if (isDone || store.calls.length - 1 < call) return undefined;
		isDone = true;
		return act();
	};
	store.hooks =
		side === "before"
			? { before: () => void hit() }
			: {
					answer: (_, answer) => {
						const other = hit();
						if (other instanceof Error) throw other;
						return answer;
					},
				};
};

const kinds: Record<string, () => BlobSource> = {
	"a large blob": () => bytes,
	"a stream": () => new Blob([bytes as BlobPart]).stream(),
	"a small blob": () => bytes.subarray(0, 1_000),
};

describe("pause and resume", () => {
	for (const [name, source] of Object.entries(kinds))
		it(`at every call of ${name}`, async () => {
			for (const { call, side } of await moments(source)) {
				const store = new MemoryStore();
				const context = store.context({ chunkBytes: S });
				const transfer = upload(context, source());
				const states: TransferState[] = [];
				transfer.on("state", (state) => states.push(state));
				at(store, call, side, () => transfer.pause());
				await until(() => transfer.state !== "running" && store.running === 0);
				// What was under way has come to its end, and nothing more has begun.
				const calls = store.calls.length;
				const isOver = transfer.state === "done";
				await turns(20);
				expect(store.calls.length).toBe(calls);
				await transfer.resume();
				const { size } = await transfer.done;
				expect(states).toEqual(isOver ? ["paused", "done"] : ["paused", "running", "done"]);
				expect(transfer.progress).toMatchObject({ loaded: size, total: size, secondsLeft: 0 });
				if (size === SIZE) expect(await isWhole(context)).toBe(true);
			}
		});

	it("does again what failed while it was paused, with the same bytes and ids", async () => {
		for (const { call, side } of await moments(() => bytes)) {
			const store = new MemoryStore();
			const context = store.context({ chunkBytes: S });
			const transfer = upload(context, bytes);
			at(store, call, side, () => {
				transfer.pause();
				return new ClientError("network", { url: "" });
			});
			await until(() => transfer.state !== "running" && store.running === 0);
			await transfer.resume();
			expect((await transfer.done).size).toBe(SIZE);
			expect(await isWhole(context)).toBe(true);
			expect(await openUploads(store)).toBe(0);
		}
	});

	it("takes what it is told in any state", async () => {
		const store = new MemoryStore();
		const transfer = upload(store.context({ chunkBytes: S }), bytes);
		await transfer.resume();
		transfer.pause();
		transfer.pause();
		expect(transfer.state).toBe("paused");
		await transfer.resume();
		await transfer.resume();
		await transfer.done;
		transfer.pause();
		await transfer.resume();
		await transfer.abort();
		expect(transfer.state).toBe("done");
	});

	it("stays paused where a listener pauses it again as it goes on", async () => {
		const store = new MemoryStore();
		const transfer = upload(store.context({ chunkBytes: S }), bytes);
		transfer.pause();
		await turns(5);
		const off = transfer.on("state", (state) => state === "running" && transfer.pause());
		await transfer.resume();
		await turns(100);
		expect([transfer.state, store.calls.length]).toEqual(["paused", 0]);
		off();
		await transfer.resume();
		expect((await transfer.done).size).toBe(SIZE);
	});

	it("does again what was given up for attempts in vain while it was paused", async () => {
		const gate = new Gate();
		let steps = 0;
		const step = async () => {
			if (++steps > 1) return steps;
			gate.close();
			gate.open();
			throw new ClientError("network", { url: "" });
		};
		expect(await gate.pass(new AbortController().signal, step, () => {})).toBe(2);
	});

	it("lets others of the client go on meanwhile", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, memoryBytes: 2 * S });
		const paused = upload(context, bytes);
		at(store, 3, "before", () => paused.pause());
		await until(() => paused.state === "paused");
		await upload(context, bytes.subarray(1), { key: "other" }).done;
		expect(paused.state).toBe("paused");
		await paused.resume();
		await paused.done;
	});
});

describe("abort", () => {
	for (const [name, source] of Object.entries(kinds))
		it(`at every call of ${name}, paused or not`, async () => {
			for (const { call, side } of await moments(source))
				for (const isPaused of [false, true]) {
					const store = new MemoryStore();
					const transfer = upload(store.context({ chunkBytes: S }), source());
					at(store, call, side, () => {
						if (isPaused) transfer.pause();
						void transfer.abort({ reason: "enough", discard: true });
					});
					const error = await fails(transfer);
					// The answer to the last call may have been there already.
					if (error) expect(isBlobError(error, "aborted") && error.details.reason).toBe("enough");
					expect(transfer.state).toBe(error ? "aborted" : "done");
					await transfer.abort({ discard: true });
					expect(store.running).toBe(0);
					expect(await openUploads(store)).toBe(0);
				}
		});
});

describe("an identity that expires", () => {
	const expired = new ClientError("identity_expired", { expiredAt: new Date(0) });
	/** Nothing is taken any more from the agent of the beginning. */
	const expireAt = (store: MemoryStore, call: number) => {
		store.hooks = {
			before: () => {
				if (store.calls.length > call) throw expired;
			},
		};
	};

	it("pauses the transfer, which goes on with a new agent", async () => {
		for (const { call } of await moments(() => bytes)) {
			const store = new MemoryStore();
			const context = store.context({ chunkBytes: S });
			const transfer = upload(context, bytes);
			const errors: BlobError[] = [];
			transfer.on("error", (error) => errors.push(error));
			expireAt(store, call);
			await until(() => transfer.state === "paused");
			expect(errors).toEqual([expired]);
			const calls = store.calls.length;
			// Without a new one it only expires again.
			await transfer.resume();
			await until(() => transfer.state === "paused" && store.calls.length > calls);
			store.hooks = {};
			await transfer.resume({ agent: store.agent() });
			await transfer.done;
			expect(errors.length).toBe(2);
			expect(await isWhole(context)).toBe(true);
		}
	});

	it("gives up an upload that is of no use any more by the new agent", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const { caller } = context;
		let isExpired = false;
		const until =
			(call: (...args: never[]) => unknown) =>
			(...args: unknown[]) =>
				isExpired ? Promise.reject(expired) : call(...(args as never[]));
		Object.assign(context, {
			caller: { update: until(caller.update as never), query: until(caller.query as never) },
		});
		let goOn = () => {};
		const rest = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		const source = {
			size: SIZE,
			read: async (start: number, end: number) => {
				if (start > 0) await rest;
				isExpired = true;
				return start > 0 ? new Uint8Array(0) : bytes.slice(start, end);
			},
		};
		const transfer = upload(context, source);
		transfer.on("error", () => {});
		await until(() => transfer.state === "paused");
		await transfer.resume({ agent: store.agent() });
		goOn();
		expect(isBlobError(await fails(transfer), "source_too_short")).toBe(true);
		expect(await openUploads(store)).toBe(0);
	});

	it("goes on for nobody else", async () => {
		const store = new MemoryStore();
		const transfer = upload(store.context({ chunkBytes: S }), bytes);
		transfer.on("error", () => {});
		expireAt(store, 4);
		await until(() => transfer.state === "paused");
		const error = await transfer.resume({ agent: store.agent(OTHER) }).catch((reason) => reason);
		expect(isBlobError(error, "identity_differs")).toBe(true);
		expect(transfer.state).toBe("paused");
		await transfer.abort();
	});

	it("fails the transfer where nobody listens for errors, instead of waiting for nobody", async () => {
		const store = new MemoryStore();
		expireAt(store, 4);
		const error = await fails(upload(store.context({ chunkBytes: S }), bytes));
		expect(error).toBe(expired);
	});

	it("pauses many files as one", async () => {
		const store = new MemoryStore();
		const items = [...Array(30).keys()].map((i) => ({ key: `${i}`, source: pseudoBytes(300_000, i + 1) }));
		const batch = startBatch(store.context(), items, {});
		const errors: BlobError[] = [];
		batch.on("error", (error) => errors.push(error));
		expireAt(store, 2);
		await until(() => batch.state === "paused");
		expect(errors).toEqual([expired]);
		store.hooks = {};
		await batch.resume({ agent: store.agent() });
		expect(await batch.done).toMatchObject({ uploaded: 30, failed: 0 });
	});
});

describe("reuse", () => {
	it("sends nothing of what the caller has stored elsewhere", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		await upload(context, bytes, { key: "first" }).done;
		const next = bytes.slice();
		next[S]! ^= 1;
		store.calls.length = 0;
		const transfer = upload(context, next, { reuse: true });
		const { size } = await transfer.done;
		expect(store.count("blobs_put_chunk")).toBe(1);
		expect(store.count("blobs_link_chunks")).toBe(1);
		expect(transfer.progress).toMatchObject({
			read: size,
			hashed: size,
			sent: S,
			reused: size - S,
			total: size,
		});
		expect(Buffer.compare(await new Download(context, "a/b", {}).bytes(), next)).toBe(0);
	});

	it("goes on with what an earlier attempt left, too, and takes a stream as it is", async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S });
		const first = upload(context, bytes);
		await until(() => first.progress.sent > 0);
		await first.abort();
		await fails(first);
		const transfer = upload(store.context({ chunkBytes: S }), bytes, { reuse: true });
		await transfer.done;
		expect(transfer.progress.reused).toBeGreaterThan(0);
		const stream = upload(context, new Blob([bytes as BlobPart]).stream(), { reuse: true, key: "s" });
		await stream.done;
		expect(stream.progress.reused).toBe(0);
	});

	it("notices a source that changes between the two passes", async () => {
		const context = new MemoryStore().context({ chunkBytes: S });
		let reads = 0;
		const source = {
			size: SIZE,
			read: (start: number, end: number) =>
				++reads > 3 ? new Uint8Array(end - start) : bytes.slice(start, end),
		};
		expect(isBlobError(await fails(upload(context, source, { reuse: true })), "source_changed")).toBe(true);
	});
});
