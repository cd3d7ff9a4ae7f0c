import { describe, expect, test } from "vitest";
import { COUNTER, Counters } from "../../../src/canister/engine/base/counters.js";
import { Chunks } from "../../../src/canister/engine/store/chunks.js";
import { Shelves } from "../../../src/canister/engine/store/shelves.js";
import { Slots } from "../../../src/canister/engine/store/slots.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { ANNA, BEN, fillOf, TestStore } from "./store.js";
import { MapStorage } from "./surroundings.js";

/** Which chunks share a slot: those of at most 16 KiB, five in each. */
const SMALL = 16_384;
const small = (byte: number) => new Uint8Array(SMALL).fill(byte);
const large = (byte: number) => new Uint8Array(SMALL + 1).fill(byte);

function newChunks() {
	const storage = new MapStorage();
	const counters = new Counters(storage.map(MEMORY.meta));
	const slots = new Slots(storage.map(MEMORY.slots), storage.map(MEMORY.freeSlots), counters);
	const shelves = new Shelves(storage.map(MEMORY.slots), slots);
	return {
		storage,
		slots,
		shelves,
		chunks: new Chunks(storage.map(MEMORY.chunks), shelves, counters),
		counters,
	};
}
const newSlots = () => newChunks().slots;

function add(slots: Slots, bytes: Uint8Array): number {
	const place = slots.take(bytes.length);
	slots.write(place, bytes);
	return place;
}

describe("small chunks share a slot", () => {
	test("five of them, beside those that have one of their own", () => {
		const slots = newSlots();
		const places = [small, small, large, small, small, small, small, large].map((make, i) =>
			add(slots, make(i)),
		);
		expect(places).toEqual([0, 1, 6, 2, 3, 4, 12, 18]);
		for (const [i, place] of places.entries()) expect(slots.read(place)[0]).toBe(i);
	});

	test("and what one gives back goes to the next small one, not to a large one", () => {
		const slots = newSlots();
		for (let i = 0; i < 5; i++) add(slots, small(i));
		slots.release(3, SMALL);
		expect([add(slots, large(7)), add(slots, small(8)), add(slots, small(9))]).toEqual([6, 3, 12]);
		expect([0, 1, 2, 3, 4].map((place) => slots.read(place)[0])).toEqual([0, 1, 2, 8, 4]);
	});

	test("and what a large one gives back may be shared from then on", () => {
		const slots = newSlots();
		slots.release(add(slots, large(1)), SMALL + 1);
		expect([add(slots, small(2)), add(slots, small(3)), add(slots, large(4))]).toEqual([0, 1, 6]);
	});
});

describe("a chunk that is stored already is held once more", () => {
	const [owner, leaf, other] = [Uint8Array.of(1), new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];
	const add = (made: ReturnType<typeof newChunks>, leaf: Uint8Array, bytes: Uint8Array) => {
		made.chunks.add(owner, leaf, bytes);
		return made.chunks.find(owner, leaf)!;
	};

	test.each([small, large])("and takes no place: neither a new one nor one that was freed", (make) => {
		const made = newChunks();
		const { chunks, counters } = made;
		const first = add(made, leaf, make(1));
		const before = [COUNTER.slotsUsed, COUNTER.slotsFree, COUNTER.sharedFree].map((n) => counters.get(n));
		expect(add(made, leaf, make(1))).toEqual({ ...first, references: 2 });
		expect([COUNTER.slotsUsed, COUNTER.slotsFree, COUNTER.sharedFree].map((n) => counters.get(n))).toEqual(
			before,
		);
		const next = add(made, other, make(2));
		expect(next.place - first.place).toBe(make === small ? 1 : 6);
		expect([counters.get(COUNTER.chunks), counters.get(COUNTER.stored)]).toEqual([2, 2 * make(1).length]);

		// One behind the first is freed, and is the next to be taken.
		add(made, leaf.slice().fill(4), make(3));
		chunks.release(owner, other);
		expect(add(made, leaf, make(1)).references).toBe(3);
		expect(add(made, other, make(4)).place).toBe(next.place);
		expect([leaf, other].map((leaf) => chunks.read(owner, leaf)[0])).toEqual([1, 4]);
	});

	test("also where it would have begun a slot to be shared", () => {
		const made = newChunks();
		for (let i = 0; i < 5; i++) add(made, leaf.slice().fill(i + 10), small(i));
		add(made, leaf.slice().fill(10), small(0));
		expect(made.counters.get(COUNTER.slotsUsed)).toBe(1);
		expect(add(made, leaf, small(6)).place).toBe(6);
	});
});

