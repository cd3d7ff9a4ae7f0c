import { beforeEach, describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MAX_ITEMS } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { ANNA, aboutOf, BEN, deleteOf, fillOf, itemOf, OWNER, PRIVATE, READER, TestStore } from "./store.js";

/** Many small blobs in one message: they fail independently. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const put = (...blobs: ReturnType<typeof itemOf>[]) => ({ id: newId(), blobs });
const remove = (...keys: string[]) => ({
	id: newId(),
	blobs: keys.map((key) => ({ key, precondition: { none: null } })),
});

describe("put many", () => {
	test("publishes each, in their order, and refuses each for itself", () => {
		store.putBlob(BEN, "ben's", fillOf(1, 1));
		const request = put(
			itemOf("a", fillOf(1, 10)),
			itemOf("ben's", fillOf(2, 10)),
			itemOf("../b", fillOf(2, 10)),
			{ ...itemOf("c", fillOf(2, 10)), root: new Uint8Array(32) },
			itemOf("d", fillOf(2, 10), { precondition: { version: { sequence: 1n, canister_version: 1n } } }),
			itemOf("e", fillOf(0, 0)),
		);
		const { results } = store.ask(ANNA, "blobs_put_many", request);
		expect(
			results.map((result) => ("ok" in result ? result.ok.sequence : Object.keys(result.err)[0])),
		).toEqual([5n, "not_authorized", "invalid_argument", "root_mismatch", "precondition_failed", 6n]);
		expect(store.keys(READER)).toEqual(["a", "ben's", "e"]);
		expect(store.read(READER, "a").equals(Buffer.from(fillOf(1, 10)))).toBe(true);
	});

	test("the same key twice: the second replaces the first, or is refused by its precondition", () => {
		const request = put(itemOf("a", fillOf(1, 5)), itemOf("a", fillOf(2, 5)));
		expect(store.ask(ANNA, "blobs_put_many", request).results).toMatchObject([
			{ ok: { sequence: 4n } },
			{ ok: { sequence: 5n } },
		]);
		expect(store.read(READER, "a").equals(Buffer.from(fillOf(2, 5)))).toBe(true);
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 1n, bytes: BigInt(4_096 + aboutOf("a")) });
		expect(store.storage.filled(MEMORY.slots)).toBe(1);
		const absent = { precondition: { absent: null } };
		const [first, second] = store.ask(
			ANNA,
			"blobs_put_many",
			put(itemOf("b", fillOf(1, 5), absent), itemOf("b", fillOf(2, 5), absent)),
		).results;
		expect([first, second]).toMatchObject([
			{ ok: { sequence: 6n } },
			{ err: { precondition_failed: { sequence: 6n } } },
		]);
	});

	test("C12 the quota ends in the middle of a message as it does between messages", () => {
		store.setQuota(ANNA, { blobs: 2n });
		const request = put(...["a", "b", "c", "a"].map((key) => itemOf(key, fillOf(1, 1))));
		const { results } = store.ask(ANNA, "blobs_put_many", request);
		expect(results.map((result) => Object.keys(result)[0])).toEqual(["ok", "ok", "err", "ok"]);
	});

	test("C31 again gets the first answer, though all was deleted since; with other blobs it is a conflict", () => {
		const request = put(itemOf("a", fillOf(1, 1)));
		const first = store.ask(ANNA, "blobs_put_many", request);
		store.delete(ANNA, "a");
		store.host.time += 1_000;
		expect(store.ask(ANNA, "blobs_put_many", request)).toEqual(first);
		expect(store.keys(READER)).toEqual([]);
		const other = { id: request.id, blobs: [itemOf("a", fillOf(2, 1))] };
		expect(store.code(ANNA, "blobs_put_many", other)).toBe("upload_conflict");
	});

	test("C22 takes from 1 to 1,000", () => {
		const items = (count: number) => put(...Array.from({ length: count }, () => itemOf("a", fillOf(0, 0))));
		expect(store.code(ANNA, "blobs_put_many", items(0))).toBe("invalid_argument");
		expect(store.code(ANNA, "blobs_put_many", items(MAX_ITEMS + 1))).toBe("invalid_argument");
	});
});

describe("delete many", () => {
	test("deletes each, a key twice once, and refuses each for itself", () => {
		store.putBlob(BEN, "ben's", fillOf(1, 1));
		for (const key of ["a", "b"]) store.putBlob(ANNA, key, fillOf(1, 1));
		const request = remove("a", "a", "ben's", "none", "b");
		const { results, deleted } = store.ask(ANNA, "blobs_delete_many", request);
		expect(deleted).toEqual([[true, false, false, false, true]]);
		expect(results).toMatchObject([
			{ ok: { sequence: 7n } },
			{ ok: { sequence: 7n } },
			{ err: { not_authorized: { needs: expect.stringContaining("the owner of the key") } } },
			{ ok: { sequence: 7n } },
			{ ok: { sequence: 8n } },
		]);
		expect(store.keys(READER)).toEqual(["ben's"]);
		expect(store.ask(ANNA, "blobs_delete_many", request)).toMatchObject({ deleted });
	});

	test("C33 a late duplicate removes no successor", () => {
		const request = remove("a");
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const first = store.ask(ANNA, "blobs_delete_many", request);
		store.putBlob(ANNA, "a", fillOf(2, 1));
		expect(store.ask(ANNA, "blobs_delete_many", request)).toEqual(first);
		expect(store.keys(READER)).toEqual(["a"]);
	});

	test("C21 a thousand small blobs are cleaned away in a few bounded steps", () => {
		const keys = Array.from({ length: 1_000 }, (_, n) => `k${n}`);
		store.ask(ANNA, "blobs_put_many", put(...keys.map((key, n) => itemOf(key, Buffer.from(`${n}`)))));
		store.ask(ANNA, "blobs_delete_many", remove(...keys));
		store.engine.clean();
		expect(store.stats().cleaning).toBe(872n);
		for (let step = 1; step < 8; step++) store.engine.clean();
		expect(store.stats()).toMatchObject({ cleaning: 0n, chunks: 0n, bytes: 0n, blobs: 0n });
	});

	test("its id is no id for a delete of one", () => {
		const request = remove("a");
		store.ask(OWNER, "blobs_delete_many", request);
		expect(store.code(OWNER, "blobs_delete", deleteOf("a", request.id))).toBe("upload_conflict");
	});
});

describe("C22 a message's instructions", () => {
	/** Each access of a stable map for so many: what a canister spends on, only fewer of them. */
	const spend = (perAccess: number) => {
		let before = store.storage.accesses;
		store.host.instructions = () => (store.storage.accesses - before) * perAccess;
		return () => {
			before = store.storage.accesses;
		};
	};
	const deep = (n: number) => Array.from({ length: 32 }, (_, level) => `${n}-${level}`).join("/");
	const codes = (results: readonly object[]) =>
		results.map((result) => ("err" in result ? Object.keys((result as { err: object }).err)[0] : "ok"));

	test("that are spent leave the rest of many undone, each told so; again it is the same answer", () => {
		const next = spend(1e7);
		const request = put(...Array.from({ length: 200 }, (_, n) => itemOf(deep(n), fillOf(n, 1), PRIVATE)));
		const first = store.ask(ANNA, "blobs_put_many", request);
		const told = codes(first.results);
		const done = told.indexOf("not_done_yet");
		expect(done).toBeGreaterThan(10);
		expect(told).toEqual([...Array(done).fill("ok"), ...Array(200 - done).fill("not_done_yet")]);
		expect(store.host.instructions()).toBeLessThan(20e9);
		next();
		expect(store.ask(ANNA, "blobs_put_many", request)).toEqual(first);
		expect(store.keys(ANNA).length).toBe(done);

		// The rest in further messages: all are there in the end.
		let left = request.blobs.slice(done);
		while (left.length > 0) {
			next();
			const { results } = store.ask(ANNA, "blobs_put_many", put(...left));
			left = left.filter((_, n) => codes(results)[n] === "not_done_yet");
		}
		expect(store.keys(ANNA).length).toBe(200);
		let keys = request.blobs.map(({ key }) => key);
		while (keys.length > 0) {
			next();
			const { results } = store.ask(ANNA, "blobs_delete_many", remove(...keys));
			expect(store.host.instructions()).toBeLessThan(20e9);
			keys = keys.filter((_, n) => codes(results)[n] === "not_done_yet");
		}
		expect(store.keys(ANNA)).toEqual([]);
	});

	test("of which one item takes all: the first is done in any case", () => {
		spend(1e9);
		const request = put(itemOf("a", fillOf(1, 1)), itemOf("b", fillOf(2, 1)));
		expect(codes(store.ask(ANNA, "blobs_put_many", request).results)).toEqual(["ok", "not_done_yet"]);
	});
});
