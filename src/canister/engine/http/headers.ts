import { fromUnits } from "../../../protocol/codec/utf8.js";
import { chunkLength, isInert, validHeaders, type WireManifest } from "../../../protocol/index.js";
import { DIGITS } from "../base/codec.js";

/**
 * The HTTP answers of a store as status and headers. All headers are certified; a gateway passes no others on. Requests
 * are not certified: the path alone says which blob is meant, and any answer of a path is right for any request to it.
 */

/** What an application sets about them. */
export interface HttpRules {
	/** Whether blobs may run as pages of the canister's origin. */
	readonly isSite: boolean;
	/** Which origin may read answers; `*`: any. */
	readonly origin: string | undefined;
	/** Whether ranges that no certified answer has are answered by updates. */
	readonly hasExact: boolean;
}

/** Status and headers of an answer. Names are in lower case, as they are hashed. */
export interface Head {
	readonly status: number;
	readonly headers: readonly Header[];
}
export type Header = readonly [name: string, value: string];

/** The header IC-CertificateExpression of answers of which these headers are certified, and nothing of the request. */
export const expressionOf = (names: readonly string[]): string =>
	"default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{}," +
	"response_certification:ResponseCertification{certified_response_headers:ResponseHeaderList{headers:[" +
	`${names.map((name) => `"${name}"`).join(",")}]}}}})`;

/** All headers that may be certified: those that an answer has not are none that could be added to it. */
export const CERTIFIED = [
	"access-control-allow-origin",
	"access-control-expose-headers",
	"allow",
	"cache-control",
	"content-disposition",
	"content-encoding",
	"content-language",
	"content-range",
	"content-security-policy",
	"content-type",
	"etag",
	"last-modified",
	"retry-after",
	"x-content-type-options",
	"accept-ranges",
] as const;
/**
 * The header IC-CertificateExpression: of answers that a blob has for itself, and of parts that it shares with its
 * copies.
 * The order is such that by their hashes, which are labels of the tree, these come after `manifest`, and in this order.
 */
export const OWN = expressionOf(CERTIFIED);
export const SHARED = expressionOf([
	"content-range",
	"content-security-policy",
	"content-type",
	"etag",
	"x-content-type-options",
	"accept-ranges",
	"access-control-allow-origin",
	"access-control-expose-headers",
	"cache-control",
]);

/** Asked for anew each time, and nothing is sent again where it is the same. */
export const REVALIDATED = "no-cache";

const MEDIA = /^(?:audio|video)\//i;

/** Of the type that was looked at last: the expressions take as long as all else. */
let lastType: string | undefined;
let lastIsInert = false;
let lastIsMedia = false;

function lookAt(type: string): void {
	if (type === lastType) return;
	lastType = type;
	lastIsInert = isInert(type);
	lastIsMedia = MEDIA.test(type);
}

function isSandboxed(type: string): boolean {
	lookAt(type);
	return !lastIsInert;
}
/** From so many bytes on a blob of one chunk can be asked for in ranges: below it they cost more than they spare. */
const RANGED_BYTES = 16_384;

/** Whether ranges of a blob of one chunk are answered. Players ask for them whatever the size. */
export function isRanged(size: bigint | number, type: string): boolean {
	if (size >= RANGED_BYTES) return true;
	lookAt(type);
	return lastIsMedia && size > 0;
}

/** 8 bytes of the root tell a key's versions apart for caches, and cost a quarter of 32 to write as text. */
const TAG_BYTES = 8;

/** Between quotation marks, the first at an odd place, so that pairs of digits are at even ones. */
const tagRoom = new Uint8Array(2 * TAG_BYTES + 3).fill(0x22);
const tagDigits = new Uint16Array(tagRoom.buffer, 2, TAG_BYTES);
const tag = tagRoom.subarray(1);

/** The tag in UTF-8, valid until the next call: made as a text first it takes many times the instructions. */
export function tagBytes(root: Uint8Array): Uint8Array {
	// One by one: a loop takes half as much again.
	tagDigits[0] = DIGITS[root[0]!]!;
	tagDigits[1] = DIGITS[root[1]!]!;
	tagDigits[2] = DIGITS[root[2]!]!;
	tagDigits[3] = DIGITS[root[3]!]!;
	tagDigits[4] = DIGITS[root[4]!]!;
	tagDigits[5] = DIGITS[root[5]!]!;
	tagDigits[6] = DIGITS[root[6]!]!;
	tagDigits[7] = DIGITS[root[7]!]!;
	return tag;
}
export const tagOf = (root: Uint8Array): string => fromUnits(tagBytes(root));

