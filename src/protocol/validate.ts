import { encodeUtf8 } from "./codec/utf8.js";
import {
	MAX_CHUNK_BYTES,
	MAX_CHUNKS,
	MAX_CONTENT_TYPE_BYTES,
	MAX_KEY_BYTES,
	MAX_KEY_SEGMENTS,
	MAX_METADATA_BYTES,
	MAX_METADATA_ENTRIES,
	MAX_METADATA_NAME_BYTES,
	MIN_CHUNK_BYTES,
} from "./limits.js";

/** What is wrong with a value: the field, why, and the limit that it breaks. */
export interface Invalid {
	readonly field: string;
	readonly reason: string;
	readonly limit: bigint;
}

const invalid = (field: string, reason: string, limit: number): Invalid => ({
	field,
	reason,
	limit: BigInt(limit),
});

/**
 * No control characters, and no half of a surrogate pair. Sticky, and so tried at the beginning only: an expression
 * that looks for what may not be there costs QuickJS 560 instructions a character, this one 200.
 */
const PRINTABLE = /[ -~\u00a0-\ud7ff\ue000-\u{10ffff}]*$/uy;

/** What is no longer than this is looked at by the engine first: for 25 plain characters that takes a quarter. */
const SHORT = 64;

function isPrintable(text: string): boolean {
	if (text.length <= SHORT && isPlain(text)) return true;
	PRINTABLE.lastIndex = 0;
	return PRINTABLE.test(text);
}

/** Whether nothing of it is escaped in a URI: letters, digits, and marks such as `-`, `_`, `.` and `/`. */
function isPlain(text: string): boolean {
	try {
		return encodeURI(text).length === text.length;
	} catch {
		// Half a surrogate pair.
		return false;
	}
}

/** What a segment may not be: nothing, what a file system resolves, and the two marks of HTTP certification. */
const RESERVED = new Set(["", ".", "..", "<$>", "<*>"]);

/** The last key that was asked for: each is asked for several times in a row. */
let lastKey = "";
let lastSegments: readonly string[] = [""];

/** Segments of a key, at most one more than it may have. */
export function segmentsOf(key: string): readonly string[] {
	if (key !== lastKey) {
		lastSegments = key.split("/", MAX_KEY_SEGMENTS + 1);
		lastKey = key;
	}
	return lastSegments;
}

/** A key is a path: 1 to 1,024 bytes of UTF-8, at most 32 segments, none of them reserved. */
export function checkKey(key: string, field = "key"): Invalid | undefined {
	// The length in UTF-16 first, so that no regular expression ever runs over a text of megabytes.
	// A unit of UTF-16 is at most three bytes.
	if (
		key.length === 0 ||
		key.length > MAX_KEY_BYTES ||
		(key.length * 3 > MAX_KEY_BYTES && encodeUtf8(key).length > MAX_KEY_BYTES)
	)
		return invalid(field, "its length in UTF-8 must be from 1 to the limit", MAX_KEY_BYTES);
	if (!isPrintable(key)) return invalid(field, "it holds a control character or half a surrogate pair", 0);
	const segments = segmentsOf(key);
	if (segments.length > MAX_KEY_SEGMENTS) return invalid(field, "it has too many segments", MAX_KEY_SEGMENTS);
	for (let i = 0; i < segments.length; i++)
		if (RESERVED.has(segments[i]!)) return invalid(field, "a segment is empty, `.`, `..`, `<$>` or `<*>`", 0);
	return undefined;
}

/** Whole segments with a `/` at the end, and room for a key behind it; or nothing. */
export function checkPrefix(prefix: string): Invalid | undefined {
	if (prefix === "") return undefined;
	if (!prefix.endsWith("/")) return invalid("prefix", "it must be empty or end with `/`", 0);
	return checkKey(`${prefix}x`, "prefix");
}

const CONTENT_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *; *[\w!#$&^.+-]+=([\w!#$&^.+-]+|"[ !#-[\]-~]*"))*$/;

export function checkContentType(contentType: string): Invalid | undefined {
	if (contentType.length > MAX_CONTENT_TYPE_BYTES || !CONTENT_TYPE.test(contentType))
		return invalid(
			"content_type",
			"it must be a media type such as text/plain, in ASCII",
			MAX_CONTENT_TYPE_BYTES,
		);
	return undefined;
}

const METADATA_NAME = /^[a-z0-9][a-z0-9._-]*$/;

export function checkMetadata(metadata: readonly (readonly [string, string])[]): Invalid | undefined {
	if (metadata.length > MAX_METADATA_ENTRIES)
		return invalid("metadata", "it has too many entries", MAX_METADATA_ENTRIES);
	if (metadata.length === 0) return undefined;
	const names = new Set<string>();
	let bytes = 0;
	for (const [name, value] of metadata) {
		if (name.length > MAX_METADATA_NAME_BYTES || !METADATA_NAME.test(name))
			return invalid(
				"metadata",
				"a name must be lower-case ASCII letters, digits, `.`, `_`, `-`",
				MAX_METADATA_NAME_BYTES,
			);
		if (names.has(name)) return invalid("metadata", "a name occurs twice", MAX_METADATA_ENTRIES);
		names.add(name);
		// Cheap bound before the exact count: a text has at least as many bytes as UTF-16 units.
		bytes += name.length + (value.length > MAX_METADATA_BYTES ? value.length : encodeUtf8(value).length);
		if (bytes > MAX_METADATA_BYTES)
			return invalid("metadata", "names and values are too long together", MAX_METADATA_BYTES);
		if (!isPrintable(value))
			return invalid("metadata", "a value holds a control character or half a surrogate pair", 0);
	}
	return undefined;
}

/** Whether chunk size and size, where it is known, fit together. */
export function checkChunking(chunkSize: number, size: bigint | undefined): Invalid | undefined {
	if (!Number.isInteger(chunkSize) || chunkSize < 1 || chunkSize > MAX_CHUNK_BYTES)
		return invalid("chunk_size", "it must be from 1 to the limit", MAX_CHUNK_BYTES);
	const single = size !== undefined && size <= BigInt(chunkSize);
	if (chunkSize < MIN_CHUNK_BYTES && !single)
		return invalid("chunk_size", "it is too small for a blob of more than one chunk", MIN_CHUNK_BYTES);
	if (size !== undefined && size > BigInt(MAX_CHUNKS) * BigInt(chunkSize))
		return invalid("size", "the blob would have too many chunks", MAX_CHUNKS);
	return undefined;
}
