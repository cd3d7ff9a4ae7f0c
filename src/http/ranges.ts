/** Part of a blob: its first byte, and one past its last. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

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

/** RFC 9110, section 14.1.2: `first-[last]`, or `-length` of a suffix. */
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/** A part of a multipart answer has about so many bytes of its own: a smaller gap is cheaper sent than left out. */
const PART_OVERHEAD = 128;

/**
 * Reads a Range header of a request for a blob of `size` bytes. A malformed header and one of another unit are ignored,
 * as section 14.2 allows. Ranges that overlap or nearly touch are joined, so that no byte is sent twice.
 * @param most ranges that one request may have: more of them are refused (section 14.2)
 */
export function rangesOf(header: string, size: number, most: number): RangeRequest {
	const [, list] = /^bytes=(.*)$/is.exec(header) ?? [];
	if (list === undefined) return WHOLE;
	const specs = list.split(",").flatMap((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, "") || []);
	const spans: Span[] = [];
	for (const spec of specs) {
		const [whole, first = "", last = "", suffix] = SPEC.exec(spec) ?? [];
		if (whole === undefined) return WHOLE;
		if (suffix !== undefined) {
			const length = Number(suffix);
			// A suffix of an empty blob is satisfiable, and no Content-Range can say so.
			if (size === 0 && length > 0) return WHOLE;
			if (length > 0) spans.push({ start: Math.max(0, size - length), end: size });
			continue;
		}
		const start = Number(first);
		if (last !== "" && Number(last) < start) return WHOLE;
		if (start < size) spans.push({ start, end: last === "" ? size : Math.min(Number(last) + 1, size) });
	}
	if (specs.length === 0) return WHOLE;
	return spans.length === 0 || specs.length > most ? REFUSED : { kind: "parts", spans: joined(spans) };
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
