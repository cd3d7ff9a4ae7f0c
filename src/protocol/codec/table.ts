import { EMPTY, FUNC, MAGIC, OPT, PRINCIPAL, RECORD, SERVICE, VARIANT, VEC } from "./opcodes.js";
import { byte, bytes, leb, malformed, position, seek, spend, take, view, viewOf } from "./read.js";
import { isUtf8 } from "./utf8.js";

/** A message's type table, as lists side by side: an object for each entry would cost as much as reading it. */
export interface WireTypes {
	readonly opcodes: number[];
	/** Of an opt or a vec: the type within it, an opcode or an index of the table. */
	readonly of: number[];
	/** Of a record or variant: the ids of its fields or cases, ascending. */
	readonly ids: (readonly number[])[];
	/** And their types. */
	readonly refs: (readonly number[])[];
}

export interface WireHeader {
	readonly types: WireTypes;
	readonly args: readonly number[];
}

const MAX_ID = 2 ** 32 - 1;
const MAX_TYPE_BYTES = 5;
/** Of four bytes, as a number of 32 bits with a sign: larger ones are floating-point to QuickJS, and slow. */
const HIGH_BITS = 0x80808080 | 0;
const OPT_BYTE = 0x80 + OPT;
const VEC_BYTE = 0x80 + VEC;
/** In thousands of instructions. */
const EFFORT = { type: 7, record: 26, field: 13, reference: 8, method: 20, textByte: 2 } as const;
/** query, oneway, composite_query. */
const ANNOTATIONS = 3;

/** Reads what stands before the values, and checks all of it, also what nothing refers to. */
export function readHeader(): WireHeader {
	for (const expected of MAGIC) if (byte() !== expected) malformed("it does not begin with DIDL");
	const count = counted(EFFORT.type);
	const opcodes: number[] = [];
	const of: number[] = [];
	const types: WireTypes = { opcodes, of, ids: [], refs: [] };
	const methods: number[] = [];
	const source = bytes;
	let at = position();
	for (let i = 0; i < count; i++) {
		const first = source[at]!;
		const second = source[at + 1]!;
		// The usual opt or vec, of one byte each: 7,000 instructions without a call, 15,000 with.
		if ((first === OPT_BYTE || first === VEC_BYTE) && second < 0x80) {
			const ref = second < 0x40 ? second : second - 0x80;
			if (ref >= count || ref < EMPTY) known(ref, count);
			opcodes[i] = first - 0x80;
			of[i] = ref;
			at += 2;
			continue;
		}
		seek(at);
		readType(types, i, count, methods);
		at = position();
	}
	seek(at);
	for (let i = 0; i < methods.length; i++)
		if (opcodes[methods[i]!] !== FUNC) malformed("a method of a service is no function");
	return { types, args: readReferences(count) };
}

/** A number of parts, each of which costs an effort. */
function counted(effort: number): number {
	const count = leb();
	spend(count * effort);
	return count;
}

function readReferences(table: number): number[] {
	const count = counted(EFFORT.reference);
	const source = bytes;
	const refs: number[] = [];
	let at = position();
	for (let i = 0; i < count; i++) {
		const first = source[at]!;
		const ref = first < 0x40 ? first : first - 0x80;
		if (first < 0x80 && ref < table && ref >= EMPTY) {
			refs[i] = ref;
			at++;
			continue;
		}
		seek(at);
		refs[i] = readReference(table);
		at = position();
	}
	seek(at);
	return refs;
}

const readReference = (table: number): number => known(signedLeb(), table);

/** A type that there is: built in, or in the table. */
function known(ref: number, table: number): number {
	if (ref >= table || (ref < EMPTY && ref !== PRINCIPAL))
		malformed("it names a type that it does not declare");
	return ref;
}

function readType(types: WireTypes, index: number, table: number, methods: number[]): void {
	const opcode = signedLeb();
	types.opcodes[index] = opcode;
	if (opcode === OPT || opcode === VEC) types.of[index] = readReference(table);
	else if (opcode === RECORD || opcode === VARIANT) readFields(types, index, table);
	else if (opcode === FUNC) readFunction(table);
	else if (opcode === SERVICE) readService(table, methods);
	else if (opcode < PRINCIPAL)
		take(leb()); // a type of the future says how long it is
	else malformed("its type table has a type that does not belong there");
}

/**
 * The fields of a record or the cases of a variant: the most of any header, so written out, 13,000 instructions a
 * field instead of 25,000.
 */
function readFields(types: WireTypes, index: number, table: number): void {
	spend(EFFORT.record);
	const count = counted(EFFORT.field);
	const source = bytes;
	const words = view;
	const lastWord = source.length - 4;
	const ids: number[] = [];
	const refs: number[] = [];
	let at = position();
	let last = -1;
	for (let i = 0; i < count; i++) {
		let id = source[at]!;
		const word = id >= 0x80 && at <= lastWord ? words.getInt32(at, true) : 0;
		if (id < 0x80) {
			// A number in place of a name.
			at++;
		} else if ((word & HIGH_BITS) === HIGH_BITS && source[at + 4]! < 0x10) {
			// The hash of a name nearly always has five bytes.
			id =
				((word & 0x7f) | ((word >> 1) & 0x3f80) | ((word >> 2) & 0x1f_c000) | ((word >> 3) & 0xfe0_0000)) +
				source[at + 4]! * 0x1000_0000;
			at += 5;
		} else {
			seek(at);
			id = leb();
			at = position();
			if (id > MAX_ID) malformed("the id of a field is longer than 32 bits");
		}
		if (id <= last) malformed("the fields of a type are not in order");
		last = id;
		ids[i] = id;
		const first = source[at]!;
		const ref = first < 0x40 ? first : first - 0x80;
		if (first < 0x80 && ref < table && ref >= EMPTY) {
			refs[i] = ref;
			at++;
			continue;
		}
		seek(at);
		refs[i] = readReference(table);
		at = position();
	}
	seek(at);
	types.ids[index] = ids;
	types.refs[index] = refs;
}

/** No method takes references to functions or services: they are checked, to be passed over. */
function readFunction(types: number): void {
	readReferences(types);
	readReferences(types);
	for (let left = counted(EFFORT.reference); left > 0; left--) {
		const annotation = byte();
		if (annotation < 1 || annotation > ANNOTATIONS) malformed("a function has an unknown annotation");
	}
}

function readService(table: number, methods: number[]): void {
	for (let left = counted(EFFORT.method); left > 0; left--) {
		skipText();
		methods.push(readReference(table));
	}
}

/** A text that nobody asked for. It must be UTF-8 all the same. */
export function skipText(): void {
	const length = leb();
	spend(length * EFFORT.textByte);
	if (!isUtf8(viewOf(take(length), length))) malformed("a text is not UTF-8");
}

/** A signed LEB128 of a type: an index, or an opcode below zero, nearly always of one byte. */
function signedLeb(): number {
	let next = byte();
	if (next < 0x40) return next;
	if (next < 0x80) return next - 0x80;
	let value = next & 0x7f;
	let factor = 0x80;
	for (let left = MAX_TYPE_BYTES - 1; left > 0; left--) {
		next = byte();
		value += (next & 0x7f) * factor;
		factor *= 0x80;
		if (next < 0x80) return next < 0x40 ? value : value - factor;
	}
	return malformed("a type's number is too long");
}
