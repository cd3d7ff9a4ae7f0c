/** Longest request target that is read: a key of 1,024 bytes, every one escaped, with prefix and link. */
export const MAX_TARGET = 4_096;

/** What a request names. */
export interface Target {
	/** The key; undefined where the path can be none. */
	readonly key: string | undefined;
	readonly query: URLSearchParams;
}

/**
 * Reads a request target, `/path?query` or a URL. Percent-encoding is decoded once, `%2F` as a slash, as gateways do;
 * nothing is normalised, since no key has an empty segment, `.` or `..`.
 * @param prefix what stands before the key, with a slash at both ends
 */
export function targetOf(target: string, prefix: string): Target {
	const relative = target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/#.*$/s, "");
	const at = relative.indexOf("?");
	const path = at < 0 ? relative : relative.slice(0, at);
	return { key: keyOf(path, prefix), query: new URLSearchParams(at < 0 ? "" : relative.slice(at)) };
}

function keyOf(path: string, prefix: string): string | undefined {
	try {
		const decoded = decodeURIComponent(path);
		return decoded.startsWith(prefix) ? decoded.slice(prefix.length) : undefined;
	} catch {
		// No percent-encoded UTF-8.
		return undefined;
	}
}

/** The path of a key. */
export const pathOf = (key: string, prefix: string): string =>
	`${prefix}${key.split("/").map(encodeURIComponent).join("/")}`;
