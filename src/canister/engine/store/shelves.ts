import type { StableMap } from "../../host/ports.js";
import { getU32, putU32, u64Key } from "../base/codec.js";
import { SHARED_BYTES, type Slots, STRIDE } from "./slots.js";

/**
 * Small chunks that come in one message stand on a shelf: up to sixteen of them, side by side, are the value of one slot,
 * which is written once. Chunks that share a slot by its keys are rewritten with each other, and a slot has room for five
 * of those: a blob of 10 KB costs 400,000 instructions less so. To read one reads its whole shelf (160 KiB at the most:
 * 0.6 M instructions), and when one goes the rest is written anew, so that its space is free.
 */

/** Most chunks and bytes on a shelf, and where the places on shelves begin: as many for each slot. */
const PLACES = 16;
const MOST_BYTES = 10 * SHARED_BYTES;
const FIRST_PLACE = 2 ** 49;
/** A message that brings fewer chunks has them share a slot as those do that come alone. */
const LEAST = 4;

/** A shelf: how many chunks there are or were, of each u32 length, 0 for one that is gone, and their bytes. */
const HEADER = 1;
const LENGTH_BYTES = 4;

const NO_BYTES = new Uint8Array(0);

/** Where chunks are: on shelves, or in slots. */
export class Shelves {
	readonly #map: StableMap;
	readonly #slots: Slots;
	/** Chunks that the message at hand may still bring. */
	#coming = 0;
	/** The shelf that it fills: its slot's key, and what is on it. */
	#key: number | undefined;
	#chunks: Uint8Array[] = [];
	#bytes = 0;

	/** `map` is that of the slots. */
	constructor(map: StableMap, slots: Slots) {
		this.#map = map;
		this.#slots = slots;
	}

	/** To be told before a chunk comes how many there may be, this one included. */
	expect(chunks: number): void {
		this.#coming = chunks;
	}

	/** The place for a chunk of so many bytes. It is written next, or given back. */
	take(length: number): number {
		if (length > SHARED_BYTES) return this.#slots.take(length);
		if (this.#bytes + length > MOST_BYTES) this.flush();
		if (this.#key === undefined) {
			if (this.#coming < LEAST) return this.#slots.take(length);
			this.#key = this.#slots.takeWhole();
		}
		return FIRST_PLACE + (this.#key / STRIDE) * PLACES + this.#chunks.length;
	}

	/** Gives back what was taken last, in which nothing was stored. */
	giveBack(place: number, length: number): void {
		if (place < FIRST_PLACE) this.#slots.giveBack(place, length);
		else if (this.#chunks.length === 0) {
			this.#slots.giveBackWhole(this.#key!);
			this.#key = undefined;
		}
	}

	/** Stores a chunk in a place that was taken for it: on a shelf when that is full, or the message ends. */
	write(place: number, bytes: Uint8Array): void {
		if (place < FIRST_PLACE) {
			this.#slots.write(place, bytes);
			return;
		}
		this.#bytes += bytes.length;
		if (this.#chunks.push(bytes) === PLACES) this.flush();
	}

	read(place: number): Uint8Array {
		if (place < FIRST_PLACE) return this.#slots.read(place);
		const { shelf, index } = this.#find(place);
		const chunk = chunksOf(shelf)[index];
		if (chunk === undefined || chunk.length === 0) throw new Error(`nothing is at the place ${place}`);
		return chunk;
	}

	/** Gives the space of a chunk of this length back. */
	release(place: number, length: number): void {
		if (place < FIRST_PLACE) {
			this.#slots.release(place, length);
			return;
		}
		const { key, shelf, index } = this.#find(place);
		const chunks = chunksOf(shelf);
		chunks[index] = NO_BYTES;
		if (chunks.some(({ length }) => length > 0)) this.#map.set(u64Key(key), shelfOf(chunks));
		else this.#slots.releaseWhole(key);
	}

	get isChanged(): boolean {
		return this.#chunks.length > 0;
	}

	/** To be called before each message: what one left that was not written is no part of the next. */
	forget(): void {
		this.#coming = 0;
		this.#key = undefined;
		this.#bytes = 0;
		if (this.#chunks.length > 0) this.#chunks = [];
	}

	/** Writes the shelf that is being filled. */
	flush(): void {
		if (this.#key === undefined) return;
		this.#map.set(u64Key(this.#key), shelfOf(this.#chunks));
		this.#key = undefined;
		this.#bytes = 0;
		this.#chunks = [];
	}

	#find(place: number): { key: number; shelf: Uint8Array; index: number } {
		// It may be on the one that is being filled.
		this.flush();
		const index = (place - FIRST_PLACE) % PLACES;
		const key = ((place - FIRST_PLACE - index) / PLACES) * STRIDE;
		return { key, shelf: this.#slots.read(key), index };
	}
}

/** Used again: to fill a new one with zeros first takes as much as to copy the chunks. */
const room = new Uint8Array(HEADER + PLACES * LENGTH_BYTES + MOST_BYTES);

/** As a view that is valid until the next one is made. */
function shelfOf(chunks: readonly Uint8Array[]): Uint8Array {
	let length = HEADER + chunks.length * LENGTH_BYTES;
	for (const chunk of chunks) length += chunk.length;
	const shelf = room.subarray(0, length);
	shelf[0] = chunks.length;
	let to = HEADER + chunks.length * LENGTH_BYTES;
	for (let i = 0; i < chunks.length; i++) {
		const chunk = chunks[i]!;
		putU32(shelf, HEADER + i * LENGTH_BYTES, chunk.length);
		shelf.set(chunk, to);
		to += chunk.length;
	}
	return shelf;
}

function chunksOf(shelf: Uint8Array): Uint8Array[] {
	const chunks: Uint8Array[] = [];
	const count = shelf[0] ?? 0;
	let from = HEADER + count * LENGTH_BYTES;
	for (let i = 0; i < count; i++) {
		const length = getU32(shelf, HEADER + i * LENGTH_BYTES);
		chunks.push(shelf.subarray(from, from + length));
		from += length;
	}
	return chunks;
}
