import type { StableMap } from "../ports.js";
import { getU64, putU64 } from "./codec.js";

/** Queues by number; frozen, as memory numbers are. */
export const QUEUE = { uploads: 1, receipts: 2, garbage: 3 } as const;

const HEAD = 0;
const TAIL = 1;
const FIRST = 2;

/**
 * First in, first out, in stable memory: O(1) to add and to take. What waits for a moment is added with the same
 * delay each time, so that the head is always what is due first.
 */
export class Queue {
	readonly #map: StableMap;
	readonly #number: number;

	constructor(map: StableMap, number: number) {
		this.#map = map;
		this.#number = number;
	}

	push(item: Uint8Array): void {
		const tail = this.#position(TAIL);
		this.#map.set(this.#key(tail), item);
		this.#setPosition(TAIL, tail + 1);
	}

	peek(): Uint8Array | undefined {
		const head = this.#position(HEAD);
		return head === this.#position(TAIL) ? undefined : this.#map.get(this.#key(head));
	}

	/** Puts a new item in the place of the head. */
	replaceHead(item: Uint8Array): void {
		this.#map.set(this.#key(this.#position(HEAD)), item);
	}

	shift(): void {
		const head = this.#position(HEAD);
		this.#map.delete(this.#key(head));
		this.#setPosition(HEAD, head + 1);
	}

	#position(which: number): number {
		const bytes = this.#map.get(this.#key(which));
		return bytes === undefined ? FIRST : getU64(bytes, 0);
	}

	#setPosition(which: number, value: number): void {
		const bytes = new Uint8Array(8);
		putU64(bytes, 0, value);
		this.#map.set(this.#key(which), bytes);
	}

	#key(position: number): Uint8Array {
		const key = new Uint8Array(9);
		key[0] = this.#number;
		putU64(key, 1, position);
		return key;
	}
}
