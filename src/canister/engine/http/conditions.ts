import { httpDate, listsTag } from "../../../protocol/conditions.js";

/** Conditional requests (RFC 9110, 13), for reads of something that is there. */

/** As many characters of a list are looked at. */
const MOST_TAG_CHARACTERS = 4_096;

/** Whether If-None-Match names the tag: weak comparison, lists, `*`. */
export const namesTag = (header: string, tag: string): boolean =>
	listsTag(header.slice(0, MOST_TAG_CHARACTERS), tag, "weak");

/** Whether what has this date, in whole seconds as it is said, was changed after the header's. */
export function isModifiedSince(header: string, modified: string): boolean {
	if (header === modified) return false;
	const since = httpDate(header);
	return Number.isNaN(since) || since < Date.parse(modified);
}