const NANOSECONDS = 1_000_000_000n;
let lastSecond: bigint | undefined;
let lastDate = "";
/** Of many blobs of one message it is the same. */
export function modifiedOf({ created_at }: Pick<WireManifest, "created_at">): string {
	const second = created_at / NANOSECONDS;
	if (second !== lastSecond) {
		lastSecond = second;
		lastDate = new Date(Number(second) * 1_000).toUTCString();
	}
	return lastDate;
}

/** What the answers for parts of a blob depend on: nothing that copies of it with the same type do not share. */
export type Represented = Pick<WireManifest, "content_type" | "root" | "size" | "chunk_size">;

export const NOSNIFF: Header = ["x-content-type-options", "nosniff"];
const SANDBOX: Header = ["content-security-policy", "sandbox"];
const EXPOSED = "accept-ranges, content-length, content-range, etag, last-modified";

/** What every answer has, for pages of other origins. */
export const sharedWith = ({ origin }: HttpRules): Header[] =>
	origin === undefined
		? []
		: [
				["access-control-allow-origin", origin],
				["access-control-expose-headers", EXPOSED],
			];

/** What all answers with bytes of a blob have, but for its tag. */
function typed(
	{ content_type }: Pick<Represented, "content_type">,
	accepts: string,
	rules: HttpRules,
): Header[] {
	const headers: Header[] = [["accept-ranges", accepts], ["content-type", content_type], NOSNIFF];
	if (!rules.isSite && isSandboxed(content_type)) headers.push(SANDBOX);
	headers.push(...sharedWith(rules));
	return headers;
}

/** How long answers may be kept, as the blob's metadata say. */
const cachedAs = ({ metadata }: Pick<WireManifest, "metadata">): string =>
	validHeaders(metadata).find(([name]) => name === "cache-control")?.[1] ?? REVALIDATED;

/** All that is said of a blob, without its tag and a range. */
function described(manifest: WireManifest, accepts: string, rules: HttpRules): Header[] {
	const headers = typed(manifest, accepts, rules);
	const said = validHeaders(manifest.metadata);
	headers.push(...said);
	if (!said.some(([name]) => name === "cache-control")) headers.push(["cache-control", REVALIDATED]);
	headers.push(["last-modified", modifiedOf(manifest)]);
	return headers;
}

const ETAG = "etag";
const tagged = ({ root }: Pick<Represented, "root">): Header => [ETAG, tagOf(root)];

/** 200 with all of it. */
export const wholeHead = (manifest: WireManifest, rules: HttpRules): Head => ({
	status: 200,
	headers: [
		...described(manifest, isRanged(manifest.size, manifest.content_type) ? "bytes" : "none", rules),
		tagged(manifest),
	],
});

/**
 * What parts say of ranges. Of several chunks only those that begin where a chunk does are certified: a player that reads
 * `bytes` would seek to others, which fail.
 */
const acceptedOf = ({ size, chunk_size }: Represented, { hasExact }: HttpRules): string =>
	hasExact || size <= chunk_size ? "bytes" : "none";

/** 206 with these bytes of it, `to` included. */
export const ownPartHead = (
	manifest: WireManifest,
	from: number,
	to: number,
	rules: HttpRules,
	accepts = acceptedOf(manifest, rules),
): Head => ({
	status: 206,
	headers: [
		...described(manifest, accepts, rules),
		["content-range", `bytes ${from}-${to}/${manifest.size}`],
		tagged(manifest),
	],
});

/** 206 with a chunk, by its index: what a blob shares with its copies. */
export const sharedPartHead = (manifest: Represented, index: number, rules: HttpRules): Head => ({
	status: 206,
	headers: [
		...typed(manifest, acceptedOf(manifest, rules), rules),
		["cache-control", REVALIDATED],
		["content-range", rangeOf(manifest, index)],
		tagged(manifest),
	],
});

export const notModifiedHead = (manifest: WireManifest, rules: HttpRules): Head => ({
	status: 304,
	headers: [["cache-control", cachedAs(manifest)], ...sharedWith(rules), tagged(manifest)],
});

export function rangeOf({ size, chunk_size }: Represented, index: number): string {
	const from = BigInt(index) * BigInt(chunk_size);
	const to = from + BigInt(chunkLength(size, chunk_size, index)) - 1n;
	return `bytes ${from}-${to}/${size}`;
}
