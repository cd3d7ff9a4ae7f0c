import type { StableMap } from "../../host/ports.js";
import { getU64, u64Key } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";

/**
 * A slot is a key of one StableBTreeMap whose value is a chunk. ic-stable-structures writes a whole node when a
 * value in it changes, so two chunks in one node are both rewritten for one put. Its nodes take 11 keys and split
 * in the middle: keys inserted in order leave 5 in a node and move the sixth up. So slot n stands at key 6n and
 * five empty keys follow it: every node holds one slot at the most, and the nodes above hold none.
 */
export const STRIDE = 6;

/**
 * Making a slot takes 840,000 instructions, which for a chunk of megabytes is nothing, and for a small one more than
 * all else about it. So small chunks share a slot: its node's five keys hold one each, unless many come at once (shelves.ts). To rewrite the others with one
 * of 10 KB takes up to 130,000 instructions, and with one of the largest 200,000.
 */
export const SHARED_BYTES = 16_384;
const SHARERS = 5;

/**
 * Slots are made ahead, in batches: those beside the one that is written must have been split apart before it is
 * filled. The last two nodes of the map are never full, and 64 slots are far behind them. A timer refills the pool
 * before it is down to that; a message that takes more at once makes the next batch itself.
 */
const POOL = 64;
const REFILL_BELOW = 2 * POOL;

/** Where the stack of free places in shared slots begins, in the map whose first keys are that of free slots. */
const SHARED_STACK = 2 ** 48;

const EMPTY = new Uint8Array(0);

/** Places of chunks: each is the key of a slot or of one of its sharers. */
export class Slots {
	readonly #slots: StableMap;
	readonly #free: StableMap;
	readonly #counters: Counters;
	/** Whether the shared place that was taken last was one that had been freed. */
	#isReused = false;

	constructor(slots: StableMap, free: StableMap, counters: Counters) {
		this.#slots = slots;
		this.#free = free;
		this.#counters = counters;
	}

	/** The place for a chunk of so many bytes: one that was freed, or else the next that never was used. */
	take(length: number): number {
		return length > SHARED_BYTES ? this.takeWhole() : this.#takeShared();
	}

	/** Gives back what was taken last, in which nothing was stored. */
	giveBack(place: number, length: number): void {
		const counters = this.#counters;
		if (length > SHARED_BYTES) this.giveBackWhole(place);
		// Its number does not tell: the place before the next shared one may have been freed and taken again.
		else if (this.#isReused) counters.add(COUNTER.sharedFree, 1);
		else if (place % STRIDE !== 0) counters.set(COUNTER.sharedNext, place);
		else {
			counters.set(COUNTER.sharedNext, 0);
			this.giveBackWhole(place);
		}
	}

	/** What was popped from a stack is still above its top. */
	giveBackWhole(place: number): void {
		const wasNew = (this.#counters.get(COUNTER.slotsUsed) - 1) * STRIDE === place;
		this.#counters.add(wasNew ? COUNTER.slotsUsed : COUNTER.slotsFree, wasNew ? -1 : 1);
	}

	/** Stores a chunk in a place that was taken for it. */
	write(place: number, bytes: Uint8Array): void {
		this.#slots.set(u64Key(place), bytes);
	}

	/** A slot that is nobody else's. */
	takeWhole(): number {
		const freed = this.#pop(COUNTER.slotsFree, 0);
		if (freed !== undefined) return freed;
		const used = this.#counters.get(COUNTER.slotsUsed);
		if (this.#counters.get(COUNTER.slotsMade) <= used + POOL) this.refill();
		this.#counters.set(COUNTER.slotsUsed, used + 1);
		return used * STRIDE;
	}

	/** A slot that small chunks share stays theirs. */
	#takeShared(): number {
		const freed = this.#pop(COUNTER.sharedFree, SHARED_STACK);
		this.#isReused = freed !== undefined;
		if (freed !== undefined) return freed;
		const next = this.#counters.get(COUNTER.sharedNext);
		const isSharedOut = next === 0 || next % STRIDE === SHARERS;
		const place = isSharedOut ? this.takeWhole() : next;
		this.#counters.set(COUNTER.sharedNext, place + 1);
		return place;
	}

	#pop(counter: number, stack: number): number | undefined {
		const height = this.#counters.get(counter);
		if (height === 0) return undefined;
		const place = this.#free.get(u64Key(stack + height - 1));
		if (place === undefined) throw new Error(`the stack of free places has no entry ${height - 1}`);
		this.#counters.set(counter, height - 1);
		return getU64(place, 0);
	}

	/** Whether the pool should be refilled soon. */
	get isLow(): boolean {
		const ahead = this.#counters.get(COUNTER.slotsMade) - this.#counters.get(COUNTER.slotsUsed);
		return ahead + this.#counters.get(COUNTER.slotsFree) < REFILL_BELOW;
	}

	/** Makes one batch. */
	refill(): void {
		const made = this.#counters.get(COUNTER.slotsMade);
		const end = made + POOL + (made === 0 ? POOL : 0);
		for (let key = made * STRIDE; key < end * STRIDE; key++) this.#slots.set(u64Key(key), EMPTY);
		this.#counters.set(COUNTER.slotsMade, end);
	}

	read(place: number): Uint8Array {
		const bytes = this.#slots.get(u64Key(place));
		if (bytes === undefined) throw new Error(`the place ${place} was never made`);
		return bytes;
	}

	/** Gives the space of a chunk of this length back to the map, and its place to the next that needs one. */
	release(place: number, length: number): void {
		if (length > SHARED_BYTES) this.releaseWhole(place);
		else this.#push(place, COUNTER.sharedFree, SHARED_STACK);
	}

	releaseWhole(place: number): void {
		this.#push(place, COUNTER.slotsFree, 0);
	}

	#push(place: number, counter: number, stack: number): void {
		this.#slots.set(u64Key(place), EMPTY);
		const height = this.#counters.add(counter, 1);
		this.#free.set(u64Key(stack + height - 1), u64Key(place));
	}
}
