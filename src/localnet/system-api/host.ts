/**
 * Canister interface, "System API": what the functions of `ic0` see of the canister that calls them, and the
 * idiom for blobs ("Blob-typed arguments and results").
 */
import type { Canister } from "../execution/canister.js";
import type { Fees } from "../execution/fees.js";
import type { Message } from "../execution/message.js";
import { contractViolation, instructionLimit } from "../execution/rejects.js";
import { PAGE_BYTES } from "../limits.js";

/** Numbers arrive unsigned: i32 as number, i64 as bigint; of a copy of bytes, both as number. */
export type SystemCall = (...args: never[]) => unknown;
export type SystemCalls = Readonly<Record<string, SystemCall>>;

/** What all canisters of a network share. */
export interface Environment {
	readonly rootKey: Uint8Array;
	readonly subnetId: Uint8Array;
	readonly fees: Fees;
	/** Where `debug_print` goes. */
	readonly log: (canister: Canister, text: string) => void;
}

const NO_MEMORY = new ArrayBuffer(0);
/** As long as a module may be unaware of what its calls took. */
const MAX_PENDING = 1_000_000;

export class Host {
	/** The message in execution. */
	message!: Message;
	memory: WebAssembly.Memory | undefined;
	/** Where the canister's heap begins in memory: behind the marks of written pages, if the module keeps any. */
	heapAt = 0;
	/** Instructions left but for those pending, where the module was instrumented for metering. */
	counter: WebAssembly.Global | undefined;
	/** What calls took and the counter does not know: to change that takes longer than most calls do. */
	#pending = 0;
	#heap = Buffer.from(NO_MEMORY);
	#marks = Buffer.from(NO_MEMORY);

	constructor(
		readonly canister: Canister,
		readonly environment: Environment,
	) {}

	/** A message begins. */
	begin(message: Message): void {
		this.message = message;
		this.#pending = 0;
		if (this.counter) this.counter.value = message.limit;
	}

	charge(instructions: number): void {
		if (!this.counter) return;
		this.#pending += instructions;
		if (this.#pending > MAX_PENDING) this.settle();
	}

	/** @throws where the message has passed its limit */
	settle(): void {
		if (this.isExhausted) throw instructionLimit(this.message.limit);
	}

	get isExhausted(): boolean {
		return this.counter !== undefined && this.#left(this.counter) < 0n;
	}

	/** Executed in this message so far; 0 without metering. */
	executed(): bigint {
		return this.counter ? this.message.limit - this.#left(this.counter) : 0n;
	}

	#left(counter: WebAssembly.Global): bigint {
		if (this.#pending > 0) {
			counter.value = (counter.value as bigint) - BigInt(this.#pending);
			this.#pending = 0;
		}
		return counter.value as bigint;
	}

	/** The whole heap, after a look whether the piece is in it; valid until the canister runs again. */
	heap(call: string, src: number, size: number): Buffer {
		// Growing detaches the buffer, which empties views of it; asking the memory each time costs more.
		if (this.#heap.length === 0) {
			const buffer = this.memory?.buffer ?? NO_MEMORY;
			this.#heap = Buffer.from(buffer, this.heapAt);
			this.#marks = Buffer.from(buffer, 0, this.heapAt);
		}
		if (src + size > this.#heap.length) {
			throw contractViolation(
				`ic0.${call} heap: src=${src} + length=${size} exceeds the slice size=${this.#heap.length}`,
			);
		}
		return this.#heap;
	}

	/** The same, of a piece that is to be written. */
	heapToWrite(call: string, dst: number, size: number): Buffer {
		const heap = this.heap(call, dst, size);
		if (this.heapAt > 0 && size > 0) {
			const last = Math.floor((dst + size - 1) / PAGE_BYTES);
			for (let page = Math.floor(dst / PAGE_BYTES); page <= last; page++) this.#marks[page] = 1;
		}
		return heap;
	}

	/** A piece of the heap, valid until the canister runs again. */
	bytes(call: string, src: number, size: number): Buffer {
		return this.heap(call, src, size).subarray(src, src + size);
	}

	copyOut(call: string, blob: Uint8Array, dst: number, offset: number, size: number): void {
		if (offset + size > blob.length) {
			throw contractViolation(
				`ic0.${call} payload: src=${offset} + length=${size} exceeds the slice size=${blob.length}`,
			);
		}
		this.heapToWrite(call, dst, size).set(blob.subarray(offset, offset + size), dst);
	}

	/** The pair `<name>_size`, `<name>_copy`. */
	blob(name: string, get: () => Uint8Array): SystemCalls {
		return {
			[`${name}_size`]: () => get().length,
			[`${name}_copy`]: (dst: number, offset: number, size: number) =>
				this.copyOut(`${name}_copy`, get(), dst, offset, size),
		};
	}

	writeCycles(call: string, dst: number, cycles: bigint): void {
		const heap = this.heapToWrite(call, dst, 16);
		heap.writeBigUInt64LE(cycles & (2n ** 64n - 1n), dst);
		heap.writeBigUInt64LE(cycles >> 64n, dst + 8);
	}

	balance(): bigint {
		const { cyclesSpent, cyclesAccepted } = this.message;
		return this.canister.cycles - cyclesSpent + cyclesAccepted;
	}
}
