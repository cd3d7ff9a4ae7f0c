import { MAX_CHUNKS, SHA256_BYTES } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { getU32, putU32, putU64, u64Key } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";

/**
 * The content of an upload, and then of the blob that its commit publishes: the leaves of its chunks, in pages of
 * 32. A commit moves nothing: the blob names the content that the upload gathered. A page is 1 KiB, so that the node
 * around it (up to 11 pages) is 11 KB, 0.5 % of the chunk whose put rewrites it.
 */
const LEAVES_PER_PAGE = 32;
const PAGE_BYTES = LEAVES_PER_PAGE * SHA256_BYTES;

export class LeafLists {
	readonly #pages: StableMap;
	readonly #holders: StableMap;
	readonly #counters: Counters;

	constructor(pages: StableMap, holders: StableMap, counters: Counters) {
		this.#pages = pages;
		this.#holders = holders;
		this.#counters = counters;
	}

	create(): number {
		return this.#counters.add(COUNTER.contents, 1);
	}

	/** The leaf of a chunk that is held. */
	leaf(content: number, index: number): Uint8Array | undefined {
		const page = this.#pages.get(pageKey(content, Math.floor(index / LEAVES_PER_PAGE)));
		if (page === undefined) return undefined;
		const at = (index % LEAVES_PER_PAGE) * SHA256_BYTES;
		return isHeld(page, at) ? page.subarray(at, at + SHA256_BYTES) : undefined;
	}

	setLeaf(content: number, index: number, leaf: Uint8Array): void {
		const key = pageKey(content, Math.floor(index / LEAVES_PER_PAGE));
		const page = this.#pages.get(key) ?? new Uint8Array(PAGE_BYTES);
		page.set(leaf, (index % LEAVES_PER_PAGE) * SHA256_BYTES);
		this.#pages.set(key, page);
	}

	/** Leaves of chunks [from, to), packed into `into` from `offset` on; 32 zero bytes for one that is not held. */
	copyLeaves(content: number, from: number, to: number, into: Uint8Array, offset = 0): void {
		const key = pageKey(content, 0);
		// Whole pages at a time: a loop over leaves would cost a commit of 10,000 chunks 50 M instructions.
		for (let index = from; index < to; ) {
			const number = Math.floor(index / LEAVES_PER_PAGE);
			const end = Math.min(to, (number + 1) * LEAVES_PER_PAGE);
			putU32(key, 8, number);
			const page = this.#pages.get(key);
			if (page !== undefined) {
				const first = (index % LEAVES_PER_PAGE) * SHA256_BYTES;
				const isWhole = end - index === LEAVES_PER_PAGE;
				const leaves = isWhole ? page : page.subarray(first, first + (end - index) * SHA256_BYTES);
				into.set(leaves, offset + (index - from) * SHA256_BYTES);
			}
			index = end;
		}
	}

	/** Removes one page and answers the leaves that it held: a bounded piece of work (32 leaves). */
	removePage(content: number, number: number): Uint8Array[] {
		const key = pageKey(content, number);
		const page = this.#pages.get(key);
		if (page === undefined) return [];
		const leaves: Uint8Array[] = [];
		for (let at = 0; at < page.length; at += SHA256_BYTES)
			if (isHeld(page, at)) leaves.push(page.subarray(at, at + SHA256_BYTES));
		this.#pages.delete(key);
		return leaves;
	}

	/** One more blob has this content: a copy. */
	share(content: number): void {
		this.#setHolders(content, this.#holdersOf(content) + 1);
	}

	/** Whether only one blob or upload has it: when that is gone, its pages are to be removed. */
	isLast(content: number): boolean {
		return this.#holdersOf(content) === 1;
	}

	/** One blob less has it, of several. */
	drop(content: number): void {
		this.#setHolders(content, this.#holdersOf(content) - 1);
	}

	/** Most contents have one holder, and no record. */
	#holdersOf(content: number): number {
		const record = this.#holders.get(u64Key(content));
		return record === undefined ? 1 : getU32(record, 0);
	}

	#setHolders(content: number, holders: number): void {
		if (holders === 1) {
			this.#holders.delete(u64Key(content));
			return;
		}
		const record = new Uint8Array(4);
		putU32(record, 0, holders);
		this.#holders.set(u64Key(content), record);
	}

	static pages(count: number): number {
		return Math.ceil(Math.min(count, MAX_CHUNKS) / LEAVES_PER_PAGE);
	}
}

function isHeld(page: Uint8Array, at: number): boolean {
	for (let i = at; i < at + SHA256_BYTES; i++) if (page[i] !== 0) return true;
	return false;
}

function pageKey(content: number, page: number): Uint8Array {
	const key = new Uint8Array(12);
	putU64(key, 0, content);
	putU32(key, 8, page);
	return key;
}
