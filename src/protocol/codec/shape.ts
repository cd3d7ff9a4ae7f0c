import * as opcodes from "./opcodes.js";
import * as read from "./read.js";
import { encodeUtf8 } from "./utf8.js";
import * as write from "./write.js";

/** What a Candid type is: enough to write its type table, to read and to write its values. */
export interface Shape {
	readonly opcode: number;
	/** Two types with the same name are the same type to Candid. */
	readonly name: string;
	/** Fields or cases in the order of their ids, or the one type within an opt or a vec; none in a built-in type. */
	readonly parts: readonly Part[];
	/** What a value becomes in JavaScript where that is not what the opcode says. */
	readonly form?: "bytes" | "tuple";
	/** Most elements, or bytes of a blob or text, that a request may bring. */
	readonly max: number;
	/** Values in one value, those of vectors not counted. */
	readonly size: number;
	readonly read: read.Read;
	readonly write: write.Write;
}

export interface Part {
	/** What Candid has instead of the name. */
	readonly id: number;
	readonly name: string;
	readonly shape: Shape;
}

/** A Candid type, with the TypeScript of what its values decode to. */
export interface CandidType<T> extends Shape {
	/** For the compiler only: nothing has it. */
	readonly valueType?: T;
}

const primitive = (name: string, opcode: number, reads: read.Read, writes: write.Write): Shape => ({
	opcode,
	name,
	parts: [],
	max: Infinity,
	size: 1,
	read: reads,
	write: writes,
});

export const nullShape = primitive("null", opcodes.NULL, read.readNull, write.writeNull);
export const boolShape = primitive("bool", opcodes.BOOL, read.readBool, write.writeBool);
export const nat8Shape = primitive("nat8", opcodes.NAT8, read.readNat8, write.writeNat8);
export const nat16Shape = primitive("nat16", opcodes.NAT16, read.readNat16, write.writeNat16);
export const nat32Shape = primitive("nat32", opcodes.NAT32, read.readNat32, write.writeNat32);
export const nat64Shape = primitive("nat64", opcodes.NAT64, read.readNat64, write.writeNat64);
export const principalShape = primitive(
	"principal",
	opcodes.PRINCIPAL,
	read.readPrincipal,
	write.writePrincipal,
);
export const textShape = (max: number): Shape => ({
	...primitive("text", opcodes.TEXT, read.textReader(max), write.writeText),
	max,
});

export const bytesShape = (max: number): Shape => ({
	opcode: opcodes.VEC,
	name: "vec nat8",
	parts: [{ id: 0, name: "", shape: nat8Shape }],
	form: "bytes",
	max,
	size: 1,
	read: read.bytesReader(max),
	write: write.writeBytes,
});

export const vecShape = (of: Shape, max: number): Shape => ({
	opcode: opcodes.VEC,
	name: `vec ${of.name}`,
	parts: [{ id: 0, name: "", shape: of }],
	max,
	size: 1,
	read: read.vecReader(of.read, max, of.size, textsIn(of)),
	write: write.vecWriter(of.write),
});

export const optShape = (of: Shape): Shape => ({
	opcode: opcodes.OPT,
	name: `opt ${of.name}`,
	parts: [{ id: 0, name: "", shape: of }],
	max: Infinity,
	size: 1 + of.size,
	read: read.optReader(of.read),
	write: write.optWriter(of.write),
});

export function recordShape(fields: Record<string, Shape>): Shape {
	const parts = partsOf(fields);
	return {
		opcode: opcodes.RECORD,
		name: `record {${spell(parts)}}`,
		parts,
		max: Infinity,
		size: parts.reduce((size, { shape }) => size + shape.size, 1),
		read: read.recordReader(namesOf(parts), readsOf(parts)),
		write: write.recordWriter(parts.map(({ name, shape }) => ({ name, write: shape.write }))),
	};
}

export function tupleShape(of: readonly Shape[]): Shape {
	const parts = of.map((shape, id): Part => ({ id, name: `${id}`, shape }));
	return {
		opcode: opcodes.RECORD,
		name: `record {${spell(parts.map((part) => ({ ...part, name: `_${part.id}_` })))}}`,
		parts,
		form: "tuple",
		max: Infinity,
		size: parts.reduce((size, { shape }) => size + shape.size, 1),
		read: read.tupleReader(namesOf(parts), readsOf(parts)),
		write: write.recordWriter(parts.map(({ name, shape }) => ({ name, write: shape.write }))),
	};
}

export function variantShape(cases: Record<string, Shape>): Shape {
	const parts = partsOf(cases);
	return {
		opcode: opcodes.VARIANT,
		name: `variant {${spell(parts)}}`,
		parts,
		max: Infinity,
		size: parts.reduce((size, { shape }) => Math.max(size, 1 + shape.size), 1),
		read: read.variantReader(namesOf(parts), readsOf(parts)),
		write: write.variantWriter(parts.map(({ name, shape }) => ({ name, write: shape.write }))),
	};
}

/** How many texts a value is made of, if of nothing else; else 0. */
function textsIn({ opcode, parts }: Shape): number {
	if (opcode === opcodes.TEXT) return 1;
	const isOfTexts = opcode === opcodes.RECORD && parts.every(({ shape }) => shape.opcode === opcodes.TEXT);
	return isOfTexts ? parts.length : 0;
}

const namesOf = (parts: readonly Part[]) => parts.map(({ name }) => name);
const readsOf = (parts: readonly Part[]) => parts.map(({ shape }) => shape.read);

const partsOf = (named: Record<string, Shape>): Part[] =>
	Object.keys(named)
		.map((name): Part => ({ id: fieldId(name), name, shape: named[name]! }))
		.sort((a, b) => a.id - b.id);

const spell = (parts: readonly Part[]) => parts.map(({ name, shape }) => `${name}:${shape.name}`).join("; ");

/** The hash that stands for a name (specification, "Symbolic Field Ids"); `_5_` is how one writes the number 5. */
export function fieldId(name: string): number {
	if (/^_\d+_$/.test(name)) {
		const id = Number(name.slice(1, -1));
		if (id < 2 ** 32) return id;
	}
	let hash = 0;
	for (const byte of encodeUtf8(name)) hash = (Math.imul(hash, 223) + byte) >>> 0;
	return hash;
}
