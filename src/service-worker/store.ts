import type { BlobClient } from "../client/index.js";
import { Lookups } from "../http/core/lookups.js";
import { ChunkMemory } from "../http/core/memory.js";
import { Readers } from "../http/core/readers.js";

/** Bounds of what one reader holds. */
export interface StoreBounds {
	/** Bytes of chunks. */
	readonly memoryBytes: number;
	/** Bytes of manifests and hashes. */
	readonly indexBytes: number;
}

/** How long what a key holds, once proven, is not asked for again: a player asks for many ranges in a moment. */
const FRESH_MS = 1_000;
const MAX_LOOKUPS = 16;
const MAX_READERS = 256;
/** A reader that takes nothing for so long comes back with a range if it still wants the rest. */
const STALL_MS = 120_000;
const PRESSED_STALL_MS = 5_000;

/** A store as somebody reads it, and what is held of it for that reader. */
export class Store {
	readonly lookups: Lookups;
	readonly memory: ChunkMemory;
	readonly readers: Readers;
	/** Aborts when the reader has no right to anything any longer. */
	readonly signal: AbortSignal;
	readonly #controller = new AbortController();

	constructor(client: BlobClient, { memoryBytes, indexBytes }: StoreBounds) {
		this.signal = this.#controller.signal;
		this.memory = new ChunkMemory(memoryBytes);
		this.readers = new Readers(this.memory, {
			most: MAX_READERS,
			stallMs: STALL_MS,
			pressedStallMs: PRESSED_STALL_MS,
		});
		this.lookups = new Lookups(client, { freshMs: FRESH_MS, indexBytes, most: MAX_LOOKUPS });
	}

	/** Ends all that is read. */
	end(): void {
		this.#controller.abort(new DOMException("The user has signed out.", "AbortError"));
	}
}
