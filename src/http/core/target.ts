/** Maximum length of a request target: a key of 1,024 bytes, all percent-encoded, with prefix and link. */
export const MAX_TARGET = 4_096;

/** The parsed target of a request. */
export interface Target {
	/** The key; undefined if the path is no valid key. */
	readonly key: string | undefined;
	readonly query: URLSearchParams;
}

/**
 * Parses a request target, `/path?query` or a URL. Decodes percent-encoding once, `%2F` as a slash, as gateways do.
 * Does not normalise: no key has an empty segment, `.` or `..`.
 * @param prefix path before the key, with a slash at both ends
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
		// Invalid percent-encoding or UTF-8.
		return undefined;
	}
}

/** The path of a key. */
export const pathOf = (key: string, prefix: string): string =>
	`${prefix}${key.split("/").map(encodeURIComponent).join("/")}`;
