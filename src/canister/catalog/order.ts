import { encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";

/** What a list yields: a key, or a directory as its path with a trailing `/`. */
export type ListEntry = { readonly key: string } | { readonly directory: string };

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

const sortableEntry = (entry: ListEntry): string => sortable("key" in entry ? entry.key : entry.directory);

/** Two lists in order as one; what is in both (a directory can be) comes once. */
export function* mergeLists(a: Iterable<ListEntry>, b: Iterable<ListEntry>): Generator<ListEntry> {
	const left = a[Symbol.iterator]();
	const right = b[Symbol.iterator]();
	let fromLeft = left.next();
	let fromRight = right.next();
	let leftText = fromLeft.done ? "" : sortableEntry(fromLeft.value);
	let rightText = fromRight.done ? "" : sortableEntry(fromRight.value);
	while (!fromLeft.done || !fromRight.done) {
		const takeLeft = !fromLeft.done && (fromRight.done || leftText <= rightText);
		const takeRight = !fromRight.done && (fromLeft.done || rightText <= leftText);
		if (takeLeft) yield fromLeft.value as ListEntry;
		else if (takeRight) yield fromRight.value as ListEntry;
		if (takeLeft) {
			fromLeft = left.next();
			if (!fromLeft.done) leftText = sortableEntry(fromLeft.value);
		}
		if (takeRight) {
			fromRight = right.next();
			if (!fromRight.done) rightText = sortableEntry(fromRight.value);
		}
	}
}
