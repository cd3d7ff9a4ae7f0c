export function concat(...parts: readonly Uint8Array[]): Uint8Array {
	const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		out.set(part, at);
		at += part.length;
	}
	return out;
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** A text may begin with U+FEFF, which is no byte order mark in a key. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
export const text = (bytes: Uint8Array): string => decoder.decode(bytes);

export const hex = (bytes: Uint8Array): string =>
	Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const fromHex = (digits: string): Uint8Array =>
	Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
		Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
	);

/** Compares bytewise; a proper prefix comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const difference = (a[i] as number) - (b[i] as number);
		if (difference !== 0) return difference;
	}
	return a.length - b.length;
}

/** Unsigned LEB128, shortest form, as the interface specification encodes naturals. */
export function lebEncode(value: bigint): Uint8Array {
	if (value < 0n) throw new RangeError("a natural number is not negative");
	const out: number[] = [];
	let rest = value;
	do {
		const low = Number(rest & 0x7fn);
		rest >>= 7n;
		out.push(rest === 0n ? low : low | 0x80);
	} while (rest !== 0n);
	return Uint8Array.from(out);
}

/** Length of the longest LEB128 of 64 bits. */
const MAX_LEB_BYTES = 10;

/** Decodes an unsigned LEB128 of up to 64 bits; undefined if the bytes are invalid or have a rest. */
export function lebDecode(bytes: Uint8Array): bigint | undefined {
	const last = bytes.length - 1;
	if (bytes.length === 0 || bytes.length > MAX_LEB_BYTES) return undefined;
	let value = 0n;
	for (let i = last; i >= 0; i--) {
		const byte = bytes[i] as number;
		if (byte >= 0x80 !== i < last) return undefined;
		value = (value << 7n) | BigInt(byte & 0x7f);
	}
	return value < 2n ** 64n ? value : undefined;
}
