/**
 * Canister interface, "Entry points": when one traps, all changes to the Wasm state are discarded.
 *
 * A shadow holds the linear memory of the last committed state. After a message the two are compared by pages of 4 KiB,
 * and only changed pages are copied: to the shadow to commit, from the shadow to revert. The IC also charges by changed
 * pages. The module marks the pages that may have changed (wasm/write-marks.ts). Without marks, or before the initial
 * memory is in the shadow, every page is compared.
 */
import { PAGE_BYTES } from "../limits.js";
import { LONGEST_STORE } from "../wasm/write-marks.js";

/** One Wasm page. */
const STRIDE = 65_536;
const PAGES_OF_STRIDE = STRIDE / PAGE_BYTES;
const ZEROS = Buffer.alloc(STRIDE);
const MARKED = 1;

export class Heap {
	readonly #memory: WebAssembly.Memory | undefined;
	/** Start of the canister's heap in memory, after its marks. */
	readonly #start: number;
	/** Shadow by stride; undefined for a stride of zeros. */
	#shadow: (Buffer | undefined)[] = [];
	/** Whether the marks cover every page in which memory and shadow may differ. */
	#isMarked = false;

	constructor(memory: WebAssembly.Memory | undefined, start: number) {
		this.#memory = memory;
		this.#start = start;
	}

	get size(): number {
		return (this.#memory?.buffer.byteLength ?? 0) - this.#start;
	}

	/** Whether memory has grown since the last commit. The memory of a running instance cannot shrink. */
	get grown(): boolean {
		return this.size / STRIDE > this.#shadow.length;
	}

	/** Commits the memory. @returns the number of changed pages */
	commit(): number {
		let changed = 0;
		this.#differences((memory, at, before, page, index) => {
			const kept = before === ZEROS ? Buffer.alloc(STRIDE) : before;
			this.#shadow[index] = kept;
			memory.copy(kept, page, at, at + PAGE_BYTES);
			changed++;
		});
		this.#shadow.length = this.size / STRIDE;
		return changed;
	}

	/** Reverts to the committed state. Memory must not have grown. */
	restore(): void {
		const buffer = this.#memory?.buffer ?? new ArrayBuffer(0);
		const memory = Buffer.from(buffer, this.#start);
		const undo = (at: number, length: number) => {
			const before = this.#shadow[Math.floor(at / STRIDE)] ?? ZEROS;
			before.copy(memory, at, at % STRIDE, (at % STRIDE) + length);
		};
		if (this.#isMarked) {
			// Copying a marked page is as fast as comparing it.
			const marks = this.#marksOf(buffer);
			for (let first = marks.indexOf(MARKED); first >= 0; ) {
				// Copy adjacent pages of a stride together: a message writes hundreds.
				let next = first + 1;
				while (next % PAGES_OF_STRIDE > 0 && marks[next] === MARKED) next++;
				undo(first * PAGE_BYTES, (next - first) * PAGE_BYTES);
				if (this.#goesOn(marks, next - 1)) undo(next * PAGE_BYTES, LONGEST_STORE);
				first = marks.indexOf(MARKED, next);
			}
			marks.fill(0);
		} else {
			this.#differences((_, at) => undo(at, PAGE_BYTES));
		}
	}

	/** Moves the committed state to the memory of a new instance of the same module. */
	moveTo(memory: WebAssembly.Memory | undefined): Heap {
		const heap = new Heap(memory, this.#start);
		heap.#shadow = this.#shadow;
		const missing = this.#shadow.length - heap.size / STRIDE;
		if (memory && missing > 0) memory.grow(missing);
		heap.restore();
		return heap;
	}

	/** A copy of the committed state. */
	copy(): readonly (Buffer | undefined)[] {
		return this.#shadow.map((stride) => stride && Buffer.from(stride));
	}

	/** Loads a copy of a state of the same module as the committed state. */
	load(state: readonly (Buffer | undefined)[]): void {
		const missing = state.length - this.size / STRIDE;
		if (missing > 0) this.#memory?.grow(missing);
		this.#shadow = state.map((stride) => stride && Buffer.from(stride));
		this.#isMarked = false;
		this.restore();
	}

	/**
	 * Yields each page that differs from the shadow: its position in memory, the stride of the shadow, the page's
	 * position in that stride, and the stride's number.
	 */
	#differences(
		visit: (memory: Buffer, at: number, before: Buffer, page: number, index: number) => void,
	): void {
		const buffer = this.#memory?.buffer ?? new ArrayBuffer(0);
		const memory = Buffer.from(buffer, this.#start);
		const differs = (at: number, length: number) => {
			const before = this.#shadow[Math.floor(at / STRIDE)] ?? ZEROS;
			const within = at % STRIDE;
			return memory.compare(before, within, within + length, at, at + length) !== 0;
		};
		const look = (at: number) => {
			const index = Math.floor(at / STRIDE);
			if (differs(at, PAGE_BYTES)) visit(memory, at, this.#shadow[index] ?? ZEROS, at % STRIDE, index);
		};
		const marks = this.#marksOf(buffer);
		if (this.#isMarked) {
			for (const page of marked(marks)) {
				look(page * PAGE_BYTES);
				const next = (page + 1) * PAGE_BYTES;
				if (this.#goesOn(marks, page) && differs(next, LONGEST_STORE)) look(next);
			}
		} else {
			for (let at = 0; at < memory.length; at += STRIDE) {
				if (!differs(at, STRIDE)) continue;
				for (let page = at; page < at + STRIDE; page += PAGE_BYTES) look(page);
			}
		}
		marks.fill(0);
		this.#isMarked = this.#start > 0;
	}

	/** Marks, one byte per page of the heap. */
	#marksOf(buffer: ArrayBuffer): Buffer {
		return Buffer.from(buffer, 0, this.#start && (buffer.byteLength - this.#start) / PAGE_BYTES);
	}

	/** Whether a store at the end of a marked page may have continued into the next, which it does not mark. */
	#goesOn(marks: Buffer, page: number): boolean {
		return page + 1 < marks.length && marks[page + 1] !== MARKED;
	}
}

/** Numbers of the pages that were written. */
function* marked(marks: Buffer): Generator<number> {
	for (let page = marks.indexOf(MARKED); page >= 0; page = marks.indexOf(MARKED, page + 1)) yield page;
}
