import { refuse } from "../engine/index.js";

/**
 * A cheap check of a Candid message before any library decodes it: seventeen bytes can claim a vector of 100,000
 * nulls, which cost the decoder 746 M instructions. The check reads the header and walks the values once, jumps
 * over blobs, and refuses what is larger than any request of this protocol could be.
 *
 * Bounds: the largest request is a blob to publish with 32 entries of metadata, 12 types and 110 values.
 */
const MAX_ARGUMENTS = 16;
const MAX_TYPES = 64;
const MAX_FIELDS = 256;
const MAX_VALUES = 1_024;
const MAX_DEPTH = 16;
/** Text in all: TextDecoder is JavaScript in Azle, at hundreds of instructions a byte. A key and metadata fit. */
const MAX_TEXT_BYTES = 16_384;
/** Blobs within arguments, in all: ids and hashes. One argument may itself be a longer blob. */
const MAX_BLOB_BYTES = 1_024;
/** LEB128 of a nat has no end of its own; none of ours needs more than 64 bits. */
const MAX_LEB_BYTES = 10;

const OPT = -18;
const VEC = -19;
const RECORD = -20;
const VARIANT = -21;
const TEXT = -15;
const NAT8 = -5;
const PRINCIPAL = -24;

/** Bytes of primitives of fixed width, by opcode: null, bool, nat8 … nat64, int8 … int64, float32, float64, reserved. */
const FIXED: Record<number, number> = {
	[-1]: 0,
	[-2]: 1,
	[-5]: 1,
	[-6]: 2,
	[-7]: 4,
	[-8]: 8,
	[-9]: 1,
	[-10]: 2,
	[-11]: 4,
	[-12]: 8,
	[-13]: 4,
	[-14]: 8,
	[-16]: 0,
};
const NAT = -3;
const INT = -4;

/** One entry of the type table: an opt or vec of one type, or a record or variant of several. */
interface TypeEntry {
	readonly opcode: number;
	readonly parts: number[];
}

const malformed = (reason: string): never => refuse("malformed", { reason });

/** The one long blob that a message may hold, as an argument of its own: where its length is, and its bytes. */
export interface LongBlob {
	/** Which argument it is, from 0. */
	readonly argument: number;
	readonly lengthAt: number;
	readonly from: number;
	readonly to: number;
}

/**
 * Refuses a message that is no Candid, or that asks for more work than a request of this protocol needs. Says where
 * its long blob is, if it has one.
 */
export function checkMessage(bytes: Uint8Array): LongBlob | undefined {
	return new Walk(bytes).message();
}

class Walk {
	readonly #bytes: Uint8Array;
	#at = 0;
	#types: TypeEntry[] = [];
	#fields = 0;
	#values = 0;
	#text = 0;
	#blobs = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	message(): LongBlob | undefined {
		const [d, i, d2, l] = this.#bytes;
		if (d !== 0x44 || i !== 0x49 || d2 !== 0x44 || l !== 0x4c) malformed("it does not begin with DIDL");
		this.#at = 4;
		const types = this.#leb();
		if (types > MAX_TYPES) malformed(`it declares more than ${MAX_TYPES} types`);
		for (let left = types; left > 0; left--) this.#types.push(this.#typeEntry());
		const args = this.#leb();
		if (args > MAX_ARGUMENTS) malformed(`it has more than ${MAX_ARGUMENTS} arguments`);
		const argTypes = Array.from({ length: args }, () => this.#typeReference());
		let long: LongBlob | undefined;
		argTypes.forEach((type, argument) => {
			if (!this.#isBlob(type)) {
				this.#value(type, 0);
				return;
			}
			const blob = this.#blob(argument);
			if (blob.to - blob.from <= MAX_BLOB_BYTES) return;
			if (long !== undefined) malformed("it holds more than one long blob");
			long = blob;
		});
		if (this.#at !== this.#bytes.length) malformed("bytes are left over after its last value");
		return long;
	}

	#isBlob(type: number): boolean {
		const entry = this.#types[type];
		return entry?.opcode === VEC && entry.parts[0] === NAT8;
	}

