/**
 * Canister interface, "System API": what the functions of `ic0` see of the canister that calls them, and the
 * idiom for blobs ("Blob-typed arguments and results").
 */
import type { Canister } from "../execution/canister.js";
import type { Fees } from "../execution/fees.js";
import type { Message } from "../execution/message.js";
import { contractViolation, instructionLimit } from "../execution/rejects.js";
import { PAGE_BYTES } from "../limits.js";

/** Numbers arrive unsigned: i32 as number, i64 as bigint. */
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

export class Host {
	/** The message in execution; the instance sets it before it enters the canister. */
	message!: Message;
	memory: WebAssembly.Memory | undefined;
	/** Where the canister's heap begins in memory: behind the marks of written pages, if the module keeps any. */
	heapAt = 0;
	/** Instructions left, where the module was instrumented for metering. */
	counter: WebAssembly.Global | undefined;
	#heap = Buffer.from(NO_MEMORY);
	#marks = Buffer.from(NO_MEMORY);

	constructor(
		readonly canister: Canister,
		readonly environment: Environment,
	) {}

	charge(instructions: bigint): void {
		if (!this.counter) return;
		const left = (this.counter.value as bigint) - instructions;
		this.counter.value = left;
		if (left < 0n) throw instructionLimit(this.message.limit);
	}

	/** Executed in this message so far; 0 without metering. */
	executed(): bigint {
		return this.counter ? this.message.limit - (this.counter.value as bigint) : 0n;
	}

	/** The whole heap, after a look whether the piece is in it; valid until the canister runs again. */
	heap(call: string, src: number | bigint, size: number | bigint): Buffer {
		// Growing detaches the buffer, which empties views of it; asking the memory each time costs more.
		if (this.#heap.length === 0) {
			const buffer = this.memory?.buffer ?? NO_MEMORY;
			this.#heap = Buffer.from(buffer, this.heapAt);
			this.#marks = Buffer.from(buffer, 0, this.heapAt);
		}
		if (Number(src) + Number(size) > this.#heap.length) {
			throw contractViolation(
				`ic0.${call} heap: src=${src} + length=${size} exceeds the slice size=${this.#heap.length}`,
			);
		}
		return this.#heap;
	}

	/** The same, of a piece that is to be written. */
	heapToWrite(call: string, dst: number | bigint, size: number | bigint): Buffer {
		const heap = this.heap(call, dst, size);
		if (this.heapAt > 0 && Number(size) > 0) {
			const last = Math.floor((Number(dst) + Number(size) - 1) / PAGE_BYTES);
			for (let page = Math.floor(Number(dst) / PAGE_BYTES); page <= last; page++) this.#marks[page] = 1;
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
