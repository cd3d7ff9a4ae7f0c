import { rangesIn, type Span } from "../../protocol/ranges.js";

/** The meaning of a Range header. */
export type RangeRequest =
	/** The header is ignored. */
	| { readonly kind: "whole" }
	/** Status 416: no range lies within the blob, or there are too many ranges. */
	| { readonly kind: "refused" }
	/** Status 206. */
	| { readonly kind: "parts"; readonly spans: readonly Span[] };

const WHOLE: RangeRequest = { kind: "whole" };
const REFUSED: RangeRequest = { kind: "refused" };

/** Approximate size of a part's header in a multipart response: sending a smaller gap is cheaper than a new part. */
const PART_OVERHEAD = 128;

/**
 * Parses a Range header for a blob of `size` bytes. Ignores a malformed header and other units, as section 14.2 allows.
 * Joins ranges that overlap or nearly touch, so that no byte is sent twice.
 * @param most maximum number of ranges; more are refused (section 14.2)
 */
export function rangesOf(header: string, size: number, most: number): RangeRequest {
	const ranges = rangesIn(header, size);
	if (ranges === undefined) return WHOLE;
	const { listed, spans } = ranges;
	return spans.length === 0 || listed > most ? REFUSED : { kind: "parts", spans: joined(spans) };
}

/** The spans in requested order, with overlapping ones joined to the earlier one. */
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
