import type { Sha256 } from "../ports.js";
import { compareBytes, concat, utf8 } from "../util/bytes.js";

/** A hash tree as CBOR decodes it: Empty, Fork, Labeled, Leaf, Pruned (interface specification, "Certificate"). */
export type HashTree =
	| readonly [0]
	| readonly [1, HashTree, HashTree]
	| readonly [2, Uint8Array, HashTree]
	| readonly [3, Uint8Array]
	| readonly [4, Uint8Array];

const domain = (name: string): Uint8Array => concat(Uint8Array.of(name.length), utf8(name));
const EMPTY = domain("ic-hashtree-empty");
const FORK = domain("ic-hashtree-fork");
const LABELED = domain("ic-hashtree-labeled");
const LEAF = domain("ic-hashtree-leaf");
const DIGEST_BYTES = 32;

/** The root hash of a tree. @throws TypeError where it is none */
export async function reconstruct(tree: HashTree, sha256: Sha256): Promise<Uint8Array> {
	switch (tree[0]) {
		case 0:
			return sha256(EMPTY);
		case 1:
			return sha256(concat(FORK, await reconstruct(tree[1], sha256), await reconstruct(tree[2], sha256)));
		case 2:
			return sha256(concat(LABELED, tree[1], await reconstruct(tree[2], sha256)));
		case 3:
			return sha256(concat(LEAF, tree[1]));
		case 4:
			if (tree[1].length !== DIGEST_BYTES) throw new TypeError("a digest of a hash tree has another length");
			return tree[1];
		default:
			throw new TypeError("a node of a hash tree has an unknown kind");
	}
}

/** The labelled, pruned and valued nodes that the forks at the top of a tree lead to, in order. */
export function* branches(tree: HashTree): Generator<HashTree> {
	if (tree[0] === 1) {
		yield* branches(tree[1]);
		yield* branches(tree[2]);
	} else if (tree[0] !== 0) yield tree;
}

/** What stands at a path: a value; nothing, which the tree proves; or something that the tree does not show. */
export type Found =
	| { readonly kind: "value"; readonly value: Uint8Array }
	| { readonly kind: "absent" }
	| { readonly kind: "hidden" };

/**
 * Looks a path up (interface specification, "Lookup"). Absence is proven by the labels on both sides, so only in a
 * tree whose labels are in order: one whose root hash somebody vouches for who keeps them so.
 */
export function find(tree: HashTree, path: readonly (string | Uint8Array)[]): Found {
	const at = seek(tree, path);
	if (typeof at === "string") return { kind: at };
	if (at[0] === 3) return { kind: "value", value: at[1] };
	return { kind: at[0] === 0 ? "absent" : "hidden" };
}

/** The tree that stands at a path; or that there is none, or that this is not shown. */
export function seek(tree: HashTree, path: readonly (string | Uint8Array)[]): HashTree | "absent" | "hidden" {
	let at = tree;
	for (const name of path) {
		const label = typeof name === "string" ? utf8(name) : name;
		const shown = [...branches(at)];
		const match = shown.find((branch) => branch[0] === 2 && compareBytes(branch[1], label) === 0);
		if (match === undefined) return isAbsent(label, shown) ? "absent" : "hidden";
		at = match[2] as HashTree;
	}
	return at;
}

function isAbsent(label: Uint8Array, shown: readonly HashTree[]): boolean {
	const isOnlyLeaf = shown.length === 1 && shown[0]?.[0] === 3;
	if (shown.length === 0 || isOnlyLeaf) return true;
	const isBefore = (branch: HashTree | undefined) => branch?.[0] === 2 && compareBytes(branch[1], label) < 0;
	const isAfter = (branch: HashTree | undefined) => branch?.[0] === 2 && compareBytes(branch[1], label) > 0;
	if (isAfter(shown[0]) || isBefore(shown.at(-1))) return true;
	return shown.some((branch, i) => isBefore(branch) && isAfter(shown[i + 1]));
}

/** The subtree at a path, if the tree shows it. */
export function subtree(tree: HashTree, path: readonly (string | Uint8Array)[]): HashTree | undefined {
	let at: HashTree | undefined = tree;
	for (const name of path) {
		const label = typeof name === "string" ? utf8(name) : name;
		let below: HashTree | undefined;
		for (const branch of branches(at))
			if (branch[0] === 2 && compareBytes(branch[1], label) === 0) below ??= branch[2];
		if (below === undefined) return undefined;
		at = below;
	}
	return at;
}

/** The value at a path, if the tree shows one. */
export function lookup(tree: HashTree, path: readonly (string | Uint8Array)[]): Uint8Array | undefined {
	const found = subtree(tree, path);
	return found?.[0] === 3 ? found[1] : undefined;
}

/** Every value below a tree. */
export function* values(tree: HashTree): Generator<Uint8Array> {
	for (const branch of branches(tree)) {
		if (branch[0] === 3) yield branch[1];
		else if (branch[0] === 2) yield* values(branch[2]);
	}
}

/** Whether something that was decoded has the form of a tree: what it says may still be anything. */
export function isHashTree(tree: unknown): tree is HashTree {
	if (!Array.isArray(tree)) return false;
	const [kind, first, second] = tree;
	if (kind === 0) return tree.length === 1;
	if (kind === 1) return tree.length === 3 && isHashTree(first) && isHashTree(second);
	if (kind === 2) return tree.length === 3 && first instanceof Uint8Array && isHashTree(second);
	return (kind === 3 || kind === 4) && tree.length === 2 && first instanceof Uint8Array;
}
