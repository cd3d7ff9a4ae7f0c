import { fromUnits } from "../../../protocol/codec/utf8.js";
import { SHA256_BYTES, type WireManifest } from "../../../protocol/index.js";
import type { Hashing, Midstate } from "../../host/hashing.js";
import type { HttpHashes } from "./hashes.js";
import { isRanged, modifiedOf, notModifiedHead, tagBytes, wholeHead } from "./headers.js";

/** Whether a blob of at most one chunk has three answers alone: the whole, 304, and 405, which is the same for all. */
export const isPlain = ({ metadata, expires_at, size, content_type }: WireManifest): boolean =>
	metadata.length === 0 && expires_at.length === 0 && !isRanged(size, content_type);

const PAIR = 2 * SHA256_BYTES;
const NO_BYTES = new Uint8Array(0);
const LABELED = Uint8Array.from("\x13ic-hashtree-labeled", (character) => character.charCodeAt(0));
/** What the digest of a labelled leaf without a value is the SHA-256 of: tag, label, the leaf's digest. */
export const RECORD = LABELED.length + PAIR;

/** Records without their labels, side by side, and room for as many digests behind them. */
export function emptyRecords(hashing: Hashing, count: number): Uint8Array {
	const records = new Uint8Array(count * (RECORD + SHA256_BYTES));
	const leaf = hashing.leaf(NO_BYTES);
	for (let at = 0; at < count * RECORD; at += RECORD) {
		records.set(LABELED, at);
		records.set(leaf, at + LABELED.length + SHA256_BYTES);
	}
	return records;
}
/** Where in a record its label is. */
export const LABEL_AT = LABELED.length;

// The room in which all hashes of a blob are made, one after the other: header maps' hashes and bodies' of two answers,
// three records, their digests, and those in order.
const RECORDS = 2 * PAIR;
const DIGESTS = RECORDS + 3 * RECORD;
const ORDERED = DIGESTS + 3 * SHA256_BYTES;
const FIRST = RECORDS + LABEL_AT;
const SECOND = FIRST + RECORD;
const THIRD = SECOND + RECORD;

/**
 * The own answers of most small blobs, in a third of what it takes to make them one by one. By the order of header maps
 * the tag, by which those of a type and second differ, comes last: all before it is hashed once.
 */
export class PlainAnswers {
	readonly #hashing: Hashing;
	readonly #http: HttpHashes;
	readonly #room: Uint8Array;
	/** Name and value of the tag, as they end each header map. */
	readonly #tag: Uint8Array;
	readonly #notModified: Midstate;
	readonly #path: readonly Uint8Array[];
	#type: string | undefined;
	#at: bigint | undefined;
	#modified = "";
	/** Of the whole, what comes before its date, by type; and the date and what is behind it up to the tag. */
	#typed: Midstate | undefined;
	#dated = new Uint8Array(0);
	#whole: Midstate | undefined;

	/** @param refusal the hash of the answer that all have */
	constructor(hashing: Hashing, http: HttpHashes, manifest: WireManifest, refusal: Uint8Array) {
		this.#hashing = hashing;
		this.#http = http;
		const room = new Uint8Array(ORDERED + 3 * SHA256_BYTES);
		room.set(http.nothing, PAIR + SHA256_BYTES);
		room.set(emptyRecords(hashing, 3).subarray(0, 3 * RECORD), RECORDS);
		room.set(refusal, THIRD);
		hashing.hashMany(room, 3, RECORDS, RECORD, RECORD, DIGESTS, SHA256_BYTES);
		this.#room = room;
		const map = http.headerMap(notModifiedHead(manifest, http.rules));
		this.#tag = map.slice(map.length - PAIR);
		this.#notModified = hashing.midstate(map.subarray(0, map.length - PAIR));
		this.#path = [http.own, NO_BYTES];
	}

	/** Digest of the node of the expression, of a blob whose bytes have this hash. */
	digest(manifest: WireManifest, body: Uint8Array): Uint8Array {
		const hashing = this.#hashing;
		const room = this.#room;
		const tag = this.#tag;
		const { content_type, created_at } = manifest;
		if (content_type !== this.#type) this.#begin(manifest);
		if (created_at !== this.#at) this.#date(manifest);
		hashing.sha256Into(tagBytes(manifest.root), tag, SHA256_BYTES);
		hashing.finishInto(this.#whole!, tag, room, 0);
		hashing.finishInto(this.#notModified, tag, room, PAIR);
		room.set(body, SHA256_BYTES);
		hashing.hashMany(room, 2, 0, PAIR, PAIR, FIRST, RECORD);
		hashing.hashMany(room, 2, RECORDS, RECORD, RECORD, DIGESTS, SHA256_BYTES);
		return hashing.labeledForks(this.#path, room, this.#order(room), SHA256_BYTES, 3);
	}

	/** By the names' digests the last three headers are date, expression and tag. */
	#begin(manifest: WireManifest): void {
		const map = this.#http.headerMap(wholeHead(manifest, this.#http.rules));
		const at = map.length - 3 * PAIR;
		this.#typed = this.#hashing.midstate(map.subarray(0, at));
		this.#dated = map.slice(at, at + 2 * PAIR);
		this.#whole = this.#hashing.midstate(this.#dated, this.#typed);
		this.#type = manifest.content_type;
		this.#at = manifest.created_at;
		this.#modified = modifiedOf(manifest);
	}

	#date(manifest: WireManifest): void {
		const modified = modifiedOf(manifest);
		this.#at = manifest.created_at;
		if (modified === this.#modified) return;
		this.#modified = modified;
		this.#http.hashInto(modified, this.#dated, SHA256_BYTES);
		this.#whole = this.#hashing.midstate(this.#dated, this.#typed);
	}

	/** Where the digests are in the order of their labels, which differ in their first bytes nearly always. */
	#order(room: Uint8Array): number {
		const first = room[FIRST]!;
		const second = room[SECOND]!;
		const third = room[THIRD]!;
		if (first < second && second < third) return DIGESTS;
		const isSame = first === second || first === third || second === third;
		const [a, b, c] = isSame ? byAll(room) : byFirst(first, second, third);
		room.copyWithin(ORDERED, a, a + SHA256_BYTES);
		room.copyWithin(ORDERED + SHA256_BYTES, b, b + SHA256_BYTES);
		room.copyWithin(ORDERED + 2 * SHA256_BYTES, c, c + SHA256_BYTES);
		return ORDERED;
	}
}

type Three = readonly [number, number, number];
const [D0, D1, D2] = [DIGESTS, DIGESTS + SHA256_BYTES, DIGESTS + 2 * SHA256_BYTES];
const [ACB, BAC, BCA, CAB, CBA]: readonly Three[] = [
	[D0, D2, D1],
	[D1, D0, D2],
	[D1, D2, D0],
	[D2, D0, D1],
	[D2, D1, D0],
] as const;

/** By three first bytes that differ, and are not in order already. */
function byFirst(first: number, second: number, third: number): Three {
	if (first < second) return first < third ? ACB! : CAB!;
	if (first < third) return BAC!;
	return second < third ? BCA! : CBA!;
}

function byAll(room: Uint8Array): Three {
	const labels = [FIRST, SECOND, THIRD].map((at, i) => ({
		text: fromUnits(room.subarray(at, at + SHA256_BYTES)),
		digest: DIGESTS + i * SHA256_BYTES,
	}));
	labels.sort((a, b) => (a.text < b.text ? -1 : 1));
	return labels.map(({ digest }) => digest) as unknown as Three;
}
