import { describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import {
	ANNA,
	aboutOf,
	beginOf,
	commitOf,
	fillOf,
	itemOf,
	leavesOf,
	READER,
	S,
	sessionOf,
	TestStore,
	wholeOf,
} from "./store.js";

/** Memory and cycles: the store reserves what it promises, and refuses the rest before it begins. */

const MAPS_BYTES = 22 * (8 << 20);
const roomFor = (bytes: number) => ({ capacity: { maxStableBytes: MAPS_BYTES + Math.ceil(bytes * 1.02) } });

describe("a network that charges nothing", () => {
	const begin = (store: TestStore) => store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "a"));
	const emptied = (costSchedule?: "auto" | "paid" | "free") => {
		const store = new TestStore(costSchedule === undefined ? {} : { capacity: { costSchedule } });
		store.host.balance = 0;
		return store;
	};

	test("is told by the price of a call, in each message", () => {
		const store = emptied();
		expect(begin(store)).toBe("low_cycles");
		store.host.isPaid = () => false;
		store.begin(ANNA, "a");
		expect(store.stats()).toMatchObject({ cost_schedule: "free", storage_cycles_per_day: 0n });
		store.host.isPaid = () => true;
		expect(begin(store)).toBe("low_cycles");
		expect(store.stats().cost_schedule).toBe("paid");
	});

	test("is told, where prices cannot be asked, by a balance of 0 in two messages in a row", () => {
		const store = emptied();
		store.host.isPaid = () => undefined;
		expect(begin(store)).toBe("low_cycles");
		store.begin(ANNA, "a");
		store.host.balance = 1;
		expect(begin(store)).toBe("low_cycles");
		store.host.balance = 0;
		expect(begin(store)).toBe("low_cycles");
		store.begin(ANNA, "b");
	});

	test("is what the option says", () => {
		emptied("free").begin(ANNA, "a");
		const paid = emptied("paid");
		paid.host.isPaid = () => false;
		expect(begin(paid)).toBe("low_cycles");
	});

	test("an option that names no schedule is refused", () => {
		expect(() => new TestStore({ capacity: { costSchedule: "cheap" as "free" } })).toThrow(
			"capacity.costSchedule must be auto, paid or free",
		);
	});
});

describe("C12 memory", () => {
	test("is kept for what uploads announced, for nobody else", () => {
		// What is stored about an upload is no reserve: it must fit, too.
		const store = new TestStore(roomFor(4 * S + sessionOf("b")));
		const id = store.begin(ANNA, "a", 3 * S);
		const refused = store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "b", 2 * S));
		const { no_room } = refused as { no_room: { missing: bigint } };
		// The room of this store was rounded up to a whole byte.
		expect(Math.abs(Number(no_room.missing) - S * 1.02)).toBeLessThan(1);
		store.begin(ANNA, "b", S);
		for (const index of [0, 1, 2]) store.put(ANNA, id, index, fillOf(index, S));
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "c", 1))).toBe("no_room");
	});

	test("is asked for by each put without a size, by put of a blob, and by each of many", () => {
		const store = new TestStore(roomFor(2 * S + aboutOf("b")));
		const id = store.begin(ANNA, "a");
		store.put(ANNA, id, 0, fillOf(1, S));
		const blobs = [itemOf("b", fillOf(2, S)), itemOf("c", fillOf(3, S))];
		const { results } = store.ask(ANNA, "blobs_put_many", { id: newId(), blobs });
		expect(results.map((result) => Object.keys("err" in result ? result.err : result)[0])).toEqual([
			"ok",
			"no_room",
		]);
		expect(store.code(ANNA, "blobs_put_chunk", id, 1, fillOf(4, S))).toBe("no_room");
		const bytes = fillOf(5, S);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "d", bytes), bytes)).toBe("no_room");
	});

	test("C21 that was freed is used again", () => {
		const store = new TestStore(roomFor(2 * S + sessionOf("a")));
		for (let round = 0; round < 5; round++) {
			store.upload(ANNA, "a", Buffer.concat([fillOf(round, S), fillOf(100 + round, S)]));
			store.delete(ANNA, "a");
			store.clean();
		}
		const { slots_made, slots_free } = store.stats();
		expect(slots_made).toBe(slots_free);
	});
});

describe("C18 below the floor of cycles", () => {
	test("what is taken in or changed is refused with what is missing; reads and deletes go on", () => {
		const store = new TestStore({ capacity: { minCycles: 1e12, freezingThresholdSeconds: 0 } });
		const id = store.begin(ANNA, "a", S);
		store.put(ANNA, id, 0, fillOf(1, S));
		store.putBlob(ANNA, "b", fillOf(1, 1));
		store.host.balance = 1e12 - 7;
		const missing = { low_cycles: { missing: 7n } };
		expect(store.refused(ANNA, "blobs_put_chunk", id, 0, fillOf(1, S))).toEqual(missing);
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "c"))).toBe("low_cycles");
		const one = fillOf(1, 1);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "c", one), one)).toBe("low_cycles");
		const link = { id, from: 0, leaves: leavesOf(one) };
		expect(store.code(ANNA, "blobs_link_chunks", link)).toBe("low_cycles");
		expect(store.code(ANNA, "blobs_commit_upload", commitOf(id, fillOf(1, S)))).toBe("low_cycles");
		expect(store.read(READER, "b").length).toBe(1);
		store.delete(ANNA, "b");
		// What was refused goes on where it was.
		store.host.balance = 1e12;
		store.commit(ANNA, id, fillOf(1, S));
	});

	test("what freezing keeps back is no part of it", () => {
		const day = { freezingThresholdSeconds: 86_400, minCycles: 0 };
		const store = new TestStore({ capacity: day });
		store.host.liquidCycles = () => undefined;
		store.host.balance = Number(store.stats().storage_cycles_per_day) - 1;
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "a"))).toBe("low_cycles");
		// What is stored about the upload takes 19 M.
		store.host.balance += 20_000_000;
		store.begin(ANNA, "a");
	});
});
