import { decodeCbor } from "../call/cbor.js";
import type { Sha256 } from "../platform/ports.js";
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

/** A tree out of CBOR. @throws CborError, or TypeError where it is something else */
export function decodeHashTree(bytes: Uint8Array): HashTree {
	const tree = decodeCbor(bytes);
	if (!isHashTree(tree)) throw new TypeError("it is not a hash tree");
	return tree;
}

/** The root hash of a tree that `isHashTree` accepts. */
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
	}
}

/** What stands side by side at the top of a tree, in order: forks are resolved, without recursion. */
export function branches(tree: HashTree): HashTree[] {
	const shown: HashTree[] = [];
	const left: HashTree[] = [tree];
	for (let node = left.pop(); node !== undefined; node = left.pop()) {
		if (node[0] === 1) left.push(node[2], node[1]);
		else if (node[0] !== 0) shown.push(node);
	}
	return shown;
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
		const shown = branches(at);
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
	const at = seek(tree, path);
	return typeof at === "string" ? undefined : at;
}

/** The value at a path, if the tree shows one. */
export function lookup(tree: HashTree, path: readonly (string | Uint8Array)[]): Uint8Array | undefined {
	const found = subtree(tree, path);
	return found?.[0] === 3 ? found[1] : undefined;
}

/** Every value below a tree. */
export function values(tree: HashTree): Uint8Array[] {
	const found: Uint8Array[] = [];
	const left: HashTree[] = [tree];
	for (let node = left.pop(); node !== undefined; node = left.pop()) {
		if (node[0] === 1) left.push(node[2], node[1]);
		else if (node[0] === 2) left.push(node[2]);
		else if (node[0] === 3) found.push(node[1]);
	}
	return found;
}

/** Whether decoded CBOR has the form of a tree, without recursion: what it says may still be anything. */
export function isHashTree(tree: unknown): tree is HashTree {
	const left: unknown[] = [tree];
	while (left.length > 0) {
		const node = left.pop();
		if (!Array.isArray(node)) return false;
		const [kind, first, second] = node;
		if (kind === 0 && node.length === 1) continue;
		if (kind === 1 && node.length === 3) left.push(second, first);
		else if (kind === 2 && node.length === 3 && first instanceof Uint8Array) left.push(second);
		else if (kind !== 3 && kind !== 4) return false;
		else if (node.length !== 2 || !(first instanceof Uint8Array)) return false;
		else if (kind === 4 && first.length !== DIGEST_BYTES) return false;
	}
	return true;
}
