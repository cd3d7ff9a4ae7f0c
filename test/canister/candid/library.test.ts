import { IDL } from "@dfinity/candid";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as builders from "../../../src/protocol/candid.js";
import { headerOf } from "../../../src/protocol/codec/header.js";
import { UNBOUNDED } from "../../../src/protocol/codec/read.js";
import {
	ArgumentsReader,
	decodeValue,
	Encoded,
	encodeValue,
	Malformed,
	METHODS,
	ReplyWriter,
} from "../../../src/protocol/index.js";
import { idlOf, idlsOf } from "../../support/idl.js";
import { runs } from "../../support/long.js";
import { anyType, build, isOptional, plain, sample, type Type, valuesOf } from "./support.js";

/** Reader and writer against @dfinity/candid. */

const { bytes } = builders;
const { opt, vec, record, variant } = build;

const headerByLibrary = (types: IDL.Type[], values: unknown[]) => {
	const message = IDL.encode(types, values);
	const length = types.reduce((sum, type, i) => sum + type.encodeValue(values[i]).length, 0);
	return message.slice(0, message.length - length);
};
const reader = (types: readonly Type[]) => new ArgumentsReader(types, UNBOUNDED);
const attempt = (act: () => unknown) => {
	try {
		return { value: plain(act()) };
	} catch (error) {
		return { error };
	}
};

describe("the headers of", () => {
	for (const [name, { args, result }] of Object.entries(METHODS))
		test(name, () => {
			const [values] = fc.sample(fc.tuple(...idlsOf(args).map(valuesOf)), 1);
			expect(headerOf(args)).toEqual(headerByLibrary(idlsOf(args), values!));
			const sample = { err: { code: "", message: "", action: "", details: [], item: [] } };
			expect(headerOf([result])).toEqual(headerByLibrary([idlOf(result)], [sample]));
		});
});

describe("for random types and values", () => {
	const samples = fc.array(sample(2), { maxLength: 3 });

	test("what is written is what the library writes", () => {
		fc.assert(
			fc.property(sample(3), ({ type, value }) => {
				expect([...new ReplyWriter(type).write(value)]).toEqual([...IDL.encode([idlOf(type)], [value])]);
				expect([...encodeValue(type, value as never)]).toEqual([...idlOf(type).encodeValue(value)]);
				expect(plain(decodeValue(type, encodeValue(type, value as never)))).toEqual(plain(value));
			}),
			runs(300, 3_000),
		);
	});

	test("what the library writes is read back", () => {
		fc.assert(
			fc.property(samples, (all) => {
				const types = all.map(({ type }) => type);
				const message = IDL.encode(
					idlsOf(types),
					all.map(({ value }) => value),
				);
				expect(plain(reader(types).read(message))).toEqual(plain(all.map(({ value }) => value)));
			}),
			runs(300, 3_000),
		);
	});

	test("a message of other types is read as the library reads it", () => {
		// No blobs are expected: the library takes the bytes of any vec for one. Nor records with a null in an opt: where
		// that field is missing it is null to us, and the whole record nothing to the library.
		const isAlike = (name: string) => !name.includes("vec nat8") && !/opt record .*null/.test(name);
		const other = anyType(2).filter(({ name }) => isAlike(name));
		let read = 0;
		fc.assert(
			fc.property(samples, fc.array(other, { maxLength: 3 }), (all, expected) => {
				const message = IDL.encode(
					all.map(({ type }) => idlOf(type)),
					all.map(({ value }) => value),
				);
				const ours = attempt(() => reader(expected).read(message));
				if ("error" in ours) expect(ours.error).toBeInstanceOf(Malformed);
				else read++;
				const theirs = attempt(() => IDL.decode(idlsOf(expected), message));
				if (!("error" in theirs)) expect(ours).toEqual(theirs);
			}),
			runs(1_000, 10_000),
		);
		expect(read).toBeGreaterThan(150);
	});

	test("a message of a changed type is read as the library reads it", () => {
		// A record with fields taken away, added and made optional: what a method of another version sends.
		const fields = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), sample(1)), {
			selector: ([name]) => name,
		});
		fc.assert(
			fc.property(fields, fields, (sent, kept) => {
				const type = IDL.Record(Object.fromEntries(sent.map(([name, { type }]) => [name, idlOf(type)])));
				const value = Object.fromEntries(sent.map(([name, { value }]) => [name, value]));
				const known = new Map(sent);
				const expected = record(
					Object.fromEntries(
						kept.map(([name, other]) => {
							const { type } = known.get(name) ?? other;
							return [name, isOptional(type) ? type : opt(type)];
						}),
					),
				);
				const message = IDL.encode([type], [value]);
				const theirs = attempt(() => IDL.decode([idlOf(expected)], message));
				if (!("error" in theirs)) expect(attempt(() => reader([expected]).read(message))).toEqual(theirs);
			}),
			runs(600, 6_000),
		);
	});
});

test("a value that is encoded already is written as it is, wherever it stands", () => {
	fc.assert(
		fc.property(sample(2), ({ type, value }) => {
			if (type.parts.length === 0 || type.form === "bytes") return;
			const encoded = new Encoded(encodeValue(type, value as never));
			const outer = record({ list: vec(type), one: opt(type), case: variant({ ok: type }) });
			const whole = { list: [value, value], one: [value], case: { ok: value } };
			const parts = { list: [encoded, value], one: [encoded], case: { ok: encoded } };
			const writer = new ReplyWriter(outer);
			expect([...writer.write(parts)]).toEqual([...IDL.encode([idlOf(outer)], [whole])]);
		}),
	);
});

test("a long reply and a short one after it are both right", () => {
	const writer = new ReplyWriter(bytes);
	for (const length of [0, 10, 127, 128, 4_080, 4_081, 5_000, 2_080_768, 3]) {
		const value = new Uint8Array(length).fill(length);
		expect(Buffer.compare(writer.write(value), IDL.encode([idlOf(bytes)], [value]))).toBe(0);
	}
});
