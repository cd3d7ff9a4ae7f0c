/**
 * Certification, "Certificate" and "Lookup": pruning a tree to the paths asked for.
 *
 * A path that is not in the tree is represented by its neighbours' labels with pruned contents: from them `lookup`
 * concludes Absent rather than Unknown.
 */
import { hex } from "../encoding/bytes.js";
import type { Encodable } from "../encoding/cbor-encode.js";
import { Directory, type Node, type Tree } from "./hash-tree.js";

export type Path = readonly Uint8Array[];

enum Kind {
	Empty = 0,
	Fork = 1,
	Labeled = 2,
	Leaf = 3,
	Pruned = 4,
}

/** The part to reveal below a node of the tree: all of it, or the content of some labels. */
interface Reveal {
	all: boolean;
	readonly children: Map<string, { readonly label: Uint8Array; readonly reveal: Reveal }>;
}

export function witness(tree: Tree, paths: readonly Path[]): Encodable {
	const reveal: Reveal = { all: false, children: new Map() };
	for (const path of paths) {
		let at = reveal;
		for (const label of path) {
			const key = hex(label);
			let child = at.children.get(key);
			if (!child) {
				child = { label, reveal: { all: false, children: new Map() } };
				at.children.set(key, child);
			}
			at = child.reveal;
		}
		at.all = true;
	}
	return show(tree, reveal);
}

function show(tree: Tree, reveal: Reveal): Encodable {
	if (!(tree instanceof Directory)) return [Kind.Leaf, tree.value];
	if (!tree.root) return [Kind.Empty];
	return reveal.all ? showAll(tree.root) : showSome(tree.root, reveal);
}

function showAll(node: Node): Encodable {
	const all: Reveal = { all: true, children: new Map() };
	const labeled: Encodable = [Kind.Labeled, node.label, show(node.tree, all)];
	return fork(node.left && showAll(node.left), labeled, node.right && showAll(node.right));
}

function showSome(root: Node, reveal: Reveal): Encodable {
	const onTheWay = new Set<Node>();
	const shown = new Map<Node, Reveal | "label only">();
	for (const { label, reveal: below } of reveal.children.values()) {
		let before: Node | undefined;
		let after: Node | undefined;
		let node: Node | undefined = root;
		while (node) {
			onTheWay.add(node);
			const order = Buffer.compare(label, node.label);
			if (order === 0) break;
			if (order < 0) after = node;
			else before = node;
			node = order < 0 ? node.left : node.right;
		}
		if (node) shown.set(node, below);
		else
			for (const neighbour of [before, after]) {
				if (neighbour && !shown.has(neighbour)) shown.set(neighbour, "label only");
			}
	}

	const build = (node: Node | undefined): Encodable | undefined => {
		if (!node) return undefined;
		if (!onTheWay.has(node)) return [Kind.Pruned, node.hash()];
		const what = shown.get(node);
		let labeled: Encodable;
		if (!what) labeled = [Kind.Pruned, node.labeledHash()];
		else if (what === "label only") labeled = [Kind.Labeled, node.label, [Kind.Pruned, node.tree.hash()]];
		else labeled = [Kind.Labeled, node.label, show(node.tree, what)];
		return fork(build(node.left), labeled, build(node.right));
	};
	return build(root)!;
}

function fork(left: Encodable | undefined, labeled: Encodable, right: Encodable | undefined): Encodable {
	const rest: Encodable = right ? [Kind.Fork, labeled, right] : labeled;
	return left ? [Kind.Fork, left, rest] : rest;
}
