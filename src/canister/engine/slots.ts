import type { StableMap } from "../ports.js";
import { getU64, u64Key } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";

/**
 * A slot is a key of one StableBTreeMap whose value is a chunk. ic-stable-structures writes a whole node when a
 * value in it changes, so two chunks in one node are both rewritten for one put. Its nodes take 11 keys and split
 * in the middle: keys inserted in order leave 5 in a node and move the sixth up. So slot n stands at key 6n and
 * five empty keys follow it: every node holds one slot at the most, and the nodes above hold none.
 */
const STRIDE = 6;

/**
 * Making a slot takes 840,000 instructions, which for a chunk of megabytes is nothing, and for a small one more than
 * all else about it. So small chunks share a slot: its node's five keys hold one each. To rewrite the others with one
 * of 10 KB takes up to 130,000 instructions, and with one of the largest 200,000.
 */
const SHARED_BYTES = 16_384;
const SHARERS = 5;

/**
 * Slots are made ahead, in batches: those beside the one that is written must have been split apart before it is
 * filled. The last two nodes of the map are never full, and 64 slots are far behind them. A timer refills the pool
 * before it is down to that; a message that takes more at once makes the next batch itself.
 */
const POOL = 64;
const REFILL_BELOW = 3 * POOL;

/** Where the stack of free places in shared slots begins, in the map whose first keys are that of free slots. */
const SHARED_STACK = 2 ** 48;

const EMPTY = new Uint8Array(0);

/** Where chunks are: each in a place, the key of a slot or of one of its sharers. */
export class Slots {
	readonly #slots: StableMap;
	readonly #free: StableMap;
	readonly #meta: Meta;

	constructor(slots: StableMap, free: StableMap, meta: Meta) {
		this.#slots = slots;
		this.#free = free;
		this.#meta = meta;
	}

	/** Stores a chunk and answers its place: one that was freed, or else the next that never was used. */
	add(bytes: Uint8Array): number {
		const place = bytes.length > SHARED_BYTES ? this.#take() : this.#takeShared();
		this.#slots.set(u64Key(place), bytes);
		return place;
	}

	#take(): number {
		const freed = this.#pop(COUNTER.slotsFree, 0);
		if (freed !== undefined) return freed;
		const used = this.#meta.get(COUNTER.slotsUsed);
		if (this.#meta.get(COUNTER.slotsMade) <= used + POOL) this.refill();
		this.#meta.set(COUNTER.slotsUsed, used + 1);
		return used * STRIDE;
	}

	/** A slot that small chunks share stays theirs. */
	#takeShared(): number {
		const freed = this.#pop(COUNTER.sharedFree, SHARED_STACK);
		if (freed !== undefined) return freed;
		const next = this.#meta.get(COUNTER.sharedNext);
		const isSharedOut = next === 0 || next % STRIDE === SHARERS;
		const place = isSharedOut ? this.#take() : next;
		this.#meta.set(COUNTER.sharedNext, place + 1);
		return place;
	}

	#pop(counter: number, stack: number): number | undefined {
		const height = this.#meta.get(counter);
		if (height === 0) return undefined;
		const place = this.#free.get(u64Key(stack + height - 1));
		if (place === undefined) throw new Error(`the stack of free places has no entry ${height - 1}`);
		this.#meta.set(counter, height - 1);
		return getU64(place, 0);
	}

	/** Whether the pool should be refilled soon. */
	get isLow(): boolean {
		const ahead = this.#meta.get(COUNTER.slotsMade) - this.#meta.get(COUNTER.slotsUsed);
		return ahead + this.#meta.get(COUNTER.slotsFree) < REFILL_BELOW;
	}

	/** Makes one batch. */
	refill(): void {
		const made = this.#meta.get(COUNTER.slotsMade);
		const end = made + POOL + (made === 0 ? POOL : 0);
		for (let key = made * STRIDE; key < end * STRIDE; key++) this.#slots.set(u64Key(key), EMPTY);
		this.#meta.set(COUNTER.slotsMade, end);
	}

	read(place: number): Uint8Array {
		const bytes = this.#slots.get(u64Key(place));
		if (bytes === undefined) throw new Error(`the place ${place} was never made`);
		return bytes;
	}

	/** Gives the space of a chunk of this length back to the map, and its place to the next that needs one. */
	release(place: number, length: number): void {
		this.#slots.set(u64Key(place), EMPTY);
		const isShared = length <= SHARED_BYTES;
		const height = this.#meta.add(isShared ? COUNTER.sharedFree : COUNTER.slotsFree, 1);
		this.#free.set(u64Key((isShared ? SHARED_STACK : 0) + height - 1), u64Key(place));
	}
}
