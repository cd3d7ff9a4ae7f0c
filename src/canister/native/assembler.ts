/**
 * Writes WebAssembly instructions: core specification, chapter 5.4. Only what the kernel is made of.
 *
 * The kernel is written as instructions and not in a language with an optimiser, because what counts is not
 * time but the number of instructions: each is one the canister's owner pays for.
 */
import { ByteWriter } from "../../wasm/bytes.js";

/** The longest encoding of 32 bits. */
const LEB_BYTES = 5;

export type ValueType = "i32" | "i64" | "v128";

const VALUE_TYPES: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

const OPCODES = {
	unreachable: [0x00],
	else: [0x05],
	end: [0x0b],
	return: [0x0f],
	select: [0x1b],
	"i32.eqz": [0x45],
	"i32.eq": [0x46],
	"i32.ne": [0x47],
	"i32.lt_u": [0x49],
	"i32.gt_u": [0x4b],
	"i32.le_u": [0x4d],
	"i32.ge_u": [0x4f],
	"i64.eqz": [0x50],
	"i64.eq": [0x51],
	"i64.gt_u": [0x56],
	"i32.add": [0x6a],
	"i32.sub": [0x6b],
	"i32.and": [0x71],
	"i32.or": [0x72],
	"i32.xor": [0x73],
	"i32.shl": [0x74],
	"i32.shr_u": [0x76],
	"i32.rotr": [0x78],
	"i64.add": [0x7c],
	"i64.mul": [0x7e],
	"i64.shl": [0x86],
	"i64.extend_i32_u": [0xad],
	"memory.copy": [0xfc, 0x0a, 0x00, 0x00],
	"i8x16.swizzle": [0xfd, 0x0e],
	"i8x16.eq": [0xfd, 0x23],
	"i32x4.splat": [0xfd, 0x11],
	"i64x2.splat": [0xfd, 0x12],
	"v128.xor": [0xfd, 0x51],
	"v128.bitselect": [0xfd, 0x52],
	"i8x16.all_true": [0xfd, 0x63],
	"i32x4.shl": [0xfd, 0xab, 0x01],
	"i32x4.shr_u": [0xfd, 0xad, 0x01],
	"i32x4.add": [0xfd, 0xae, 0x01],
} as const;

const MEMORY_OPCODES = {
	"i32.load": [0x28],
	"i64.load": [0x29],
	"i32.load8_u": [0x2d],
	"i32.store": [0x36],
	"i64.store": [0x37],
	"i32.store8": [0x3a],
	"v128.load": [0xfd, 0x00],
	"v128.load32_splat": [0xfd, 0x09],
	"v128.store": [0xfd, 0x0b],
	"v128.load32_zero": [0xfd, 0x5c],
} as const;

const LANE_MEMORY_OPCODES = {
	"v128.load32_lane": [0xfd, 0x56],
	"v128.store32_lane": [0xfd, 0x5a],
	"v128.store64_lane": [0xfd, 0x5b],
} as const;

export const unsignedLeb = (value: number): number[] => [...new ByteWriter(LEB_BYTES).u32(value).view()];

/** Of an i32: a value of 2^31 and more is written as the negative number with the same bits. */
export const signedLeb = (value: number): number[] => [...new ByteWriter(LEB_BYTES).s32(value).view()];

/** One function body in the making. */
export class FunctionCode {
	readonly #code: number[] = [];
	readonly #locals: ValueType[] = [];

	constructor(readonly parameters: number) {}

	local(type: ValueType): number {
		return this.parameters + this.#locals.push(type) - 1;
	}

	locals(type: ValueType, count: number): number[] {
		return Array.from({ length: count }, () => this.local(type));
	}

	/** Instructions without immediates, in order. */
	op(...names: (keyof typeof OPCODES)[]): this {
		for (const name of names) this.#code.push(...OPCODES[name]);
		return this;
	}

	get(...locals: number[]): this {
		for (const local of locals) this.#code.push(0x20, ...unsignedLeb(local));
		return this;
	}

	set(local: number): this {
		this.#code.push(0x21, ...unsignedLeb(local));
		return this;
	}

	tee(local: number): this {
		this.#code.push(0x22, ...unsignedLeb(local));
		return this;
	}

	globalGet(global: number): this {
		this.#code.push(0x23, ...unsignedLeb(global));
		return this;
	}

	globalSet(global: number): this {
		this.#code.push(0x24, ...unsignedLeb(global));
		return this;
	}

	i32(value: number): this {
		this.#code.push(0x41, ...signedLeb(value));
		return this;
	}

	i64(value: number): this {
		this.#code.push(0x42, ...signedLeb(value));
		return this;
	}

	v128(bytes: readonly number[]): this {
		this.#code.push(0xfd, 0x0c, ...bytes);
		return this;
	}

	/** An access to memory at the address on the stack plus `offset`; it promises no alignment. */
	memory(name: keyof typeof MEMORY_OPCODES, offset: number): this {
		this.#code.push(...MEMORY_OPCODES[name], 0, ...unsignedLeb(offset));
		return this;
	}

	laneMemory(name: keyof typeof LANE_MEMORY_OPCODES, offset: number, lane: number): this {
		this.#code.push(...LANE_MEMORY_OPCODES[name], 0, ...unsignedLeb(offset), lane);
		return this;
	}

	extractLane(lane: number): this {
		this.#code.push(0xfd, 0x1b, lane);
		return this;
	}

	block(): this {
		this.#code.push(0x02, 0x40);
		return this;
	}

	loop(): this {
		this.#code.push(0x03, 0x40);
		return this;
	}

	if(): this {
		this.#code.push(0x04, 0x40);
		return this;
	}

	br(depth: number): this {
		this.#code.push(0x0c, ...unsignedLeb(depth));
		return this;
	}

	brIf(depth: number): this {
		this.#code.push(0x0d, ...unsignedLeb(depth));
		return this;
	}

	call(index: number): this {
		this.#code.push(0x10, ...unsignedLeb(index));
		return this;
	}

	/** Traps if the number on the stack is not 0. */
	trapIf(): this {
		return this.if().op("unreachable", "end");
	}

	/** The entry of the code section: size, locals, instructions, `end`. */
	encode(): number[] {
		const groups: [number, ValueType][] = [];
		for (const type of this.#locals) {
			const last = groups.at(-1);
			if (last?.[1] === type) last[0]++;
			else groups.push([1, type]);
		}
		const body = [
			...unsignedLeb(groups.length),
			...groups.flatMap(([count, type]) => [...unsignedLeb(count), VALUE_TYPES[type]]),
		];
		for (const byte of this.#code) body.push(byte);
		body.push(0x0b);
		const entry = unsignedLeb(body.length);
		for (const byte of body) entry.push(byte);
		return entry;
	}
}

export function functionType(parameters: readonly ValueType[], results: readonly ValueType[]): number[] {
	const types = (list: readonly ValueType[]) => [list.length, ...list.map((type) => VALUE_TYPES[type])];
	return [0x60, ...types(parameters), ...types(results)];
}
