import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter, WasmFormatError } from "../../src/wasm/bytes.js";

describe("LEB128 (core specification 5.2.2)", () => {
	it("gives every u32 back", () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
				const bytes = new ByteWriter(1).u32(value).view();
				const reader = new ByteReader(bytes);
				expect(reader.u32()).toBe(value);
				expect(reader.done).toBe(true);
			}),
		);
	});

	it("gives every s64 back, in the shortest form", () => {
		fc.assert(
			fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (value) => {
				const bytes = new ByteWriter(1).s64(value).view();
				expect(new ByteReader(bytes).s64()).toBe(value);
				const bits =
					(value < 0n ? ~value : value).toString(2).length + (value === 0n || value === -1n ? 0 : 1);
				expect(bytes.length).toBe(Math.ceil(bits / 7));
			}),
		);
	});

	it("writes an s32 as it writes an s64", () => {
		fc.assert(
			fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
				expect(new ByteWriter(1).s32(value).view()).toEqual(new ByteWriter(1).s64(BigInt(value)).view());
			}),
		);
	});

	it("passes over any LEB128, padded ones too", () => {
		fc.assert(
			fc.property(fc.nat(), fc.nat({ max: 3 }), (value, padding) => {
				const bytes = [...new ByteWriter().u32(value).view()];
				for (let i = 0; i < padding; i++) {
					bytes[bytes.length - 1]! |= 0x80;
					bytes.push(0);
				}
				const reader = new ByteReader(Uint8Array.from(bytes));
				reader.skipLeb();
				expect(reader.done).toBe(true);
			}),
		);
	});

	it.each([
		["cut off", [0x80]],
		["more than 32 bits", [0xff, 0xff, 0xff, 0xff, 0x1f]],
		["more than 5 bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
	])("refuses a u32 that is %s", (_, bytes) => {
		expect(() => new ByteReader(Uint8Array.from(bytes)).u32()).toThrow(WasmFormatError);
	});
});
