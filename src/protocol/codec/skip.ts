import * as opcodes from "./opcodes.js";
import {
	byte,
	expectEffort,
	leb,
	malformed,
	noValue,
	readBool,
	readPrincipal,
	spend,
	take,
	Unsupported,
} from "./read.js";
import { skipText, type WireTypes } from "./table.js";

/** Deeper than any value that a request could bring. */
const MAX_DEPTH = 24;
/** In thousands of instructions. */
const EFFORT = { value: 8, digit: 3 } as const;
/** Numbers without a width: 64 bytes hold 448 bits. */
const MAX_NUMBER_BYTES = 64;

/** Bytes of what always has as many, by -opcode: null, then from nat8 to float64, reserved. */
const WIDTHS = [-1, 0, -1, -1, -1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, -1, 0];

/** Passes over a value of the message's own type, and checks that it is one. */
export function skip(types: WireTypes, ref: number, depth = 0): void {
	spend(EFFORT.value);
	if (ref < 0) {
		skipBuiltIn(ref);
		return;
	}
	if (depth > MAX_DEPTH) malformed("its values are nested too deep");
	switch (types.opcodes[ref]) {
		case opcodes.OPT: {
			const tag = byte();
			if (tag > 1) malformed("an opt is neither there nor absent");
			if (tag === 1) skip(types, types.of[ref]!, depth + 1);
			return;
		}
		case opcodes.VEC:
			skipVec(types, types.of[ref]!, depth + 1);
			return;
		case opcodes.RECORD:
			for (const part of types.refs[ref]!) skip(types, part, depth + 1);
			return;
		case opcodes.VARIANT:
			skip(types, types.refs[ref]![leb()] ?? malformed("a variant has no such case"), depth + 1);
			return;
		case opcodes.SERVICE:
			readPrincipal();
			return;
		case opcodes.FUNC:
			if (byte() !== 1) malformed("a function is not given by its name");
			readPrincipal();
			skipText();
			return;
		default: {
			// A value of the future: how many bytes, how many references beside them, the bytes.
			const length = leb();
			leb();
			take(length);
		}
	}
}

const UNKNOWN_PART = new Unsupported("a field or an argument that it does not know");

/** Passes over an unknown value that says nothing: null, reserved, or an absent opt. Anything else is refused. */
export function skipNull(types: WireTypes, ref: number): void {
	spend(EFFORT.value);
	if (ref === opcodes.NULL || ref === opcodes.RESERVED) return;
	if (ref < 0 || types.opcodes[ref] !== opcodes.OPT) throw UNKNOWN_PART;
	const tag = byte();
	if (tag > 1) malformed("an opt is neither there nor absent");
	if (tag === 1) throw UNKNOWN_PART;
}

function skipVec(types: WireTypes, of: number, depth: number): void {
	const length = leb();
	const width = of < 0 ? (WIDTHS[-of] ?? -1) : -1;
	if (width > 0) {
		take(length * width);
		return;
	}
	// Before the loop: an element of no bytes costs its sender nothing.
	expectEffort(length * EFFORT.value);
	for (let left = length; left > 0; left--) skip(types, of, depth);
}

function skipBuiltIn(opcode: number): void {
	const width = WIDTHS[-opcode] ?? -1;
	if (width >= 0) take(width);
	else if (opcode === opcodes.TEXT) skipText();
	else if (opcode === opcodes.BOOL) readBool();
	else if (opcode === opcodes.PRINCIPAL) readPrincipal();
	else if (opcode === opcodes.EMPTY) noValue();
	else skipNumber();
}

function skipNumber(): void {
	for (let left = MAX_NUMBER_BYTES; left > 0; left--) {
		spend(EFFORT.digit);
		if (byte() < 0x80) return;
	}
	malformed(`a number has more than ${MAX_NUMBER_BYTES} bytes`);
}
