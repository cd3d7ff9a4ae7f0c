import { describe, expect, test } from "vitest";
import { Meta } from "../../../src/canister/engine/meta.js";
import { Slots } from "../../../src/canister/engine/slots.js";
import { MEMORY } from "../../../src/canister/memory.js";
import { MapStorage } from "./surroundings.js";

/** Which chunks share a slot: those of at most 16 KiB, five in each. */
const SMALL = 16_384;
const small = (byte: number) => new Uint8Array(SMALL).fill(byte);
const large = (byte: number) => new Uint8Array(SMALL + 1).fill(byte);

function newSlots(): Slots {
	const storage = new MapStorage();
	return new Slots(
		storage.map(MEMORY.slots),
		storage.map(MEMORY.freeSlots),
		new Meta(storage.map(MEMORY.meta)),
	);
}

describe("small chunks share a slot", () => {
	test("five of them, beside those that have one of their own", () => {
		const slots = newSlots();
		const places = [small, small, large, small, small, small, small, large].map((make, i) =>
			slots.add(make(i)),
		);
		expect(places).toEqual([0, 1, 6, 2, 3, 4, 12, 18]);
		for (const [i, place] of places.entries()) expect(slots.read(place)[0]).toBe(i);
	});

	test("and what one gives back goes to the next small one, not to a large one", () => {
		const slots = newSlots();
		for (let i = 0; i < 5; i++) slots.add(small(i));
		slots.release(3, SMALL);
		expect([slots.add(large(7)), slots.add(small(8)), slots.add(small(9))]).toEqual([6, 3, 12]);
		expect([0, 1, 2, 3, 4].map((place) => slots.read(place)[0])).toEqual([0, 1, 2, 8, 4]);
	});

	test("and what a large one gives back may be shared from then on", () => {
		const slots = newSlots();
		slots.release(slots.add(large(1)), SMALL + 1);
		expect([slots.add(small(2)), slots.add(small(3)), slots.add(large(4))]).toEqual([0, 1, 6]);
	});
});
