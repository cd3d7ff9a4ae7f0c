import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { type Position, type Scope, within } from "../../protocol/listing.js";
import type { Hashing } from "../host/hashing.js";
import { readChild, textAt, textOf } from "./directory.js";
import { OTHERS, SELF } from "./key.js";
import {
	type Bounds,
	countOf,
	FLAG,
	flagAt,
	isFileAt,
	KIND,
	kindOf,
	labelAt,
	levelOf,
	linkAt,
	search,
	valueAt,
} from "./node.js";
import { digestOf, subtreeOf } from "./runs.js";
import type { NodeStore, Stored } from "./store.js";
import type { TreeWriter } from "./tree-writer.js";

/** What a witness shows of a leaf's entry besides its label. */
interface Shown {
	/** The directory below it, as far as that is shown. */
	directory: Branch | undefined;
	/** Whether the label `<$>` of a key without a directory is shown: that there is nothing beside it. */
	opened: boolean;
	/** What stands at the key: its subtree, encoded. */
	content: Uint8Array | undefined;
}

/** A node of which a witness shows something. */
interface Branch extends Stored {
	/** By index, where anything is shown: a child of an inner node, an entry of a leaf. */
	readonly children: Map<number, Branch>;
	readonly entries: Map<number, Shown>;
}

/** A leaf's entry, and the branches above it, from the directory's root. */
interface Spot {
	readonly path: readonly { readonly branch: Branch; readonly index: number }[];
	readonly found: boolean;
}

/** A page of a list, seen from its directory. */
export interface Page extends Pick<Scope, "labelPrefix" | "after"> {
	/** The last entry; undefined where the page goes to the end of the range. */
	readonly last: Position | undefined;
	readonly recursive: boolean;
}

const NOTHING = new Uint8Array(0);

const branchOf = ({ node, runs }: Stored): Branch => ({
	node,
	runs,
	children: new Map(),
	entries: new Map(),
});

/**
 * Part of a directory's hash tree: what lies on the way to the labels that were asked for, or, where a label is
 * absent, its neighbours; all else pruned to digests. Two shown labels share what is above both.
 */
export class Witness {
	readonly #store: NodeStore;
	readonly #hashing: Hashing;
	readonly #root: Branch;

	constructor(store: NodeStore, hashing: Hashing, directory: number) {
		this.#store = store;
		this.#hashing = hashing;
		this.#root = branchOf(store.read(directory));
	}

	/**
	 * Shows the key of these labels, with its encoded subtree if given (else that is pruned), or its absence,
	 * whichever is the case.
	 */
	show(labels: readonly Uint8Array[], subtree: Uint8Array | undefined): void {
		let root = this.#root;
		for (let depth = 0; ; depth++) {
			const shown = this.#showLabel(root, labels[depth]!);
			if (shown === undefined) return;
			const { entry, node, index } = shown;
			const ends = depth === labels.length - 1;
			const link = linkAt(node, index);
			if (link === 0) {
				entry.opened = true;
				if (ends) entry.content = subtree ?? entry.content;
				return;
			}
			root = this.#open(entry, link);
			if (!ends) continue;
			const self = this.#showLabel(root, SELF);
			if (self !== undefined) self.entry.content = subtree ?? self.entry.content;
			return;
		}
	}

	/**
	 * Shows that nothing is at a path below a label, and what stands for it: the tree `others` beside the path's first
	 * segment. A gateway must also see that no directory on the way has such a tree of its own, with a slash at its end or
	 * without: neither `<*>` nor a label of no bytes.
	 */
	showNothingBelow(label: Uint8Array, segments: readonly Uint8Array[], others: Uint8Array): void {
		const shown = this.#showLabel(this.#root, label);
		if (shown === undefined) return;
		this.#showNothing(this.#open(shown.entry, linkAt(shown.node, shown.index)), segments, others);
	}

	/** The same of a path in this directory. */
	showNothing(segments: readonly Uint8Array[], others: Uint8Array): void {
		this.#showNothing(this.#root, segments, others);
	}

