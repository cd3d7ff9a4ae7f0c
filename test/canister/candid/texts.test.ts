import { IDL } from "@dfinity/candid";
import { beforeEach, describe, expect, test } from "vitest";
import * as c from "../../../src/protocol/candid.js";
import { ArgumentsReader, Malformed, useNativeUtf8 } from "../../../src/protocol/index.js";
import { idlOf, idlsOf } from "../../support/idl.js";

/** Long and numerous texts, which are expensive, are read only after everything else was found valid. */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const decode = (bytes: Uint8Array): string | undefined => {
	try {
		return strict.decode(bytes);
	} catch {
		return undefined;
	}
};
/** Texts that were read, and those of which it was only asked whether they are UTF-8. */
const read: (string | undefined)[] = [];
const checked: (string | undefined)[] = [];
useNativeUtf8({
	maxBytes: 1_000,
	decode(bytes) {
		read.push(decode(bytes));
		return read.at(-1);
	},
	check(bytes) {
		checked.push(decode(bytes));
		return checked.at(-1) !== undefined;
	},
	encode: () => undefined,
});
beforeEach(() => {
	read.length = 0;
	checked.length = 0;
});

interface Request {
	readonly key: string;
	readonly metadata: [string, string][];
}
const Metadata = c.vec(c.pair(c.text, c.text));
const types = [c.record<Request>({ key: c.text, metadata: Metadata }), c.nat8];
/** The same, and a field more: no usual header. */
const later = [IDL.Record({ key: IDL.Text, metadata: idlOf(Metadata), more: IDL.Opt(IDL.Nat8) }), IDL.Nat8];
const reader = new ArgumentsReader(types);

const long = "é".repeat(100);
const request = { key: "k", metadata: [["n", "v"]] } as Request;

/** The message without its last value, a byte. */
const cut = (message: Uint8Array): Uint8Array => message.subarray(0, -1);

describe.each([
	["usual", idlsOf(types)],
	["another", later],
])("with %s header", (_, header) => {
	const encode = (value: Request): Uint8Array => IDL.encode(header, [{ ...value, more: [] }, 7]);

	test("a short text is read as it comes", () => {
		expect(reader.read(encode({ ...request, metadata: [] }))).toEqual([{ ...request, metadata: [] }, 7]);
		expect([read, checked]).toEqual([["k"], []]);
	});

	test("a long one is read when the rest is right", () => {
		expect(reader.read(encode({ key: long, metadata: [] }))).toEqual([{ key: long, metadata: [] }, 7]);
		expect([read, checked]).toEqual([[long], [long]]);
	});

	test("as are those of which a type may have any number", () => {
		expect(reader.read(encode(request))).toEqual([request, 7]);
		expect(read).toEqual(["k", "k", "n", "v"]);
	});

	test("none of them is read where the rest is not", () => {
		for (const value of [{ ...request, key: long }, { ...request, metadata: [["n", long]] } as Request]) {
			expect(() => reader.read(cut(encode(value)))).toThrow(Malformed);
			expect(() => reader.check(cut(encode(value)))).toThrow(Malformed);
		}
		// Of the short ones each time as many as the type has outside of vectors, whichever come first: one.
		expect(read).not.toContain(long);
		expect(read.length).toBeLessThanOrEqual(4);
	});

	test("a check refuses a long text that is no UTF-8, and reads none", () => {
		const message = encode({ key: long, metadata: [] });
		expect(() => reader.check(message)).not.toThrow();
		message[Buffer.from(message).indexOf(long) + 199] = 0xff;
		expect(() => reader.check(message)).toThrow(Malformed);
		expect(() => reader.read(message)).toThrow(Malformed);
		expect(read).toEqual([]);
	});

	test("a short text that is no UTF-8 is refused, wherever it stands", () => {
		for (const text of ["k", "n", "v"]) {
			const message = encode({
				key: "k",
				metadata: [
					["n", "v"],
					["x", "y"],
				],
			});
			message[Buffer.from(message).lastIndexOf(`\u0001${text}`) + 1] = 0xff;
			expect(() => reader.read(message)).toThrow(Malformed);
		}
	});
});

test("the texts of a type that says how many there are at the most are read as they come", () => {
	const many = new ArgumentsReader([c.vec(c.textOf(100), 10)]);
	const texts = ["a", "b", long.slice(0, 50), "c"];
	expect(many.read(IDL.encode([IDL.Vec(IDL.Text)], [texts]))).toEqual([texts]);
	// For the long one all is read once more.
	expect(read).toEqual(["a", "b", "c", ...texts]);
});

test("bounds hold for texts that are put off", () => {
	const texts = (count: number, length: number): [string, string][] =>
		Array.from({ length: count }, () => ["n".repeat(length), "v".repeat(length)]);
	const passes = (metadata: [string, string][]) => () =>
		reader.read(IDL.encode(idlsOf(types), [{ key: "k", metadata }, 7]));
	expect(passes(texts(33, 50))).not.toThrow();
	expect(passes(texts(34, 1))).toThrow(Malformed);
	expect(passes(texts(20, 134))).not.toThrow();
	expect(passes(texts(20, 135))).toThrow(Malformed);
});
