/**
 * Walks over instructions: WebAssembly core specification, chapter 5.4 (Instructions).
 *
 * Each instruction has one number: its opcode, or 256 (prefix 0xfc) or 512 (prefix 0xfd) plus the number after the
 * prefix. A table by that number says which immediates follow: a canister has a million instructions.
 */
import { type ByteReader, WasmFormatError } from "./bytes.js";
import { BASE, describeUnknown, Immediate, immediateOf, MISC, SIMD } from "./opcodes.js";

const MISC_AT = 256;
const SIMD_AT = 512;
/** Numbers that an instruction may have. */
export const CODES = 768;

/** The instructions there are, by name. */
export const INSTRUCTIONS: readonly { readonly code: number; readonly name: string }[] = [
	...BASE.map((name, code) => ({ code, name })),
	...MISC.map((name, code) => ({ code: MISC_AT + code, name })),
	...SIMD.map((name, code) => ({ code: SIMD_AT + code, name })),
].filter(({ name }) => name !== "-");

const immediates = new Uint8Array(CODES).fill(Immediate.unknown);
for (const { code, name } of INSTRUCTIONS) immediates[code] = immediateOf(name);

/** Reads an opcode, its prefix included. @returns the instruction's number */
export function readInstruction(reader: ByteReader): number {
	const code = reader.u8();
	if (code < 0xfc || code > 0xfd) return code;
	const sub = reader.u32();
	if (sub > 255) throw unknown(reader, code, sub);
	return sub + (code === 0xfc ? MISC_AT : SIMD_AT);
}

/** Passes over what follows the opcode of an instruction. */
export function passImmediates(reader: ByteReader, code: number): void {
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
			passMemory(reader);
			return;
		case Immediate.memoryLane:
			passMemory(reader);
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
				? unknown(reader, 0, code)
				: unknown(reader, code < SIMD_AT ? 0xfc : 0xfd, code % MISC_AT);
	}
}

function passMemory(reader: ByteReader): void {
	const alignment = reader.u32();
	if (alignment & 0x40) reader.skipLeb();
	reader.skipLeb();
}

const unknown = (reader: ByteReader, prefix: number, code: number) =>
	new WasmFormatError(`${describeUnknown(prefix, code)} before byte ${reader.pos} is not supported`);
