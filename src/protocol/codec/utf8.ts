/**
 * UTF-8 for texts of at most a few kilobytes: by functions that the host gives, or in JavaScript. Azle's TextEncoder
 * and TextDecoder are JavaScript too (@sinonjs/text-encoding), with a stream and a queue of code points behind them; in
 * QuickJS every bytecode counts (about 100 instructions), so ASCII, which nearly every key is, has a path of its own.
 */

/** What a host has for texts of up to `maxBytes` bytes that is faster than JavaScript. */
export interface NativeUtf8 {
	readonly maxBytes: number;
	/** The text; undefined where the bytes, of which there are some, are not UTF-8. */
	decode(bytes: Uint8Array): string | undefined;
	/** Whether these bytes, of which there are some, are UTF-8. */
	check(bytes: Uint8Array): boolean;
	/** The bytes; undefined where they are too many, or the text has half a surrogate pair. */
	encode(text: string): Uint8Array | undefined;
}
let native: NativeUtf8 | undefined;
/** Apart, since a property costs four times what a variable does. */
let nativeBytes = -1;

/** From now on texts are read and written by these functions. */
export function useNativeUtf8(functions: NativeUtf8): void {
	native = functions;
	nativeBytes = functions.maxBytes;
}

/**
 * Texts that were encoded lately. A key is needed as bytes five times in a put; here it costs 4,000 instructions,
 * natively 15,000, in JavaScript 1,900 a character.
 */
const known = new Map<string, Uint8Array>();
const MAX_KNOWN = 2_048;
const MAX_KNOWN_UNITS = 1_024;

/** The last of them: a key is asked for several times in a row, and found here without a look. */
let lastText = "";
let lastBytes: Uint8Array = new Uint8Array(0);

/** Half a surrogate pair becomes U+FFFD, as in TextEncoder. Nobody may write to the result: others have it too. */
export function encodeUtf8(text: string): Uint8Array {
	if (text === lastText) return lastBytes;
	let bytes = known.get(text);
	if (bytes === undefined) {
		bytes = native?.encode(text) ?? encode(text);
		if (text.length > MAX_KNOWN_UNITS) return bytes;
		if (known.size >= MAX_KNOWN) known.clear();
		known.set(text, bytes);
	}
	lastText = text;
	lastBytes = bytes;
	return bytes;
}

function encode(text: string): Uint8Array {
	const length = text.length;
	const bytes = new Uint8Array(length);
	for (let i = 0; i < length; i++) {
		const code = text.charCodeAt(i);
		if (code > 0x7f) return encodeWide(text);
		bytes[i] = code;
	}
	return bytes;
}

/** One UTF-16 unit is at most 3 bytes; a pair of them is 4. */
function encodeWide(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length * 3);
	let at = 0;
	for (const character of text) {
		let code = character.codePointAt(0)!;
		if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
		if (code < 0x80) {
			bytes[at++] = code;
			continue;
		}
		if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
		else {
			if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12);
			else {
				bytes[at++] = 0xf0 | (code >> 18);
				bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
			}
			bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
		}
		bytes[at++] = 0x80 | (code & 0x3f);
	}
	return bytes.slice(0, at);
}

/** Engines limit the arguments of a call; QuickJS to 65,534. */
const MAX_ARGUMENTS = 4_096;

/** The text of these bytes; undefined where they are not UTF-8. */
export function parseUtf8(bytes: Uint8Array): string | undefined {
	if (bytes.length <= nativeBytes) return bytes.length === 0 ? "" : native!.decode(bytes);
	// The bytes become a text, and are looked at, inside the engine: 300 instructions a byte instead of 1,800.
	const latin = fromUnits(bytes);
	// What is not plain is escaped. For 17 characters this takes 2,700 instructions, a regular expression 14,700.
	if (encodeURI(latin).length === latin.length) return latin;
	// The escapes of all bytes, read as UTF-8, strictly: no overlong form, no half of a surrogate pair, nothing past
	// U+10FFFF. Both are the engine's own: in JavaScript it was 1,000 instructions a byte more.
	try {
		return decodeURIComponent(escape(latin));
	} catch {
		return undefined;
	}
}

export function isUtf8(bytes: Uint8Array): boolean {
	if (bytes.length > nativeBytes) return parseUtf8(bytes) !== undefined;
	return bytes.length === 0 || native!.check(bytes);
}

/** Bytes that are UTF-8: what this canister stored itself. */
export function decodeUtf8(bytes: Uint8Array): string {
	const text = parseUtf8(bytes);
	if (text === undefined) throw new Error("a stored text is not UTF-8");
	return text;
}

/** `apply` takes anything with a length and indices; its type says arrays only. */
export function fromUnits(units: Uint8Array | Uint16Array): string {
	if (units.length <= MAX_ARGUMENTS) return String.fromCharCode.apply(null, units as unknown as number[]);
	let text = "";
	for (let at = 0; at < units.length; at += MAX_ARGUMENTS)
		text += fromUnits(units.subarray(at, at + MAX_ARGUMENTS));
	return text;
}
