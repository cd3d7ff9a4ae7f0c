import { EMPTY, FUNC, MAGIC, NULL, OPT, PRINCIPAL, RECORD, SERVICE, VARIANT, VEC } from "./opcodes.js";
import { byte, leb, malformed, spend, take, viewOf } from "./read.js";
import { parseUtf8 } from "./utf8.js";

/** One entry of a message's type table. */
export interface WireType {
	readonly opcode: number;
	/** Ids of the fields or cases, ascending; none in other types. */
	readonly ids: readonly number[];
	/** Types of the fields or cases, or the one within an opt or a vec: opcodes or indices of the table. */
	readonly refs: readonly number[];
}

export interface WireHeader {
	readonly types: readonly WireType[];
	readonly args: readonly number[];
}

const MAX_ID = 2 ** 32 - 1;
/** query, oneway, composite_query. */
const ANNOTATIONS = 3;

/** Reads what stands before the values, and checks all of it, also what nothing refers to. */
export function readHeader(): WireHeader {
	for (const expected of MAGIC) if (byte() !== expected) malformed("it does not begin with DIDL");
	const count = counted();
	const methods: number[] = [];
	const types: WireType[] = [];
	for (let left = count; left > 0; left--) types.push(readType(count, methods));
	for (const type of methods)
		if (types[type]?.opcode !== FUNC) malformed("a method of a service is no function");
	const args = readReferences(count);
	return { types, args };
}

/** A number of parts, each of which costs an effort. */
function counted(): number {
	const count = leb();
	spend(count);
	return count;
}

function readReferences(types: number): number[] {
	const refs: number[] = [];
	for (let left = counted(); left > 0; left--) refs.push(readReference(types));
	return refs;
}

function readReference(types: number): number {
	const ref = signedLeb();
	const exists = ref >= 0 ? ref < types : (ref <= NULL && ref >= EMPTY) || ref === PRINCIPAL;
	return exists ? ref : malformed("it names a type that it does not declare");
}

const NONE: readonly number[] = [];

function readType(types: number, methods: number[]): WireType {
	const opcode = signedLeb();
	if (opcode === RECORD || opcode === VARIANT) {
		const ids: number[] = [];
		const refs: number[] = [];
		let last = -1;
		for (let left = counted(); left > 0; left--) {
			const id = leb();
			if (id <= last || id > MAX_ID) malformed("the fields of a type are not in order");
			last = id;
			ids.push(id);
			refs.push(readReference(types));
		}
		return { opcode, ids, refs };
	}
	if (opcode === OPT || opcode === VEC) return { opcode, ids: NONE, refs: [readReference(types)] };
	if (opcode === FUNC) readFunction(types);
	else if (opcode === SERVICE) readService(types, methods);
	else if (opcode < PRINCIPAL)
		take(leb()); // a type of the future says how long it is
	else malformed("its type table has a type that does not belong there");
	return { opcode, ids: NONE, refs: NONE };
}

/** No method takes references to functions or services: they are checked, to be passed over. */
function readFunction(types: number): void {
	readReferences(types);
	readReferences(types);
	for (let left = counted(); left > 0; left--) {
		const annotation = byte();
		if (annotation < 1 || annotation > ANNOTATIONS) malformed("a function has an unknown annotation");
	}
}

function readService(types: number, methods: number[]): void {
	let last = "";
	for (let left = counted(), isFirst = true; left > 0; left--, isFirst = false) {
		const name = skipText();
		// In the order of their bytes: as code points, not as UTF-16.
		if (!isFirst && !isBefore(last, name)) malformed("the methods of a service are not in order");
		last = name;
		methods.push(readReference(types));
	}
}

function isBefore(a: string, b: string): boolean {
	const left = [...a];
	const right = [...b];
	let same = 0;
	while (same < left.length && left[same] === right[same]) same++;
	return (left[same]?.codePointAt(0) ?? -1) < (right[same]?.codePointAt(0) ?? -1);
}

const TEXT_BYTES_PER_EFFORT = 8;

/** A text that nobody asked for. It must be UTF-8 all the same. */
export function skipText(): string {
	const length = leb();
	spend(1 + Math.ceil(length / TEXT_BYTES_PER_EFFORT));
	return parseUtf8(viewOf(take(length), length)) ?? malformed("a text is not UTF-8");
}

/** A signed LEB128 of a type: an index, or an opcode below zero. */
function signedLeb(): number {
	let value = 0;
	let factor = 1;
	for (let left = 5; left > 0; left--) {
		const next = byte();
		value += (next & 0x7f) * factor;
		factor *= 0x80;
		if (next < 0x80) return next < 0x40 ? value : value - factor;
	}
	return malformed("a type's number is too long");
}
