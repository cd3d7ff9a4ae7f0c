import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import fc from "fast-check";
import * as builders from "../../../src/protocol/candid.js";
import * as opcodes from "../../../src/protocol/codec/opcodes.js";
import type { CandidType } from "../../../src/protocol/index.js";
import { idlOf } from "../../support/idl.js";

/** Random types of the protocol's builders with random values, and both in a form that can be compared. */

export interface Sample {
	readonly type: Type;
	readonly value: unknown;
}

/** A type of values that nobody knows beforehand. */
export type Type = CandidType<never>;

type Kind = (depth: number) => fc.Arbitrary<Type>;

const primitives = [
	builders.nat8,
	builders.nat16,
	builders.nat32,
	builders.nat64,
	builders.bool,
	builders.nothing,
	builders.text,
	builders.bytes,
	builders.principal,
] as Type[];

/** Names that are hashed, and numbers as names; few, so that two records of a pair share some. */
const name = fc.constantFrom("a", "b", "key", "size", "content_type", "_7_", "_0_", "ключ", "☃");
export const build = {
	opt: builders.opt as unknown as (type: Type) => Type,
	vec: builders.vec as unknown as (type: Type) => Type,
	pair: builders.pair as unknown as (a: Type, b: Type) => Type,
	record: builders.record as unknown as (fields: Record<string, Type>) => Type,
	variant: builders.variant as unknown as (cases: Record<string, Type>) => Type,
};

export const isOptional = ({ opcode }: Type) => opcode === opcodes.OPT || opcode === opcodes.NULL;
const isNumber = ({ opcode }: Type) => opcode <= opcodes.NAT8 && opcode >= opcodes.NAT64;

export const anyType: Kind = (depth) => {
	const primitive = fc.constantFrom(...primitives);
	if (depth === 0) return primitive;
	const inner = anyType(depth - 1);
	return fc.oneof(
		{ weight: 3, arbitrary: primitive },
		// No opt of an opt or a null: there the library follows an older specification (coercion.test.ts).
		inner.filter((type) => !isOptional(type)).map(build.opt),
		inner.filter((type) => !isNumber(type)).map(build.vec),
		fc.tuple(inner, inner).map(([a, b]) => build.pair(a, b)),
		fc.dictionary(name, inner, { maxKeys: 5, noNullPrototype: true }).map(build.record),
		fc.dictionary(name, inner, { minKeys: 1, maxKeys: 5, noNullPrototype: true }).map(build.variant),
	);
};

class Values extends IDL.Visitor<null, fc.Arbitrary<unknown>> {
	override visitBool() {
		return fc.boolean();
	}
	override visitNull() {
		return fc.constant(null);
	}
	override visitText() {
		// The library's TextDecoder takes a byte order mark away; a text that begins with one is in coercion.test.ts.
		return fc.string({ unit: "binary", maxLength: 12 }).filter((text) => !text.startsWith("\ufeff"));
	}
	override visitFixedNat(type: IDL.FixedNatClass) {
		return type._bits === 64 ? fc.bigInt(0n, 2n ** 64n - 1n) : fc.nat({ max: 2 ** type._bits - 1 });
	}
	override visitPrincipal() {
		return fc.uint8Array({ maxLength: 29 }).map((bytes) => Principal.fromUint8Array(bytes));
	}
	override visitVec<T>(_: IDL.VecClass<T>, of: IDL.Type<T>) {
		if (of instanceof IDL.FixedNatClass) return fc.uint8Array({ maxLength: 300 });
		return fc.array(valuesOf(of), { maxLength: 4 });
	}
	override visitOpt<T>(_: IDL.OptClass<T>, of: IDL.Type<T>) {
		return fc.array(valuesOf(of), { maxLength: 1 });
	}
	override visitTuple<T extends unknown[]>(_: IDL.TupleClass<T>, parts: IDL.Type[]) {
		return fc.tuple(...parts.map(valuesOf));
	}
	override visitRecord(_: IDL.RecordClass, fields: [string, IDL.Type][]) {
		return fc.record(Object.fromEntries(fields.map(([field, type]) => [field, valuesOf(type)])), {
			noNullPrototype: true,
		});
	}
	override visitVariant(_: IDL.VariantClass, cases: [string, IDL.Type][]) {
		return fc.oneof(...cases.map(([field, type]) => valuesOf(type).map((value) => ({ [field]: value }))));
	}
}
export const valuesOf = (type: IDL.Type): fc.Arbitrary<unknown> => type.accept(new Values(), null);

export const sample = (depth: number): fc.Arbitrary<Sample> =>
	anyType(depth).chain((type) => valuesOf(idlOf(type)).map((value) => ({ type, value })));

/** A value as plain data, whatever order its fields are in and whatever holds its bytes. */
export function plain(value: unknown): unknown {
	if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
	if (Principal.isPrincipal(value)) return { principal: Buffer.from(value.toUint8Array()).toString("hex") };
	if (Array.isArray(value)) return value.map(plain);
	if (typeof value === "object" && value !== null)
		return Object.fromEntries(
			Object.entries(value)
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.map(([field, part]) => [field, plain(part)]),
		);
	return value;
}

/** Bytes from hexadecimal, in which `{3*ab}` stands for `ababab`. */
export const hex = (text: string): Uint8Array =>
	new Uint8Array(
		Buffer.from(
			text
				.replaceAll(" ", "")
				.replace(/\{(\d+)\*([0-9a-f]+)\}/g, (_, times, part) => part.repeat(Number(times))),
			"hex",
		),
	);
