import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { deleteBlob, moveBlob, updateBlob } from "../../src/client/blobs/changing.js";
import { stat } from "../../src/client/blobs/stat.js";
import { retry } from "../../src/client/call/retry.js";
import type { ClientContext } from "../../src/client/context.js";
import { ClientError } from "../../src/client/errors/errors.js";
import type { Transfer, UploadOptions } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { type MethodName, manifests, RECEIPT_LIFE_MS, type WireStatus } from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../support/published.js";
import { type Call, MemoryStore, OTHER, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll } from "./support/transfers.js";

/** A change whose response was lost, and that is repeated when its receipt is gone. */

const S = 65_536;
const LATE_MS = RECEIPT_LIFE_MS + 5 * 60_000;
/** Travels in one call. */
const small = pseudoBytes(1_000);
/** Travels in chunks, read once. */
const large = pseudoBytes(2_100_000);
const other = pseudoBytes(1_000, 2);

/** A client whose clock is the store's. */
const clientOf = (store: MemoryStore): ClientContext =>
	store.context({ chunkBytes: S, ports: { now: () => store.host.time } });

/** One that repeats what was lost, as calls over a network do. */
function repeatingClientOf(store: MemoryStore): ClientContext {
	const context = clientOf(store);
	const { settings, caller } = context;
	const update: ClientContext["caller"]["update"] = (name, args, options) =>
		retry(() => caller.update(name, args, options), {
			policy: settings.retry,
			ports: settings.ports,
			onRetry: options.onRetry,
		});
	return { ...context, caller: { query: caller.query, update } };
}

/** Twenty minutes, after which the store has forgotten what it had done. */
async function later(store: MemoryStore, meanwhile: () => unknown = () => {}): Promise<void> {
	store.host.time += LATE_MS / 2;
	await meanwhile();
	store.host.time += LATE_MS / 2;
	store.engine.clean();
}

const network = () => new ClientError("network", { url: "https://icp-api.io" });

/** What befalls the first call of a method: it is executed or not, then its answer is lost and `then` happens. */
function lose(
	store: MemoryStore,
	method: MethodName,
	then: () => unknown,
	isExecuted = true,
	error: ClientError = network(),
): void {
	let isLost = false;
	const act = async (call: Call) => {
		if (call.method !== method || isLost) return;
		isLost = true;
		await then();
		throw error;
	};
	store.hooks = isExecuted
		? {
				answer: async (call, answer) => {
					await act(call);
					return answer;
				},
			}
		: { before: act };
}

/** Puts a blob past the client: as its owner, or as somebody else. */
function putAs(
	store: MemoryStore,
	who: Uint8Array,
	key: string,
	bytes: Uint8Array,
	parts = {},
): Promise<unknown> {
	const { sender } = store.host;
	store.host.sender = who;
	const request = { id: newId(), key, ...publication(rootOf(bytes, 2_080_768), parts) };
	return store.direct("blobs_put_blob", request, bytes).finally(() => {
		store.host.sender = sender;
	});
}
/** As the client puts it where it is told nothing. */
const plain = { content_type: "application/octet-stream", visibility: { private: null } };

const sequenceOf = async (store: MemoryStore) =>
	((await store.direct("blobs_status")) as WireStatus).last.sequence;

async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}

interface History {
	/** Before the transfer begins. */
	before?: (store: MemoryStore) => unknown;
	/** While it is paused. */
	meanwhile?: (store: MemoryStore) => unknown;
	isExecuted?: boolean;
	options?: Partial<UploadOptions>;
}

/** An upload that is paused as the answer to a call of it is lost, and goes on twenty minutes later. */
async function pausedUpload(
	method: MethodName,
	source: () => Uint8Array | AsyncGenerator<Uint8Array>,
	{ before, meanwhile, isExecuted = true, options = { ifNoneMatch: "*" } }: History = {},
) {
	const store = new MemoryStore();
	await before?.(store);
	const context = clientOf(store);
	const pause = async () => {
		transfer.pause();
		await later(store, () => meanwhile?.(store));
		setTimeout(() => void transfer.resume(), 1);
	};
	lose(store, method, pause, isExecuted);
	const transfer: Transfer = startUpload(context, source(), { key: "a/b", ...options });
	const error = await failure(transfer.done);
	return { store, context, transfer, error };
}

const kinds = [
	{ name: "put", method: "blobs_put_blob", bytes: small, source: () => small },
	{ name: "commit", method: "blobs_commit_upload", bytes: large, source: () => streamOf(large) },
] as const;

