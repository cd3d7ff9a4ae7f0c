import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Catalog, type ListEntry, mergeLists } from "../../../src/canister/catalog/index.js";
import { runs } from "../../support/long.js";
import { CountingMap, checkStructure, compareKeys, hashing, modelList } from "./support.js";

const NESTED = ["", "public", "private", "\0\xff".repeat(32)].map((name) => Buffer.from(name, "latin1"));
/** The last is one whose labels are whole keys: it lists just the same. */
const ROOTS = [...NESTED, { flatName: Buffer.from("flat") }];
const texts = (entries: Iterable<ListEntry>): string[] =>
	[...entries].map((entry) => ("key" in entry ? entry.key : entry.directory));

/** Characters on both sides of `/`, and on both sides of the surrogates, in labels that meet often. */
const small = fc.constantFrom("a", "b", "a!", "a0", "aa", "é", "\ue000", "😀", "a😀", "~");
/** Labels that fill a node with four to ten of them, so that short histories split and join. */
const bulky = fc
	.tuple(fc.constantFrom(300, 600, 900), fc.integer({ min: 0, max: 40 }))
	.map(([length, n]) => `${"p".repeat(length)}${n}`);
const key = fc.oneof(
	{ weight: 3, arbitrary: fc.array(small, { minLength: 1, maxLength: 4 }) },
	{ weight: 2, arbitrary: fc.tuple(bulky) },
	{ weight: 1, arbitrary: fc.tuple(small, bulky) },
	{ weight: 1, arbitrary: fc.tuple(bulky, small) },
);
const keyText = key.map((segments) => segments.join("/"));
/** Any beginning of a key, or something near one. */
const near = fc.oneof(
	fc.constant(""),
	keyText,
	keyText.map((text) => `${text}/`),
	fc.tuple(keyText, fc.nat(8)).map(([text, cut]) => [...text].slice(0, cut).join("")),
	fc.constantFrom("/", "//", "a//", "p", "ppp", "\u{10ffff}", "\0", "a\0a", "a\u0001", "\ud800", "a/\ud800b"),
);

const operation = fc.record({
	insert: fc.boolean(),
	root: fc.nat(ROOTS.length - 1),
	key: keyText,
});
const query = fc.record({
	prefix: near,
	recursive: fc.boolean(),
	after: fc.option(near, { nil: undefined }),
});

describe("the catalog against a sorted array", () => {
	it("inserts, removes, has and lists like it, and its structure holds after every step", () => {
		fc.assert(
			fc.property(
				fc.array(operation, { maxLength: 150, size: "max" }),
				fc.array(query, { maxLength: 12, size: "max" }),
				(operations, queries) => {
					const map = new CountingMap();
					const catalog = new Catalog(map, hashing);
					const models = ROOTS.map(() => new Set<string>());
					for (const { insert, root, key } of operations) {
						const model = models[root]!;
						expect(catalog.has(ROOTS[root]!, key)).toBe(model.has(key));
						if (insert) expect(catalog.insert(ROOTS[root]!, key)).toBe(!model.has(key));
						else expect(catalog.remove(ROOTS[root]!, key)).toBe(model.has(key));
						if (insert) model.add(key);
						else model.delete(key);
						expect(checkStructure(map).keys).toBe(models.reduce((sum, { size }) => sum + size, 0));
					}
					// Another instance: nothing is kept in the heap.
					const reopened = new Catalog(map, hashing);
					for (const { prefix, recursive, after } of queries) {
						const range = after === undefined ? { prefix, recursive } : { prefix, recursive, after };
						for (const [i, model] of models.entries())
							expect(texts(reopened.list(ROOTS[i]!, range))).toEqual(modelList(model, range));
						const merged = mergeLists(reopened.list(ROOTS[0]!, range), reopened.list(ROOTS[1]!, range));
						expect(texts(merged)).toEqual(modelList(new Set([...models[0]!, ...models[1]!]), range));
						const mixed = mergeLists(reopened.list(ROOTS[4]!, range), reopened.list(ROOTS[1]!, range));
						expect(texts(mixed)).toEqual(modelList(new Set([...models[4]!, ...models[1]!]), range));
					}
				},
			),
			runs(50, 400),
		);
	});

	it("gives every page whole when each begins where the last ended", () => {
		fc.assert(
			fc.property(
				fc.uniqueArray(keyText, { maxLength: 80, size: "max" }),
				near,
				fc.boolean(),
				fc.constantFrom(ROOTS[1]!, ROOTS[4]!),
				(keys, prefix, recursive, root) => {
					const catalog = new Catalog(new CountingMap(), hashing);
					for (const key of keys) catalog.insert(root, key);
					const paged: string[] = [];
					for (;;) {
						const after = paged[paged.length - 1];
						const range = after === undefined ? { prefix, recursive } : { prefix, recursive, after };
						const next = catalog.list(root, range).next();
						if (next.done) break;
						paged.push(...texts([next.value]));
					}
					expect(paged).toEqual(modelList(keys, { prefix, recursive }));
				},
			),
			runs(80, 600),
		);
	});

	it("empties a catalog in any order, down to the directory of roots", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(keyText, fc.nat()), { maxLength: 150, size: "max" }), (pairs) => {
				const map = new CountingMap();
				const catalog = new Catalog(map, hashing);
				const keys = new Map(pairs);
				for (const key of keys.keys()) catalog.insert(ROOTS[1]!, key);
				const order = [...keys].sort((a, b) => a[1] - b[1] || compareKeys(a[0], b[0]));
				for (const [key] of order) {
					expect(catalog.remove(ROOTS[1]!, key)).toBe(true);
					checkStructure(map);
				}
				expect(checkStructure(map)).toMatchObject({ keys: 0, nodes: 2, directories: 2 });
			}),
			runs(25, 200),
		);
	});
});
