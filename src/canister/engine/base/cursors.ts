import { decodeUtf8, encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { MAX_KEY_BYTES, sameBytes } from "../../../protocol/index.js";
import type { Hashing } from "../../host/hashing.js";
import { concat } from "./codec.js";

/**
 * Where a list goes on that passed over a key which its caller may not read: the key, sealed, so that a page tells the
 * caller nothing of it. A text that no key and no directory is, since it begins with a control character.
 */
const MARK = "\0";
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TAG_BYTES = 16;
const BLOCK_BYTES = 32;

export const isSealed = (after: string): boolean => after.startsWith(MARK);

/** Seals a key for a caller: what it has in common with other keys does not show, and its length in steps of 64 bytes. */
export function seal(hashing: Hashing, secret: Uint8Array, caller: Uint8Array, key: string): string {
	const bytes = encodeUtf8(key);
	const padded = new Uint8Array(Math.ceil((bytes.length + 1) / 64) * 64);
	padded.set(bytes);
	const tag = tagOf(hashing, secret, caller, padded);
	return MARK + toText(concat(tag, masked(hashing, secret, tag, padded)));
}

/** The key that was sealed for this caller; undefined where this is not what `seal` made for it. */
export function unseal(
	hashing: Hashing,
	secret: Uint8Array,
	caller: Uint8Array,
	text: string,
): string | undefined {
	const sealed = fromText(text.slice(MARK.length));
	if (sealed === undefined || sealed.length <= TAG_BYTES || sealed.length > TAG_BYTES + MAX_KEY_BYTES + 64)
		return undefined;
	const tag = sealed.slice(0, TAG_BYTES);
	const padded = masked(hashing, secret, tag, sealed.slice(TAG_BYTES));
	if (!sameBytes(tagOf(hashing, secret, caller, padded), tag)) return undefined;
	let end = padded.length;
	while (end > 0 && padded[end - 1] === 0) end--;
	return decodeUtf8(padded.subarray(0, end));
}

/** Authenticates what is sealed and to whom, and makes each key's mask its own. */
const tagOf = (hashing: Hashing, secret: Uint8Array, caller: Uint8Array, padded: Uint8Array): Uint8Array =>
	hashing.sha256(concat(secret, Uint8Array.of(0, caller.length), caller, padded)).slice(0, TAG_BYTES);

function masked(hashing: Hashing, secret: Uint8Array, tag: Uint8Array, bytes: Uint8Array): Uint8Array {
	const out = bytes.slice();
	for (let from = 0; from < out.length; from += BLOCK_BYTES) {
		const mask = hashing.sha256(concat(secret, Uint8Array.of(1, from / BLOCK_BYTES), tag));
		for (let i = 0; i < BLOCK_BYTES && from + i < out.length; i++) out[from + i]! ^= mask[i]!;
	}
	return out;
}

/** Six bits a character: the bytes of the longest key fit the field that a key has in a request. */
function toText(bytes: Uint8Array): string {
	const units = new Uint8Array(Math.ceil((bytes.length * 8) / 6));
	let held = 0;
	let bits = 0;
	let at = 0;
	for (const byte of bytes) {
		held = ((held << 8) | byte) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6) units[at++] = DIGITS.charCodeAt((held >> (bits - 6)) & 63);
	}
	if (bits > 0) units[at] = DIGITS.charCodeAt((held << (6 - bits)) & 63);
	return fromUnits(units);
}

function fromText(text: string): Uint8Array | undefined {
	const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
	let held = 0;
	let bits = 0;
	let at = 0;
	for (const digit of text) {
		const value = DIGITS.indexOf(digit);
		if (value < 0) return undefined;
		held = ((held << 6) | value) & 0xffff;
		bits += 6;
		if (bits < 8) continue;
		bits -= 8;
		bytes[at++] = held >> bits;
	}
	// Each array of bytes has one text: the bits that are left are zero.
	return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
