import { LRUCache } from "lru-cache";
import { hex } from "../client/util/bytes.js";

/** Maximum number of concurrent writes. Further chunks are not cached. */
const MAX_WRITING = 4;

/**
 * Chunks of public blobs in the browser's Cache Storage, within a bound, by the root of their blob. Any script of the
 * origin can change them, so every read is verified again.
 */
export class ChunkCache {
	readonly #name: string;
	readonly #prefix: string;
	readonly #maxBytes: number;
	#opened: Promise<{ readonly cache: Cache; readonly index: LRUCache<string, number> }> | undefined;
	#index: LRUCache<string, number> | undefined;
	#writing = 0;

	/** @param prefix path of the worker's URLs. Names of chunks are paths below it that no canister id can have */
	constructor(name: string, prefix: string, maxBytes: number) {
		this.#name = name;
		this.#prefix = prefix;
		this.#maxBytes = maxBytes;
		// A failure is reported, and the opening retried, on the next read.
		this.#open().catch(() => {});
	}

	/** Whether the chunk is probably cached: false until the cache was read. */
	has(root: Uint8Array, index: number, bytes: number): boolean {
		return this.#index?.has(this.#nameOf(root, index, bytes)) ?? false;
	}

	async read(root: Uint8Array, index: number, bytes: number): Promise<Uint8Array | undefined> {
		try {
			const { cache, index: known } = await this.#open();
			const name = this.#nameOf(root, index, bytes);
			if (known.get(name) === undefined) return undefined;
			const found = await cache.match(name);
			return found && new Uint8Array(await found.arrayBuffer());
		} catch {
			// A browser may forbid storage; then there is no cache.
			return undefined;
		}
	}

	/** Writes in the background. A chunk that does not fit, or fails, is fetched again later. */
	write(root: Uint8Array, index: number, bytes: Uint8Array): void {
		if (this.#writing >= MAX_WRITING || bytes.length > this.#maxBytes) return;
		this.#writing++;
		void this.#write(this.#nameOf(root, index, bytes.length), bytes).finally(() => {
			this.#writing--;
		});
	}

	remove(root: Uint8Array, index: number, bytes: number): void {
		this.#index?.delete(this.#nameOf(root, index, bytes));
	}

	async #write(name: string, bytes: Uint8Array): Promise<void> {
		try {
			const { cache, index } = await this.#open();
			index.set(name, bytes.length);
			await cache.put(name, new Response(bytes as Uint8Array<ArrayBuffer>));
		} catch {
			// The browser's quota is exhausted.
			this.#index?.delete(name);
		}
	}

	#nameOf(root: Uint8Array, index: number, bytes: number): string {
		return `${this.#prefix}chunk/${hex(root)}-${index}-${bytes}`;
	}

	#open() {
		this.#opened ??= this.#load().catch((error) => {
			this.#opened = undefined;
			throw error;
		});
		return this.#opened;
	}

	async #load() {
		const cache = await caches.open(this.#name);
		const index = new LRUCache<string, number>({
			maxSize: this.#maxBytes,
			sizeCalculation: (bytes) => bytes,
			dispose: (_, name, reason) => {
				if (reason !== "set") void cache.delete(name);
			},
		});
		// In order of insertion.
		for (const { url } of await cache.keys()) {
			const name = new URL(url).pathname;
			const bytes = Number(name.split("-").at(-1));
			if (bytes > 0) index.set(name, bytes);
			else await cache.delete(url);
		}
		this.#index = index;
		return { cache, index };
	}
}
