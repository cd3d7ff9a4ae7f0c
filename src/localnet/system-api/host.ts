/**
 * Canister interface, "System API": access of the `ic0` functions to their calling canister, and the pattern for blobs
 * ("Blob-typed arguments and results").
 */
import type { Canister } from "../execution/canister.js";
import type { Fees } from "../execution/fees.js";
import type { Message } from "../execution/message.js";
import { contractViolation, instructionLimit } from "../execution/rejects.js";
import { PAGE_BYTES } from "../limits.js";

/** Numbers arrive unsigned: i32 as number, i64 as bigint. For functions that copy bytes, both as number. */
export type SystemCall = (...args: never[]) => unknown;
export type SystemCalls = Readonly<Record<string, SystemCall>>;

/** State that all canisters of a network share. */
export interface Environment {
	readonly rootKey: Uint8Array;
	readonly subnetId: Uint8Array;
	readonly fees: Fees;
	/** Receives the output of `debug_print`. */
	readonly log: (canister: Canister, text: string) => void;
}

const NO_MEMORY = new ArrayBuffer(0);
/** Maximum number of pending instructions, which the module's counter does not include. */
const MAX_PENDING = 1_000_000;

export class Host {
	/** The message in execution. */
	message!: Message;
	memory: WebAssembly.Memory | undefined;
	/** Start of the canister's heap in memory: after the marks of written pages, if the module has any. */
	heapAt = 0;
	/** Remaining instructions without the pending ones, if the module is metered. */
	counter: WebAssembly.Global | undefined;
	/** Cost of system calls that the counter does not include yet: updating it costs more than most calls. */
	#pending = 0;
	#heap = Buffer.from(NO_MEMORY);
	#marks = Buffer.from(NO_MEMORY);

	constructor(
		readonly canister: Canister,
		readonly environment: Environment,
	) {}

	/** Starts a message. */
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

	/** @throws if the message has passed its limit */
	settle(): void {
		if (this.isExhausted) throw instructionLimit(this.message.limit);
	}

	get isExhausted(): boolean {
		return this.counter !== undefined && this.#left(this.counter) < 0n;
	}

	/** Instructions executed in this message; 0 without metering. */
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

	/** The whole heap, after a bounds check of the range; valid until the canister runs again. */
	heap(call: string, src: number, size: number): Buffer {
		// Growing detaches the buffer, which empties its views. Reading `memory.buffer` each time is slower.
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

	/** Like `heap`, for a range to write. */
	heapToWrite(call: string, dst: number, size: number): Buffer {
		const heap = this.heap(call, dst, size);
		if (this.heapAt > 0 && size > 0) {
			const last = Math.floor((dst + size - 1) / PAGE_BYTES);
			for (let page = Math.floor(dst / PAGE_BYTES); page <= last; page++) this.#marks[page] = 1;
		}
		return heap;
	}

	/** A range of the heap, valid until the canister runs again. */
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

	/** The function pair `<name>_size`, `<name>_copy`. */
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
