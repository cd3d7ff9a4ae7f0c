/**
 * Properties of an instruction for counting and for tracking writes: its weight, its effect on the flow of control, its
 * use of memory. Tables by its number (src/wasm/instructions.ts).
 */
import type { ByteReader } from "../../wasm/bytes.js";
import { CODES, INSTRUCTIONS, passImmediates, readInstruction } from "../../wasm/instructions.js";
import { weightOf } from "./weights.js";

/** Meaning of an instruction for the division of code into straight-line blocks. */
export const Flow = {
	none: 0,
	/** `block`: opens a structure. */
	open: 1,
	loop: 2,
	/** `else`: closes one arm and opens the other. */
	else: 3,
	end: 4,
	/** Leaves the function, at least on one path: `return`, `unreachable`, tail calls, `br_table`. */
	leave: 5,
	/** `if`: opens a structure whose body may not be reached. */
	if: 6,
	/** memory.fill, copy, init and table.fill, copy, init: each unit of length counts 1 in addition. */
	bulk: 7,
	/** `br`, `br_if`: the next instruction is not reached, or not on every path. */
	branch: 8,
	/** Calls another function, which returns. */
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

/** Kind of access to linear memory. */
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

const weights = new Uint16Array(CODES);
const flows = new Uint8Array(CODES);
const accesses = new Uint8Array(CODES);
const valueTypes = new Uint8Array(CODES);
/** Value types by the first letters of the names of loads and stores. */
const VALUE_TYPES: Readonly<Record<string, number>> = {
	i32: 0x7f,
	i64: 0x7e,
	f32: 0x7d,
	f64: 0x7c,
	v12: 0x7b,
};

for (const { code, name } of INSTRUCTIONS) {
	weights[code] = weightOf(name);
	flows[code] = FLOWS.find(([, pattern]) => pattern.test(name))?.[0] ?? Flow.none;
	accesses[code] = ACCESSES.find(([, pattern]) => pattern.test(name))?.[0] ?? Access.none;
	valueTypes[code] = VALUE_TYPES[name.slice(0, 3)] ?? 0;
}

export class InstructionDecoder {
	/** Weight of the last instruction. */
	weight = 0;
	flow: number = Flow.none;
	access: number = Access.none;
	/** Value type of a load or store. */
	valueType = 0;
	/** Position after the opcode. */
	immediatesAt = 0;

	constructor(readonly reader: ByteReader) {}

	/** Skips one instruction. */
	step(): void {
		const { reader } = this;
		const code = readInstruction(reader);
		this.weight = weights[code]!;
		this.flow = flows[code]!;
		this.access = accesses[code]!;
		this.valueType = valueTypes[code]!;
		this.immediatesAt = reader.pos;
		passImmediates(reader, code);
	}
}
