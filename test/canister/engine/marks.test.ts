import { expect, test } from "vitest";
import { Counters } from "../../../src/canister/engine/base/counters.js";
import { Marks } from "../../../src/canister/engine/base/marks.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MapStorage } from "./surroundings.js";

const open = (storage: MapStorage) => {
	const counters = new Counters(storage.map(MEMORY.meta));
	const marks = new Marks(storage.map(MEMORY.grants), counters);
	marks.open();
	return { marks, counters };
};
const PER_PAGE = 8_192;

test("C60 marks of more grants than a page has: each is taken away alone, and stays away over upgrades", () => {
	const storage = new MapStorage();
	const { marks, counters } = open(storage);
	const all = PER_PAGE + 9;
	for (let mark = 1; mark <= all; mark++) {
		expect(marks.next).toBe(mark);
		marks.add();
	}
	const gone = new Set([1, 8, 4_097, PER_PAGE - 1, PER_PAGE, PER_PAGE + 8]);
	for (const mark of gone) marks.remove(mark);
	counters.flush();
	for (const its of [marks, open(storage).marks]) {
		const left = Array.from({ length: all }, (_, n) => n + 1).filter((mark) => its.has(mark));
		expect(left).toHaveLength(all - gone.size);
		expect(left.filter((mark) => gone.has(mark))).toEqual([]);
		expect([its.has(0), its.has(all + 1), its.next]).toEqual([false, false, all + 1]);
	}
});

test("C60 a page of marks goes with the last of them, and to look at one that was read takes no look-up", () => {
	const storage = new MapStorage();
	const { marks, counters } = open(storage);
	marks.add();
	marks.add();
	marks.remove(1);
	counters.flush();
	const upgraded = open(storage).marks;
	const before = storage.accesses;
	expect([upgraded.has(1), upgraded.has(2)]).toEqual([false, true]);
	expect(storage.accesses).toBe(before);
	upgraded.remove(2);
	expect(storage.size(MEMORY.grants)).toBe(0);
	expect(open(storage).marks.has(2)).toBe(false);
});
