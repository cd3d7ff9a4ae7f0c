import { BackupError } from "../errors.js";
import type { Location } from "../format/index-file.js";
import { itemBytes } from "../format/pack.js";
import type { Sink } from "../sink.js";
import { BlockCache } from "./block-cache.js";
import type { ItemIndex } from "./item-index.js";

/** Pages are written in sequence, so the next page to read is probably near. */
const WINDOW_BYTES = 256 * 1024;
const CACHE_BYTES = 4 * 2 ** 20;

/** Reads items by SHA-256, and verifies the hash of what it returns. */
export class Items {
	readonly #sink: Sink;
	readonly #index: ItemIndex;
	readonly #windows = new BlockCache(CACHE_BYTES);

	constructor(sink: Sink, index: ItemIndex) {
		this.#sink = sink;
		this.#index = index;
	}

	/** @throws BackupError `item_missing` if no copy can be read */
	async get(sha: string): Promise<Uint8Array> {
		const bytes = (await this.#read(sha)) ?? (await this.#readAnew(sha));
		if (bytes === undefined) throw new BackupError("item_missing", { sha256: sha });
		return bytes;
	}

	async #read(sha: string): Promise<Uint8Array | undefined> {
		for (const { location } of await this.#index.find(sha)) {
			const bytes = await this.readAt(location);
			if (bytes !== undefined) return bytes;
		}
		return undefined;
	}

	/** Items move when packs are rewritten: read the indexes again before an item counts as missing. */
	async #readAnew(sha: string): Promise<Uint8Array | undefined> {
		await this.#index.refresh();
		return this.#read(sha);
	}

	/** The item at a location; undefined if it is not there or has another hash. */
	async readAt({ sha, kind, isGzip, object, offset, length }: Location): Promise<Uint8Array | undefined> {
		const stored =
			kind === "chunk"
				? await this.#sink.get(object, offset, length)
				: await this.#near(object, offset, length);
		return stored?.length === length ? itemBytes(sha, isGzip, stored) : undefined;
	}

	async #near(object: string, offset: number, length: number): Promise<Uint8Array | undefined> {
		const start = Math.floor(offset / WINDOW_BYTES) * WINDOW_BYTES;
		const end = offset + length;
		// An item that crosses the end of a window is read separately.
		if (end > start + WINDOW_BYTES) return this.#sink.get(object, offset, length);
		const name = `${object}/${start}`;
		const window = this.#windows.get(name) ?? (await this.#sink.get(object, start, WINDOW_BYTES));
		if (window === undefined) return undefined;
		this.#windows.set(name, window);
		return window.subarray(offset - start, end - start);
	}
}
