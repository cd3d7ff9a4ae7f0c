import { MAX_CHUNKS, SHA256_BYTES } from "../../protocol/index.js";
import type { StableMap } from "../ports.js";
import { getU64, putU32, putU64 } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";

/**
 * The content of an upload, and then of the blob that its commit publishes: for each chunk its leaf and its slot,
 * in pages of 32. A commit moves nothing: the manifest names the content that the upload gathered. A page is
 * 1,280 bytes, so that the node around it (up to 11 pages) is 14 KB, 0.7 % of the chunk whose put rewrites it.
 */
const CHUNKS_PER_PAGE = 32;
const ENTRY_BYTES = SHA256_BYTES + 8;

export interface StoredChunk {
	readonly leaf: Uint8Array;
	readonly slot: number;
}

function isHeld(page: Uint8Array, at: number): boolean {
	for (let i = at; i < at + SHA256_BYTES; i++) if (page[i] !== 0) return true;
	return false;
}

export class Contents {
	readonly #pages: StableMap;
	readonly #meta: Meta;

	constructor(pages: StableMap, meta: Meta) {
		this.#pages = pages;
		this.#meta = meta;
	}

	create(): number {
		return this.#meta.add(COUNTER.contents, 1);
	}

	chunk(content: number, index: number): StoredChunk | undefined {
		const page = this.#pages.get(pageKey(content, Math.floor(index / CHUNKS_PER_PAGE)));
		if (page === undefined) return undefined;
		const at = (index % CHUNKS_PER_PAGE) * ENTRY_BYTES;
		if (!isHeld(page, at)) return undefined;
		return { leaf: page.slice(at, at + SHA256_BYTES), slot: getU64(page, at + SHA256_BYTES) };
	}

	setChunk(content: number, index: number, leaf: Uint8Array, slot: number): void {
		const key = pageKey(content, Math.floor(index / CHUNKS_PER_PAGE));
		const page = this.#pages.get(key) ?? new Uint8Array(CHUNKS_PER_PAGE * ENTRY_BYTES);
		const at = (index % CHUNKS_PER_PAGE) * ENTRY_BYTES;
		page.set(leaf, at);
		putU64(page, at + SHA256_BYTES, slot);
		this.#pages.set(key, page);
	}

	/** Leaves of chunks [from, to), packed into `into` from `offset` on; 32 zero bytes for one that is not held. */
	copyLeaves(content: number, from: number, to: number, into: Uint8Array, offset = 0): void {
		let page: Uint8Array | undefined;
		let number = -1;
		for (let index = from, out = offset; index < to; index++, out += SHA256_BYTES) {
			const wanted = Math.floor(index / CHUNKS_PER_PAGE);
			if (wanted !== number) {
				page = this.#pages.get(pageKey(content, wanted));
				number = wanted;
			}
			if (page === undefined) continue;
			const at = (index % CHUNKS_PER_PAGE) * ENTRY_BYTES;
			into.set(page.subarray(at, at + SHA256_BYTES), out);
		}
	}

	/** Removes one page and answers the slots it named: a bounded piece of work (32 slots). */
	removePage(content: number, number: number): number[] {
		const key = pageKey(content, number);
		const page = this.#pages.get(key);
		if (page === undefined) return [];
		const slots: number[] = [];
		for (let at = 0; at < page.length; at += ENTRY_BYTES)
			if (isHeld(page, at)) slots.push(getU64(page, at + SHA256_BYTES));
		this.#pages.delete(key);
		return slots;
	}

	static pages(count: number): number {
		return Math.ceil(Math.min(count, MAX_CHUNKS) / CHUNKS_PER_PAGE);
	}
}

function pageKey(content: number, page: number): Uint8Array {
	const key = new Uint8Array(12);
	putU64(key, 0, content);
	putU32(key, 8, page);
	return key;
}
