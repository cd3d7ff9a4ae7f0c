import { rangesIn } from "../../../protocol/ranges.js";

/** The header Range (RFC 9110, 14.2), as far as a store needs it. */

/** Bytes [from, to] of a representation, `to` included and within it. */
export interface ByteRange {
	readonly from: number;
	readonly to: number;
}
/** What a header asks for; `beyond`: none that there are. */
export type Range = ByteRange | "beyond" | "several";

/** A header that names more is not looked at: what it asks for is all, in a dear way. */
const MOST_RANGES = 16;
const MOST_CHARACTERS = 512;

/** What a request asks for; undefined: everything, for a header that is none is to be ignored. */
export function rangeOf(header: string | undefined, size: number): Range | undefined {
	if (header === undefined || header.length > MOST_CHARACTERS) return undefined;
	const ranges = rangesIn(header.trim(), size);
	if (ranges === undefined || ranges.listed > MOST_RANGES) return undefined;
	const [first, second] = ranges.spans;
	if (first === undefined) return "beyond";
	return second === undefined ? { from: first.start, to: first.end - 1 } : "several";
}
