import { type HashTree as AgentTree, Cbor, LookupPathStatus, lookup_path } from "@dfinity/agent";
import { sha256 } from "./support.js";

/** Hash trees by the interface specification's own definitions ("Certificate", "Lookup"). */
export type Tree = [0] | [1, Tree, Tree] | [2, Uint8Array, Tree] | [3, Uint8Array] | [4, Uint8Array];
export type Lookup = { status: "Found"; value: Uint8Array } | { status: "Absent" | "Unknown" | "Error" };

export const decodeTree = (bytes: Uint8Array): Tree => Cbor.decode<Tree>(bytes);

const separated = (name: string, ...parts: Uint8Array[]): Uint8Array =>
	sha256(Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), ...parts]));

export function reconstruct(tree: Tree): Uint8Array {
	switch (tree[0]) {
		case 0:
			return separated("ic-hashtree-empty");
		case 1:
			return separated("ic-hashtree-fork", reconstruct(tree[1]), reconstruct(tree[2]));
		case 2:
			return separated("ic-hashtree-labeled", tree[1], reconstruct(tree[2]));
		case 3:
			return separated("ic-hashtree-leaf", tree[1]);
		case 4:
			if (tree[1].length !== 32) throw new Error("a digest of another length");
			return tree[1];
		default:
			throw new Error("no tree");
	}
}

function flattenForks(tree: Tree): Tree[] {
	if (tree[0] === 0) return [];
	return tree[0] === 1 ? [...flattenForks(tree[1]), ...flattenForks(tree[2])] : [tree];
}

export function lookup([label, ...rest]: readonly Uint8Array[], tree: Tree): Lookup {
	if (label === undefined) {
		if (tree[0] === 0) return { status: "Absent" };
		if (tree[0] === 3) return { status: "Found", value: tree[1] };
		return { status: tree[0] === 4 ? "Unknown" : "Error" };
	}
	const trees = flattenForks(tree);
	for (const found of trees)
		if (found[0] === 2 && Buffer.compare(found[1], label) === 0) return lookup(rest, found[2]);
	return { status: isAbsent(label, trees) ? "Absent" : "Unknown" };
}

function isAbsent(label: Uint8Array, trees: readonly Tree[]): boolean {
	const side = (tree: Tree | undefined) => (tree?.[0] === 2 ? Buffer.compare(tree[1], label) : 0);
	if (trees.length === 0 || (trees.length === 1 && trees[0]![0] === 3)) return true;
	if (side(trees[0]) > 0 || side(trees[trees.length - 1]) < 0) return true;
	return trees.some((tree, i) => side(tree) < 0 && side(trees[i + 1]) > 0);
}

export function isWellFormed(tree: Tree): boolean {
	if (tree[0] === 3) return true;
	const trees = flattenForks(tree);
	const labels = trees.flatMap((inside) => (inside[0] === 2 ? [inside[1]] : []));
	return (
		labels.every((label, i) => i === 0 || Buffer.compare(labels[i - 1]!, label) < 0) &&
		trees.every((inside) => inside[0] !== 3 && (inside[0] !== 2 || isWellFormed(inside[2])))
	);
}

/** Every label that a tree shows, with the labels above it. */
export function* shownLabels(
	tree: Tree,
	above: readonly Uint8Array[] = [],
): Generator<readonly Uint8Array[]> {
	for (const inside of flattenForks(tree))
		if (inside[0] === 2) {
			const path = [...above, inside[1]];
			yield path;
			yield* shownLabels(inside[2], path);
		}
}

/** What @dfinity/agent finds: a status and perhaps a value. */
export function agentLookup(path: readonly Uint8Array[], tree: Tree): Lookup {
	const found = lookup_path([...path], tree as unknown as AgentTree);
	if (found.status === LookupPathStatus.Found) return { status: "Found", value: found.value };
	return { status: found.status };
}

/**
 * Whether the agent compares these labels as the specification does. In 3.4 its isBufferGreaterThan answers whether
 * any byte is greater than the other's at its place: "az" > "ba", and not "ab" > "a".
 */
export function agentOrders(path: readonly Uint8Array[], tree: Tree): boolean {
	return [...shownLabels(tree)].every((shown) =>
		path.every((label) => {
			const other = shown[shown.length - 1]!;
			const greater = label.some((byte, i) => byte > other[i]!);
			return greater === Buffer.compare(label, other) > 0;
		}),
	);
}
