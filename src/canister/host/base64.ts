/** Base64 (RFC 4648, section 4) from one place of an array to another: natively where the canister has a kernel. */

/** Writes the Base64 of `size` bytes from `bytes[at]` on to `bytes[to]` and on, which has room for it. */
export type WriteBase64 = (bytes: Uint8Array, at: number, size: number, to: number) => void;

let native: WriteBase64 | undefined;

/** From now on this function does it. */
export function useNativeBase64(write: WriteBase64): void {
	native = write;
}

export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3);

export const writeBase64: WriteBase64 = (bytes, at, size, to) =>
	(native ?? inJavaScript)(bytes, at, size, to);

const ALPHABET = Uint8Array.from(
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	(character) => character.charCodeAt(0),
);
const PAD = 0x3d;

/** 2,200 instructions for three bytes in QuickJS. */
const inJavaScript: WriteBase64 = (bytes, at, size, to) => {
	const end = at + size;
	let next = to;
	for (let i = at; i < end; i += 3) {
		const middle = i + 1 < end ? bytes[i + 1]! : 0;
		const last = i + 2 < end ? bytes[i + 2]! : 0;
		bytes[next++] = ALPHABET[bytes[i]! >> 2]!;
		bytes[next++] = ALPHABET[((bytes[i]! & 3) << 4) | (middle >> 4)]!;
		bytes[next++] = i + 1 < end ? ALPHABET[((middle & 15) << 2) | (last >> 6)]! : PAD;
		bytes[next++] = i + 2 < end ? ALPHABET[last & 63]! : PAD;
	}
};