describe.each(kinds)("$name, paused past the life of receipts", ({ method, bytes, source }) => {
	it("succeeds where it was done: the blob is the very one that it wrote", async () => {
		const { store, context, transfer, error } = await pausedUpload(method, source);
		expect(error).toBeUndefined();
		expect(await sequenceOf(store)).toBe(1n);
		expect(await transfer.done).toMatchObject({ sequence: 1n, size: bytes.length });
		expect(Buffer.compare(await readAll(context), bytes)).toBe(0);
		expect(transfer.progress).toMatchObject({ loaded: bytes.length, total: bytes.length });
	});

	it("counts what it did again", async () => {
		const { transfer } = await pausedUpload(method, source);
		expect(transfer.progress.retries).toBeGreaterThanOrEqual(1);
	});

	it("succeeds where its answer was waited for as the sign-in ended", async () => {
		const store = new MemoryStore();
		const context = clientOf(store);
		lose(store, method, () => {
			throw new ClientError("identity_expired", { expiredAt: new Date(0) });
		});
		const transfer: Transfer = startUpload(context, source(), { key: "a/b", ifNoneMatch: "*" });
		const expired = new Promise<void>((resolve) => transfer.on("error", () => resolve()));
		await expired;
		await later(store);
		await transfer.resume({ agent: store.agent() });
		expect(await transfer.done).toMatchObject({ sequence: 1n, size: bytes.length });
	});

	it("is done then where it was not, and under any condition that still holds", async () => {
		for (const options of [{ ifNoneMatch: "*" as const }, {}]) {
			const { store, context, error } = await pausedUpload(method, source, { isExecuted: false, options });
			expect(error).toBeUndefined();
			expect(await sequenceOf(store)).toBe(1n);
			expect(Buffer.compare(await readAll(context), bytes)).toBe(0);
		}
	});
});

describe("commit, paused past the life of receipts", () => {
	it("claims nobody else's blob", async () => {
		const { error } = await pausedUpload("blobs_commit_upload", () => large, {
			meanwhile: (store) => putAs(store, store.owner, "a/b", other, plain),
		});
		expect(error).toMatchObject({ code: "precondition_failed", details: { sequence: 2n } });
	});
});

describe("put, paused past the life of receipts, claims nobody else's blob", () => {
	const put = (history: History) => pausedUpload("blobs_put_blob", () => small, history);

	it("with other bytes", async () => {
		for (const isExecuted of [true, false]) {
			const { error } = await put({
				isExecuted,
				meanwhile: (store) => putAs(store, store.owner, "a/b", other, plain),
			});
			expect(error).toMatchObject({ code: "precondition_failed" });
		}
	});

	it("with another owner", async () => {
		const grant = (store: MemoryStore) =>
			store.direct("blobs_grant_role", {
				id: newId(),
				who: Principal.fromUint8Array(OTHER),
				role: { writer: null },
			});
		const { error } = await put({
			isExecuted: false,
			before: grant,
			meanwhile: (store) => putAs(store, OTHER, "a/b", small, plain),
		});
		expect(error).toMatchObject({ code: "precondition_failed" });
	});

	it("with another type, visibility or metadata", async () => {
		for (const parts of [
			{ ...plain, content_type: "text/html" },
			{ ...plain, visibility: { public: null } },
			{ ...plain, metadata: [["by", "another"]] },
			{ ...plain, sha256: [new Uint8Array(32)] as [Uint8Array] },
		]) {
			const { error } = await put({
				isExecuted: false,
				meanwhile: (store) => putAs(store, store.owner, "a/b", small, parts),
			});
			expect(error).toMatchObject({ code: "precondition_failed" });
		}
	});

	it("though it has the same bytes and owner, if it was there before", async () => {
		const { error } = await put({
			isExecuted: false,
			before: async (store) => {
				await putAs(store, store.owner, "a/b", small, plain);
				store.host.time += 2 * 60_000;
			},
		});
		expect(error).toMatchObject({ code: "precondition_failed", details: { sequence: 1n } });
	});

	it("even if that was a moment before, by this client", async () => {
		const store = new MemoryStore();
		const context = clientOf(store);
		const options = { key: "a/b", ifNoneMatch: "*" as const };
		await startUpload(context, small, options).done;
		lose(store, "blobs_put_blob", () => later(store), false);
		const again = startUpload(context, small, options);
		expect(await failure(again.done)).toMatchObject({ code: "network" });
		expect(store.count("blobs_stat")).toBe(1);
	});

	it("nor any blob at all where its attempts had answers", async () => {
		const store = new MemoryStore();
		await putAs(store, store.owner, "a/b", small, plain);
		const context = clientOf(store);
		const error = await failure(startUpload(context, small, { key: "a/b", ifNoneMatch: "*" }).done);
		expect(error).toMatchObject({ code: "precondition_failed" });
		expect(store.count("blobs_stat")).toBe(0);
	});
});

