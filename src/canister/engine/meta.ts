import type { StableMap } from "../ports.js";
import { getU64, u64Key } from "./codec.js";

/** The store's own numbers, each at a frozen key of the meta map. */
export const COUNTER = {
	layout: 0,
	/** The last change's sequence number. */
	sequence: 1,
	/** Contents handed out: the id of the last one. */
	contents: 2,
	slotsMade: 3,
	slotsUsed: 4,
	slotsFree: 5,
	openUploads: 6,
	blobs: 7,
} as const;

/**
 * Counters in stable memory, with a copy in the heap: a trap rolls both back together, and after an upgrade the
 * heap is empty and each is read once again.
 */
export class Meta {
	readonly #map: StableMap;
	readonly #seen: (number | undefined)[] = [];

	constructor(map: StableMap) {
		this.#map = map;
	}

	get(counter: number): number {
		let value = this.#seen[counter];
		if (value === undefined) {
			const bytes = this.#map.get(u64Key(counter));
			value = bytes === undefined ? 0 : getU64(bytes, 0);
			this.#seen[counter] = value;
		}
		return value;
	}

	set(counter: number, value: number): void {
		this.#map.set(u64Key(counter), u64Key(value));
		this.#seen[counter] = value;
	}

	add(counter: number, change: number): number {
		const value = this.get(counter) + change;
		this.set(counter, value);
		return value;
	}
}
