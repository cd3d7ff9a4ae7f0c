import { describe, expect, it } from "vitest";
import { InstructionDecoder } from "../../src/localnet/wasm/decoder.js";
import { weightOf } from "../../src/localnet/wasm/weights.js";
import { ByteReader, ByteWriter } from "../../src/wasm/bytes.js";
import { BASE, Immediate, immediateOf, MISC, SIMD } from "../../src/wasm/opcodes.js";

/** Numbers as the specification's index of instructions gives them, one or more in every row. */
const ANCHORS: [readonly string[], string, number][] = [
	[BASE, "end", 0x0b],
	[BASE, "call", 0x10],
	[BASE, "select_t", 0x1c],
	[BASE, "table.set", 0x26],
	[BASE, "i32.load", 0x28],
	[BASE, "i64.store32", 0x3e],
	[BASE, "f64.const", 0x44],
	[BASE, "i64.ge_u", 0x5a],
	[BASE, "f64.ge", 0x66],
	[BASE, "i32.rotr", 0x78],
	[BASE, "i64.rotr", 0x8a],
	[BASE, "f32.copysign", 0x98],
	[BASE, "f64.copysign", 0xa6],
	[BASE, "i64.extend_i32_u", 0xad],
	[BASE, "f64.reinterpret_i64", 0xbf],
	[BASE, "i64.extend32_s", 0xc4],
	[BASE, "ref.func", 0xd2],
	[MISC, "i64.trunc_sat_f64_u", 7],
	[MISC, "table.fill", 17],
	[SIMD, "v128.store", 11],
	[SIMD, "i8x16.swizzle", 14],
	[SIMD, "f64x2.replace_lane", 34],
	[SIMD, "i16x8.ge_u", 54],
	[SIMD, "f64x2.ge", 76],
	[SIMD, "v128.any_true", 83],
	[SIMD, "v128.store64_lane", 91],
	[SIMD, "f64x2.promote_low_f32x4", 95],
	[SIMD, "i8x16.shl", 107],
	[SIMD, "i8x16.avgr_u", 123],
	[SIMD, "i16x8.shl", 139],
	[SIMD, "i16x8.mul", 149],
	[SIMD, "i16x8.extmul_high_i8x16_u", 159],
	[SIMD, "i32x4.shl", 171],
	[SIMD, "i32x4.mul", 181],
	[SIMD, "i32x4.extmul_high_i16x8_u", 191],
	[SIMD, "i64x2.shl", 203],
	[SIMD, "i64x2.mul", 213],
	[SIMD, "i64x2.extmul_high_i32x4_u", 223],
	[SIMD, "f32x4.pmax", 235],
	[SIMD, "f64x2.pmax", 247],
	[SIMD, "f64x2.convert_low_i32x4_u", 255],
];

/** An instruction with immediates that mean something in the module below. */
function encode(prefix: number, code: number, name: string): number[] {
	const opcode = prefix === 0 ? [code] : [prefix, ...new ByteWriter().u32(code).view()];
	const zeros = (count: number): number[] => new Array(count).fill(0);
	switch (immediateOf(name)) {
		case Immediate.leb:
			if (name === "ref.null") return [...opcode, 0x70];
			if (/^(block|loop|if)$/.test(name)) return [...opcode, 0x40];
			return [...opcode, 0];
		case Immediate.leb2:
		case Immediate.memory:
		case Immediate.brTable:
			return [...opcode, ...zeros(2)];
		case Immediate.memoryLane:
			return [...opcode, ...zeros(3)];
		case Immediate.selectTypes:
			return [...opcode, 1, 0x7f];
		case Immediate.bytes1:
			return [...opcode, 0];
		case Immediate.bytes4:
			return [...opcode, ...zeros(4)];
		case Immediate.bytes8:
			return [...opcode, ...zeros(8)];
		case Immediate.bytes16:
			return [...opcode, ...zeros(16)];
		default:
			return opcode;
	}
}

/** `() -> ()` with a local, a memory, a table, a mutable global, a data and an element segment. */
function moduleWithBody(instruction: readonly number[], name: string): Uint8Array {
	const closing = /^(block|loop|if)$/.test(name) ? [0x0b] : [];
	const opening = name === "else" ? [0x04, 0x40] : [];
	const closingElse = name === "else" ? [0x0b] : [];
	const end = name === "end" ? [] : [0x00, 0x0b];
	const code = [0x00, ...opening, ...instruction, ...closing, ...closingElse, ...end];
	const body = [1, 1, 0x7f, ...code];
	const section = (id: number, content: readonly number[]) => [
		id,
		...new ByteWriter().u32(content.length).view(),
		...content,
	];
	return Uint8Array.from([
		...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
		...section(1, [1, 0x60, 0, 0]),
		...section(3, [1, 0]),
		...section(4, [1, 0x70, 0, 1]),
		...section(5, [1, 0, 1]),
		...section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
		...section(9, [1, 1, 0, 1, 0]),
		...section(12, [1]),
		...section(10, [1, ...new ByteWriter().u32(body.length).view(), ...body]),
		...section(11, [1, 1, 0]),
	]);
}

const all = (
	[
		[0, BASE],
		[0xfc, MISC],
		[0xfd, SIMD],
	] as const
).flatMap(([prefix, names]) => names.flatMap((name, code) => (name === "-" ? [] : [{ prefix, code, name }])));

describe("opcodes", () => {
	it.each(ANCHORS)("%#: has %s... in its place", (names, name, code) => {
		expect(names[code]).toBe(name);
	});

	it("has every row at its full length and no name twice", () => {
		expect([BASE.length, MISC.length, SIMD.length]).toEqual([0xd3, 18, 256]);
		expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
	});

	it("passes over each instruction exactly as V8 does", () => {
		for (const { prefix, code, name } of all) {
			const bytes = encode(prefix, code, name);
			// `unreachable` before and after it makes the stack fit any operands and results.
			expect(WebAssembly.validate(moduleWithBody(bytes, name) as BufferSource), name).toBe(true);
			const reader = new ByteReader(Uint8Array.from(bytes));
			const decoder = new InstructionDecoder(reader);
			decoder.step();
			expect(reader.pos, name).toBe(bytes.length);
			expect(decoder.weight, name).toBe(weightOf(name));
		}
	});

	it.each([
		[[0xfe, 0x00], /atomic instruction/],
		[[0xfb, 0x00], /garbage collection/],
		[[0x06, 0x40], /exception handling instruction 0x6/],
		[[0x14, 0x00], /typed function reference/],
		[[0xfd, 0x80, 0x02], /relaxed SIMD instruction 0xfd 0x100/],
		[[0xfd, 0x9a, 0x01], /instruction 0xfd 0x9a/],
		[[0xfc, 0x12], /instruction 0xfc 0x12/],
		[[0xff], /instruction 0xff/],
	])("refuses %j by name", (bytes, message) => {
		const decoder = new InstructionDecoder(new ByteReader(Uint8Array.from(bytes)));
		expect(() => decoder.step()).toThrow(message);
	});
});