describe("put of many, paused past the life of receipts", () => {
	/** Three files of a condition each, of which somebody else takes one meanwhile. */
	const paused = async (isExecuted: boolean, meanwhile: (store: MemoryStore) => unknown = () => {}) => {
		const store = new MemoryStore();
		const items = [1, 2, 3].map((n) => ({
			key: `f/${n}`,
			source: pseudoBytes(n * 1_000, n),
			ifNoneMatch: "*" as const,
		}));
		const pause = async () => {
			batch.pause();
			await later(store, () => meanwhile(store));
			setTimeout(() => void batch.resume(), 1);
		};
		lose(store, "blobs_put_many", pause, isExecuted);
		const batch = startBatch(clientOf(store), items, {});
		return { store, ...(await batch.done) };
	};

	it("succeeds for each file that it wrote", async () => {
		const { store, items: files } = await paused(true);
		expect(files.map((file) => file.status === "uploaded" && file.manifest.sequence)).toEqual([1n, 2n, 3n]);
		expect(await sequenceOf(store)).toBe(3n);
	});

	it("answers for each what a stat then shows", async () => {
		const { store, items: files } = await paused(true);
		for (const file of files) {
			const { manifest } = (await store.direct("blobs_stat", { key: file.key, min_version: [] })) as {
				manifest: Uint8Array[];
			};
			const at = Number(manifests.decode(manifest[0]!).modified_at / 1_000_000n);
			expect(file).toMatchObject({ status: "uploaded", manifest: { modifiedAt: new Date(at) } });
		}
	});

	it("claims no file that somebody else wrote", async () => {
		for (const isExecuted of [true, false]) {
			const { items: files } = await paused(isExecuted, (store) =>
				putAs(store, store.owner, "f/2", other, plain),
			);
			expect(files.map((file) => (file.status === "failed" ? file.error.code : file.status))).toEqual([
				"uploaded",
				"precondition_failed",
				"uploaded",
			]);
		}
	});
});

/** A change without bytes, of which the answer is lost as the machine falls asleep for twenty minutes. */
async function asleep<T>(
	method: MethodName,
	change: (context: ClientContext) => Promise<T>,
	{ before, meanwhile, isExecuted = true }: Omit<History, "options"> = {},
) {
	const store = new MemoryStore();
	await putAs(store, store.owner, "a/b", small, plain);
	await before?.(store);
	store.host.time += 2 * 60_000;
	lose(store, method, () => later(store, () => meanwhile?.(store)), isExecuted);
	const ended = await change(clientOf(store)).then(
		(result) => ({ result, error: undefined }),
		(error: unknown) => ({ result: undefined, error }),
	);
	return { store, ...ended };
}
const isLost = { code: "network", action: "retry" };

describe("a network that fails up to the deadline", () => {
	it("is asked nothing more: it would fail that, too", async () => {
		const store = new MemoryStore();
		await putAs(store, store.owner, "a/b", small, plain);
		const elevenMinutes = () => {
			store.host.time += 11 * 60_000;
		};
		lose(store, "blobs_delete", elevenMinutes);
		expect(await failure(deleteBlob(clientOf(store), "a/b"))).toMatchObject(isLost);
		expect(store.count("blobs_stat")).toBe(0);
	});
});

describe("delete, asleep past the life of receipts", () => {
	const remove = async (context: ClientContext) =>
		deleteBlob(context, "a/b", { ifMatch: await stat(context, "a/b", { trust: "node" }) });

	it("succeeds where the key is empty", async () => {
		const { store, result } = await asleep("blobs_delete", remove);
		expect(result).toMatchObject({ deleted: true, sequence: 2n });
		// The second one only asks whether it is so, under a condition that nothing meets.
		const deletes = store.calls.filter(({ method }) => method === "blobs_delete");
		expect(deletes.map(({ args }) => args[0])).toMatchObject([
			{ precondition: { version: { sequence: 1n } } },
			{ precondition: { version: { sequence: 2n ** 64n - 1n } } },
		]);
	});

	it("says that the answer was lost where the key holds anything, and deletes no successor", async () => {
		for (const isExecuted of [true, false]) {
			const { store, error } = await asleep("blobs_delete", (context) => deleteBlob(context, "a/b"), {
				isExecuted,
				meanwhile: (store) => putAs(store, store.owner, "a/b", other, plain),
			});
			expect(error).toMatchObject(isLost);
			expect(Buffer.compare(await readAll(clientOf(store)), other)).toBe(0);
		}
	});
});

