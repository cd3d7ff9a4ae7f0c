/** Conditions of HTTP requests (RFC 9110), as canisters and `canister-blobs serve` read them. */

/** Entity tags of a list: section 8.8.3. */
const TAGS = /(W\/)?("[\x21\x23-\x7e\x80-\uffff]*")/g;

/** Whether If-Match (strong comparison) or If-None-Match (weak) is `*`, or lists the tag, which is a strong one. */
export function listsTag(list: string, tag: string, comparison: "strong" | "weak"): boolean {
	if (list.trim() === "*") return true;
	for (const [, weak, listed] of list.matchAll(TAGS))
		if (listed === tag && (weak === undefined || comparison === "weak")) return true;
	return false;
}

const IMF = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const RFC_850 = /^[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/;
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** Milliseconds of an HTTP date in one of its three forms (section 5.6.7); NaN for anything else. */
export function httpDate(text: string): number {
	if (IMF.test(text) || RFC_850.test(text)) return Date.parse(text);
	return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}
