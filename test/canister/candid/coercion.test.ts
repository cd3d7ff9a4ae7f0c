import { IDL } from "@dfinity/candid";
import { describe, expect, test } from "vitest";
import * as c from "../../../src/protocol/candid.js";
import { UNBOUNDED } from "../../../src/protocol/codec/read.js";
import { ArgumentsReader, type CandidType, Malformed, Unsupported } from "../../../src/protocol/index.js";
import { idlsOf } from "../../support/idl.js";
import { hex, plain } from "./support.js";

/** The specification's rules for values of another type, case by case. */

const read = (message: string, ...types: CandidType<never>[]) =>
	plain(new ArgumentsReader(types, UNBOUNDED).read(hex(`4449444c ${message}`)));
function isRefused(message: string, ...types: CandidType<never>[]): boolean {
	const reader = new ArgumentsReader(types, UNBOUNDED);
	try {
		reader.read(hex(message));
		return false;
	} catch (error) {
		if (!(error instanceof Malformed)) throw error;
		return true;
	}
}
const byLibrary = (message: string, ...types: CandidType<never>[]) =>
	IDL.decode(idlsOf(types), hex(`4449444c ${message}`));
const any = (of: unknown) => of as CandidType<never>;

const bool = any(c.bool);
const nat32 = any(c.nat32);
const text = any(c.text);
const nothing = any(c.nothing);
const principal = any(c.principal);
const bytes = any(c.bytes);
const opt = (of: CandidType<never>) => any(c.opt(of));
const vec = (of: CandidType<never>) => any(c.vec(of));
const pair = (a: CandidType<never>, b: CandidType<never>) => any(c.pair(a, b));
const record = (fields: Record<string, CandidType<never>>) => any(c.record<Record<string, never>>(fields));
const variant = (cases: Record<string, CandidType<never>>) => any(c.variant(cases));

describe("accepted", () => {
	const cases: [string, string, CandidType<never>[], unknown[]][] = [
		["numbers in a longer form than they need", "8000 8000", [], []],
		["surplus arguments", "00 02 7e 71 01 0161", [bool], [true]],
		["null as an absent opt", "00 01 7f", [opt(bool)], [[]]],
		["reserved as an absent opt", "00 01 70", [opt(bool)], [[]]],
		["a value as an opt of it", "00 01 7e 01", [opt(bool)], [[true]]],
		["an opt of another type as absent", "01 6e7e 01 00 0101", [opt(nat32)], [[]]],
		["a value of another type as absent", "00 01 7e 01", [opt(nat32)], [[]]],
		["a missing argument as an absent opt", "00 00", [opt(bool)], [[]]],
		["a missing field as an absent opt", "01 6c00 01 00", [record({ a: opt(bool) })], [{ a: [] }]],
		["unknown fields", "01 6c02 007e 017e 01 00 0100", [record({ _1_: bool })], [{ _1_: false }]],
		["a case by its hash", "01 6b02 007f 017f 01 00 01", [variant({ _1_: nothing })], [{ _1_: null }]],
		["a type of more cases", "01 6b02 007f 017f 01 00 00", [variant({ _0_: nothing })], [{ _0_: null }]],
		["an unknown case in an opt", "02 6e01 6b01 007f 01 00 0100", [opt(variant({ b: nothing }))], [[]]],
		["an empty vec of another type", "01 6d7c 01 00 00", [vec(nat32)], [[]]],
		["an empty vec of another type as a blob", "01 6d7c 01 00 00", [bytes], [new Uint8Array(0)]],
		["a type that names itself", "01 6e00 01 00 010100", [opt(opt(opt(bool)))], [[[[]]]]],
		["references forward", "02 6e01 6d7b 01 00 010161", [opt(bytes)], [[new Uint8Array([0x61])]]],
		[
			"a type of the future, passed over",
			"01 6703414243 02 007e 0500 68656c6c6f 01",
			[opt(bool), bool],
			[[], true],
		],
		["a function, passed over", "01 6a000000 02 7e00 01 01 0102caff 0161", [bool], [true]],
		["a nat and an int, passed over", "00 03 7e7d7c 01 ffffffffffffffffffff7f 7f", [bool], [true]],
	];
	test.each(cases)("%s", (_, message, types, values) => {
		expect(read(message, ...types)).toEqual(plain(values));
	});
});

describe("where the library follows an older specification, or none", () => {
	test("a field or an argument of type null may be missing", () => {
		const expected = record({ a: nothing });
		expect(read("01 6c00 01 00", expected)).toEqual([{ a: null }]);
		expect(() => byLibrary("01 6c00 01 00", expected)).toThrow();
		expect(read("00 00", nothing)).toEqual([null]);
		expect(() => byLibrary("00 00", nothing)).toThrow();
	});

	test("a value is an opt of an opt of it", () => {
		expect(read("00 01 7e 01", opt(opt(bool)))).toEqual([[[true]]]);
		expect(byLibrary("00 01 7e 01", opt(opt(bool)))).toEqual([[]]);
	});

	test("a reference to a service is a principal", () => {
		const message = "01 6900 01 00 01 03 caffee";
		expect(read(message, principal)).toEqual([{ principal: "caffee" }]);
		expect(() => byLibrary(message, principal)).toThrow();
	});

	test("a record with more than a pair is a pair, in whatever numbers", () => {
		const message = "01 6c03 007e 017e 057e 01 00 010001";
		expect(read(message, pair(bool, bool))).toEqual([[true, false]]);
		expect(() => byLibrary(message, pair(bool, bool))).toThrow();
	});

	test("a text keeps its byte order mark", () => {
		expect(read("00 01 71 04 efbbbf61", text)).toEqual(["\ufeffa"]);
		expect(byLibrary("00 01 71 04 efbbbf61", text)).toEqual(["a"]);
	});

	test("a vec of anything but nat8 is no blob", () => {
		const message = "02 6d7b 6d00 01 01 01 01 61";
		expect(isRefused(`4449444c ${message}`, bytes)).toBe(true);
		expect(isRefused(`4449444c ${message}`, vec(bytes))).toBe(false);
	});

	test("a blob that ends early is refused", () => {
		expect(isRefused("4449444c 01 6d7b 01 00 05 6161", bytes)).toBe(true);
		expect(byLibrary("01 6d7b 01 00 05 6161", bytes)).toEqual([new Uint8Array([0x61, 0x61])]);
	});
});

