import { Principal } from "../principal.js";
import { isUtf8, parseUtf8 } from "./utf8.js";

/**
 * Reading Candid values straight into JavaScript, by functions that are put together once from the expected type.
 *
 * Where the reader stands is in variables of this module, not in an object: reading a property costs QuickJS 480
 * instructions, a variable 120, and each value takes several. Nothing awaits and no reader calls another message's,
 * so that there is one message at a time. Bytes are views into it, never copies.
 */

/**
 * What is thrown where the bytes are not Candid of the expected type, or ask for more work than a value of it could.
 * No Error: making one takes QuickJS 80,000 to 130,000 instructions, for a trace that nobody reads.
 */
export class Malformed {
	readonly reason: string;

	constructor(reason: string) {
		this.reason = reason;
	}
}

/**
 * Thrown where a request says something that this version does not know: dropped in silence, it would be taken for
 * another request than its sender made.
 */
export class Unsupported {
	readonly what: string;

	constructor(what: string) {
		this.what = what;
	}
}

export type Read = () => unknown;

/** What reading one message may cost. */
export interface Bounds {
	/** Bytes of text: 45 instructions each, and up to 140 where they are not ASCII. */
	readonly text: number;
	/** How many texts are read as they come, if they are short: 12,000 each. */
	readonly texts: number;
	/** Whether long ones are, too. */
	readonly longTexts: boolean;
	/** Whether vectors of texts alone are read, and not passed over. */
	readonly listsOfTexts: boolean;
	/** Values in vectors of the expected type, fields of their elements counted. */
	readonly values: number;
	/** Work on types, and on fields and values that nobody expected, in thousands of instructions. */
	readonly effort: number;
	/**
	 * Whether unknown fields, cases and arguments are refused unless they are null. A request must be understood whole;
	 * of a reply and of a stored record a reader takes what it knows.
	 */
	readonly isStrict: boolean;
}

/** Values that we wrote ourselves. */
export const UNBOUNDED: Bounds = {
	text: Infinity,
	texts: Infinity,
	longTexts: true,
	listsOfTexts: true,
	values: Infinity,
	effort: Infinity,
	isStrict: false,
};
/** The same, but for long texts and vectors of texts, which are left empty. */
export const WITHOUT_LISTS: Bounds = { ...UNBOUNDED, longTexts: false, listsOfTexts: false };

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_VIEW: DataView = new DataView(NO_BYTES.buffer);

/** The message. */
export let bytes = NO_BYTES;
export let view = NO_VIEW;
/** Its memory, and where in that it begins: as properties they would cost as much as the views that are made by them. */
let memory = NO_BYTES.buffer;
let start = 0;
let at = 0;
let end = 0;
let textLeft = 0;
let textsLeft = 0;
let readsLong = false;
let readsLists = true;
/** Whether there was a text that was not read: one is dear, and not worth it before all else was found right. */
export let isPutOff = false;
let valuesLeft = 0;
let effortLeft = 0;
export let isStrict = false;

export function open(message: Uint8Array, bounds: Bounds): void {
	bytes = message;
	memory = message.buffer;
	start = message.byteOffset;
	view = new DataView(memory, start, message.length);
	at = 0;
	end = message.length;
	allow(bounds);
}

function allow(bounds: Bounds): void {
	textLeft = bounds.text;
	textsLeft = bounds.texts;
	readsLong = bounds.longTexts;
	readsLists = bounds.listsOfTexts;
	isPutOff = false;
	valuesLeft = bounds.values;
	effortLeft = bounds.effort;
	isStrict = bounds.isStrict;
}

/** Back to where values were read from that were found within bounds: now all texts are read. */
export function again(from: number): void {
	at = from;
	allow(UNBOUNDED);
}

/** Lets go of the message, which may have 2 MiB. */
export function close(): void {
	bytes = NO_BYTES;
	memory = NO_BYTES.buffer;
	view = NO_VIEW;
}

export const position = (): number => at;
export const seek = (to: number): void => {
	at = to;
};

export function malformed(reason: string): never {
	throw new Malformed(reason);
}
const endsEarly = (): never => malformed("it ends too early");

export function expectEnd(): void {
	if (at !== end) malformed("bytes are left over after its last value");
}

export function spend(effort: number): void {
	effortLeft -= effort;
	if (effortLeft < 0) tooMuch();
}

