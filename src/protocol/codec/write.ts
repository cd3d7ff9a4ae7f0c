import type { WirePrincipal } from "../principal.js";
import { encodeUtf8 } from "./utf8.js";

/**
 * Writing Candid values by functions that are put together once from their type, into one buffer that is used again:
 * byte for byte what @dfinity/candid makes. As in reading, the state is in variables of this module. Making room is
 * written out in each of the functions: a call takes QuickJS as much as all else that they do.
 */

/** A value that is already Candid (its value alone, without a header): written as it is in a value's place. */
export class Encoded {
	readonly bytes: Uint8Array;

	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
	}
}

/** What may be written where a T is expected: any record, variant, vec or opt within it may be encoded already. */
export type Encodable<T> = T extends Uint8Array | WirePrincipal | string | number | bigint | boolean | null
	? T
	: Encoded | { [Key in keyof T]: Encodable<T[Key]> };

export type Write = (value: unknown) => void;

const INITIAL_BYTES = 4_096;
/** A buffer longer than this (a chunk, a page of manifests) is given back. */
const KEPT_BYTES = 65_536;

let buffer = new Uint8Array(INITIAL_BYTES);
let view = new DataView(buffer.buffer);
let capacity = INITIAL_BYTES;
let at = 0;

/**
 * A value after a header, as a view that is valid until the next call. `room`: as many bytes as it may take, where most
 * of them come first: growing behind 2 MiB copies them.
 */
export function writeBehind(header: Uint8Array, write: Write, value: unknown, room = 0): Uint8Array {
	if (capacity > KEPT_BYTES) replace(INITIAL_BYTES);
	if (room > capacity) replace(room);
	at = 0;
	raw(header);
	write(value);
	return buffer.subarray(0, at);
}

/** A value alone, in an array of its own. */
export function writeAlone(write: Write, value: unknown): Uint8Array {
	if (capacity > KEPT_BYTES) replace(INITIAL_BYTES);
	at = 0;
	write(value);
	return buffer.slice(0, at);
}

function replace(length: number): void {
	buffer = new Uint8Array(length);
	view = new DataView(buffer.buffer);
	capacity = length;
}

/** Makes room for what is to be written from `from` up to `at`. */
function grow(from: number): void {
	const old = buffer;
	replace(Math.max(at, capacity * 2));
	buffer.set(old.subarray(0, from));
}

function byte(value: number): void {
	if (++at > capacity) grow(at - 1);
	buffer[at - 1] = value;
}

function raw(bytes: Uint8Array): void {
	const from = at;
	at += bytes.length;
	if (at > capacity) grow(from);
	buffer.set(bytes, from);
}

function leb(value: number): void {
	let left = value;
	for (; left >= 0x80; left = Math.floor(left / 0x80)) byte((left % 0x80) | 0x80);
	byte(left);
}

export const writeNull: Write = () => {};

export const writeBool: Write = (value) => {
	byte(value ? 1 : 0);
};

export const writeNat8 = byte as Write;

export const writeNat16: Write = (value) => {
	const from = at;
	at += 2;
	if (at > capacity) grow(from);
	view.setUint16(from, value as number, true);
};

export const writeNat32: Write = (value) => {
	const from = at;
	at += 4;
	if (at > capacity) grow(from);
	view.setUint32(from, value as number, true);
};

export const writeNat64: Write = (value) => {
	const from = at;
	at += 8;
	if (at > capacity) grow(from);
	view.setBigUint64(from, value as bigint, true);
};

export const writeText: Write = (value) => writeBytes(encodeUtf8(value as string));

export const writeBytes: Write = (value) => {
	const bytes = value as Uint8Array;
	const { length } = bytes;
	if (length >= 0x80) {
		leb(length);
		raw(bytes);
		return;
	}
	const from = at;
	at += 1 + length;
	if (at > capacity) grow(from);
	buffer[from] = length;
	buffer.set(bytes, from + 1);
};

export const writePrincipal: Write = (value) => {
	byte(1);
	writeBytes((value as WirePrincipal).toUint8Array());
};

export const optWriter =
	(write: Write): Write =>
	(value) => {
		if (value instanceof Encoded) return raw(value.bytes);
		const content = value as readonly unknown[];
		byte(content.length);
		if (content.length === 1) write(content[0]);
	};

export const vecWriter =
	(write: Write): Write =>
	(value) => {
		if (value instanceof Encoded) return raw(value.bytes);
		const values = value as readonly unknown[];
		leb(values.length);
		for (let i = 0; i < values.length; i++) write(values[i]);
	};

export interface WriteField {
	readonly name: string;
	readonly write: Write;
}

/** Fields, or the parts of a tuple by their indices, in the order of Candid. */
export function recordWriter(fields: readonly WriteField[]): Write {
	const names = fields.map(({ name }) => name);
	const writes = fields.map(({ write }) => write);
	return (value) => {
		if (value instanceof Encoded) return raw(value.bytes);
		const record = value as Record<string, unknown>;
		for (let i = 0; i < names.length; i++) writes[i]!(record[names[i]!]);
	};
}

export function variantWriter(cases: readonly WriteField[]): Write {
	const names = cases.map(({ name }) => name);
	const writes = cases.map(({ write }) => write);
	return (value) => {
		if (value instanceof Encoded) return raw(value.bytes);
		const variant = value as Record<string, unknown>;
		// Not by `for … in`, which takes 7,000 instructions.
		for (let i = 0; i < names.length; i++) {
			const content = variant[names[i]!];
			if (content === undefined) continue;
			leb(i);
			return writes[i]!(content);
		}
		throw new TypeError("a variant to be written has none of its type's cases");
	};
}
