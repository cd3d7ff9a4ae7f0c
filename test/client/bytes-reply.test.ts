import { IDL } from "@dfinity/candid";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { okBytes } from "../../src/client/call/bytes-reply.js";
import { METHODS, Refusal, toRefusal } from "../../src/protocol/index.js";

const Result = METHODS.blobs_get_chunk.result as unknown as IDL.Type;
const encode = (value: unknown, type: IDL.Type = Result) => new Uint8Array(IDL.encode([type], [value]));

describe("a reply of bytes", () => {
	it("is what the Candid library makes of it", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40_000 }), (bytes) => {
				expect(okBytes(encode({ ok: bytes }))).toEqual(bytes);
			}),
		);
	});

	it("may come under any other table of types that means the same", () => {
		const bytes = Uint8Array.of(1, 2, 3);
		const Blob = IDL.Vec(IDL.Nat8);
		for (const type of [
			IDL.Variant({ ok: Blob }),
			IDL.Variant({ a: IDL.Record({ x: IDL.Opt(IDL.Text), y: IDL.Vec(IDL.Nat) }), ok: Blob, zz: IDL.Null }),
		])
			expect(okBytes(encode({ ok: bytes }, type))).toEqual(bytes);
	});

	it("is left to the library where it is an error, or something else", () => {
		expect(okBytes(encode({ err: toRefusal({ blob_not_found: {} }) }))).toBeUndefined();
		expect(okBytes(encode({ ok: "text" }, IDL.Variant({ ok: IDL.Text, err: Refusal })))).toBeUndefined();
		expect(okBytes(encode({ ok: [1, 2] }, IDL.Variant({ ok: IDL.Vec(IDL.Nat16) })))).toBeUndefined();
		expect(okBytes(encode(new Uint8Array(5), IDL.Vec(IDL.Nat8)))).toBeUndefined();
		expect(okBytes(new Uint8Array())).toBeUndefined();
	});

	it("never throws, and never takes a message for another length than it has", () => {
		const whole = encode({ ok: new Uint8Array(300) });
		for (let length = 0; length < whole.length; length++)
			expect(okBytes(whole.subarray(0, length))).toBeUndefined();
		expect(okBytes(Uint8Array.of(...whole, 0))).toBeUndefined();
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
				okBytes(Uint8Array.of(0x44, 0x49, 0x44, 0x4c, ...noise));
			}),
		);
	});
});
