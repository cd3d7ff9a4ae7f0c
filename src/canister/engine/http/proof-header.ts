import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { concat } from "../codec.js";

/** The header IC-Certificate: certificate, witness and path in Base64. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Two characters for each 12 bits, side by side in memory: half as many steps. */
const PAIRS = new Uint16Array(4_096);
const PAIR_BYTES = new Uint8Array(PAIRS.buffer);
for (let i = 0; i < 4_096; i++) {
	PAIR_BYTES[2 * i] = ALPHABET.charCodeAt(i >> 6);
	PAIR_BYTES[2 * i + 1] = ALPHABET.charCodeAt(i & 63);
}
const PAD = 0x3d;

/** In Base64, in ASCII. */
export function base64(bytes: Uint8Array): Uint8Array {
	const { length } = bytes;
	const groups = Math.ceil(length / 3);
	const pairs = new Uint16Array(2 * groups);
	for (let at = 0, to = 0; at < length; at += 3) {
		// Past the end there is undefined, which is 0 to these operators.
		const middle = bytes[at + 1]!;
		pairs[to++] = PAIRS[(bytes[at]! << 4) | (middle >> 4)]!;
		pairs[to++] = PAIRS[((middle & 15) << 8) | bytes[at + 2]!]!;
	}
	const text = new Uint8Array(pairs.buffer);
	const missing = groups * 3 - length;
	if (missing > 0) text.fill(PAD, text.length - missing);
	return text;
}

const CERTIFICATE = encodeUtf8("certificate=:").slice();
const TREE = encodeUtf8(":, tree=:").slice();
const PATH = encodeUtf8(":, expr_path=:").slice();
const END = encodeUtf8(":, version=2").slice();

/** The header's value in ASCII, for the path of these labels. */
export const proofHeader = (
	certificate: Uint8Array,
	witness: Uint8Array,
	path: readonly Uint8Array[],
): Uint8Array =>
	concat(CERTIFICATE, base64(certificate), TREE, base64(witness), PATH, base64(texts(path)), END);

/** An array of texts in CBOR, each shorter than 64 KiB. */
function texts(labels: readonly Uint8Array[]): Uint8Array {
	const parts: Uint8Array[] = [SELF_DESCRIBING, Uint8Array.of(...head(4, labels.length))];
	for (const label of labels) parts.push(Uint8Array.of(...head(3, label.length)), label);
	return concat(...parts);
}

const SELF_DESCRIBING = Uint8Array.of(0xd9, 0xd9, 0xf7);

function head(type: number, length: number): number[] {
	if (length < 24) return [(type << 5) | length];
	if (length < 0x100) return [(type << 5) | 24, length];
	return [(type << 5) | 25, length >> 8, length & 0xff];
}
