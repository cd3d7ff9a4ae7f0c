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

/** The root hash of a tree. */
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
			return tree[1];
		default:
			throw new TypeError("a node of a hash tree has an unknown kind");
	}
}

function* branches(tree: HashTree): Generator<HashTree> {
	if (tree[0] === 1) {
		yield* branches(tree[1]);
		yield* branches(tree[2]);
	} else if (tree[0] !== 0) yield tree;
}

/** The subtree under a label, if the tree shows it. */
function child(tree: HashTree, label: Uint8Array): HashTree | undefined {
	for (const branch of branches(tree))
		if (branch[0] === 2 && compareBytes(branch[1], label) === 0) return branch[2];
	return undefined;
}

/** The subtree at a path, if the tree shows it. Whether it is absent or pruned makes no difference to us. */
export function subtree(tree: HashTree, path: readonly (string | Uint8Array)[]): HashTree | undefined {
	let at: HashTree | undefined = tree;
	for (const label of path) at = at && child(at, typeof label === "string" ? utf8(label) : label);
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
