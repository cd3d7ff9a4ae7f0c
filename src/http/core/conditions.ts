import { httpDate, listsTag } from "../../protocol/conditions.js";

/** The values that conditional requests are compared with. */
export interface Validators {
	/** A strong entity tag, quotation marks included. */
	readonly etag: string;
	/** Time of the last change of the blob's manifest, in milliseconds since 1970. */
	readonly changedMs: number;
	/** Current time, in milliseconds since 1970. */
	readonly nowMs: number;
}

type Headers = (name: string) => string | undefined;

const SECOND = 1_000;

/** Whether the blob is unchanged since a date; undefined if the text is no date. */
function isUnchangedSince(text: string, { changedMs, nowMs }: Validators): boolean | undefined {
	const date = httpDate(text);
	if (Number.isNaN(date)) return undefined;
	const second = Math.floor(changedMs / SECOND) * SECOND;
	// The blob may change again within that second, and the date would stay the same.
	return second <= date && nowMs >= second + SECOND;
}

/**
 * The status of a request that its preconditions end, in the order of RFC 9110, section 13.2.2; undefined if none does.
 */
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
 * Whether a Range header applies with an If-Range (RFC 9110, section 13.1.5). A date never matches: after a rename a
 * key may have other bytes with a date of the same second, so Last-Modified is no strong validator here.
 */
export function rangeCounts(header: Headers, etag: string): boolean {
	const ifRange = header("if-range");
	return ifRange === undefined || ifRange.trim() === etag;
}
