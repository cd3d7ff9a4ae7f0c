import {
	KEY_END_LABEL,
	type ListRange,
	MANIFEST_LABEL,
	OTHERS_LABEL,
	type Position,
	positionIn,
	scopeOf,
	within,
} from "../../protocol/index.js";
import { compareBytes, text, utf8 } from "../util/bytes.js";
import { branches, find, type HashTree, seek } from "../verification/hash-tree.js";
import { publicRoot } from "./public-root.js";

/** An entry that a witness shows to be in a page: a public key with its manifest's hash, or a folded directory. */
export type ShownEntry = { readonly key: string; readonly hash: Uint8Array } | { readonly directory: string };

/** The witness does not show all of a page. */
export class NotShown extends Error {}

/** The part of a page that lies in one directory. */
interface Span {
	/** What stands before its labels: its path with a trailing `/`, or nothing. */
	readonly path: string;
	readonly labelPrefix: string;
	readonly after: Position | undefined;
	readonly last: Position | undefined;
	readonly recursive: boolean;
}

/**
 * The public entries of a page, in order, as a certified tree shows them: all of the range past `after`, up to `last` or
 * to its end. Nothing is missing among them: where labels are pruned, those on both sides are outside of the page.
 * @param last the page's last entry; undefined where it goes to the end of the range
 * @throws NotShown
 */
export function* shownPage(
	tree: HashTree,
	range: ListRange,
	last: string | undefined,
): Generator<ShownEntry> {
	const scope = scopeOf(range);
	if (scope === undefined) return;
	const end = positionIn(scope.directory, last);
	if (end === "nothing") throw new NotShown("the page ends outside of its range");
	const root = publicRoot(tree);
	const directory = root === undefined ? "hidden" : seek(tree, [root, ...scope.directory]);
	if (directory === "absent") return;
	if (directory === "hidden") throw new NotShown("its directory");
	const path = range.prefix.slice(0, range.prefix.length - scope.labelPrefix.length);
	yield* shownSpan(directory, { ...scope, path, last: end, recursive: range.recursive });
}

function* shownSpan(tree: HashTree, span: Span): Generator<ShownEntry> {
	const { path, after, last } = span;
	const begin = utf8(span.labelPrefix);
	const from = after ? utf8(after.segments[0] as string) : begin;
	const end = last && utf8(last.segments[0] as string);
	const isPast = (label: Uint8Array | undefined): boolean =>
		label !== undefined &&
		((end !== undefined && compareBytes(label, end) >= 0) ||
			(compareBytes(label, begin) > 0 && !startsWith(label, begin)));
	for (const { label, tree: below } of labels(tree, (label) => compareBytes(label, from) <= 0, isPast)) {
		const isBefore = compareBytes(label, from) < 0;
		if (isBefore || isMark(label) || !startsWith(label, begin)) continue;
		if (end !== undefined && compareBytes(label, end) > 0) return;
		const isFirst = after !== undefined && compareBytes(label, from) === 0;
		const isLast = end !== undefined && compareBytes(label, end) === 0;
		yield* shownEntry(below, {
			...span,
			path: path + text(label),
			after: isFirst ? after : undefined,
			last: isLast ? last : undefined,
		});
	}
}

/** A label of the page: the key that ends there, and what is below it. */
function* shownEntry(tree: HashTree, { path, after, last, recursive }: Span): Generator<ShownEntry> {
	const inside = after && within(after);
	if (inside === "nothing") return;
	if (after === undefined) {
		const key = seek(tree, [KEY_END_LABEL]);
		if (key === "hidden") throw new NotShown(`whether ${path} is a key`);
		if (key !== "absent") {
			const manifest = find(key, [MANIFEST_LABEL]);
			if (manifest.kind !== "value") throw new NotShown(`the manifest of ${path}`);
			yield { key: path, hash: manifest.value };
		}
	}
	if (last !== undefined && last.segments.length === 1 && !last.below) return;
	const directory = `${path}/`;
	if (recursive) {
		const end = last && within(last);
		if (end === "nothing") throw new NotShown("a key at the page's end");
		yield* shownSpan(tree, { path: directory, labelPrefix: "", after: inside, last: end, recursive });
	} else if (holdsPast(tree, inside)) yield { directory };
}

/** Whether a directory has any key past this position. */
function holdsPast(tree: HashTree, after: Position | undefined): boolean {
	if (after === undefined) {
		if (seek(tree, [KEY_END_LABEL]) === "hidden") throw new NotShown("what is in a directory");
		return [...branches(tree)].some((branch) => branch[0] !== 2 || !isMark(branch[1]));
	}
	const from = utf8(after.segments[0] as string);
	let before: Uint8Array | undefined;
	for (const branch of branches(tree)) {
		// What is pruned behind the position's own label is past it.
		if (branch[0] === 4 && before !== undefined && compareBytes(before, from) >= 0) {
			if (seek(tree, [KEY_END_LABEL]) === "hidden") throw new NotShown("what is in a directory");
			return true;
		}
		if (branch[0] !== 2) continue;
		const label = branch[1];
		before = label;
		if (isMark(label)) continue;
		const order = compareBytes(label, from);
		if (order > 0) return true;
		const inside = order === 0 ? within(after) : "nothing";
		if (inside !== "nothing" && holdsPast(branch[2], inside)) return true;
	}
	// Nothing was found past it: then nothing may be hidden there.
	const isOutside = (label: Uint8Array) => compareBytes(label, from) <= 0;
	for (const _ of labels(tree, isOutside, () => false));
	return false;
}

/**
 * The labels of a directory with what is below them. What is pruned between two of them is outside of the page if the
 * second is not past its beginning, or all that is past the first is past its end.
 */
function* labels(
	tree: HashTree,
	isNotPastBegin: (label: Uint8Array) => boolean,
	isPastEnd: (label: Uint8Array | undefined) => boolean,
): Generator<{ label: Uint8Array; tree: HashTree }> {
	let before: Uint8Array | undefined;
	let isPruned = false;
	for (const branch of branches(tree)) {
		if (branch[0] === 4) {
			isPruned = true;
			continue;
		}
		if (branch[0] !== 2) throw new NotShown("a label where one must be");
		const label = branch[1];
		if (before !== undefined && compareBytes(before, label) >= 0) throw new NotShown("labels in order");
		if (isPruned && !isNotPastBegin(label) && !isPastEnd(before))
			throw new NotShown(`what is before ${JSON.stringify(text(label))}`);
		isPruned = false;
		before = label;
		yield { label, tree: branch[2] };
	}
	if (isPruned && !isPastEnd(before)) throw new NotShown("where the page ends");
}

/** Whether a label is none of a key: marks of HTTP certification. */
const isMark = (label: Uint8Array): boolean =>
	compareBytes(label, KEY_END_LABEL) === 0 || compareBytes(label, OTHERS_LABEL) === 0;

const startsWith = (label: Uint8Array, begin: Uint8Array): boolean =>
	compareBytes(label.subarray(0, begin.length), begin) === 0;
