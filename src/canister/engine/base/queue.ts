import type { StableMap } from "../../host/ports.js";
import { putU64 } from "./codec.js";
import { COUNTER, type Counters } from "./counters.js";

/** Queues by number; frozen, as memory numbers are. */
export const QUEUE = {
	uploads: 0,
	receipts: 1,
	garbage: 2,
	turns: 3,
	reserves: 4,
	grants: 5,
	offers: 6,
} as const;

/** Where the head's counter is, by the queue's number; the tail's is the next. */
const headOf = (number: number): number => {
	if (number === QUEUE.offers) return COUNTER.offerQueue;
	return number === QUEUE.grants ? COUNTER.grantQueue : COUNTER.queues + 2 * number;
};

/**
 * First in, first out, in stable memory: O(1) to add and to take. What waits for a moment is added with the same
 * delay each time, so that the head is always what is due first.
 */
export class Queue {
	readonly #map: StableMap;
	readonly #number: number;
	readonly #counters: Counters;
	readonly #head: number;
	readonly #tail: number;

	constructor(map: StableMap, number: number, counters: Counters) {
		this.#map = map;
		this.#number = number;
		this.#counters = counters;
		this.#head = headOf(number);
		this.#tail = this.#head + 1;
	}

	get length(): number {
		return this.#counters.get(this.#tail) - this.#counters.get(this.#head);
	}

	push(item: Uint8Array): void {
		this.#map.set(this.#key(this.#counters.add(this.#tail, 1)), item);
	}

	peek(): Uint8Array | undefined {
		return this.length === 0 ? undefined : this.#map.get(this.#key(this.#counters.get(this.#head) + 1));
	}

	/** Puts a new item in the place of the head. */
	replaceHead(item: Uint8Array): void {
		this.#map.set(this.#key(this.#counters.get(this.#head) + 1), item);
	}

	shift(): void {
		this.#map.delete(this.#key(this.#counters.add(this.#head, 1)));
	}

	#key(position: number): Uint8Array {
		const key = new Uint8Array(9);
		key[0] = this.#number;
		putU64(key, 1, position);
		return key;
	}
}
