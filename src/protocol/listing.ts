import { encodeUtf8, fromUnits } from "./codec/utf8.js";
import { MAX_KEY_BYTES, MAX_KEY_SEGMENTS } from "./limits.js";

/** The order of keys, and which of them a list shows. The store walks by it, and a client verifies by it. */

export interface ListRange {
	/** Any beginning of keys; it need not end at a segment's. */
	readonly prefix: string;
	/** Every key; or what is beyond the next `/` after the prefix as one directory. */
	readonly recursive: boolean;
	/** Start past this key, or past this directory (with a trailing `/`) and all that is in it. */
	readonly after?: string;
}

/** A position in the order of keys, seen from a directory: just past this key, or past everything below it too. */
export interface Position {
	/** At least one. */
	readonly segments: readonly string[];
	readonly below: boolean;
}

/** Where the keys of a range are. */
export interface Scope {
	/** Segments of the directory that holds all of them. */
	readonly directory: readonly string[];
	/** Only labels of that directory that begin so. */
	readonly labelPrefix: string;
	/** Seen from the directory; its first segment is not before all that begin with `labelPrefix`. */
	readonly after: Position | undefined;
}

/** A key, and perhaps a segment behind it that names a version of it. */
export const MAX_PATH_BYTES = MAX_KEY_BYTES + 32;

const ASCII = /[\0-\x7f]*$/y;

/**
 * A text whose order among its like, as the engine compares texts, is that of keys: by segment, then by bytes, which
 * are its characters. Comparing so runs inside the engine; a loop over characters would be 1,000 instructions each.
 *
 * `/` ends a segment, so it sorts before every character (a key holds no control character): "a" < "a/b" < "a!b".
 */
export function sortable(key: string): string {
	ASCII.lastIndex = 0;
	return (ASCII.test(key) ? key : fromUnits(encodeUtf8(key))).replaceAll("/", "\0");
}

/** Undefined where no key is in the range, whatever the store holds. */
export function scopeOf({ prefix, after: text }: ListRange): Scope | undefined {
	if (prefix.length > MAX_KEY_BYTES) return undefined;
	const directory = prefix.split("/", MAX_KEY_SEGMENTS + 1);
	if (directory.length > MAX_KEY_SEGMENTS) return undefined;
	const labelPrefix = directory.pop()!;
	// Ends a key's path in the certified tree, and is no directory there.
	if (directory.includes("<$>")) return undefined;
	// A text longer than every path has the same place among them if it is cut off beyond their length.
	const after = positionIn(directory, text?.slice(0, MAX_PATH_BYTES + 1));
	if (after === "nothing") return undefined;
	if (after !== undefined && isBefore(after.segments[0]!, labelPrefix))
		return { directory, labelPrefix, after: undefined };
	return { directory, labelPrefix, after };
}

/** What a text names, seen from the directory of these segments: undefined is before all of it, "nothing" past it. */
export function positionIn(
	directory: readonly string[],
	text: string | undefined,
): Position | undefined | "nothing" {
	if (text === undefined || text === "") return undefined;
	// Deeper than every key it has the same place among them.
	const segments = text.split("/", MAX_KEY_SEGMENTS + 1);
	const below = segments[segments.length - 1] === "";
	if (below) segments.pop();
	for (const [depth, segment] of directory.entries()) {
		const other = segments[depth];
		if (other === undefined) return below ? "nothing" : undefined;
		if (other !== segment) return isBefore(other, segment) ? undefined : "nothing";
	}
	if (segments.length === directory.length) return below ? "nothing" : undefined;
	return { segments: segments.slice(directory.length), below };
}

/** What is left past a position inside the directory of its first segment: undefined is all of it. */
export function within({ segments, below }: Position): Position | undefined | "nothing" {
	if (segments.length > 1) return { segments: segments.slice(1), below };
	return below ? "nothing" : undefined;
}

/** Whether the label stands before all that begin so. What makes it differ is not past where the prefix ends. */
const isBefore = (label: string, prefix: string): boolean =>
	!label.startsWith(prefix) && sortable(label.slice(0, prefix.length + 1)) < sortable(prefix);
