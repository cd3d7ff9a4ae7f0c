import { sortable } from "../../protocol/listing.js";

/** What a list yields: a key, or a directory as its path with a trailing `/`. */
export type ListEntry = { readonly key: string } | { readonly directory: string };

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