	#showNothing(directory: Branch, segments: readonly Uint8Array[], others: Uint8Array): void {
		let root = directory;
		const standing = this.#showLabel(root, OTHERS);
		if (standing !== undefined) standing.entry.content = others;
		this.#showLabel(root, NOTHING);
		for (const label of segments) {
			const next = this.#showLabel(root, label);
			if (next === undefined) return;
			const link = linkAt(next.node, next.index);
			if (link === 0) {
				next.entry.opened = true;
				return;
			}
			root = this.#open(next.entry, link);
			this.#showLabel(root, NOTHING);
			this.#showLabel(root, OTHERS);
		}
		this.#showLabel(root, SELF);
	}

	/**
	 * Shows a page of the directory at these labels: every label of it, that nothing is between them, and, where the page
	 * does not begin or end within a directory, its neighbours. A folded directory shows whether a key of its name is
	 * there, and that something else is.
	 */
	showPage(labels: readonly Uint8Array[], page: Page, contents: readonly Uint8Array[]): void {
		const root = this.#showDirectory(this.#root, labels);
		if (root === undefined) return;
		const left = contents[Symbol.iterator]();
		this.#showSpan(root, encodeUtf8(page.labelPrefix), page, left);
		if (!left.next().done) throw new Error("catalog: a page has more keys than its range");
	}

	/** The labels of a directory that begin with the prefix, as far as the page goes, and what is below them. */
	#showSpan(
		root: Branch,
		prefix: Uint8Array,
		page: Omit<Page, "labelPrefix">,
		contents: Iterator<Uint8Array>,
	): void {
		const { after, last, recursive } = page;
		const from = after === undefined ? prefix : encodeUtf8(after.segments[0]!);
		if (from.length > 0) this.#showLabel(root, from);
		const begin = textOf(prefix);
		const first = after && textOf(from);
		const end = last && textOf(encodeUtf8(last.segments[0]!));
		this.#visit(root, from, (branch, index) => {
			const label = textAt(branch.node, index);
			const entry = entryAt(branch, index);
			if (!label.startsWith(begin)) return false;
			const isEnd = label === end;
			const at = { after: label === first ? after : undefined, last: isEnd ? last : undefined, recursive };
			this.#showEntry(entry, branch.node, index, at, contents);
			return !isEnd;
		});
	}

	/** A label of a page: the key that ends there, unless the page begins past it, and what of its directory is in it. */
	#showEntry(
		entry: Shown,
		node: Uint8Array,
		index: number,
		{ after, last, recursive }: Omit<Page, "labelPrefix">,
		contents: Iterator<Uint8Array>,
	): void {
		// The one is shown with the directory that it belongs to, the other is no key.
		const flag = flagAt(node, index);
		if (flag === FLAG.self || flag === FLAG.others) return;
		const hasKey = isFileAt(node, index) && after === undefined;
		const link = linkAt(node, index);
		if (link === 0) {
			entry.opened = true;
			if (hasKey) entry.content = contentOf(contents);
			return;
		}
		const inside = after && within(after);
		const isInside = inside !== "nothing" && (last === undefined || last.segments.length > 1 || last.below);
		if (!isInside && after !== undefined) return;
		const directory = this.#open(entry, link);
		const self = this.#showLabel(directory, SELF);
		if (hasKey && self !== undefined) self.entry.content = contentOf(contents);
		if (!isInside) return;
		if (recursive) {
			const end = last && within(last);
			this.#showSpan(
				directory,
				NOTHING,
				{ after: inside, last: end === "nothing" ? undefined : end, recursive },
				contents,
			);
		} else if (inside !== undefined) this.#showDirectory(directory, inside.segments.map(encodeUtf8), true);
	}

	/**
	 * Shows the directory at these labels, or that there is none: then undefined.
	 * @param withKeys also whether keys of the directories' names are there
	 */
	#showDirectory(top: Branch, labels: readonly Uint8Array[], withKeys = false): Branch | undefined {
		let root = top;
		for (const label of labels) {
			const shown = this.#showLabel(root, label);
			if (shown === undefined) return undefined;
			const link = linkAt(shown.node, shown.index);
			if (link === 0) {
				shown.entry.opened = true;
				return undefined;
			}
			root = this.#open(shown.entry, link);
			if (withKeys) this.#showLabel(root, SELF);
		}
		return root;
	}

	/** Calls `visit` for each entry from the label on, in order, until it says false. */
	#visit(
		branch: Branch,
		from: Uint8Array | undefined,
		visit: (branch: Branch, index: number) => boolean,
		bounds: Bounds = { low: 0, high: 0 },
	): boolean {
		const { node } = branch;
		const at = from === undefined ? 0 : search(node, from, bounds);
		const isLeaf = levelOf(node) === 0;
		const first = at >= 0 ? at : isLeaf ? ~at : ~at - 1;
		for (let index = first; index < countOf(node); index++) {
			if (isLeaf) {
				if (!visit(branch, index)) return false;
			} else {
				const begin = index === first ? from : undefined;
				if (!this.#visit(this.#child(branch, index), begin, visit, bounds)) return false;
			}
		}
		return true;
	}

	#open(entry: Shown, link: number): Branch {
		entry.directory ??= branchOf(this.#store.read(link));
		return entry.directory;
	}

	/** Whether the directory has no labels at all. */
	get isEmpty(): boolean {
		return countOf(this.#root.node) === 0;
	}

	/** The directory's tree; it must not be empty. */
	write(out: TreeWriter): void {
		this.#writeNode(out, this.#root);
	}

	/** Shows the label, or, if it is absent, its neighbours: then undefined. */
	#showLabel(root: Branch, label: Uint8Array): { entry: Shown; node: Uint8Array; index: number } | undefined {
		const spot = this.#find(root, label);
		const { branch, index } = spot.path[spot.path.length - 1]!;
		if (spot.found) return { entry: entryAt(branch, index), node: branch.node, index };
		if (index > 0) entryAt(branch, index - 1);
		else this.#showBeside(spot, -1);
		if (index < countOf(branch.node)) entryAt(branch, index);
		else this.#showBeside(spot, 1);
		return undefined;
	}

	#find(root: Branch, label: Uint8Array): Spot {
		const path: { branch: Branch; index: number }[] = [];
		const bounds: Bounds = { low: 0, high: 0 };
		for (let branch = root; ; ) {
			const at = search(branch.node, label, bounds);
			if (levelOf(branch.node) === 0) {
				path.push({ branch, index: at < 0 ? ~at : at });
				return { path, found: at >= 0 };
			}
			const index = at < 0 ? ~at - 1 : at;
			path.push({ branch, index });
			branch = this.#child(branch, index);
		}
	}

	/** Shows the last entry of the leaf before (-1), or the first of the leaf after (1), if there is such a leaf. */
	#showBeside({ path }: Spot, side: -1 | 1): void {
		let depth = path.length - 2;
		for (; depth >= 0; depth--) {
			const beside = path[depth]!.index + side;
			if (beside >= 0 && beside < countOf(path[depth]!.branch.node)) break;
		}
		if (depth < 0) return;
		let branch = this.#child(path[depth]!.branch, path[depth]!.index + side);
		const end = (): number => (side === 1 ? 0 : countOf(branch.node) - 1);
		while (levelOf(branch.node) > 0) branch = this.#child(branch, end());
		entryAt(branch, end());
	}

	#child(branch: Branch, index: number): Branch {
		let child = branch.children.get(index);
		if (child === undefined) {
			child = branchOf(readChild(this.#store, branch.node, index));
			branch.children.set(index, child);
		}
		return child;
	}

	#writeNode(out: TreeWriter, branch: Branch): void {
		const { node, children, entries } = branch;
		const shown = [...(levelOf(node) === 0 ? entries : children).keys()];
		if (shown.length === 0) {
			out.pruned(digestOf(this.#hashing, node, branch.runs));
			return;
		}
		if (shown.length > 1) shown.sort((a, b) => a - b);
		let height = 0;
		while (1 << height < countOf(node)) height++;
		this.#writeForks(out, branch, shown, 0, shown.length, height, 0);
	}

	/**
	 * The subtree of this height from the entry `begin` on, in the shape of Hashing.forks; of its entries those with the
	 * indices [from, to) of `shown` are shown, at least one.
	 */
	#writeForks(
		out: TreeWriter,
		branch: Branch,
		shown: readonly number[],
		from: number,
		to: number,
		height: number,
		begin: number,
	): void {
		const { node, runs } = branch;
		const hashing = this.#hashing;
		const count = countOf(node);
		let first = begin;
		let next = from;
		for (let level = height - 1; level >= 0; level--) {
			const middle = first + (1 << level);
			// There is no right half.
			if (middle >= count) continue;
			out.fork();
			let split = next;
			while (split < to && shown[split]! < middle) split++;
			if (split === next) out.pruned(subtreeOf(hashing, node, runs, level, first, middle - first));
			else this.#writeForks(out, branch, shown, next, split, level, first);
			if (split === to) {
				const width = Math.min(middle - first, count - middle);
				out.pruned(subtreeOf(hashing, node, runs, level, middle, width));
				return;
			}
			first = middle;
			next = split;
		}
		this.#writeEntry(out, branch, first);
	}

	#writeEntry(out: TreeWriter, branch: Branch, index: number): void {
		const child = branch.children.get(index);
		if (child !== undefined) {
			this.#writeNode(out, child);
			return;
		}
		const { node } = branch;
		const { directory, opened, content } = branch.entries.get(index)!;
		out.labeled(labelAt(node, index));
		if (directory !== undefined) {
			this.#writeNode(out, directory);
			return;
		}
		const value = valueAt(node, index);
		// A key of segments without a directory has `<$>` between its label and its content.
		if (kindOf(node) === KIND.paths && flagAt(node, index) === FLAG.file && linkAt(node, index) === 0) {
			if (!opened) {
				out.pruned(this.#hashing.labeled(SELF, value));
				return;
			}
			out.labeled(SELF);
		}
		if (content === undefined) out.pruned(value);
		else out.raw(content);
	}
}

function entryAt(branch: Branch, index: number): Shown {
	let entry = branch.entries.get(index);
	if (entry === undefined) {
		entry = { directory: undefined, opened: false, content: undefined };
		branch.entries.set(index, entry);
	}
	return entry;
}

function contentOf(contents: Iterator<Uint8Array>): Uint8Array {
	const { done, value } = contents.next();
	if (done) throw new Error("catalog: a page has fewer keys than its range");
	return value;
}
