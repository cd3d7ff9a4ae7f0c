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
 * Slots are made ahead, in batches: those beside the one that is written must have been split apart before it is
 * filled. The last two nodes of the map are never full, and 64 slots are far behind them. A timer refills the pool
 * before it is down to that; a message that takes more at once makes the next batch itself.
 */
const POOL = 64;
const REFILL_BELOW = 3 * POOL;

const EMPTY = new Uint8Array(0);

export class Slots {
	readonly #slots: StableMap;
	readonly #free: StableMap;
	readonly #meta: Meta;

	constructor(slots: StableMap, free: StableMap, meta: Meta) {
		this.#slots = slots;
		this.#free = free;
		this.#meta = meta;
	}

	/** A slot to write to: one that was freed, or else the next of the pool. */
	take(): number {
		const free = this.#meta.get(COUNTER.slotsFree);
		if (free > 0) {
			const slot = this.#free.get(u64Key(free - 1));
			if (slot === undefined) throw new Error(`the list of free slots has no entry ${free - 1}`);
			this.#meta.set(COUNTER.slotsFree, free - 1);
			return getU64(slot, 0);
		}
		const used = this.#meta.get(COUNTER.slotsUsed);
		if (this.#meta.get(COUNTER.slotsMade) <= used + POOL) this.refill();
		this.#meta.set(COUNTER.slotsUsed, used + 1);
		return used;
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

	read(slot: number): Uint8Array {
		const bytes = this.#slots.get(u64Key(slot * STRIDE));
		if (bytes === undefined) throw new Error(`slot ${slot} was never made`);
		return bytes;
	}

	write(slot: number, bytes: Uint8Array): void {
		this.#slots.set(u64Key(slot * STRIDE), bytes);
	}

	/** Gives the slot's space back to the map, and the slot to the next who takes one. */
	release(slot: number): void {
		this.#slots.set(u64Key(slot * STRIDE), EMPTY);
		const free = this.#meta.add(COUNTER.slotsFree, 1);
		this.#free.set(u64Key(free - 1), u64Key(slot));
	}
}
