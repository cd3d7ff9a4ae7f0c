import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HTTP_EXPR } from "../../../src/canister/catalog/index.js";
import { NotShown, type ShownEntry, shownPage } from "../../../src/client/blobs/shown-page.js";
import type { HashTree } from "../../../src/client/verification/hash-tree.js";
import type { ListRange } from "../../../src/protocol/index.js";
import { runs } from "../../support/long.js";
import { contentOf, HEAD, Model, subtreeOf } from "./certified-model.js";
import { decodeTree, isWellFormed, reconstruct, type Tree } from "./spec.js";
import { modelList, randomOf } from "./support.js";

/** On both sides of `<$>` and of `/`, labels that are beginnings of others, and labels that fill a node with a few. */
const small = fc.constantFrom("a", "b", "!", "<", "<$", "<$>a", "=", "aa", "a!", "é", "😀", "~");
const bulky = fc
	.tuple(fc.constantFrom(300, 600), fc.integer({ min: 0, max: 40 }))
	.map(([length, n]) => `${"p".repeat(length)}${n}`);
const keyText = fc
	.oneof(
		{ weight: 4, arbitrary: fc.array(small, { minLength: 1, maxLength: 4 }) },
		{ weight: 1, arbitrary: fc.tuple(bulky) },
		{ weight: 1, arbitrary: fc.tuple(small, bulky) },
	)
	.map((segments) => segments.join("/"));
const near = fc.oneof(
	fc.constant(""),
	keyText,
	keyText.map((text) => `${text}/`),
	fc.tuple(keyText, fc.nat(8)).map(([text, cut]) => [...text].slice(0, cut).join("")),
	fc.constantFrom("/", "//", "a//", "p", "<$>", "a/<$>", "a/<$>/b", "a/<$>/", "\u{10ffff}"),
);
const ranges = fc.record({
	prefix: near,
	recursive: fc.boolean(),
	after: fc.option(near, { nil: undefined }),
	limit: fc.integer({ min: 1, max: 6 }),
});

const nameOf = (entry: ShownEntry): string => ("key" in entry ? entry.key : entry.directory);

/** A page of the model, and the catalog's witness of it. */
function pageOf(model: Model, { prefix, recursive, after }: ListRange, limit: number) {
	const range = after === undefined ? { prefix, recursive } : { prefix, recursive, after };
	const all = modelList(model.paths.keys(), range);
	const names = all.slice(0, limit);
	const last = all.length > limit ? names.at(-1) : undefined;
	const contents = names.filter((name) => !name.endsWith("/")).map((key) => subtreeOf(model.paths.get(key)!));
	const witness = model.catalog.witnessOfPage(HEAD, HTTP_EXPR, range, last, contents);
	return { range, names, last, witness };
}

/** What is shown, or that something is not. */
function shown(tree: Tree, range: ListRange, last: string | undefined): string[] | "not shown" {
	try {
		return [...shownPage(tree as HashTree, range, last)].map(nameOf);
	} catch (error) {
		if (error instanceof NotShown) return "not shown";
		throw error;
	}
}

const pruned = (tree: Tree): Tree => [4, reconstruct(tree)];

/** The same tree with one subtree pruned: every one of these has the same root. */
function* prunings(tree: Tree): Generator<Tree> {
	if (tree[0] !== 4) yield pruned(tree);
	if (tree[0] === 1) {
		for (const left of prunings(tree[1])) yield [1, left, tree[2]];
		for (const right of prunings(tree[2])) yield [1, tree[1], right];
	} else if (tree[0] === 2) for (const below of prunings(tree[2])) yield [2, tree[1], below];
}

