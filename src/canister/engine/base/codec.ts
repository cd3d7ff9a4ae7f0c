import { decodeUtf8, encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import type { WireVersion } from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";

/**
 * Fixed binary records, big-endian. Whole numbers are JavaScript numbers below 2^53: a bigint costs QuickJS a
 * heap object for each operation, and no size, sequence number or millisecond reaches that bound.
 */
const HIGH = 0x1_0000_0000;

export class Writer {
	#bytes = new Uint8Array(512);
	#view = new DataView(this.#bytes.buffer);
	#length = 0;

	#room(bytes: number): number {
		const at = this.#length;
		this.#length += bytes;
		if (this.#length > this.#bytes.length) {
			const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
			grown.set(this.#bytes);
			this.#bytes = grown;
			this.#view = new DataView(grown.buffer);
		}
		return at;
	}

	u8(value: number): this {
		const at = this.#room(1);
		this.#bytes[at] = value;
		return this;
	}

	u32(value: number): this {
		const at = this.#room(4);
		this.#view.setUint32(at, value);
		return this;
	}

	u64(value: number): this {
		const at = this.#room(8);
		this.#view.setUint32(at, value / HIGH);
		this.#view.setUint32(at + 4, value);
		return this;
	}

	raw(bytes: Uint8Array): this {
		const at = this.#room(bytes.length);
		this.#bytes.set(bytes, at);
		return this;
	}

	/** Bytes with their length before them. */
	bytes(bytes: Uint8Array): this {
		return this.u32(bytes.length).raw(bytes);
	}

	text(text: string): this {
		return this.bytes(encodeUtf8(text));
	}

	done(): Uint8Array {
		return this.#bytes.subarray(0, this.#length);
	}
}

export class Reader {
	readonly #bytes: Uint8Array;
	#at = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	u8(): number {
		return this.raw(1)[0]!;
	}

	u32(): number {
		this.#at += 4;
		return getU32(this.#bytes, this.#at - 4);
	}

	u64(): number {
		this.#at += 8;
		return getU64(this.#bytes, this.#at - 8);
	}

	raw(length: number): Uint8Array {
		this.#at += length;
		// A record is written whole or not at all: one that ends early is damage, and nobody may work on with it.
		if (this.#at > this.#bytes.length) throw new Error("a stable record ends before its last field");
		return this.#bytes.subarray(this.#at - length, this.#at);
	}

	bytes(): Uint8Array {
		return this.raw(this.u32());
	}

	/** All that is left. */
	rest(): Uint8Array {
		return this.#bytes.subarray(this.#at);
	}

	text(): string {
		return decodeUtf8(this.bytes());
	}
}

/** A record of a version that this code does not know was written by a later one. */
export function knownVersion(record: string, version: number, newest: number): number {
	if (version < 1 || version > newest)
		throw new Error(
			`a stored record (${record}) is of version ${version}, and this code knows up to ${newest}: ` +
				"install the release of canister-blobs that wrote it, or a later one",
		);
	return version;
}

const number = new Uint8Array(8);
const numberView = new DataView(number.buffer);

export function putU32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}

export function getU32(bytes: Uint8Array, at: number): number {
	return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Over eight bytes of its own: a third of what byte by byte would cost. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
	numberView.setUint32(0, value / HIGH);
	numberView.setUint32(4, value);
	bytes.set(number, at);
}

export function getU64(bytes: Uint8Array, at: number): number {
	return getU32(bytes, at) * HIGH + getU32(bytes, at + 4);
}

/** A number as the eight bytes of a map's key: big-endian, so that keys stand in the order of numbers. */
export function u64Key(value: number): Uint8Array {
	numberView.setUint32(0, value / HIGH);
	numberView.setUint32(4, value);
	return new Uint8Array(number);
}

export const readU64 = (view: DataView, at: number): number =>
	view.getUint32(at) * HIGH + view.getUint32(at + 4);

export function writeU64(view: DataView, at: number, value: number): void {
	view.setUint32(at, value / HIGH);
	view.setUint32(at + 4, value);
}

/** Numbers side by side, eight bytes each. */
export function u64s(values: readonly number[]): Uint8Array {
	const record = new Uint8Array(values.length * 8);
	const view = new DataView(record.buffer);
	for (let i = 0; i < values.length; i++) if (values[i] !== 0) writeU64(view, i * 8, values[i]!);
	return record;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
	let length = 0;
	for (let i = 0; i < parts.length; i++) length += parts[i]!.length;
	const whole = new Uint8Array(length);
	for (let i = 0, at = 0; i < parts.length; i++) {
		whole.set(parts[i]!, at);
		at += parts[i]!.length;
	}
	return whole;
}

/** A change's name in a record: two numbers. */
export const versionRecord = ({ sequence, canister_version }: WireVersion): Uint8Array =>
	u64s([Number(sequence), Number(canister_version)]);

export const readVersion = (record: Uint8Array): WireVersion => ({
	sequence: BigInt(getU64(record, 0)),
	canister_version: BigInt(getU64(record, 8)),
});

/** The last time that was asked for, which all of a message have. */
let lastMs = 0;
let lastNanoseconds = 0n;

/** A time as it travels. */
export function nanoseconds(ms: number): bigint {
	if (ms !== lastMs) {
		lastNanoseconds = BigInt(ms) * 1_000_000n;
		lastMs = ms;
	}
	return lastNanoseconds;
}

/** The millisecond that a time is in. */
export const millisecondOf = (time: bigint): number => Number(time / 1_000_000n);

/** The last principal that was asked for, by the very array: nearly always the caller. */
let lastPrincipal = Principal.anonymous();

export function principalOf(bytes: Uint8Array): Principal {
	if (lastPrincipal.toUint8Array() !== bytes) lastPrincipal = Principal.fromUint8Array(bytes);
	return lastPrincipal;
}

/** The two digits of each byte. */
export const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The same as they lie in memory. */
export const DIGITS = new Uint16Array(encodeUtf8(HEX.join("")).slice().buffer);

/** Put together as bytes: text by text it takes twice as long. */
export function toHex(bytes: Uint8Array): string {
	const { length } = bytes;
	const digits = new Uint16Array(length);
	for (let i = 0; i < length; i++) digits[i] = DIGITS[bytes[i]!]!;
	return fromUnits(new Uint8Array(digits.buffer));
}

export function fromHex(hex: string): Uint8Array {
	return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
		Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
	);
}
