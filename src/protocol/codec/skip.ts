import * as opcodes from "./opcodes.js";
import { byte, leb, malformed, noValue, readBool, readPrincipal, spend, take } from "./read.js";
import { skipText, type WireType } from "./table.js";

/** Deeper than any value that a request could bring. */
const MAX_DEPTH = 32;
/** Numbers without a width: 64 bytes hold 448 bits. */
const MAX_NUMBER_BYTES = 64;
const NUMBER_BYTES_PER_EFFORT = 4;

/** Bytes of what always has as many, by -opcode: null, then from nat8 to float64, reserved. */
const WIDTHS = [-1, 0, -1, -1, -1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, -1, 0];

/** Passes over a value of the message's own type, and checks that it is one. */
export function skip(types: readonly WireType[], ref: number, depth = 0): void {
	spend(1);
	if (ref < 0) return skipBuiltIn(ref);
	if (depth > MAX_DEPTH) malformed("its values are nested too deep");
	const { opcode, refs } = types[ref]!;
	switch (opcode) {
		case opcodes.OPT: {
			const tag = byte();
			if (tag > 1) malformed("an opt is neither there nor absent");
			if (tag === 1) skip(types, refs[0]!, depth + 1);
			return;
		}
		case opcodes.VEC:
			return skipVec(types, refs[0]!, depth + 1);
		case opcodes.RECORD:
			for (const part of refs) skip(types, part, depth + 1);
			return;
		case opcodes.VARIANT:
			return skip(types, refs[leb()] ?? malformed("a variant has no such case"), depth + 1);
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

function skipVec(types: readonly WireType[], of: number, depth: number): void {
	const length = leb();
	const width = of < 0 ? (WIDTHS[-of] ?? -1) : -1;
	if (width > 0) {
		take(length * width);
		return;
	}
	// Before the loop: an element of no bytes costs its sender nothing.
	spend(length);
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
		if (left % NUMBER_BYTES_PER_EFFORT === 0) spend(1);
		if (byte() < 0x80) return;
	}
	malformed(`a number has more than ${MAX_NUMBER_BYTES} bytes`);
}
