import { SHA256_BYTES } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { getU32, getU64, writeU64 } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import type { Shelves } from "./shelves.js";

/** What is known of a chunk that is stored. */
export interface Chunk {
	/** Where its bytes are (shelves.ts, slots.ts). */
	readonly place: number;
	readonly length: number;
	/** How many places of contents hold it. */
	readonly references: number;
}

/** Written anew each time: the map keeps a copy. */
const record = new Uint8Array(16);
const view = new DataView(record.buffer);

/**
 * The chunks that are stored: each once for its owner, whatever uploads and blobs of that owner hold it. Never
 * across owners: who could find out that a chunk is there already would learn what somebody else has stored.
 */
export class Chunks {
	readonly #map: StableMap;
	readonly #shelves: Shelves;
	readonly #counters: Counters;

	constructor(map: StableMap, shelves: Shelves, counters: Counters) {
		this.#map = map;
		this.#shelves = shelves;
		this.#counters = counters;
	}

	find(owner: Uint8Array, leaf: Uint8Array): Chunk | undefined {
		return this.#at(chunkKey(owner, leaf));
	}

	#at(key: Uint8Array): Chunk | undefined {
		const record = this.#map.get(key);
		return record === undefined ? undefined : decode(record);
	}

	read(owner: Uint8Array, leaf: Uint8Array): Uint8Array {
		const chunk = this.find(owner, leaf);
		if (chunk === undefined) throw new Error("a content names a chunk that is not stored");
		return this.#shelves.read(chunk.place);
	}

	/**
	 * Holds the chunk once more, and stores its bytes if it is new. Nearly always it is, so that it is written without
	 * looking: 90,000 instructions less.
	 */
	add(owner: Uint8Array, leaf: Uint8Array, bytes: Uint8Array): void {
		const key = chunkKey(owner, leaf);
		const place = this.#shelves.take(bytes.length);
		const before = this.#set(key, place, bytes.length, 1);
		if (before !== undefined) {
			this.#hold(key, decode(before));
			this.#shelves.giveBack(place, bytes.length);
			return;
		}
		this.#shelves.write(place, bytes);
		this.#counters.add(COUNTER.chunks, 1);
		const stored = this.#counters.add(COUNTER.stored, bytes.length);
		if (stored > this.#counters.get(COUNTER.peakStored)) this.#counters.set(COUNTER.peakStored, stored);
	}

	/** Holds a chunk that is there once more. */
	hold(owner: Uint8Array, leaf: Uint8Array, chunk: Chunk): void {
		this.#hold(chunkKey(owner, leaf), chunk);
	}

	#hold(key: Uint8Array, chunk: Chunk): void {
		this.#set(key, chunk.place, chunk.length, chunk.references + 1);
	}

	/** Holds a chunk once more that somebody holds already. */
	holdAgain(owner: Uint8Array, leaf: Uint8Array): void {
		const key = chunkKey(owner, leaf);
		const chunk = this.#at(key);
		if (chunk === undefined) throw new Error("a blob names a chunk that is not stored");
		this.#hold(key, chunk);
	}

	/** Holds the chunk once less. The last one frees its place, which reads the old bytes: 20 M instructions. */
	release(owner: Uint8Array, leaf: Uint8Array): void {
		const key = chunkKey(owner, leaf);
		const chunk = this.#at(key);
		if (chunk === undefined) throw new Error("a chunk was released more often than it was held");
		if (chunk.references > 1) {
			this.#set(key, chunk.place, chunk.length, chunk.references - 1);
			return;
		}
		this.#map.delete(key);
		this.#shelves.release(chunk.place, chunk.length);
		this.#counters.add(COUNTER.chunks, -1);
		this.#counters.add(COUNTER.stored, -chunk.length);
	}

	/** Answers what was there before. */
	#set(key: Uint8Array, place: number, length: number, references: number): Uint8Array | undefined {
		writeU64(view, 0, place);
		view.setUint32(8, length);
		view.setUint32(12, references);
		return this.#map.set(key, record);
	}
}

const decode = (record: Uint8Array): Chunk => ({
	place: getU64(record, 0),
	length: getU32(record, 8),
	references: getU32(record, 12),
});

/** The leaf has a fixed length, so no two pairs have the same key. */
function chunkKey(owner: Uint8Array, leaf: Uint8Array): Uint8Array {
	const key = new Uint8Array(owner.length + SHA256_BYTES);
	key.set(owner);
	key.set(leaf, owner.length);
	return key;
}
