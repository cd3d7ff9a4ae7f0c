import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { base64Length, writeBase64 } from "../../host/base64.js";
import { concat } from "../base/codec.js";

/** The header IC-Certificate: certificate, witness and path in Base64. */

const CERTIFICATE = encodeUtf8("certificate=:").slice();
const TREE = encodeUtf8(":, tree=:").slice();
const PATH = encodeUtf8(":, expr_path=:").slice();
const END = encodeUtf8(":, version=2").slice();

/** The header's value in ASCII, for the path of these labels. */
export function proofHeader(
	certificate: Uint8Array,
	witness: Uint8Array,
	path: readonly Uint8Array[],
): Uint8Array {
	const parts = [CERTIFICATE, certificate, TREE, witness, PATH, texts(path), END];
	let length = 0;
	let raw = 0;
	for (let i = 0; i < parts.length; i++) {
		const bytes = parts[i]!.length;
		if ((i & 1) === 0) length += bytes;
		else {
			length += base64Length(bytes);
			raw += bytes;
		}
	}
	// What is encoded stands behind the text: both must be in one array.
	const room = new Uint8Array(length + raw);
	let at = 0;
	let rawAt = length;
	for (let i = 0; i < parts.length; i++) {
		const part = parts[i]!;
		if ((i & 1) === 0) {
			room.set(part, at);
			at += part.length;
			continue;
		}
		room.set(part, rawAt);
		writeBase64(room, rawAt, part.length, at);
		at += base64Length(part.length);
		rawAt += part.length;
	}
	return room.subarray(0, length);
}

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
