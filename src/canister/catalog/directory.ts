import {
	type Bounds,
	countOf,
	innerNode,
	isOverfull,
	isUnderfull,
	join,
	labelAt,
	levelOf,
	linkAt,
	search,
	split,
	withEntry,
	withoutEntry,
} from "./node.js";
import type { NodeStore } from "./store.js";

/**
 * One directory: a B+-tree of labels whose root keeps its node id for as long as the directory lives, so that
 * growing and shrinking never touch the entry that points to it.
 */

/** A node on the way from the root to a leaf, and where in it the way goes on. */
export interface Step {
	readonly id: number;
	readonly node: Uint8Array;
	readonly index: number;
}

/** Where a label stands, or would stand if `found` is false. */
export interface Place {
	/** From the root to the leaf; never empty. */
	readonly path: readonly Step[];
	readonly found: boolean;
}

export const leafOf = (place: Place): Step => place.path[place.path.length - 1]!;

/** A child is one level below its parent: a link gone wrong is noticed, and cannot make a circle. */
export function readChild(store: NodeStore, parent: Uint8Array, index: number): Uint8Array {
	const id = linkAt(parent, index);
	const child = store.read(id);
	if (levelOf(child) !== levelOf(parent) - 1)
		throw new Error(`catalog: node ${id} has level ${levelOf(child)} below level ${levelOf(parent)}`);
	return child;
}

export function descend(store: NodeStore, directory: number, label: Uint8Array): Place {
	const path: Step[] = [];
	const bounds: Bounds = { low: 0, high: 0 };
	let id = directory;
	let node = store.read(id);
	for (;;) {
		const at = search(node, label, bounds);
		if (levelOf(node) === 0) {
			path.push({ id, node, index: at < 0 ? ~at : at });
			return { path, found: at >= 0 };
		}
		const index = at < 0 ? ~at - 1 : at;
		path.push({ id, node, index });
		id = linkAt(node, index);
		node = readChild(store, node, index);
	}
}

/**
 * Puts `leaf` in the place of the path's leaf, and changes the nodes above as far as that makes necessary: at
 * most the path, and one sibling a level. `appended`: whether the leaf's last entry is new.
 *
 * This is the only place where a directory's nodes are written. With certification the loop does not end at
 * the first level that is neither overfull nor underfull: it goes on to the root with the child's new digest.
 */
export function rewrite(store: NodeStore, path: readonly Step[], leaf: Uint8Array, appended: boolean): void {
	let changed = leaf;
	let atEnd = appended;
	for (let depth = path.length - 1; depth > 0; depth--) {
		const { id } = path[depth]!;
		const parent = path[depth - 1]!;
		if (isOverfull(changed)) {
			const { left, separator, right } = split(changed, atEnd);
			const rightId = store.allocate();
			store.write(id, left);
			store.write(rightId, right);
			atEnd = parent.index + 1 === countOf(parent.node);
			changed = withEntry(parent.node, parent.index + 1, separator, false, rightId);
		} else if (isUnderfull(changed)) {
			changed = joinSibling(store, parent, changed);
		} else {
			store.write(id, changed);
			return;
		}
	}
	rewriteRoot(store, path[0]!.id, changed, atEnd);
}

/**
 * Joins the underfull node at the parent's index to the sibling before it (the first: after it), and splits
 * them evenly if they are too much for one. The parent after that; its new separator may be longer, so it may
 * now be overfull. Merely freeing nodes when they are empty would keep depth within the log of the most
 * labels there ever were, but not of those there are, and leave a node for every label that survives.
 */
function joinSibling(store: NodeStore, parent: Step, node: Uint8Array): Uint8Array {
	const rightIndex = parent.index === 0 ? 1 : parent.index;
	const leftId = linkAt(parent.node, rightIndex - 1);
	const rightId = linkAt(parent.node, rightIndex);
	const separator = labelAt(parent.node, rightIndex);
	const joined =
		parent.index === 0
			? join(node, separator, readChild(store, parent.node, 1))
			: join(readChild(store, parent.node, rightIndex - 1), separator, node);
	const others = withoutEntry(parent.node, rightIndex);
	if (!isOverfull(joined)) {
		store.write(leftId, joined);
		store.free(rightId);
		return others;
	}
	const halves = split(joined, false);
	store.write(leftId, halves.left);
	store.write(rightId, halves.right);
	return withEntry(others, rightIndex, halves.separator, false, rightId);
}

function rewriteRoot(store: NodeStore, id: number, root: Uint8Array, appended: boolean): void {
	if (isOverfull(root)) {
		const { left, separator, right } = split(root, appended);
		const leftId = store.allocate();
		const rightId = store.allocate();
		store.write(leftId, left);
		store.write(rightId, right);
		store.write(id, innerNode(levelOf(root) + 1, leftId, separator, rightId));
	} else if (levelOf(root) > 0 && countOf(root) === 1) {
		const child = readChild(store, root, 0);
		store.free(linkAt(root, 0));
		store.write(id, child);
	} else store.write(id, root);
}
