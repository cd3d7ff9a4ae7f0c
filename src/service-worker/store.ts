import type { BlobClient } from "../client/index.js";
import { Lookups } from "../http/core/lookups.js";
import { ChunkMemory } from "../http/core/memory.js";
import { Readers } from "../http/core/readers.js";

/** Limits of what is held for one reader. */
export interface StoreBounds {
	/** Bytes of chunks. */
	readonly memoryBytes: number;
	/** Bytes of manifests and hashes. */
	readonly indexBytes: number;
}

/** How long the proven content of a key stays fresh: players request many ranges in short time. */
const FRESH_MS = 1_000;
const MAX_LOOKUPS = 16;
const MAX_READERS = 256;
/** A reader that takes nothing for this time is cut, and can request the rest with a range. */
const STALL_MS = 120_000;
const PRESSED_STALL_MS = 5_000;

/** A store for one reader, with the content held for that reader. */
export class Store {
	readonly lookups: Lookups;
	readonly memory: ChunkMemory;
	readonly readers: Readers;
	/** Aborts when the reader loses its rights. */
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

	/** Aborts all reads. */
	end(): void {
		this.#controller.abort(new DOMException("The user has signed out.", "AbortError"));
	}
}