describe("small chunks that come together stand on shelves", () => {
	const OWNER = Uint8Array.of(1);
	const leafOf = (n: number) => new Uint8Array(32).fill(n);
	/** As one message brings them; each has its number's bytes. */
	function message(made: ReturnType<typeof newChunks>, numbers: readonly number[], length = 100) {
		for (const [i, n] of numbers.entries()) {
			made.shelves.expect(numbers.length - i);
			made.chunks.add(OWNER, leafOf(n), new Uint8Array(length).fill(n));
		}
		made.shelves.flush();
		made.shelves.forget();
	}
	const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
	const placesOf = ({ chunks }: ReturnType<typeof newChunks>, of: readonly number[]) =>
		of.map((n) => chunks.find(OWNER, leafOf(n))!.place);
	const bytesOf = ({ chunks }: ReturnType<typeof newChunks>, of: readonly number[]) =>
		of.map((n) => [...new Set(chunks.read(OWNER, leafOf(n)))]);

	test("sixteen on each, or 160 KiB, which take a slot; a few are left to those that share", () => {
		const made = newChunks();
		message(made, numbers(1, 16));
		expect(made.counters.get(COUNTER.slotsUsed)).toBe(1);
		message(made, numbers(17, 20));
		expect(made.counters.get(COUNTER.slotsUsed)).toBe(3);
		message(made, numbers(40, 11), 16_384);
		expect(made.counters.get(COUNTER.slotsUsed)).toBe(5);
		expect(made.storage.filled(MEMORY.slots)).toBe(5);
		for (const some of [numbers(1, 36), numbers(40, 11)])
			expect(bytesOf(made, some)).toEqual(some.map((n) => [n]));
		message(made, [60, 61, 62]);
		expect(placesOf(made, [50, 60, 61, 62])).toEqual([24, 25, 26, 27]);
		expect(bytesOf(made, [60, 61, 62])).toEqual([[60], [61], [62]]);
	});

	test("but not large ones among them, nor one that is stored already", () => {
		const made = newChunks();
		message(made, [1, 2, 1, 3, 2, 4, 5]);
		made.shelves.expect(9);
		made.chunks.add(OWNER, leafOf(9), large(9));
		made.chunks.add(OWNER, leafOf(1), new Uint8Array(100).fill(1));
		made.shelves.flush();
		expect(placesOf(made, [1, 2, 3, 4, 5]).map((place) => place - placesOf(made, [1])[0]!)).toEqual([
			0, 1, 2, 3, 4,
		]);
		expect(made.counters.get(COUNTER.slotsUsed)).toBe(2);
		expect(placesOf(made, [9])).toEqual([6]);
		expect(bytesOf(made, [1, 5, 9])).toEqual([[1], [5], [9]]);
	});

	test("and each gives its space back, the last one the slot; within the message too that brought it", () => {
		const made = newChunks();
		const { chunks, storage, counters } = made;
		message(made, numbers(1, 6));
		const key = Buffer.alloc(8);
		const size = () => storage.map(MEMORY.slots).get(key)!.length;
		const before = size();
		chunks.release(OWNER, leafOf(3));
		expect(size()).toBe(before - 100);
		expect(bytesOf(made, [1, 2, 4, 5, 6])).toEqual([[1], [2], [4], [5], [6]]);
		for (const n of [1, 6, 2, 5, 4]) chunks.release(OWNER, leafOf(n));
		expect([size(), counters.get(COUNTER.slotsFree), counters.get(COUNTER.stored)]).toEqual([0, 1, 0]);

		made.shelves.expect(8);
		for (const n of [7, 8]) chunks.add(OWNER, leafOf(n), new Uint8Array(100).fill(n));
		chunks.release(OWNER, leafOf(7));
		chunks.add(OWNER, leafOf(7), new Uint8Array(100).fill(7));
		made.shelves.flush();
		expect(bytesOf(made, [7, 8])).toEqual([[7], [8]]);
		expect(counters.get(COUNTER.slotsFree)).toBe(0);
	});
});

describe("a duplicate gives back the place that was taken for it", () => {
	const BIG = SMALL + 1;
	/**
	 * A second shared slot, of which only the first place was given out, and freed, and then taken for a duplicate.
	 * `before` happens while that place is in use.
	 */
	const withDuplicate = (before: (store: TestStore) => void) => {
		const store = new TestStore();
		for (let n = 0; n < 6; n++) store.putBlob(ANNA, `${n}`, fillOf(n, 10));
		before(store);
		store.delete(ANNA, "5");
		store.clean();
		store.putBlob(ANNA, "again", fillOf(0, 10));
		return store;
	};

	test("not the slot that it is the first place of, which others have by then", () => {
		const store = withDuplicate((before) => {
			before.putBlob(BEN, "b", fillOf(7, BIG));
			before.delete(BEN, "b");
			before.clean();
			before.putBlob(BEN, "kept", fillOf(8, BIG));
		});
		store.putBlob(ANNA, "another", fillOf(9, BIG));
		expect(store.read(BEN, "kept")[0]).toBe(8);
	});

	test("and leaves the stacks of free places as they were", () => {
		const store = withDuplicate((before) => before.putBlob(ANNA, "b", fillOf(7, BIG)));
		store.putBlob(ANNA, "c", fillOf(8, BIG));
		expect(store.read(ANNA, "c")[0]).toBe(8);
	});
});
