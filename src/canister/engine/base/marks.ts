import type { StableMap } from "../../host/ports.js";
import { u64Key } from "./codec.js";
import { COUNTER, type Counters } from "./counters.js";

/** Bytes of a page, in which a mark is one bit. */
const PAGE_BYTES = 1_024;
const PER_PAGE = 8 * PAGE_BYTES;
/** The number of a mark, a u32, shifted so far is that of its page. */
const PAGE_SHIFT = 13;
/** Most pages in the heap, and most that are read when the store opens: marks of 8 M grants, and of 524,288. */
const MOST_KEPT = 1_024;
const READ_AT_OPEN = 64;

/**
 * Each grant of which parts may be given has a mark, until it is taken away: parts of it look whether that is there. A
 * look-up in the map would take as long as all else of a check. So marks are numbered in turn and stand side by side, as
 * bits of pages that the heap has copies of: to look at one takes 2,000 instructions, and to take one away writes its
 * page. A number is never given again.
 */
export class Marks {
	readonly #map: StableMap;
	readonly #counters: Counters;
	/** From message to message: a trap takes heap and stable memory back together. */
	readonly #pages = new Map<number, Uint8Array>();

	/** `map` is that of grants. */
	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
	}

	/** Reads what is kept from message to message: what a query reads is forgotten when it ends. */
	open(): void {
		const last = this.#counters.get(COUNTER.grantMarks);
		if (last === 0) return;
		for (let number = 0; number < READ_AT_OPEN && number * PER_PAGE <= last; number++) this.#page(number);
	}

	/** The number that the next mark will have, from 1 on. */
	get next(): number {
		return this.#counters.get(COUNTER.grantMarks) + 1;
	}

	/** Sets the next mark. */
	add(): void {
		this.#set(this.#counters.add(COUNTER.grantMarks, 1), true);
	}

	has(mark: number): boolean {
		const page = this.#pages.get(mark >>> PAGE_SHIFT) ?? this.#page(mark >>> PAGE_SHIFT);
		return (page[(mark % PER_PAGE) >> 3]! & (1 << (mark & 7))) !== 0;
	}

	remove(mark: number): void {
		this.#set(mark, false);
	}

	#set(mark: number, isThere: boolean): void {
		const number = mark >>> PAGE_SHIFT;
		const page = this.#page(number);
		const at = (mark % PER_PAGE) >> 3;
		page[at] = isThere ? page[at]! | (1 << (mark & 7)) : page[at]! & ~(1 << (mark & 7));
		if (isThere || !isEmpty(page)) this.#map.set(u64Key(number), page);
		else this.#map.delete(u64Key(number));
	}

	/** A page that is not stored has no marks any more, or none yet. */
	#page(number: number): Uint8Array {
		let page = this.#pages.get(number);
		if (page === undefined) {
			if (this.#pages.size === MOST_KEPT) this.#pages.clear();
			page = this.#map.get(u64Key(number))?.slice() ?? new Uint8Array(PAGE_BYTES);
			this.#pages.set(number, page);
		}
		return page;
	}
}

function isEmpty(page: Uint8Array): boolean {
	for (let at = 0; at < PAGE_BYTES; at++) if (page[at] !== 0) return false;
	return true;
}
