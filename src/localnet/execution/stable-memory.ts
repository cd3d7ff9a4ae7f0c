/**
 * Canister interface, "Stable memory": sparse pages and a journal.
 *
 * Pages of 64 KiB exist once something other than zeros was written to them, so 3 GiB of data need no single
 * buffer and 500 GiB of address space cost nothing. While a message runs, each 4 KiB block is saved before its
 * first change; undoing a message costs what it wrote.
 */
import { PAGE_BYTES, SIZES } from "../limits.js";

const WASM_PAGE = 65_536;
const BLOCK = PAGE_BYTES;
const MAX_PAGES = SIZES.stableMemoryBytes / WASM_PAGE;
const ZEROS = Buffer.alloc(WASM_PAGE);

interface Journal {
	readonly pages: number;
	/** What stood in a block before, by block number; null where its page did not exist. */
	readonly before: Map<number, Buffer | null>;
	readonly created: Set<number>;
	bytesWritten: number;
}

export class StableMemory {
	#content = new Map<number, Buffer>();
	#pages = 0;
	#journal: Journal | undefined;

	/** Size in Wasm pages. */
	get pages(): number {
		return this.#pages;
	}

	/** Bytes that take memory of this process. */
	get residentBytes(): number {
		return this.#content.size * WASM_PAGE;
	}

	grow(pages: bigint): bigint {
		const before = this.#pages;
		if (BigInt(before) + pages > BigInt(MAX_PAGES)) return -1n;
		this.#pages += Number(pages);
		return BigInt(before);
	}

	has(offset: bigint, size: bigint): boolean {
		return offset + size <= BigInt(this.#pages) * BigInt(WASM_PAGE);
	}

	/** The caller has checked the bounds. */
	read(target: Uint8Array, offset: number): void {
		this.#pieces(offset, target.length, (index, from, done, length) => {
			const page = this.#content.get(index);
			if (page) target.set(page.subarray(from, from + length), done);
			else target.fill(0, done, done + length);
		});
	}

	/** The caller has checked the bounds. Answers how many 4 KiB blocks this message had not written before. */
	write(offset: number, source: Uint8Array): number {
		const journal = this.#journal;
		const dirtyBefore = journal?.before.size ?? 0;
		this.#pieces(offset, source.length, (index, from, done, length) => {
			const piece = source.subarray(done, done + length);
			let page = this.#content.get(index);
			if (journal) this.#save(journal, index, page, from, length);
			if (!page) {
				if (Buffer.compare(piece, ZEROS.subarray(0, length)) === 0) return;
				page = Buffer.alloc(WASM_PAGE);
				this.#content.set(index, page);
				journal?.created.add(index);
			}
			page.set(piece, from);
		});
		if (!journal) return 0;
		journal.bytesWritten += source.length;
		return journal.before.size - dirtyBefore;
	}

	/** What follows can be undone, until `commit` or `rollback`. */
	begin(): void {
		this.#journal = { pages: this.#pages, before: new Map(), created: new Set(), bytesWritten: 0 };
	}

	commit(): { readonly bytesWritten: number; readonly blocksDirtied: number } {
		const journal = this.#journal!;
		this.#journal = undefined;
		return { bytesWritten: journal.bytesWritten, blocksDirtied: journal.before.size };
	}

	rollback(): void {
		const journal = this.#journal!;
		this.#journal = undefined;
		this.#pages = journal.pages;
		for (const index of journal.created) this.#content.delete(index);
		for (const [block, bytes] of journal.before) {
			if (!bytes) continue;
			const at = block * BLOCK;
			this.#content.get(Math.floor(at / WASM_PAGE))?.set(bytes, at % WASM_PAGE);
		}
	}

	#save(journal: Journal, index: number, page: Buffer | undefined, from: number, length: number): void {
		const first = (index * WASM_PAGE) / BLOCK + Math.floor(from / BLOCK);
		const last = (index * WASM_PAGE) / BLOCK + Math.floor((from + length - 1) / BLOCK);
		for (let block = first; block <= last; block++) {
			if (journal.before.has(block)) continue;
			const at = block * BLOCK - index * WASM_PAGE;
			const known = page && !journal.created.has(index);
			journal.before.set(block, known ? Buffer.from(page.subarray(at, at + BLOCK)) : null);
		}
	}

	#pieces(
		offset: number,
		size: number,
		visit: (index: number, from: number, done: number, length: number) => void,
	): void {
		for (let done = 0; done < size; ) {
			const index = Math.floor((offset + done) / WASM_PAGE);
			const from = (offset + done) % WASM_PAGE;
			const length = Math.min(WASM_PAGE - from, size - done);
			visit(index, from, done, length);
			done += length;
		}
	}
}