	/** Passes over an argument that is a blob. */
	#blob(argument: number): LongBlob {
		const lengthAt = this.#at;
		const length = this.#leb();
		const from = this.#at;
		this.#skip(length);
		return { argument, lengthAt, from, to: this.#at };
	}

	#typeEntry(): TypeEntry {
		const opcode = this.#sleb();
		if (opcode === OPT || opcode === VEC) return { opcode, parts: [this.#typeReference()] };
		if (opcode !== RECORD && opcode !== VARIANT) return malformed("it declares a type that no request has");
		const count = this.#leb();
		this.#fields += count;
		if (this.#fields > MAX_FIELDS) malformed(`its types have more than ${MAX_FIELDS} fields`);
		const parts: number[] = [];
		for (let left = count; left > 0; left--) {
			this.#leb(); // the hash of the field's name
			parts.push(this.#typeReference());
		}
		return { opcode, parts };
	}

	#typeReference(): number {
		return this.#sleb();
	}

	#value(type: number, depth: number): void {
		this.#spend(1);
		if (type >= 0)
			this.#constructed(
				this.#types[type] ?? malformed("it names a type that it does not declare"),
				depth + 1,
			);
		else if (FIXED[type] !== undefined) this.#skip(FIXED[type]);
		else if (type === TEXT) this.#skipText();
		else if (type === NAT || type === INT) this.#leb();
		else if (type === PRINCIPAL) this.#principal();
		else malformed("it holds a value that no request has");
	}

	#constructed({ opcode, parts }: TypeEntry, depth: number): void {
		if (depth > MAX_DEPTH) malformed(`its values are nested more than ${MAX_DEPTH} deep`);
		if (opcode === RECORD) for (const part of parts) this.#value(part, depth);
		else if (opcode === VARIANT)
			this.#value(parts[this.#leb()] ?? malformed("a variant has no such case"), depth);
		else if (opcode === OPT) {
			if (this.#byte() !== 0) this.#value(parts[0]!, depth);
		} else this.#vector(parts[0]!, depth);
	}

	#vector(element: number, depth: number): void {
		const length = this.#leb();
		if (element === NAT8) {
			this.#blobs += length;
			if (this.#blobs > MAX_BLOB_BYTES)
				malformed(`it holds more than ${MAX_BLOB_BYTES} bytes of ids and hashes`);
			this.#skip(length);
			return;
		}
		// Before the loop: an element of no bytes costs its sender nothing, and the decoder all the same.
		this.#spend(length);
		for (let left = length; left > 0; left--) this.#value(element, depth);
	}

	#skipText(): void {
		const length = this.#leb();
		this.#text += length;
		if (this.#text > MAX_TEXT_BYTES) malformed(`it holds more than ${MAX_TEXT_BYTES} bytes of text`);
		this.#skip(length);
	}

	#principal(): void {
		if (this.#byte() !== 1) malformed("a principal is not given by its bytes");
		const length = this.#leb();
		if (length > 29) malformed("a principal is longer than 29 bytes");
		this.#skip(length);
	}

	#spend(values: number): void {
		this.#values += values;
		if (this.#values > MAX_VALUES) malformed(`it holds more than ${MAX_VALUES} values`);
	}

	#byte(): number {
		const byte = this.#bytes[this.#at++];
		return byte ?? malformed("it ends too early");
	}

	#skip(length: number): void {
		this.#at += length;
		if (this.#at > this.#bytes.length) malformed("it ends too early");
	}

	/** An unsigned LEB128, as a number: past 2^53 only its size matters, and no bound here is near that. */
	#leb(): number {
		let value = 0;
		let factor = 1;
		for (let left = MAX_LEB_BYTES; left > 0; left--) {
			const byte = this.#byte();
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) return value;
			factor *= 128;
		}
		return malformed("a number is longer than 64 bits");
	}

	/** A signed LEB128 of a type: an index, or an opcode below zero, which always has one byte. */
	#sleb(): number {
		const byte = this.#bytes[this.#at] ?? 0;
		if (byte >= 0x40 && byte < 0x80) {
			this.#at++;
			return byte - 0x80;
		}
		return this.#leb();
	}
}
