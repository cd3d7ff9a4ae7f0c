import { encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";
import { chunkLength, type WireManifest } from "../../protocol/index.js";
import type { Hashing } from "../hashing.js";
import { DIGITS } from "./codec.js";

/**
 * The HTTP answers that a public blob has, and their hashes as HTTP certification has them (HTTP gateway protocol
 * specification, "Response Hash Calculation"). A blob of at most one chunk has one answer, 200; a longer one has an
 * answer 206 for each of its chunks. Requests are not certified: the path alone says which blob is meant.
 */

/** Headers of every answer that are the same for all. Uploads of strangers must not run as pages of this origin. */
const FIXED_HEADERS: readonly (readonly [string, string])[] = [
	["accept-ranges", "bytes"],
	["cache-control", "no-cache"],
	["content-security-policy", "sandbox"],
	["x-content-type-options", "nosniff"],
];
/** What the answers for parts of a blob depend on: nothing that copies of it with the same type do not share. */
export type Represented = Pick<WireManifest, "content_type" | "root" | "size" | "chunk_size">;

const TYPE = "content-type";
const TAG = "etag";
const RANGE = "content-range";
const NAMES = [...FIXED_HEADERS.map(([name]) => name), TYPE, TAG, RANGE].sort();

/** The header IC-CertificateExpression of every answer. */
export const EXPRESSION =
	"default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{}," +
	"response_certification:ResponseCertification{certified_response_headers:ResponseHeaderList{headers:[" +
	`${NAMES.map((name) => `"${name}"`).join(",")}]}}}})`;

/** The answer's headers that are certified beside the expression; with the index of a chunk, those of its 206. */
export function certifiedHeaders(manifest: WireManifest, index?: number): [string, string][] {
	const headers: [string, string][] = FIXED_HEADERS.map(([name, value]) => [name, value]);
	headers.push([TYPE, manifest.content_type], [TAG, tagOf(manifest.root)]);
	if (index !== undefined) headers.push([RANGE, rangeOf(manifest, index)]);
	return headers;
}

/** 8 bytes of the root tell a key's versions apart for caches, and cost a quarter of 32 to write as text. */
const TAG_BYTES = 8;

/** Between quotation marks, the first at an odd place, so that pairs of digits are at even ones. */
const tagRoom = encodeUtf8(` "${"0".repeat(2 * TAG_BYTES)}"`).slice();
const tagDigits = new Uint16Array(tagRoom.buffer, 2, TAG_BYTES);
const tag = tagRoom.subarray(1);

/** The tag in UTF-8, valid until the next call: made as a text first it takes many times the instructions. */
function tagBytes(root: Uint8Array): Uint8Array {
	for (let i = 0; i < TAG_BYTES; i++) tagDigits[i] = DIGITS[root[i]!]!;
	return tag;
}

const tagOf = (root: Uint8Array): string => fromUnits(tagBytes(root));

function rangeOf({ size, chunk_size }: Represented, index: number): string {
	const from = BigInt(index) * BigInt(chunk_size);
	const to = from + BigInt(chunkLength(size, chunk_size, index)) - 1n;
	return `bytes ${from}-${to}/${size}`;
}

const DIGEST = 32;
const PAIR = 2 * DIGEST;

/** The representation-independent hash of a header map, but for the values that differ from blob to blob. */
interface Template {
	/** Digests of names and values side by side, in the order of the names' digests. */
	readonly pairs: Uint8Array;
	/** Where the digests of these headers' values go. */
	readonly typeAt: number;
	readonly tagAt: number;
	readonly rangeAt: number;
}

/** Hashes of answers. What is the same for all is hashed once, when it is first needed. */
export class HttpHashes {
	readonly #hashing: Hashing;
	#expressionHash: Uint8Array | undefined;
	#whole: Template | undefined;
	#part: Template | undefined;
	/** A header map's hash and a body's, side by side, written anew for each answer. */
	readonly #both = new Uint8Array(PAIR);
	#lastType: { readonly type: string; readonly hash: Uint8Array } | undefined;

	constructor(hashing: Hashing) {
		this.#hashing = hashing;
	}

	/** The label of the expression. */
	get expressionHash(): Uint8Array {
		this.#expressionHash ??= this.#hashOf(EXPRESSION);
		return this.#expressionHash;
	}

	/** Of the answer 200 with a body that has this hash. */
	whole(manifest: WireManifest, bodyHash: Uint8Array): Uint8Array {
		this.#whole ??= this.#template(200, false);
		const pairs = this.#filled(this.#whole, manifest);
		this.#hashing.sha256Into(pairs, this.#both, 0);
		this.#both.set(bodyHash, DIGEST);
		return this.#hashing.sha256(this.#both);
	}

	/** Of the answers 206 for chunks from `from` on, whose leaves are given, side by side. */
	parts(manifest: Represented, from: number, leaves: Uint8Array): Uint8Array {
		this.#part ??= this.#template(206, true);
		const { rangeAt } = this.#part;
		const pairs = this.#filled(this.#part, manifest);
		const count = leaves.length / DIGEST;
		// A record a chunk: its header map, in whose place the map's hash comes, and its leaf.
		const stride = pairs.length + PAIR;
		const records = new Uint8Array(count * stride);
		for (let i = 0; i < count; i++) {
			records.set(pairs, i * stride);
			records.set(this.#hashOf(rangeOf(manifest, from + i)), i * stride + rangeAt);
			records.set(leaves.subarray(i * DIGEST, (i + 1) * DIGEST), i * stride + pairs.length + DIGEST);
		}
		this.#hashing.hashMany(records, count, 0, stride, pairs.length, pairs.length, stride);
		this.#hashing.hashMany(records, count, pairs.length, stride, PAIR, 0, DIGEST);
		return records.slice(0, count * DIGEST);
	}

	/** The pairs of a blob's header map; in those of a part the range is still to come. */
	#filled({ pairs, typeAt, tagAt }: Template, { content_type, root }: Represented): Uint8Array {
		pairs.set(this.#typeHash(content_type), typeAt);
		this.#hashing.sha256Into(tagBytes(root), pairs, tagAt);
		return pairs;
	}

	#template(status: number, withRange: boolean): Template {
		const pairs: [string, Uint8Array][] = FIXED_HEADERS.map(([name, value]) => [name, this.#hashOf(value)]);
		const open = new Uint8Array(DIGEST);
		pairs.push([TYPE, open], [TAG, open]);
		if (withRange) pairs.push([RANGE, open]);
		pairs.push(["ic-certificateexpression", this.expressionHash]);
		// A status is hashed as a number: LEB128.
		pairs.push([":ic-cert-status", this.#hashing.sha256(Uint8Array.of((status & 0x7f) | 0x80, status >> 7))]);
		const hashed = pairs.map(([name, value]) => ({ name, key: this.#hashOf(name), value }));
		hashed.sort((a, b) => compare(a.key, b.key));
		const bytes = new Uint8Array(hashed.length * PAIR);
		hashed.forEach(({ key, value }, i) => {
			bytes.set(key, i * PAIR);
			bytes.set(value, i * PAIR + DIGEST);
		});
		const valueAt = (wanted: string) => hashed.findIndex(({ name }) => name === wanted) * PAIR + DIGEST;
		return { pairs: bytes, typeAt: valueAt(TYPE), tagAt: valueAt(TAG), rangeAt: valueAt(RANGE) };
	}

	/** Of the type that was asked for last, most times. */
	#typeHash(type: string): Uint8Array {
		if (this.#lastType?.type !== type) this.#lastType = { type, hash: this.#hashOf(type) };
		return this.#lastType.hash;
	}

	#hashOf(text: string): Uint8Array {
		return this.#hashing.sha256(encodeUtf8(text));
	}
}

function compare(a: Uint8Array, b: Uint8Array): number {
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
	return 0;
}
