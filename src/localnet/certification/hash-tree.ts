/**
 * Certification, "Certificate": hash trees.
 *
 * A directory is an immutable treap: setting a label copies O(log n) nodes and keeps the hashes of all others, so the
 * cost of a block depends on its changes, and the tree of an earlier block stays valid. A leaf is hashed once, in
 * whatever pruned trees it appears.
 */
import { domainSeparator, sha256 } from "../encoding/bytes.js";

const EMPTY = domainSeparator("ic-hashtree-empty");
export const FORK = domainSeparator("ic-hashtree-fork");
export const LABELED = domainSeparator("ic-hashtree-labeled");
export const LEAF = domainSeparator("ic-hashtree-leaf");
export const EMPTY_HASH = sha256(EMPTY);

export type Tree = Leaf | Directory;

export class Leaf {
	#hash: Buffer | undefined;
	constructor(readonly value: Uint8Array) {}

	hash(): Buffer {
		this.#hash ??= sha256(LEAF, this.value);
		return this.#hash;
	}
}

export class Node {
	#labeled: Buffer | undefined;
	#hash: Buffer | undefined;

	constructor(
		readonly label: Uint8Array,
		readonly tree: Tree,
		readonly priority: number,
		readonly left: Node | undefined,
		readonly right: Node | undefined,
	) {}

	/** Hash of the label and its content, without its neighbours. */
	labeledHash(): Buffer {
		this.#labeled ??= sha256(LABELED, this.label, this.tree.hash());
		return this.#labeled;
	}

	/** Hash of the whole branch: fork(left, fork(labeled, right)), without absent branches. */
	hash(): Buffer {
		if (this.#hash === undefined) {
			let hash = this.labeledHash();
			if (this.right) hash = sha256(FORK, hash, this.right.hash());
			if (this.left) hash = sha256(FORK, this.left.hash(), hash);
			this.#hash = hash;
		}
		return this.#hash;
	}

	with(left: Node | undefined, right: Node | undefined): Node {
		return new Node(this.label, this.tree, this.priority, left, right);
	}
}

export class Directory {
	static readonly EMPTY = new Directory(undefined);

	constructor(readonly root: Node | undefined) {}

	/** A directory of these entries; undefined ones are left out. */
	static of(entries: Iterable<readonly [Uint8Array, Tree | undefined]>): Directory {
		let directory = Directory.EMPTY;
		for (const [label, tree] of entries) if (tree) directory = directory.set(label, tree);
		return directory;
	}

	hash(): Buffer {
		return this.root?.hash() ?? EMPTY_HASH;
	}

	get(label: Uint8Array): Tree | undefined {
		let node = this.root;
		while (node) {
			const order = Buffer.compare(label, node.label);
			if (order === 0) return node.tree;
			node = order < 0 ? node.left : node.right;
		}
		return undefined;
	}

	set(label: Uint8Array, tree: Tree): Directory {
		return new Directory(insert(this.root, label, tree, priorityOf(label)));
	}

	delete(label: Uint8Array): Directory {
		return new Directory(remove(this.root, label));
	}
}

/** FNV-1a: the shape of a directory depends on its labels only, not on their order of insertion. */
function priorityOf(label: Uint8Array): number {
	let hash = 0x811c9dc5;
	for (const byte of label) hash = Math.imul(hash ^ byte, 0x01000193);
	hash ^= hash >>> 15;
	return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

function insert(node: Node | undefined, label: Uint8Array, tree: Tree, priority: number): Node {
	if (!node) return new Node(label, tree, priority, undefined, undefined);
	const order = Buffer.compare(label, node.label);
	if (order === 0) return new Node(label, tree, priority, node.left, node.right);
	if (order < 0) {
		const left = insert(node.left, label, tree, priority);
		if (left.priority <= node.priority) return node.with(left, node.right);
		return left.with(left.left, node.with(left.right, node.right));
	}
	const right = insert(node.right, label, tree, priority);
	if (right.priority <= node.priority) return node.with(node.left, right);
	return right.with(node.with(node.left, right.left), right.right);
}

function remove(node: Node | undefined, label: Uint8Array): Node | undefined {
	if (!node) return undefined;
	const order = Buffer.compare(label, node.label);
	if (order < 0) return node.with(remove(node.left, label), node.right);
	if (order > 0) return node.with(node.left, remove(node.right, label));
	return merge(node.left, node.right);
}

function merge(left: Node | undefined, right: Node | undefined): Node | undefined {
	if (!left || !right) return left ?? right;
	return left.priority >= right.priority
		? left.with(left.left, merge(left.right, right))
		: right.with(merge(left, right.left), right.right);
}
