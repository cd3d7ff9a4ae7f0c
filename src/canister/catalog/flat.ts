import { decodeUtf8, encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";
import { MAX_KEY_BYTES } from "../../protocol/limits.js";
import type { ListRange } from "../../protocol/listing.js";
import { labelAt } from "./node.js";
import type { ListEntry } from "./order.js";
import type { NodeStore } from "./store.js";
import { Cursor } from "./walk.js";

/**
 * Lists whose labels are whole keys: one directory, however many segments they have. Nothing can be proven of a part of
 * it, and a change costs a few nodes where a directory for each segment costs one each.
 */

/** What stands in a label for `/`: before every character that a key may hold, so that the order stays that of keys. */
const SLASH = "\0";
/** Behind all that is in a directory, and before all that comes after it. */
const PAST = "\u0001";
/** Keys of a folded directory that are passed over, before what is behind it is sought: that takes as long as five. */
const MOST_PASSED = 4;
/** Characters that a key may hold, and some more; sticky, as in validate.ts. */
const HELD = /[ -\u{10ffff}]*/uy;

export const flatten = (key: string): string => key.replaceAll("/", SLASH);
const unflatten = (label: string): string => label.replaceAll(SLASH, "/");

/** Texts that compare as their bytes do. */
const ordered = (text: string): string => fromUnits(encodeUtf8(text));

/** Keys of the directory in order; beyond the next `/` after the prefix they are folded, if not recursive. */
export function* walkFlat(
	store: NodeStore,
	directory: number,
	{ prefix: begin, recursive, after }: ListRange,
): Generator<ListEntry> {
	if (begin.length > MAX_KEY_BYTES || controlIn(begin) >= 0) return;
	const prefix = flatten(begin);
	const past = after === undefined || after === "" ? "" : pastOf(after.slice(0, MAX_KEY_BYTES + 1));
	let from = ordered(past) > ordered(prefix) ? past : prefix;
	for (;;) {
		const cursor = new Cursor(store, directory, from);
		let below: string | undefined;
		let passed = 0;
		for (; cursor.holds && passed < MOST_PASSED; cursor.advance()) {
			const label = decodeUtf8(labelAt(cursor.node, cursor.index));
			if (below !== undefined && label.startsWith(below)) {
				passed++;
				continue;
			}
			passed = 0;
			below = undefined;
			if (!label.startsWith(prefix)) return;
			const end = recursive ? -1 : label.indexOf(SLASH, prefix.length);
			if (end >= 0) below = label.slice(0, end + 1);
			if (below === undefined) yield { key: unflatten(label) };
			else yield { directory: unflatten(below) };
		}
		if (!cursor.holds || below === undefined) return;
		from = below.slice(0, -1) + PAST;
	}
}

/** The first label that may come past this key, or past this directory (with a trailing `/`) and all that is in it. */
function pastOf(after: string): string {
	// No key holds such a character: it has the same place as the end of what is before it, and of all that is below that.
	const control = controlIn(after);
	if (control >= 0) return flatten(after.slice(0, control)) + PAST;
	return after.endsWith("/") ? flatten(after.slice(0, -1)) + PAST : flatten(after) + SLASH;
}

/** Where the first character is that no key holds; -1: nowhere. */
function controlIn(text: string): number {
	HELD.lastIndex = 0;
	HELD.test(text);
	return HELD.lastIndex < text.length ? HELD.lastIndex : -1;
}