describe("the witness of a page", () => {
	it("shows exactly the page, for every range and limit, and no pruning of it shows another", () => {
		let hidden = 0;
		fc.assert(
			fc.property(
				fc.uniqueArray(keyText, { maxLength: 40, size: "max" }),
				fc.array(ranges, { minLength: 1, maxLength: 6, size: "max" }),
				(keys, queries) => {
					const model = new Model();
					model.change(keys.map((key) => ({ key, value: key })));
					for (const { limit, ...query } of queries) {
						const { range, names, last, witness } = pageOf(model, query as ListRange, limit);
						const tree = decodeTree(witness);
						expect(Buffer.from(reconstruct(tree))).toEqual(Buffer.from(model.catalog.rootHash(HEAD)));
						expect(isWellFormed(tree)).toBe(true);
						const entries = [...shownPage(tree as HashTree, range, last)];
						expect(entries.map(nameOf)).toEqual(names);
						for (const entry of entries)
							if ("key" in entry) expect(Buffer.from(entry.hash).toString()).toBe(model.paths.get(entry.key));
						for (const other of prunings(tree)) {
							const found = shown(other, range, last);
							if (found === "not shown") hidden++;
							else expect(found).toEqual(names);
						}
					}
				},
			),
			runs(60, 400),
		);
		expect(hidden).toBeGreaterThan(1_000);
	});

	it("of another range, or of another end, does not show this one", () => {
		const model = new Model();
		const keys = Array.from({ length: 200 }, (_, i) => `d${i % 4}/${String(i).padStart(3, "0")}`);
		model.change(keys.map((key) => ({ key, value: key })));
		const whole = { prefix: "d1/", recursive: true };
		const { last, witness } = pageOf(model, whole, 10);
		const tree = decodeTree(witness);
		expect(shown(tree, whole, last)).toHaveLength(10);
		expect(shown(tree, whole, undefined)).toBe("not shown");
		expect(shown(tree, whole, "d1/041")).toBe("not shown");
		// Cut early it shows less: so `last` must be the last entry, which whoever reads it checks.
		expect(shown(tree, whole, "d1/005")).toEqual(["d1/001", "d1/005"]);
		for (const prefix of ["", "d", "d2/", "d1"])
			expect(shown(tree, { prefix, recursive: true }, undefined), prefix).toBe("not shown");
		expect(shown(tree, { ...whole, after: "d1/100" }, undefined)).toBe("not shown");
		expect(shown(tree, { prefix: "d1/", recursive: false }, last)).toHaveLength(10);
		expect(shown(tree, { prefix: "d", recursive: false }, "d1/")).toBe("not shown");
	});

	it("shows of the rest no more than the neighbours, and reads the page's nodes once", () => {
		const model = new Model();
		const keys = Array.from({ length: 5_000 }, (_, i) => `all/${String(i).padStart(5, "0")}`);
		model.change(keys.map((key) => ({ key, value: "v" })));
		const range = { prefix: "all/", recursive: true, after: "all/01000x" };
		let page: ReturnType<typeof pageOf> | undefined;
		const { reads } = model.map.cost(() => {
			page = pageOf(model, range, 1_000);
		});
		expect(reads).toBeLessThan(60);
		const text = Buffer.from(page!.witness).toString("latin1");
		expect([...text.matchAll(/\d{5}/g)].map(([label]) => label)).toEqual(
			Array.from({ length: 1_001 }, (_, i) => String(i + 1_000).padStart(5, "0")),
		);
		expect(page!.witness.length / 1_000).toBeLessThan(60);
	});

	it("is refused where the page does not fit the catalog", () => {
		const model = new Model();
		model.change(["a", "b"].map((key) => ({ key, value: key })));
		const range = { prefix: "", recursive: true };
		const contents = [contentOf("a")];
		expect(() => model.catalog.witnessOfPage(HEAD, HTTP_EXPR, range, undefined, contents)).toThrow("fewer");
		expect(() =>
			model.catalog.witnessOfPage(HEAD, HTTP_EXPR, range, "a", [...contents, ...contents]),
		).toThrow("more");
	});

	it("of one entry of each of many directories is small, whatever else is in them", () => {
		const random = randomOf(3);
		const model = new Model();
		const keys = new Set<string>();
		while (keys.size < 3_000) keys.add(`d${random(50)}/${random(1e6)}`);
		model.change([...keys].map((key) => ({ key, value: "1" })));
		const { names, witness } = pageOf(model, { prefix: "", recursive: false }, 1_000);
		expect(names).toHaveLength(50);
		expect(witness.length / 50).toBeLessThan(500);
	});
});