it("a rejection that leaves open whether the call was executed is such an answer, too", async () => {
	const store = new MemoryStore();
	await putAs(store, store.owner, "a/b", small, plain);
	const rejected = {
		rejectCode: 6,
		rejectMessage: "unknown",
		errorCode: undefined,
		isCertified: true,
		method: "blobs_delete",
	};
	lose(store, "blobs_delete", () => later(store), true, new ClientError("rejected", rejected));
	const precondition = await stat(clientOf(store), "a/b", { trust: "node" });
	const deleted = deleteBlob(clientOf(store), "a/b", { ifMatch: precondition });
	expect(await deleted).toMatchObject({ deleted: true, sequence: 2n });
});

describe("delete of what the caller may neither read nor delete", () => {
	/** The first call is lost before it arrives, then `then` happens. */
	const removed = async (then: (store: MemoryStore) => unknown) => {
		const store = new MemoryStore();
		const role = { id: newId(), who: Principal.fromUint8Array(OTHER), role: { writer: null } };
		await store.direct("blobs_grant_role", role);
		await putAs(store, store.owner, "a/b", small, plain);
		store.host.sender = OTHER;
		lose(store, "blobs_delete", () => then(store), false);
		const error = await failure(deleteBlob(repeatingClientOf(store), "a/b"));
		store.host.sender = store.owner;
		expect(Buffer.compare(await readAll(clientOf(store)), small)).toBe(0);
		return error;
	};

	it("is refused after an answer was lost: that it sees no blob does not mean that there is none", async () => {
		expect(await removed(() => {})).toMatchObject({ code: "not_authorized" });
	});

	it("says that the answer was lost where the machine slept meanwhile", async () => {
		expect(await removed(later)).toMatchObject(isLost);
	});
});

describe("update, asleep past the life of receipts", () => {
	const update = (context: ClientContext) =>
		updateBlob(context, "a/b", { contentType: "text/plain", replaceMetadata: { b: "2", a: "1" } });

	it("succeeds where the blob is now as it was to be", async () => {
		const { store, result } = await asleep("blobs_update", update);
		expect(result).toMatchObject({ sequence: 2n, contentType: "text/plain", metadata: { a: "1", b: "2" } });
		expect(store.count("blobs_update")).toBe(1);
	});

	it("says that the answer was lost where it was not done", async () => {
		expect((await asleep("blobs_update", update, { isExecuted: false })).error).toMatchObject(isLost);
	});

	it("takes neither what was so before for its own, nor a blob that has come since", async () => {
		const same = {
			...plain,
			content_type: "text/plain",
			metadata: [
				["a", "1"],
				["b", "2"],
			],
		};
		const put = (store: MemoryStore) => putAs(store, store.owner, "a/b", small, same);
		const updated = async (store: MemoryStore) => {
			store.host.time += 60_000;
			await updateBlob(clientOf(store), "a/b", {
				contentType: "text/plain",
				replaceMetadata: { a: "1", b: "2" },
			});
		};
		for (const history of [{ before: updated }, { before: put }, { meanwhile: put }]) {
			const { error } = await asleep("blobs_update", update, { ...history, isExecuted: false });
			expect(error).toMatchObject(isLost);
		}
	});
});

describe("copy, asleep past the life of receipts", () => {
	const copy = (context: ClientContext) => moveBlob(context, "blobs_copy", "a/b", "c");

	it("succeeds where the copy is there", async () => {
		const { store, result } = await asleep("blobs_copy", copy);
		expect(result).toMatchObject({ key: "c", sequence: 2n, size: small.length });
		expect(store.count("blobs_copy")).toBe(1);
	});

	it("says that the answer was lost where it was not done, or the source is another by now", async () => {
		const replace = (store: MemoryStore) => putAs(store, store.owner, "a/b", small, plain);
		const before = (store: MemoryStore) => putAs(store, store.owner, "c", small, plain);
		for (const history of [{ isExecuted: false }, { isExecuted: false, before }, { meanwhile: replace }])
			expect((await asleep("blobs_copy", copy, history)).error).toMatchObject(isLost);
	});
});

describe("rename, asleep past the life of receipts", () => {
	it("says that the answer was lost: nothing shows that what is there was moved there", async () => {
		const { store, error } = await asleep("blobs_rename", (context) =>
			moveBlob(context, "blobs_rename", "a/b", "c"),
		);
		expect(error).toMatchObject(isLost);
		expect(store.count("blobs_rename")).toBe(1);
	});
});
