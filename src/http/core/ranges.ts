import { rangesIn, type Span } from "../../protocol/ranges.js";

/** What a Range header asks for. */
export type RangeRequest =
	/** Nothing that can be answered in parts: the header is ignored. */
	| { readonly kind: "whole" }
	/** 416: no range lies within the blob, or there are too many of them. */
	| { readonly kind: "refused" }
	/** 206. */
	| { readonly kind: "parts"; readonly spans: readonly Span[] };

const WHOLE: RangeRequest = { kind: "whole" };
const REFUSED: RangeRequest = { kind: "refused" };

/** A part of a multipart answer has about so many bytes of its own: a smaller gap is cheaper sent than left out. */
const PART_OVERHEAD = 128;

/**
 * Reads a Range header of a request for a blob of `size` bytes. A malformed header and one of another unit are ignored,
 * as section 14.2 allows. Ranges that overlap or nearly touch are joined, so that no byte is sent twice.
 * @param most ranges that one request may have: more of them are refused (section 14.2)
 */
export function rangesOf(header: string, size: number, most: number): RangeRequest {
	const ranges = rangesIn(header, size);
	if (ranges === undefined) return WHOLE;
	const { listed, spans } = ranges;
	return spans.length === 0 || listed > most ? REFUSED : { kind: "parts", spans: joined(spans) };
}

/** In the order in which they were asked for, but for those that were joined to earlier ones. */
function joined(spans: readonly Span[]): Span[] {
	const ordered = spans.map((span, place) => ({ ...span, place })).sort((a, b) => a.start - b.start);
	const all: { start: number; end: number; place: number }[] = [];
	for (const span of ordered) {
		const last = all.at(-1);
		if (last === undefined || span.start > last.end + PART_OVERHEAD) all.push(span);
		else {
			last.end = Math.max(last.end, span.end);
			last.place = Math.min(last.place, span.place);
		}
	}
	return all.sort((a, b) => a.place - b.place).map(({ start, end }) => ({ start, end }));
}
