import { checkKey, MAX_KEY_BYTES, MAX_KEY_SEGMENTS } from "../../../protocol/index.js";

/** What a URL's path means, read as a gateway's verifier reads it (docs/PROTOCOL.md, "HTTP certification"). */

/** Longer than every label: of what is longer, the beginning has the same place among them. */
const LONGEST_SEGMENT = MAX_KEY_BYTES + 1;
/** Deeper than every key: what is deeper has the same place in the tree. */
const MOST_SEGMENTS = MAX_KEY_SEGMENTS + 1;

export interface Path {
	/** Decoded; as many of the first, and as much of each, as it takes to say where it is in the tree. */
	readonly segments: readonly string[];
	/** The key that it names, if it is one that a blob may have. */
	readonly key: string | undefined;
}

const STRAY_PERCENT = /%(?![0-9A-Fa-f]{2})/g;
const ORIGIN = /^https?:\/\/[^/?#]*/;

/**
 * Undefined where the path is not UTF-8, for which a verifier accepts no answer.
 * @param depth how many segments stand before a key
 */
export function pathOf(url: string, depth = 0): Path | undefined {
	const decoded = decode(pathIn(url));
	if (decoded === undefined) return undefined;
	const segments: string[] = [];
	let isCut = false;
	for (let at = 0; at < decoded.length; ) {
		const slash = decoded.indexOf("/", at);
		const end = slash < 0 ? decoded.length : slash;
		if (end > at) {
			if (segments.length === MOST_SEGMENTS + depth) {
				isCut = true;
				break;
			}
			segments.push(
				end - at > LONGEST_SEGMENT ? decoded.slice(at, at + LONGEST_SEGMENT) : decoded.slice(at, end),
			);
		}
		at = end + 1;
	}
	// A slash at the end counts, as a segment of nothing: `/a/` is not `/a`.
	const isDirectory = decoded.length === 0 || decoded.endsWith("/");
	if (isDirectory && !isCut) segments.push("");
	return { segments, key: isDirectory || isCut ? undefined : keyOf(segments) };
}

/** What of a path comes after so many segments. */
export function pathBehind({ segments, key }: Path, depth: number): Path {
	if (depth === 0) return { segments, key };
	const rest = segments.slice(depth);
	return { segments: rest, key: rest.at(-1) === "" ? undefined : keyOf(rest) };
}

function keyOf(segments: readonly string[]): string | undefined {
	const key = segments.join("/");
	return checkKey(key) === undefined ? key : undefined;
}

function pathIn(url: string): string {
	const from = url.startsWith("/") ? 0 : (ORIGIN.exec(url)?.[0].length ?? 0);
	const query = url.indexOf("?", from);
	const end = query < 0 ? url.length : query;
	const fragment = url.indexOf("#", from);
	return url.slice(from, fragment < 0 || fragment > end ? end : fragment);
}

/** Escapes as UTF-8. A `%` that begins none stands for itself, and so does a `+`. */
function decode(path: string): string | undefined {
	if (!path.includes("%")) return path;
	try {
		return decodeURIComponent(path.replace(STRAY_PERCENT, "%25"));
	} catch {
		return undefined;
	}
}
