import { httpDate, listsTag } from "../../protocol/conditions.js";

/** What conditional requests are held against. */
export interface Validators {
	/** A strong entity tag, quotation marks included. */
	readonly etag: string;
	/** When anything about the blob changed last, milliseconds since 1970. */
	readonly changedMs: number;
	/** Milliseconds since 1970, now. */
	readonly nowMs: number;
}

type Headers = (name: string) => string | undefined;

const SECOND = 1_000;

/** Whether the blob is what it was at a date; undefined where the text is no date. */
function isUnchangedSince(text: string, { changedMs, nowMs }: Validators): boolean | undefined {
	const date = httpDate(text);
	if (Number.isNaN(date)) return undefined;
	const second = Math.floor(changedMs / SECOND) * SECOND;
	// Within that second it may change once more, and the date would be the same.
	return second <= date && nowMs >= second + SECOND;
}

/** The status of a request that its conditions end, in the order of RFC 9110, section 13.2.2; undefined: go on. */
export function conditionOf(header: Headers, validators: Validators): 304 | 412 | undefined {
	const ifMatch = header("if-match");
	const unmodified = header("if-unmodified-since");
	if (ifMatch !== undefined) {
		if (!listsTag(ifMatch, validators.etag, "strong")) return 412;
	} else if (unmodified !== undefined && isUnchangedSince(unmodified, validators) === false) return 412;
	const ifNoneMatch = header("if-none-match");
	if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, validators.etag, "weak") ? 304 : undefined;
	const modified = header("if-modified-since");
	return modified !== undefined && isUnchangedSince(modified, validators) === true ? 304 : undefined;
}

/**
 * Whether a Range header counts beside an If-Range (RFC 9110, section 13.1.5). A date never matches: after a rename a key
 * may hold other bytes of the same second, so Last-Modified is no strong validator here.
 */
export function rangeCounts(header: Headers, etag: string): boolean {
	const ifRange = header("if-range");
	return ifRange === undefined || ifRange.trim() === etag;
}
