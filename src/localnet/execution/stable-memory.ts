/**
 * Canister interface, "Stable memory": sparse pages, with copies of the pages that a message changes.
 *
 * Pages of 64 KiB exist once they were written with something other than zeros, so 3 GiB of data need no single buffer
 * and 500 GiB of address space cost nothing. A message writes into a copy of a page, or into a fresh page if it
 * overwrites all of it. Reverting restores the former pages. Unused pages are reused: allocating each time, or saving
 * blocks of 4 KiB, was slower with large values.
 */
import { PAGE_BYTES, SIZES } from "../limits.js";

const WASM_PAGE = 65_536;
const MAX_PAGES = SIZES.stableMemoryBytes / WASM_PAGE;
const ZEROS = Buffer.alloc(WASM_PAGE);
/** Maximum number of unused pages kept: 64 MiB. */
const MAX_SPARE = 1_024;
/** Up to this size copying byte by byte is faster than making views: tree nodes are read in small pieces. */
const FEW_BYTES = 48;

interface Touched {
	readonly before: Buffer | undefined;
	/** Bit set of the written blocks, 16 of 4 KiB. */
	blocks: number;
}

interface Journal {
	readonly pages: number;
	readonly touched: Map<number, Touched>;
	bytesWritten: number;
}

const spare: Buffer[] = [];

export class StableMemory {
	readonly #content = new Map<number, Buffer>();
	#pages = 0;
	#journal: Journal | undefined;

	/** Size in Wasm pages. */
	get pages(): number {
		return this.#pages;
	}

	/** Size of the allocated pages in bytes. */
	get residentBytes(): number {
		return this.#content.size * WASM_PAGE;
	}

	grow(pages: bigint): bigint {
		const before = this.#pages;
		if (BigInt(before) + pages > BigInt(MAX_PAGES)) return -1n;
		this.#pages += Number(pages);
		return BigInt(before);
	}

	has(offset: number, size: number): boolean {
		return offset + size <= this.#pages * WASM_PAGE;
	}

	/** Copies into `target` at `dst`. The caller has checked both bounds. */
	read(target: Uint8Array, dst: number, offset: number, size: number): void {
		for (let done = 0; done < size; ) {
			const from = (offset + done) % WASM_PAGE;
			const length = Math.min(WASM_PAGE - from, size - done);
			const page = this.#content.get(Math.floor((offset + done) / WASM_PAGE));
			if (page) copy(page, from, target, dst + done, length);
			else target.fill(0, dst + done, dst + done + length);
			done += length;
		}
	}

	/**
	 * Copies `size` bytes of `source` from `src`. The caller has checked both bounds. @returns the number of blocks of
	 * 4 KiB that this message writes for the first time
	 */
	write(offset: number, source: Buffer, src: number, size: number): number {
		const journal = this.#journal!;
		journal.bytesWritten += size;
		let dirtied = 0;
		for (let done = 0; done < size; ) {
			const index = Math.floor((offset + done) / WASM_PAGE);
			const to = (offset + done) % WASM_PAGE;
			const length = Math.min(WASM_PAGE - to, size - done);
			const page = this.#content.get(index);
			let touched = journal.touched.get(index);
			if (!touched) {
				touched = { before: page, blocks: 0 };
				journal.touched.set(index, touched);
			}
			const blocks = touched.blocks | blockMask(to, length);
			dirtied += bitCount(blocks & ~touched.blocks);
			touched.blocks = blocks;
			const from = src + done;
			done += length;
			if (page && page !== touched.before) {
				copy(source, from, page, to, length);
			} else if (page || source.compare(ZEROS, 0, length, from, from + length) !== 0) {
				const fresh = spare.pop() ?? Buffer.allocUnsafeSlow(WASM_PAGE);
				if (length < WASM_PAGE) fresh.set(page ?? ZEROS);
				copy(source, from, fresh, to, length);
				this.#content.set(index, fresh);
			}
		}
		return dirtied;
	}

	/** An independent copy. */
	copy(): StableMemory {
		const other = new StableMemory();
		other.#pages = this.#pages;
		for (const [index, page] of this.#content) other.#content.set(index, Buffer.from(page));
		return other;
	}

	/** Starts a message, whose writes are committed or reverted as a whole. */
	begin(): void {
		this.#journal = { pages: this.#pages, touched: new Map(), bytesWritten: 0 };
	}

	commit(): { readonly bytesWritten: number; readonly blocksDirtied: number } {
		const { touched, bytesWritten } = this.#journal!;
		this.#journal = undefined;
		let blocksDirtied = 0;
		for (const [index, { before, blocks }] of touched) {
			blocksDirtied += bitCount(blocks);
			if (before && before !== this.#content.get(index)) recycle(before);
		}
		return { bytesWritten, blocksDirtied };
	}

	rollback(): void {
		const { pages, touched } = this.#journal!;
		this.#journal = undefined;
		this.#pages = pages;
		for (const [index, { before }] of touched) {
			const now = this.#content.get(index);
			if (now && now !== before) recycle(now);
			if (before) this.#content.set(index, before);
			else this.#content.delete(index);
		}
	}
}

function recycle(page: Buffer): void {
	if (spare.length < MAX_SPARE) spare.push(page);
}

function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
	if (length <= FEW_BYTES) {
		for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
	} else {
		to.set(new Uint8Array(from.buffer, from.byteOffset + start, length), at);
	}
}

function blockMask(offset: number, length: number): number {
	const first = Math.floor(offset / PAGE_BYTES);
	const last = Math.floor((offset + length - 1) / PAGE_BYTES);
	return (2 << last) - (1 << first);
}

function bitCount(bits: number): number {
	let count = 0;
	for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
	return count;
}
