/** The header Range (RFC 9110, section 14), as canisters and `canister-blobs serve` read it. */

/** Part of a blob: its first byte, and one past its last. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

export interface Ranges {
	/** How many the header lists. */
	readonly listed: number;
	/** Those that lie within the blob, cut at its end, in the order of the header. */
	readonly spans: readonly Span[];
}

/** Section 14.1.2: `first-[last]`, or `-length` of a suffix. */
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * The ranges of a blob of `size` bytes that a header asks for. Undefined where the header is to be ignored: it is
 * malformed, or of another unit (section 14.2).
 */
export function rangesIn(header: string, size: number): Ranges | undefined {
	const [, list] = /^bytes=(.*)$/is.exec(header) ?? [];
	if (list === undefined) return undefined;
	const specs = list.split(",").flatMap((spec) => spec.replace(/^[ \t]+|[ \t]+$/g, "") || []);
	if (specs.length === 0) return undefined;
	const spans: Span[] = [];
	for (const spec of specs) {
		const [whole, first = "", last = "", suffix] = SPEC.exec(spec) ?? [];
		if (whole === undefined) return undefined;
		if (suffix !== undefined) {
			const length = Number(suffix);
			// A suffix of an empty blob is satisfiable, and no Content-Range can say so.
			if (size === 0 && length > 0) return undefined;
			if (length > 0) spans.push({ start: Math.max(0, size - length), end: size });
			continue;
		}
		const start = Number(first);
		if (last !== "" && Number(last) < start) return undefined;
		if (start < size) spans.push({ start, end: last === "" ? size : Math.min(Number(last) + 1, size) });
	}
	return { listed: specs.length, spans };
}
