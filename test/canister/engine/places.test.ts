import fc from "fast-check";
import { expect, test } from "vitest";
import { getU64, u64Key } from "../../../src/canister/engine/base/codec.js";
import { COUNTER, Counters } from "../../../src/canister/engine/base/counters.js";
import { Chunks } from "../../../src/canister/engine/store/chunks.js";
import { Shelves } from "../../../src/canister/engine/store/shelves.js";
import { Slots } from "../../../src/canister/engine/store/slots.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { runs } from "../../support/long.js";
import { MapStorage } from "./surroundings.js";

/**
 * Random histories of chunks, of which every size stands elsewhere: on shelves, in shared slots, in slots of their own.
 * No place ever holds two of them, none is free and in use, and none is lost.
 */

const OWNER = Uint8Array.of(1);
/** A matcher takes longer than all that is compared here: only what is wrong meets one. */
function agree<T>(actual: T, expected: T, what: string): void {
	if (actual !== expected) expect(actual, what).toBe(expected);
}

/** Few chunks of each, so that most are stored again, which holds them once more, and released for good. */
const SIZES = [1, 100, 16_384, 16_385];
const KINDS = 4 * SIZES.length;
const leafOf = (n: number) => new Uint8Array(32).fill(n);
const contents = Array.from({ length: KINDS }, (_, n) => new Uint8Array(SIZES[n % SIZES.length]!).fill(n));
const bytesOf = (n: number) => contents[n]!;

const STRIDE = 6;
const SHARERS = 5;
const SHARED_STACK = 2 ** 48;
const FIRST_ON_SHELF = 2 ** 49;
const ON_SHELF = 16;

const chunk = fc.nat(KINDS - 1);
/** Chunks that one message brings, one alone or many, or one that is released. */
const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ adds: fc.array(chunk, { minLength: 1, maxLength: 1 }) }) },
	{ weight: 1, arbitrary: fc.record({ adds: fc.array(chunk, { minLength: 2, maxLength: 40 }) }) },
	{ weight: 6, arbitrary: fc.record({ release: chunk }) },
);

class Stored {
	readonly #storage = new MapStorage();
	readonly #counters = new Counters(this.#storage.map(MEMORY.meta));
	readonly #free = this.#storage.map(MEMORY.freeSlots);
	readonly #slots = new Slots(this.#storage.map(MEMORY.slots), this.#free, this.#counters);
	readonly #shelves = new Shelves(this.#storage.map(MEMORY.slots), this.#slots);
	readonly #chunks = new Chunks(this.#storage.map(MEMORY.chunks), this.#shelves, this.#counters);
	/** How often each chunk is held. */
	readonly #held = new Map<number, number>();

	message(adds: readonly number[]): void {
		for (const [i, n] of adds.entries()) {
			this.#shelves.expect(adds.length - i);
			this.#chunks.add(OWNER, leafOf(n), bytesOf(n));
			this.#held.set(n, (this.#held.get(n) ?? 0) + 1);
		}
		this.#shelves.flush();
		this.#shelves.forget();
	}

	release(n: number): void {
		const times = this.#held.get(n);
		if (times === undefined) return;
		this.#chunks.release(OWNER, leafOf(n));
		if (times === 1) this.#held.delete(n);
		else this.#held.set(n, times - 1);
	}

	/** Each slot that is in use or free, once, by what it is used for. */
	check(): void {
		const uses = new Map<number, string>();
		const use = (slot: number, as: string) => {
			agree(uses.get(slot) ?? as, as, `slot ${slot}`);
			uses.set(slot, as);
		};
		const places = new Set<number>();
		for (const n of this.#held.keys()) {
			agree(Buffer.compare(this.#chunks.read(OWNER, leafOf(n)), bytesOf(n)), 0, `chunk ${n}`);
			const { place, length } = this.#chunks.find(OWNER, leafOf(n))!;
			agree(places.has(place), false, `place ${place}`);
			places.add(place);
			if (place >= FIRST_ON_SHELF) use(Math.floor((place - FIRST_ON_SHELF) / ON_SHELF), "shelf");
			else use(Math.floor(place / STRIDE), length > 16_384 ? "whole" : "shared");
		}
		for (const place of this.#stack(SHARED_STACK, COUNTER.sharedFree)) {
			agree(places.has(place), false, `free place ${place}`);
			places.add(place);
			use(Math.floor(place / STRIDE), "shared");
		}
		for (const place of this.#stack(0, COUNTER.slotsFree)) {
			agree(uses.has(place / STRIDE), false, `free slot ${place / STRIDE}`);
			use(place / STRIDE, "free");
		}
		const next = this.#counters.get(COUNTER.sharedNext);
		for (const [slot, as] of uses)
			for (let at = slot * STRIDE; as === "shared" && at < slot * STRIDE + SHARERS; at++)
				if (next === 0 || Math.floor(next / STRIDE) !== slot || at < next)
					agree(places.has(at), true, `shared place ${at}`);
		agree(uses.size, this.#counters.get(COUNTER.slotsUsed), "slots in use");
	}

	*#stack(from: number, height: number): Generator<number> {
		for (let i = 0; i < this.#counters.get(height); i++) yield getU64(this.#free.get(u64Key(from + i))!, 0);
	}
}

test("no chunk takes another's place, whatever was stored and released before", () => {
	fc.assert(
		fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
			const stored = new Stored();
			for (const { adds, release } of steps as { adds?: number[]; release?: number }[]) {
				if (adds) stored.message(adds);
				if (release !== undefined) stored.release(release);
				stored.check();
			}
		}),
		runs(200, 2_000),
	);
});
