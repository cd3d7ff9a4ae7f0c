import { LRUCache } from "lru-cache";
import { hex } from "../client/util/bytes.js";

/** Chunks whose writing is under way at a time: more are not kept. */
const MAX_WRITING = 4;

/**
 * Chunks of public blobs in the browser's Cache Storage, within a bound, by the root of their blob. Any script of the
 * origin may change what is there: it is verified again whenever it is read.
 */
export class ChunkCache {
	readonly #name: string;
	readonly #prefix: string;
	readonly #maxBytes: number;
	#opened: Promise<{ readonly cache: Cache; readonly index: LRUCache<string, number> }> | undefined;
	#index: LRUCache<string, number> | undefined;
	#writing = 0;

	/** @param prefix where the worker answers: names of chunks are paths below it, which no canister has */
	constructor(name: string, prefix: string, maxBytes: number) {
		this.#name = name;
		this.#prefix = prefix;
		this.#maxBytes = maxBytes;
		// Its failure shows, and is tried again, where it is read.
		this.#open().catch(() => {});
	}

	/** Whether it is likely there: false while it is not known yet. */
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
			// A browser may forbid storage: then there is none.
			return undefined;
		}
	}

	/** Written beside what is going on. What has no room, or fails, is fetched again another time. */
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
			// The browser has no room for more.
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
		// In the order in which they were put.
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
