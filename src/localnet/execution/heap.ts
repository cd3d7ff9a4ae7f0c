/**
 * Canister interface, "Entry points": when one traps, all changes to the Wasm state are discarded.
 *
 * A shadow holds the linear memory as of the last committed message. After a message the two are compared, in
 * strides first and within a changed stride by pages of 4 KiB, and only changed pages are copied: to the shadow
 * to commit, from it to undo. The count of changed pages is also what the IC charges for.
 */
import { PAGE_BYTES } from "../limits.js";

/** One Wasm page. */
const STRIDE = 65_536;
const ZEROS = Buffer.alloc(STRIDE);

export class Heap {
	readonly #memory: WebAssembly.Memory | undefined;
	/** By stride; absent where the stride is all zeros. */
	#shadow: (Buffer | undefined)[] = [];

	constructor(memory: WebAssembly.Memory | undefined) {
		this.#memory = memory;
	}

	get size(): number {
		return this.#memory?.buffer.byteLength ?? 0;
	}

	/** Whether memory has grown since the last commit; memory of a running instance cannot shrink again. */
	get grown(): boolean {
		return this.size / STRIDE > this.#shadow.length;
	}

	/** Takes the memory as it is for committed, and answers how many pages had changed. */
	commit(): number {
		let changed = 0;
		const strides = this.size / STRIDE;
		this.#differences((memory, at, before, index) => {
			const kept = before === ZEROS ? Buffer.alloc(STRIDE) : before;
			this.#shadow[index] = kept;
			changed += copyChanged(memory, at, kept, 0);
		});
		this.#shadow.length = strides;
		return changed;
	}

	/** Writes the committed state back; memory must not have grown. */
	restore(): void {
		this.#differences((memory, at, before) => void copyChanged(before, 0, memory, at));
	}

	/** Gives the committed state to the memory of a new instance of the same module. */
	moveTo(memory: WebAssembly.Memory | undefined): Heap {
		const heap = new Heap(memory);
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

	/** Takes such a copy for the committed state of this memory, of the same module. */
	load(state: readonly (Buffer | undefined)[]): void {
		const missing = state.length - this.size / STRIDE;
		if (missing > 0) this.#memory?.grow(missing);
		this.#shadow = state.map((stride) => stride && Buffer.from(stride));
		this.restore();
	}

	#differences(visit: (memory: Buffer, at: number, before: Buffer, index: number) => void): void {
		const memory = Buffer.from(this.#memory?.buffer ?? new ArrayBuffer(0));
		for (let at = 0, index = 0; at < memory.length; at += STRIDE, index++) {
			const before = this.#shadow[index] ?? ZEROS;
			if (memory.compare(before, 0, STRIDE, at, at + STRIDE) !== 0) visit(memory, at, before, index);
		}
	}
}

/** Copies the pages of a stride that differ; answers how many. */
function copyChanged(from: Buffer, fromAt: number, to: Buffer, toAt: number): number {
	let changed = 0;
	for (let page = 0; page < STRIDE; page += PAGE_BYTES) {
		const [source, target] = [fromAt + page, toAt + page];
		if (from.compare(to, target, target + PAGE_BYTES, source, source + PAGE_BYTES) === 0) continue;
		from.copy(to, target, source, source + PAGE_BYTES);
		changed++;
	}
	return changed;
}