/** Refuses before a loop what the loop would be refused for. */
export function expectEffort(effort: number): void {
	if (effortLeft < effort) tooMuch();
}
const tooMuch = () => malformed("it holds more than a request of this protocol needs");

export function byte(): number {
	if (at >= end) endsEarly();
	return bytes[at++]!;
}

/** Passes over `length` bytes; where they begin. */
export function take(length: number): number {
	const from = at;
	at += length;
	if (at > end) endsEarly();
	return from;
}

export const viewOf = (from: number, length: number): Uint8Array =>
	new Uint8Array(memory, start + from, length);

const MAX_LEB_BYTES = 10;

/** An unsigned LEB128, in a form as long as one likes up to 10 bytes. Past 2^53 only that it is large matters. */
export function leb(): number {
	// Past the end there is undefined, which is not less.
	let value = bytes[at++]!;
	if (value < 0x80) return value;
	value &= 0x7f;
	let factor = 0x80;
	for (let left = MAX_LEB_BYTES - 1; left > 0; left--) {
		const next = byte();
		value += (next & 0x7f) * factor;
		if (next < 0x80) return value;
		factor *= 0x80;
	}
	return malformed("a number is longer than 64 bits");
}

/** What a value turns out to be where it is none of the expected type. An expected opt makes it absent. */
const MISMATCH = new Malformed("it is not what this method takes");
export const mismatch = (): never => {
	throw MISMATCH;
};
/** Whether an error says that a message is Candid, and of types that its reader cannot use. */
export const isMismatch = (error: unknown): boolean => error === MISMATCH;
/** The same of a part that a later version may have made of another type, or a case that it added. */
const ANOTHER_TYPE = new Unsupported("a value of a type that it does not know");
const UNKNOWN_CASE = new Unsupported("a case that it does not know");
export const unknownCase = (): never => {
	throw isStrict ? UNKNOWN_CASE : MISMATCH;
};
export const noValue = (): never => malformed("it holds a value of the type that has none");

export const readNull = (): null => null;

export function readBool(): boolean {
	const value = byte();
	if (value > 1) malformed("a bool is neither true nor false");
	return value === 1;
}

export const readNat8 = byte;

export function readNat16(): number {
	at += 2;
	if (at > end) endsEarly();
	return view.getUint16(at - 2, true);
}

export function readNat32(): number {
	at += 4;
	if (at > end) endsEarly();
	return view.getUint32(at - 4, true);
}

export function readNat64(): bigint {
	at += 8;
	if (at > end) endsEarly();
	return view.getBigUint64(at - 8, true);
}

/** A longer text is dear to read; to look whether it is UTF-8 takes a tenth of that. */
const LONG = 64;
const tooMuchText = () => malformed("its texts are longer than a request of this protocol needs");
const notUtf8 = (): never => malformed("a text is not UTF-8");

/** A text of at most `max` bytes. */
export function textReader(max: number): Read {
	return () => {
		// Here and for bytes nearly always one byte: to call `leb` for it takes three times as much.
		let length = bytes[at]!;
		if (length < 0x80) at++;
		else length = leb();
		if (length === 0) return "";
		if (length > max) malformed(`a text has more than ${max} bytes`);
		textLeft -= length;
		if (textLeft < 0) tooMuchText();
		at += length;
		if (at > end) endsEarly();
		const isLong = length > LONG && !readsLong;
		if (isLong || --textsLeft < 0) {
			if (isLong && !isUtf8(viewOf(at - length, length))) notUtf8();
			isPutOff = true;
			return "";
		}
		return parseUtf8(new Uint8Array(memory, start + at - length, length)) ?? notUtf8();
	};
}

export function bytesReader(max: number): Read {
	return () => {
		let length = bytes[at]!;
		if (length < 0x80) at++;
		else length = leb();
		if (length > max) malformed(`a blob has more than ${max} bytes`);
		at += length;
		if (at > end) endsEarly();
		return new Uint8Array(memory, start + at - length, length);
	};
}

export const MAX_PRINCIPAL_BYTES = 29;

export function readPrincipal(): Principal {
	if (byte() !== 1) malformed("a principal is not given by its bytes");
	const length = leb();
	if (length > MAX_PRINCIPAL_BYTES) malformed(`a principal has more than ${MAX_PRINCIPAL_BYTES} bytes`);
	return Principal.fromUint8Array(viewOf(take(length), length));
}

