/** Conditional requests (RFC 9110, 13), for reads of something that is there. */

/** As many tags of a list are looked at. */
const MOST_TAG_CHARACTERS = 4_096;

/** Whether If-None-Match names the tag: weak comparison, lists, `*`. */
export function namesTag(header: string, tag: string): boolean {
	const list = header.slice(0, MOST_TAG_CHARACTERS).trim();
	if (list === "*") return true;
	// A tag of ours has no comma, so that a list can be cut at them.
	return list.split(",").some((one) => {
		const its = one.trim();
		return its === tag || its === `W/${tag}`;
	});
}

/** Whether what has this date, in whole seconds as it is said, was changed after the header's. */
export function isModifiedSince(header: string, modified: string): boolean {
	if (header === modified) return false;
	const since = header.length > 64 ? Number.NaN : Date.parse(header);
	return Number.isNaN(since) || since < Date.parse(modified);
}