describe("refused", () => {
	const cases: [string, string, CandidType<never>[]][] = [
		["no magic", "", [bool]],
		["bytes after the end", "00 00 00", []],
		["a missing argument", "00 00", [bool]],
		["a missing field", "01 6c01 007e 01 00 01", [record({ a: bool })]],
		["another type", "00 01 7e 01", [nat32]],
		["nat where nat64 is expected", "00 01 7d 01", [any(c.nat64)]],
		["reserved where null is expected", "00 01 70", [nothing]],
		["empty", "00 01 6f", [opt(bool)]],
		["an unknown case", "01 6b01 007f 01 00 00", [variant({ b: nothing })]],
		["a case past the last", "01 6b01 007f 01 00 01", [variant({ _0_: nothing })]],
		["a bool of 2", "00 01 7e 02", [bool]],
		["a bool of 2 in an opt of another type", "01 6e7e 01 00 0102", [opt(nat32)]],
		["a bool of 2, passed over", "00 01 7e 02", []],
		["an opt of 2", "01 6e7e 01 00 0201", [opt(bool)]],
		["text that is not UTF-8", "00 01 71 03 e228a1", [text]],
		["text that is not UTF-8, passed over", "00 01 71 03 e228a1", []],
		["text in an overlong form", "00 01 71 02 c080", [text]],
		["half of a surrogate pair", "00 01 71 03 eda080", [text]],
		["a character past the last", "00 01 71 04 f4908080", [text]],
		["a text that ends early", "00 01 71 05 6161", [text]],
		["a text cut within a character", "00 01 71 02 e298", [text]],
		["a nat32 that ends early", "00 01 79 000000", [nat32]],
		["fields out of order", "01 6c02 017e 007e 01 00 0000", [record({})]],
		["a field twice", "01 6c02 007e 007e 01 00 0000", [record({})]],
		["a field's id past 32 bits", "01 6c01 80e497d012 7c 01 00 2a", [record({})]],
		["a type that is not there", "01 6e02 01 00 00", [opt(bool)]],
		["an argument's type that is not there", "00 01 00", [bool]],
		["a built-in type in the table", "01 7f 00", []],
		["a constructed type outside of the table", "00 01 6e 7f", []],
		["an unknown annotation", "01 6a 00 00 0104 00", []],
		["a service of what is no function", "02 6e7e 69 01 01 61 00 00", []],
		["a principal without its tag", "00 01 68 03 caffee", [principal]],
		["a principal of 30 bytes", `00 01 68 01 1e {30*00}`, [principal]],
		["a record of itself", "01 6c01 0000 01 00", [record({})]],
		["a length of 11 bytes", `01 6d7b 01 00 {10*80} 00`, [bytes]],
	];
	test.each(cases)("%s", (name, message, types) => {
		expect(isRefused(name === "no magic" ? "4449444d 00 00" : `4449444c ${message}`, ...types)).toBe(true);
	});
});

describe("a request is understood whole, or refused as of a later version", () => {
	const strict = (message: string, ...types: CandidType<never>[]) =>
		plain(new ArgumentsReader(types).read(hex(`4449444c ${message}`)));
	const said: [string, string, CandidType<never>[]][] = [
		["an unknown field", "01 6c02 007e 017e 01 00 0100", [record({ _1_: bool })]],
		["an unknown opt that is there", "02 6e7e 6c02 0000 017e 01 01 010100", [record({ _1_: bool })]],
		["an unknown argument", "00 02 7e 71 01 0161", [bool]],
		["an unknown case", "01 6b01 007f 01 00 00", [variant({ b: nothing })]],
		["an unknown case in an opt", "02 6e01 6b01 007f 01 00 0100", [opt(variant({ b: nothing }))]],
		["an opt of another type", "01 6e7e 01 00 0101", [opt(nat32)]],
		["a value of another type as an opt", "00 01 7e 01", [opt(nat32)]],
	];
	test.each(said)("%s", (_, message, types) => {
		expect(() => strict(message, ...types)).toThrow(Unsupported as never);
	});

	const nothingSaid: [string, string, CandidType<never>[], unknown[]][] = [
		[
			"an unknown opt that is absent",
			"02 6e7e 6c02 0000 017e 01 01 0000",
			[record({ _1_: bool })],
			[{ _1_: false }],
		],
		["an unknown field of null", "01 6c02 007f 017e 01 00 00", [record({ _1_: bool })], [{ _1_: false }]],
		["an unknown argument that is absent", "01 6e7e 02 7e 00 01 00", [bool], [true]],
		["an unknown reserved argument", "00 02 7e 70 01", [bool], [true]],
	];
	test.each(nothingSaid)("not %s", (_, message, types, values) => {
		expect(strict(message, ...types)).toEqual(plain(values));
	});
});
