import type { StableMap } from "../../host/ports.js";
import { getU64, putU64, u64s } from "./codec.js";
import { COUNTER, type Counters } from "./counters.js";
import { QUEUE, Queue } from "./queue.js";

/** The number under which the items stand, in the map that has the queues; no queue has it. */
const ITEMS = 255;

interface Turn {
	/** The principal whose turn it is. */
	readonly who: Uint8Array;
	readonly item: Uint8Array;
}

/**
 * Work for several principals: each has a queue of its own, first in, first out, and they take turns. So work of one,
 * however much, delays that of another by one step at a time. In stable memory; each operation takes O(1).
 */
export class FairQueue {
	readonly #map: StableMap;
	readonly #counters: Counters;
	/** Principals that have work, the one whose turn it is first. */
	readonly #turns: Queue;

	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
		this.#turns = new Queue(map, QUEUE.turns, counters);
	}

	/** Items in all queues. */
	get length(): number {
		return this.#counters.get(COUNTER.turnItems);
	}

	push(who: Uint8Array, item: Uint8Array): void {
		let [head, tail] = this.#bounds(who);
		if (head === tail) {
			this.#turns.push(who);
			[head, tail] = [0, 0];
		}
		this.#map.set(itemKey(who, tail + 1), item);
		this.#map.set(nameOf(who), u64s([head, tail + 1]));
		this.#counters.add(COUNTER.turnItems, 1);
	}

	/** The first item of the principal whose turn it is. */
	peek(): Turn | undefined {
		const who = this.#turns.peek();
		if (who === undefined) return undefined;
		const item = this.#map.get(itemKey(who, this.#bounds(who)[0] + 1));
		if (item === undefined) throw new Error("a principal has its turn and no work");
		return { who, item };
	}

	/** Puts `item` in the place of the one that `peek` returned, and gives the next principal its turn. */
	replace({ who }: Turn, item: Uint8Array): void {
		this.#map.set(itemKey(who, this.#bounds(who)[0] + 1), item);
		if (this.#turns.length === 1) return;
		this.#turns.shift();
		this.#turns.push(who);
	}

	/** Removes the item that `peek` returned, and gives the next principal its turn. */
	shift({ who }: Turn): void {
		const [head, tail] = this.#bounds(who);
		this.#map.delete(itemKey(who, head + 1));
		this.#counters.add(COUNTER.turnItems, -1);
		this.#turns.shift();
		if (head + 1 === tail) {
			this.#map.delete(nameOf(who));
			return;
		}
		this.#map.set(nameOf(who), u64s([head + 1, tail]));
		this.#turns.push(who);
	}

	/** How many items were taken of the principal's queue, and how many were put in; equal where there is none. */
	#bounds(who: Uint8Array): [head: number, tail: number] {
		const record = this.#map.get(nameOf(who));
		return record === undefined ? [0, 0] : [getU64(record, 0), getU64(record, 8)];
	}
}

/** The last principal's keys without a position: each change here asks for several of the same. */
let lastWho: Uint8Array | undefined;
let lastName = new Uint8Array(0);

/** The principal's length keeps its name apart from the keys of items. */
function nameOf(who: Uint8Array): Uint8Array {
	if (who !== lastWho) {
		lastName = new Uint8Array(2 + who.length);
		lastName[0] = ITEMS;
		lastName[1] = who.length;
		lastName.set(who, 2);
		lastWho = who;
	}
	return lastName;
}

function itemKey(who: Uint8Array, position: number): Uint8Array {
	const name = nameOf(who);
	const key = new Uint8Array(name.length + 8);
	key.set(name);
	putU64(key, name.length, position);
	return key;
}
