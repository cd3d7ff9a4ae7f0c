import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Catalog, type ListEntry, mergeLists } from "../../../src/canister/catalog/index.js";
import { sortable } from "../../../src/protocol/index.js";
import { CountingMap, compareKeys, hashing, idKey } from "./support.js";

const ROOT = Buffer.from("public");
const texts = (entries: Iterable<ListEntry>): string[] =>
	[...entries].map((entry) => ("key" in entry ? entry.key : entry.directory));
const catalogOf = (...keys: string[]) => {
	const map = new CountingMap();
	const catalog = new Catalog(map, hashing);
	for (const key of keys) catalog.insert(ROOT, key);
	return { map, catalog };
};

describe("lists", () => {
	const { catalog } = catalogOf(
		"a",
		"a/b",
		"a!b",
		"photos/20.txt",
		"photos/2024/x",
		"photos/2024/y",
		"photos/3",
	);
	const list = (prefix: string, recursive: boolean, after?: string) =>
		texts(catalog.list(ROOT, after === undefined ? { prefix, recursive } : { prefix, recursive, after }));

	it("order keys by segment, then bytes", () => {
		expect(list("a", true)).toEqual(["a", "a/b", "a!b"]);
	});
	it("take a prefix that ends within a segment", () => {
		expect(list("photos/20", true)).toEqual(["photos/20.txt", "photos/2024/x", "photos/2024/y"]);
		expect(list("photos/20", false)).toEqual(["photos/20.txt", "photos/2024/"]);
	});
	it("give a label that is both as a key and then as a directory", () => {
		expect(list("", false)).toEqual(["a", "a/", "a!b", "photos/"]);
	});
	it("start after a key, or after a directory and all in it", () => {
		expect(list("", false, "a")).toEqual(["a/", "a!b", "photos/"]);
		expect(list("", false, "a/")).toEqual(["a!b", "photos/"]);
		expect(list("", true, "photos/2024/")).toEqual(["photos/3"]);
		expect(list("", false, "photos/2024/x")).toEqual(["photos/"]);
		expect(list("", false, "photos/3")).toEqual([]);
	});
	it("take an `after` that is not within the prefix", () => {
		expect(list("photos/", true, "a")).toHaveLength(4);
		expect(list("photos/", true, "photos")).toHaveLength(4);
		expect(list("photos/", true, "photos/")).toEqual([]);
		expect(list("photos/", true, "photos!")).toEqual([]);
		expect(list("a", true, "photos")).toEqual([]);
	});
	it("take texts that no key can be", () => {
		const long = "a/".repeat(2_000_000);
		expect(list(long, true)).toEqual([]);
		expect(list("", false, long)).toEqual(["a/", "a!b", "photos/"]);
		expect(list("", false, `a/c${long}`)).toEqual(["a!b", "photos/"]);
		expect(list("photos/2024/x", false, `photos/2024/x${"\0".repeat(3_000)}`)).toEqual([]);
		expect(list("\ud800", true)).toEqual([]);
	});
	it("are merged with what is in both once", () => {
		const other = catalogOf("b", "photos/2", "photos/2024/z").catalog;
		const merged = (prefix: string, recursive: boolean) =>
			texts(mergeLists(catalog.list(ROOT, { prefix, recursive }), other.list(ROOT, { prefix, recursive })));
		expect(merged("", false)).toEqual(["a", "a/", "a!b", "b", "photos/"]);
		expect(merged("photos/2", true)).toEqual([
			"photos/2",
			"photos/20.txt",
			"photos/2024/x",
			"photos/2024/y",
			"photos/2024/z",
		]);
	});
});

it("texts made sortable compare as keys do", () => {
	const unit = fc.constantFrom(
		"a",
		"b",
		"!",
		"/",
		"0",
		"é",
		"\ud7ff",
		"\ue000",
		"\uffff",
		"\u{10000}",
		"\u{10ffff}",
	);
	const key = fc.string({ unit, maxLength: 5 });
	fc.assert(
		fc.property(key, key, (a, b) => {
			const [left, right] = [sortable(a), sortable(b)];
			expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(compareKeys(a, b)));
		}),
		{ numRuns: 2_000 },
	);
});

describe("a broken catalog names the node", () => {
	it("that is missing", () => {
		const { map, catalog } = catalogOf("a/b");
		map.values.delete(idKey(3));
		expect(() => new Catalog(map, hashing).has(ROOT, "a/b")).toThrow("catalog: node 3 is missing");
		map.values.delete(idKey(0));
		expect(() => catalog.remove(ROOT, "x") || catalog.insert(Buffer.from("r"), "x")).toThrow("node 0");
	});
	it("that is corrupt or free", () => {
		const { map } = catalogOf("a/b");
		map.values.set(idKey(4), Buffer.from([0, 200]));
		expect(() => new Catalog(map, hashing).has(ROOT, "a/b")).toThrow("catalog: node 4 is corrupt");
		map.values.set(idKey(4), Buffer.from([255, 0, 0, 0, 0]));
		expect(() => new Catalog(map, hashing).has(ROOT, "a/b")).toThrow("catalog: node 4 is corrupt");
	});
	it("that hangs below the wrong level", () => {
		const { map } = catalogOf(...Array.from({ length: 100 }, (_, i) => `file ${i}`));
		const root = [...map.values].find(([id, node]) => id !== idKey(0) && node[0] === 1)!;
		const child = Buffer.from(root[1]).readUInt32BE(2 + 5);
		map.values.set(idKey(child), root[1]);
		expect(() => new Catalog(map, hashing).has(ROOT, "file 0")).toThrow(
			`catalog: node ${child} has level 1 below level 1`,
		);
	});
	it("that is in the list of free nodes and is not free", () => {
		const { map, catalog } = catalogOf("a/b");
		catalog.remove(ROOT, "a/b");
		map.values.set(idKey(Buffer.from(map.values.get(idKey(0))!).readUInt32BE(5)), Buffer.from([0, 0]));
		expect(() => catalog.insert(ROOT, "a")).toThrow(/node \d is in the list of free nodes/);
	});
	it("C26: another layout is refused when it is opened", () => {
		const { map } = catalogOf("a");
		map.values.get(idKey(0))![0] = 1;
		expect(() => new Catalog(map, hashing)).toThrow("catalog: layout 1 is not 3");
	});
});