/** Shared, as are cases without content: nobody changes what was read, and each saves an allocation. */
const ABSENT: readonly [] = Object.freeze([]);
export const readAbsent: Read = () => ABSENT;

const neither = (): never => malformed("an opt is neither there nor absent");

function isPresent(): boolean {
	const tag = byte();
	if (tag > 1) neither();
	return tag === 1;
}

export const optReader =
	(read: Read): Read =>
	() => {
		// Not by `isPresent` and `byte`: two calls more for each of what every blob leaves out.
		if (at >= end) endsEarly();
		const tag = bytes[at++]!;
		if (tag === 0) return ABSENT;
		return tag === 1 ? [read()] : neither();
	};

/** An opt of another type: absent where its content is not of the expected type, and passed over by `skip`. */
export function foreignOptReader(read: Read, skip: Read): Read {
	const readContent = readOrAbsent(read, skip);
	return () => (isPresent() ? readContent() : ABSENT);
}

/** A value where an opt is expected: the opt's content, or absent where it is not of the expected type. */
export function readOrAbsent(read: Read, skip: Read): Read {
	return () => {
		const from = at;
		try {
			return [read()];
		} catch (error) {
			if (error !== MISMATCH) throw error;
			if (isStrict) throw ANOTHER_TYPE;
			at = from;
			skip();
			return ABSENT;
		}
	};
}

/**
 * A vec of at most `max` elements, each of which counts as `weight` values, and, where it is made of texts alone, is
 * `texts` of them.
 */
export function vecReader(read: Read, max: number, weight: number, texts = 0): Read {
	return () => {
		const length = leb();
		if (length > max) malformed(`a vec has more than ${max} elements`);
		// Before the loop: an element of no bytes costs its sender nothing, and the reader all the same.
		valuesLeft -= length * weight;
		if (valuesLeft < 0) malformed("its vecs are longer than a request of this protocol needs");
		const values: unknown[] = [];
		if (texts > 0 && (!readsLists || textsLeft < length * texts)) putOff(length * texts);
		else for (let i = 0; i < length; i++) values[i] = read();
		return values;
	};
}

/** Passes over texts that are put off: a quarter of what it takes to come upon them one by one. */
function putOff(texts: number): void {
	isPutOff = true;
	for (let left = texts; left > 0; left--) {
		const length = leb();
		textLeft -= length;
		at += length;
	}
	if (textLeft < 0) tooMuchText();
	if (at > end) endsEarly();
}

/**
 * Names of fields or cases in the order of the message, undefined where one is not expected. Lists side by side: an
 * object for each would double what planning takes.
 */
export type Names = readonly (string | undefined)[];

export function recordReader(names: Names, reads: readonly Read[]): Read {
	const count = reads.length;
	if (names.every((name): name is string => name !== undefined))
		return () => {
			const value: Record<string, unknown> = {};
			for (let i = 0; i < count; i++) value[names[i]!] = reads[i]!();
			return value;
		};
	return () => {
		const value: Record<string, unknown> = {};
		for (let i = 0; i < count; i++) {
			const part = reads[i]!();
			const name = names[i];
			if (name !== undefined) value[name] = part;
		}
		return value;
	};
}

/** A record whose fields are numbered from 0 is an array: their names are its indices. */
export const tupleReader =
	(names: Names, reads: readonly Read[]): Read =>
	() => {
		const values: unknown[] = [];
		for (let i = 0; i < reads.length; i++) {
			const part = reads[i]!();
			const name = names[i];
			// A text serves as an index, too.
			if (name !== undefined) values[name as unknown as number] = part;
		}
		return values;
	};

/** One of the cases in the order of the message. */
export function variantReader(names: Names, reads: readonly Read[]): Read {
	const constants: (object | undefined)[] = [];
	for (let i = 0; i < reads.length; i++)
		constants[i] = reads[i] === readNull ? Object.freeze({ [names[i]!]: null }) : undefined;
	return () => {
		const index = leb();
		const constant = constants[index];
		if (constant !== undefined) return constant;
		const read = reads[index] ?? malformed("a variant has no such case");
		const name = names[index];
		return name === undefined ? read() : { [name]: read() };
	};
}
