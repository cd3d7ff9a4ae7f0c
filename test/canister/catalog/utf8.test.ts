import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../../src/protocol/codec/utf8.js";

const text = fc.string({ unit: "binary", maxLength: 60 });

it("encodes as TextEncoder, half surrogates too", () => {
	const wide = fc.oneof(text, fc.string({ unit: fc.constantFrom("a", "é", "\ud83d", "\ude00", "\uffff") }));
	fc.assert(
		fc.property(wide, (value) => {
			expect([...encodeUtf8(value)]).toEqual([...Buffer.from(value)]);
		}),
	);
});

it("decodes what it encoded, at any length", () => {
	fc.assert(
		fc.property(text, (value) => {
			expect(decodeUtf8(encodeUtf8(value))).toBe(value);
		}),
	);
	for (const length of [0, 1, 4_095, 4_096, 4_097, 100_000])
		for (const unit of ["x", "é", " ", "😀"]) {
			const value = unit.repeat(length);
			expect(decodeUtf8(encodeUtf8(value)) === value).toBe(true);
		}
});
