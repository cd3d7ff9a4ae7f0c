import { ClientError } from "../errors/errors.js";
import { checkInteger } from "../options.js";
import type { Manifest } from "../types.js";

/** Part of a blob, in bytes. */
export interface ByteRange {
	/** First byte. Default 0. */
	start?: number | undefined;
	/** One past the last byte; beyond the blob's size it counts as that. Default: the size. */
	end?: number | undefined;
}

/** A range of a certain blob, and the chunks that hold it. */
export interface Span {
	readonly start: number;
	readonly end: number;
	readonly firstChunk: number;
	/** One past the last chunk. */
	readonly endChunk: number;
}

export function checkRange({ start = 0, end }: ByteRange): void {
	checkInteger("range.start", start, 0);
	if (end !== undefined) checkInteger("range.end", end, start);
}

/** @throws ClientError `range_invalid` where the range begins beyond the blob */
export function spanOf(
	{ size, chunkBytes }: Pick<Manifest, "size" | "chunkBytes">,
	{ start = 0, end }: ByteRange,
): Span {
	if (start > size) throw new ClientError("range_invalid", { start, end, size });
	const to = Math.min(end ?? size, size);
	const firstChunk = Math.floor(start / chunkBytes);
	return { start, end: to, firstChunk, endChunk: to > start ? Math.ceil(to / chunkBytes) : firstChunk };
}

/** What of a chunk, which begins at `at`, lies in the span. */
export function within({ start, end }: Span, at: number, bytes: Uint8Array): Uint8Array {
	const from = Math.max(0, start - at);
	const to = Math.min(bytes.length, end - at);
	return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}
