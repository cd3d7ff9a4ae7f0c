/**
 * UTF-8 for texts of at most a few kilobytes. Azle's TextEncoder and TextDecoder are JavaScript too
 * (@sinonjs/text-encoding), with a stream and a queue of code points behind them; in QuickJS every bytecode
 * counts (about 100 instructions), so ASCII, which nearly every key is, has a path of its own.
 */

/** Half a surrogate pair becomes U+FFFD, as in TextEncoder. */
export function encodeUtf8(text: string): Uint8Array {
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

const NOT_ASCII = /[\x80-\xff]/;
/** Engines limit the arguments of a call; QuickJS to 65,534. */
const MAX_ARGUMENTS = 4_096;

/** Bytes that are UTF-8: what this canister stored, so that nothing is checked. */
export function decodeUtf8(bytes: Uint8Array): string {
	let latin = "";
	// The bytes become a text, and are looked at, inside the engine: no bytecode a byte.
	for (let at = 0; at < bytes.length; at += MAX_ARGUMENTS)
		latin += fromUnits(bytes.length <= MAX_ARGUMENTS ? bytes : bytes.subarray(at, at + MAX_ARGUMENTS));
	// For 17 characters this takes 2,900 instructions (it escapes what is not plain), the expression 12,500.
	if (encodeURI(latin).length === latin.length) return latin;
	return NOT_ASCII.test(latin) ? decodeWide(bytes) : latin;
}

/** `apply` takes anything with a length and indices; its type says arrays only. */
const fromUnits = (units: Uint8Array): string =>
	String.fromCharCode.apply(null, units as unknown as number[]);

function decodeWide(bytes: Uint8Array): string {
	let text = "";
	for (let at = 0; at < bytes.length; ) {
		const first = bytes[at++]!;
		if (first < 0x80) {
			text += String.fromCharCode(first);
			continue;
		}
		const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
		let code = first & (0x3f >> more);
		for (let i = 0; i < more; i++) code = (code << 6) | (bytes[at++]! & 0x3f);
		text += String.fromCodePoint(code);
	}
	return text;
}
