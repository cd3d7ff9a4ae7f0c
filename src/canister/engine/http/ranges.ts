/** The header Range (RFC 9110, 14.2), as far as a store needs it. */

/** Bytes [from, to] of a representation, `to` included and within it. */
export interface ByteRange {
	readonly from: number;
	readonly to: number;
}
/** What a header asks for; `beyond`: none that there are. */
export type Range = ByteRange | "beyond" | "several";

const RANGES = /^bytes *= *([\d ,-]+)$/i;
const ONE = /^(?:(\d+)-(\d*)|-(\d+))$/;
/** A header that names more is not looked at: what it asks for is all, in a dear way. */
const MOST_RANGES = 16;

/** What a request asks for; undefined: everything, for a header that is none is to be ignored. */
export function rangeOf(header: string | undefined, size: number): Range | undefined {
	const set = header === undefined || header.length > 512 ? null : RANGES.exec(header.trim());
	if (set === null) return undefined;
	const specs = set[1]!
		.split(",")
		.map((spec) => spec.trim())
		.filter((spec) => spec !== "");
	if (specs.length === 0 || specs.length > MOST_RANGES) return undefined;
	const ranges = specs.map((spec) => oneOf(spec, size));
	if (ranges.includes(undefined)) return undefined;
	const satisfiable = ranges.filter((range) => range !== "beyond");
	if (satisfiable.length === 0) return "beyond";
	return satisfiable.length === 1 ? satisfiable[0] : "several";
}

function oneOf(spec: string, size: number): Range | undefined {
	const match = ONE.exec(spec);
	if (match === null) return undefined;
	const [, first, last, suffix] = match;
	if (suffix !== undefined) {
		const length = Number(suffix);
		return length === 0 || size === 0 ? "beyond" : { from: Math.max(0, size - length), to: size - 1 };
	}
	const from = Number(first);
	const to = last === "" ? size - 1 : Number(last);
	if (last !== "" && to < from) return undefined;
	return from >= size ? "beyond" : { from, to: Math.min(to, size - 1) };
}
