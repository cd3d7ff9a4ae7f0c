/**
 * Walks over instructions: WebAssembly core specification, chapter 5.4 (Instructions).
 *
 * It looks at the opcode and passes over the rest. Tables by opcode number instead of objects: the 1.2
 * million instructions of a canister built by Azle take about 30 ms.
 */
import { type ByteReader, WasmFormatError } from "./bytes.js";
import { BASE, describeUnknown, Immediate, immediateOf, MISC, SIMD } from "./opcodes.js";
import { weightOf } from "./weights.js";

/** What the instruction means to someone who divides code into straight-line blocks. */
export const Flow = {
	none: 0,
	/** `block`: opens a structure. */
	open: 1,
	loop: 2,
	/** `else`: closes one arm and opens the other. */
	else: 3,
	end: 4,
	/** Leaves the function, perhaps: `return`, `unreachable`, tail calls, `br_table`. */
	leave: 5,
	/** `if` opens a structure whose body is not always reached. */
	if: 6,
	/** memory.fill, copy, init and table.fill, copy, init: each unit of length counts 1 more. */
	bulk: 7,
	/** `br`, `br_if`: what follows is not reached, or not always. */
	branch: 8,
	/** Another function runs and comes back. */
	call: 9,
} as const;

const FLOWS: readonly (readonly [number, RegExp])[] = [
	[Flow.open, /^block$/],
	[Flow.loop, /^loop$/],
	[Flow.else, /^else$/],
	[Flow.end, /^end$/],
	[Flow.if, /^if$/],
	[Flow.leave, /^(br_table|return|unreachable|return_call|return_call_indirect)$/],
	[Flow.branch, /^(br|br_if)$/],
	[Flow.call, /^(call|call_indirect)$/],
	[Flow.bulk, /^(memory|table)\.(fill|copy|init)$/],
];

/** What the instruction does with linear memory. */
export const Access = {
	none: 0,
	load: 1,
	store: 2,
	size: 3,
	grow: 4,
	fill: 5,
	copy: 6,
	init: 7,
} as const;

const ACCESSES: readonly (readonly [number, RegExp])[] = [
	[Access.load, /\.load/],
	[Access.store, /\.store/],
	[Access.size, /^memory\.size$/],
	[Access.grow, /^memory\.grow$/],
	[Access.fill, /^memory\.fill$/],
	[Access.copy, /^memory\.copy$/],
	[Access.init, /^memory\.init$/],
];

const MISC_AT = 256;
const SIMD_AT = 512;
const immediates = new Uint8Array(768).fill(Immediate.unknown);
const weights = new Uint16Array(768);
const flows = new Uint8Array(768);
const accesses = new Uint8Array(768);
const valueTypes = new Uint8Array(768);
/** By the first letters of the names of loads and stores. */
const VALUE_TYPES: Readonly<Record<string, number>> = {
	i32: 0x7f,
	i64: 0x7e,
	f32: 0x7d,
	f64: 0x7c,
	v12: 0x7b,
};

for (const [start, names] of [
	[0, BASE],
	[MISC_AT, MISC],
	[SIMD_AT, SIMD],
] as const) {
	names.forEach((name, code) => {
		immediates[start + code] = immediateOf(name);
		weights[start + code] = weightOf(name);
		flows[start + code] = FLOWS.find(([, pattern]) => pattern.test(name))?.[0] ?? Flow.none;
		accesses[start + code] = ACCESSES.find(([, pattern]) => pattern.test(name))?.[0] ?? Access.none;
		valueTypes[start + code] = VALUE_TYPES[name.slice(0, 3)] ?? 0;
	});
}

export class InstructionDecoder {
	/** Of the instruction passed over last. */
	weight = 0;
	flow: number = Flow.none;
	access: number = Access.none;
	/** Of a load or store: the type of the value. */
	valueType = 0;
	/** Where what follows its opcode begins. */
	immediatesAt = 0;

	constructor(readonly reader: ByteReader) {}

	/** Passes over one instruction. */
	step(): void {
		const { reader } = this;
		let code = reader.u8();
		if (code >= 0xfc && code <= 0xfd) {
			const sub = reader.u32();
			if (sub > 255) throw this.#unknown(code, sub);
			code = sub + (code === 0xfc ? MISC_AT : SIMD_AT);
		}
		this.weight = weights[code]!;
		this.flow = flows[code]!;
		this.access = accesses[code]!;
		this.valueType = valueTypes[code]!;
		this.immediatesAt = reader.pos;
		switch (immediates[code]) {
			case Immediate.none:
				return;
			case Immediate.leb2:
				reader.skipLeb();
				reader.skipLeb();
				return;
			case Immediate.leb:
				reader.skipLeb();
				return;
			case Immediate.memory:
				this.#memory();
				return;
			case Immediate.memoryLane:
				this.#memory();
				reader.pos += 1;
				return;
			case Immediate.brTable:
				for (let left = reader.u32() + 1; left > 0; left--) reader.skipLeb();
				return;
			case Immediate.selectTypes:
				for (let left = reader.u32(); left > 0; left--) reader.skipLeb();
				return;
			case Immediate.bytes1:
				reader.pos += 1;
				return;
			case Immediate.bytes4:
				reader.pos += 4;
				return;
			case Immediate.bytes8:
				reader.pos += 8;
				return;
			case Immediate.bytes16:
				reader.pos += 16;
				return;
			default:
				throw code < MISC_AT
					? this.#unknown(0, code)
					: this.#unknown(code < SIMD_AT ? 0xfc : 0xfd, code % MISC_AT);
		}
	}

	#memory(): void {
		const alignment = this.reader.u32();
		if (alignment & 0x40) this.reader.skipLeb();
		this.reader.skipLeb();
	}

	#unknown(prefix: number, code: number): WasmFormatError {
		return new WasmFormatError(
			`${describeUnknown(prefix, code)} before byte ${this.reader.pos} is not supported`,
		);
	}
}
