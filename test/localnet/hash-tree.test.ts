/** Hash trees and their pruning, against the specification's algorithms. */
import { Cbor, type HashTree, reconstruct } from "@dfinity/agent";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Directory, Leaf } from "../../src/localnet/certification/hash-tree.js";
import { witness } from "../../src/localnet/certification/witness.js";
import { encodeCbor } from "../../src/localnet/encoding/cbor-encode.js";

const bytes = (text: string) => Buffer.from(text, "utf8");
const read = (tree: Directory, paths: Uint8Array[][]) =>
	Cbor.decode(Uint8Array.from(encodeCbor(witness(tree, paths)))) as HashTree;

type Node = [number, never, never];

/**
 * `lookup_path` as the specification has it. Both agents' own compare labels byte by byte without stopping at the
 * first that differs ("ab" counts as greater than "ba"), so that they miss some proofs of absence.
 */
function lookup(path: readonly Uint8Array[], tree: Node): string {
	const [first, ...rest] = path;
	const [kind, content] = tree;
	if (!first)
		return kind === 3 ? `found ${Buffer.from(content).toString()}` : kind === 0 ? "absent" : `kind ${kind}`;
	const trees = flatten(tree);
	const labels = trees.map(([type, name]) => (type === 2 ? Buffer.compare(name, first) : undefined));
	const at = labels.indexOf(0);
	if (at >= 0) return lookup(rest, trees[at]![2]);
	if (trees.every(([type]) => type === 3)) return "absent";
	const after = labels.findIndex((order) => order !== undefined && order > 0);
	const end = after < 0 ? labels.length : after;
	const before = end === 0 || labels[end - 1] === -1;
	return before && (after >= 0 || labels.at(-1) === -1) ? "absent" : "unknown";
}

function flatten(tree: Node): Node[] {
	if (tree[0] === 0) return [];
	return tree[0] === 1 ? [...flatten(tree[1]), ...flatten(tree[2])] : [tree];
}

const label = fc.stringMatching(/^[a-e]{1,2}$/);
const entries = fc.dictionary(
	label,
	fc.oneof(fc.string({ maxLength: 4 }), fc.dictionary(label, fc.string())),
	{
		maxKeys: 12,
	},
);

function build(
	values: Record<string, unknown>,
	order: (labels: string[]) => string[] = (labels) => labels,
): Directory {
	const tree = (value: unknown) =>
		typeof value === "string" ? new Leaf(bytes(value)) : build(value as never);
	return Directory.of(order(Object.keys(values)).map((name) => [bytes(name), tree(values[name])] as const));
}

test("a witness has the tree's hash, and tells of each path asked for whether it is there", async () => {
	await fc.assert(
		fc.asyncProperty(
			entries,
			fc.array(fc.array(label, { minLength: 1, maxLength: 2 })),
			async (values, paths) => {
				const tree = build(values);
				const pruned = read(
					tree,
					paths.map((path) => path.map(bytes)),
				);
				expect(Buffer.from(await reconstruct(pruned))).toEqual(tree.hash());
				for (const path of paths) {
					const [first, second] = path as [string, string?];
					const value = values[first];
					const below =
						second === undefined || value === undefined
							? value
							: typeof value === "string"
								? undefined
								: value[second];
					const answer = lookup(path.map(bytes), pruned as never);
					if (typeof below === "string") expect(answer).toBe(`found ${below}`);
					else if (below === undefined) expect(answer).toBe("absent");
				}
			},
		),
	);
});

test("the order of insertion, and what was deleted again, make no difference", () => {
	fc.assert(
		fc.property(entries, fc.dictionary(label, fc.string()), (values, more) => {
			const tree = build(values);
			expect(build(values, (labels) => [...labels].reverse()).hash()).toEqual(tree.hash());
			let changed = tree;
			for (const name of Object.keys(more))
				if (!(name in values)) changed = changed.set(bytes(name), new Leaf(bytes("x")));
			for (const name of Object.keys(more)) if (!(name in values)) changed = changed.delete(bytes(name));
			expect(changed.hash()).toEqual(tree.hash());
		}),
	);
});

test("what was not asked for is not shown", () => {
	const tree = build({ public: "shown", secret: "hidden", also: { here: "hidden too" } });
	const encoded = encodeCbor(witness(tree, [[bytes("public")], [bytes("q")]])).toString("latin1");
	expect(encoded).toContain("shown");
	expect(encoded).not.toContain("hidden");
});
