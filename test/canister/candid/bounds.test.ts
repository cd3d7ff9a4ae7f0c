import { describe, expect, test } from "vitest";
import * as c from "../../../src/protocol/candid.js";
import { headerOf } from "../../../src/protocol/codec/header.js";
import { boundsOf } from "../../../src/protocol/codec/message.js";
import {
	ArgumentsReader,
	type CandidType,
	encodeValue,
	Malformed,
	type Shape,
} from "../../../src/protocol/index.js";
import { hex } from "./support.js";

/** The last that passes and the first that does not. */

function passes<T>(type: CandidType<T>, value: T): boolean {
	const message = Buffer.concat([headerOf([type]), encodeValue(type, value)]);
	return accepts([type], new Uint8Array(message));
}

const accepts = (shapes: Shape[], message: Uint8Array): boolean =>
	outcome(() => new ArgumentsReader(shapes).read(message));

function outcome(read: () => unknown): boolean {
	try {
		read();
		return true;
	} catch (error) {
		if (!(error instanceof Malformed)) throw error;
		return false;
	}
}

describe("stated maxima", () => {
	test("of a text, in bytes", () => {
		expect(passes(c.textOf(6), "ééé")).toBe(true);
		expect(passes(c.textOf(6), "éééa")).toBe(false);
	});
	test("of a blob", () => {
		expect(passes(c.bytesOf(16), new Uint8Array(16))).toBe(true);
		expect(passes(c.bytesOf(16), new Uint8Array(17))).toBe(false);
	});
	test("of a vec", () => {
		expect(passes(c.vec(c.nat32, 1_000), Array(1_000).fill(1))).toBe(true);
		expect(passes(c.vec(c.nat32, 1_000), Array(1_001).fill(1))).toBe(false);
	});
	test("of texts in a vec, together", () => {
		const keys = c.vec(c.textOf(1_024), 1_000);
		expect(passes(keys, Array(1_000).fill("k".repeat(1_024)))).toBe(true);
	});
	test("of a vec within a vec do not multiply", () => {
		const inner = c.vec(c.nothing, 100);
		const outer = c.vec(inner, 100);
		expect(passes(outer, Array(100).fill([null, null]))).toBe(true);
		expect(passes(outer, Array(100).fill(Array(100).fill(null)))).toBe(false);
	});
});

describe("where the type states none", () => {
	test("5,376 bytes of text in all", () => {
		expect(passes(c.vec(c.text), ["a".repeat(5_000), "b".repeat(376)])).toBe(true);
		expect(passes(c.vec(c.text), ["a".repeat(5_000), "b".repeat(377)])).toBe(false);
	});
	test("100 values in vecs in all", () => {
		expect(passes(c.vec(c.nothing), Array(100).fill(null))).toBe(true);
		expect(passes(c.vec(c.nothing), Array(101).fill(null))).toBe(false);
		const pairs = c.vec(c.pair(c.text, c.text));
		expect(passes(pairs, Array(33).fill(["", ""]))).toBe(true);
		expect(passes(pairs, Array(34).fill(["", ""]))).toBe(false);
	});
	test("a blob may have any length", () => {
		expect(passes(c.bytes, new Uint8Array(2_080_768))).toBe(true);
	});
});

describe("what nobody asked for", () => {
	const nothing: Shape[] = [];
	// A type takes 7 of 720, the one argument 8 and its value, an absent opt, 8.
	const types = (count: number) => hex(`4449444c ${count.toString(16)} {${count}*6e7f} 01 00 00`);
	/** As a reply is read: a request with anything unknown in it is refused before that is passed over. */
	const passesOver = (message: Uint8Array) => {
		const reader = new ArgumentsReader([], { ...boundsOf([]), isStrict: false });
		return outcome(() => reader.read(message));
	};
	test("100 types", () => {
		expect(accepts(nothing, types(100))).toBe(true);
		expect(accepts(nothing, types(101))).toBe(false);
	});
	test("values 24 deep", () => {
		const deep = (depth: number) => hex(`4449444c 01 6e00 01 00 {${depth}*01} 00`);
		expect(passesOver(deep(24))).toBe(true);
		expect(passesOver(deep(25))).toBe(false);
	});
	test("a number of 64 bytes", () => {
		expect(passesOver(hex("4449444c 00 01 7d {63*ff} 00"))).toBe(true);
		expect(passesOver(hex("4449444c 00 01 7d {64*ff} 00"))).toBe(false);
	});
});
