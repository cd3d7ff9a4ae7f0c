import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Catalog, HTTP_EXPR } from "../../../src/canister/catalog/index.js";
import { runs } from "../../support/long.js";
import { HEAD, httpPath, LABEL, Model } from "./certified-model.js";
import { decodeTree, isWellFormed, lookup, reconstruct, shownLabels } from "./spec.js";
import { CountingMap, checkStructure, compareKeys, hashing, modelList, randomOf } from "./support.js";

/** On both sides of `<$>`, and labels that fill a node with a few. */
const small = fc.constantFrom("a", "b", "!", "<", "<#", "<$", "<$>a", "=", "aa", "é", "😀", "~");
const bulky = fc
	.tuple(fc.constantFrom(300, 600, 900), fc.integer({ min: 0, max: 40 }))
	.map(([length, n]) => `${"p".repeat(length)}${n}`);
const keyText = fc
	.oneof(
		{ weight: 3, arbitrary: fc.array(small, { minLength: 1, maxLength: 4 }) },
		{ weight: 2, arbitrary: fc.tuple(bulky) },
		{ weight: 1, arbitrary: fc.tuple(small, bulky) },
		{ weight: 1, arbitrary: fc.tuple(bulky, small) },
	)
	.map((segments) => segments.join("/"));
const value = fc.option(fc.constantFrom("1", "2", "3"), { freq: 2, nil: undefined });
const batch = fc.uniqueArray(fc.record({ key: keyText, value }), {
	maxLength: 40,
	selector: ({ key }) => key,
	size: "max",
});

describe("the certified tree against a map of keys", () => {
	it("proves every key, and the absence of others, after any history of batches and a restart", () => {
		fc.assert(
			fc.property(
				fc.array(batch, { maxLength: 6, size: "max" }),
				fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), value), { maxLength: 20 }),
				fc.array(keyText, { maxLength: 20 }),
				(batches, privates, others) => {
					const model = new Model();
					for (const changes of batches) {
						model.change(changes);
						expect(checkStructure(model.map).keys).toBe(model.paths.size);
					}
					for (const [name, value] of privates) model.changePrivate(String(name), value);
					model.restart();
					checkStructure(model.map);
					const keys = [...new Set([...model.paths.keys(), ...others])];
					for (const key of keys) {
						expect(model.catalog.has(HTTP_EXPR, key)).toBe(model.paths.has(key));
						model.check([key], []);
						// What is above a key, and what would be below it.
						if (key.includes("/")) model.check([key.slice(0, key.lastIndexOf("/"))], []);
						model.check([`${key}/x`], []);
					}
					for (let name = 0; name < 10; name++) model.check(keys.slice(name, name + 1), [String(name)]);
					model.check(keys.slice(0, 10), ["0", "1", "2"]);
					const list = model.catalog.list(HTTP_EXPR, { prefix: "", recursive: true });
					expect([...list].map((entry) => ("key" in entry ? entry.key : ""))).toEqual(
						modelList(model.paths.keys(), { prefix: "", recursive: true }),
					);
					const folded = model.catalog.list(HTTP_EXPR, { prefix: "", recursive: false });
					expect([...folded].map((entry) => ("key" in entry ? entry.key : entry.directory))).toEqual(
						modelList(model.paths.keys(), { prefix: "", recursive: false }),
					);
				},
			),
			runs(25, 200),
		);
	});

	it("is the same after a batch as after its changes one by one, and leaves nothing behind", () => {
		fc.assert(
			fc.property(fc.array(batch, { maxLength: 4, size: "max" }), (batches) => {
				const together = new Model();
				const single = new Model();
				for (const changes of batches) {
					together.change(changes);
					for (const change of changes) single.change([change]);
				}
				const list = ({ catalog }: Model) => [...catalog.list(HTTP_EXPR, { prefix: "", recursive: true })];
				expect(list(together)).toEqual(list(single));
				for (const model of [together, single]) {
					for (const key of single.paths.keys()) model.check([key], []);
					checkStructure(model.map);
					model.change([...model.paths.keys()].map((key) => ({ key, value: undefined })));
					expect(checkStructure(model.map)).toMatchObject({ keys: 0, nodes: 2, directories: 2 });
				}
			}),
			runs(25, 200),
		);
	});

	it("applies a batch of 1,000 to 5,000 keys, spread and dense, new and old, in and out", () => {
		const random = randomOf(5);
		const model = new Model();
		const keyOf = (n: number) => `${n % 7 === 0 ? "even/" : ""}${String(n).padStart(6, "0")}`;
		const batchOf = (
			count: number,
			pick: (i: number) => number,
			value: (i: number) => string | undefined,
		) => {
			const keys = new Set(Array.from({ length: count }, (_, i) => keyOf(pick(i))));
			model.change([...keys].map((key, i) => ({ key, value: value(i) })));
			expect(checkStructure(model.map).keys).toBe(model.paths.size);
			for (const key of [...keys].slice(0, 20)) model.check([key, `${key}!`], []);
		};
		batchOf(
			5_000,
			() => random(100_000),
			() => "1",
		);
		batchOf(
			1_000,
			(i) => 40_000 + i,
			() => "2",
		);
		batchOf(
			1_000,
			(i) => 99_999 - i,
			() => "3",
		);
		batchOf(
			1_000,
			() => random(100_000),
			(i) => (i % 2 === 0 ? undefined : "4"),
		);
		batchOf(
			1_000,
			(i) => 40_000 + i,
			() => undefined,
		);
		const rest = [...model.paths.keys()].sort(compareKeys);
		model.change(rest.slice(500, 4_000).map((key) => ({ key, value: undefined })));
		checkStructure(model.map);
		model.change(rest.filter((key) => model.paths.has(key)).map((key) => ({ key, value: undefined })));
		expect(checkStructure(model.map)).toMatchObject({ keys: 0, nodes: 2 });
	});
});

describe("a witness", () => {
	const filled = () => {
		const model = new Model();
		const keys = Array.from({ length: 300 }, (_, i) => `dir/${String(i * 2).padStart(3, "0")}`);
		model.change([...keys, "dir", "other"].map((key) => ({ key, value: key })));
		for (let i = 0; i < 60; i++) model.changePrivate(String(i), "p");
		return model;
	};

	it("that has one byte changed is noticed, wherever", () => {
		const model = filled();
		const witness = model.check(["dir/100", "dir/101"], ["5", "x"]);
		const asked = [...["dir/100", "dir"].map(httpPath).map((path) => [...path, LABEL]), httpPath("dir/101")];
		const before = asked.map((path) => JSON.stringify(lookup(path, decodeTree(witness))));
		const hash = Buffer.from(model.catalog.rootHash(HEAD));
		// The first three say that this is CBOR.
		for (let at = 3; at < witness.length; at++) {
			const tampered = witness.slice();
			tampered[at]! ^= 1 + (at % 255);
			let noticed = false;
			try {
				const tree = decodeTree(tampered);
				noticed = Buffer.compare(reconstruct(tree), hash) !== 0 || !isWellFormed(tree);
				// A byte that makes the same tree: another way to write a length.
				noticed ||= asked.every((path, i) => JSON.stringify(lookup(path, tree)) === before[i]);
			} catch {
				noticed = true;
			}
			expect(noticed, `byte ${at}`).toBe(true);
		}
	});

	it("shows no labels but those on its path, and an absent key's neighbours", () => {
		const model = filled();
		const shown = (keys: string[], names: string[]) =>
			[...shownLabels(decodeTree(model.check(keys, names)))].map((path) =>
				path.map((label) => Buffer.from(label).toString("latin1")).join("/"),
			);
		expect(shown([], [])).toEqual(["feed"]);
		expect(shown(["dir/100"], [])).toEqual([
			"feed",
			"http_expr",
			"http_expr/dir",
			"http_expr/dir/100",
			"http_expr/dir/100/<$>",
			"http_expr/dir/100/<$>/manifest",
		]);
		for (let i = 1; i < 599; i += 2) {
			const pad = (n: number) => `http_expr/dir/${String(n).padStart(3, "0")}`;
			expect(shown([`dir/${String(i).padStart(3, "0")}`], [])).toEqual(
				i === 0 ? [] : ["feed", "http_expr", "http_expr/dir", pad(i - 1), ...(i < 598 ? [pad(i + 1)] : [])],
			);
		}
		expect(shown(["nothing/at/all"], [])).toEqual(["feed", "http_expr", "http_expr/dir", "http_expr/other"]);
		expect(shown(["other/below"], [])).toEqual([
			"feed",
			"http_expr",
			"http_expr/other",
			"http_expr/other/<$>",
		]);
		expect(shown([], ["absent"])).toHaveLength(4);
	});

	it("of a tree with nothing in it proves that", () => {
		const model = new Model();
		model.check(["a"], ["b"]);
		model.changePrivate("b", "1");
		model.check(["a/b"], ["b", "c"]);
	});

	it("shows a key beside the directory of the same name, and a key that came before its directory", () => {
		const model = new Model();
		model.change([{ key: "a", value: "1" }]);
		model.change([{ key: "a/b/c", value: "2" }]);
		for (const key of ["a", "a/b", "a/b/c", "a/!", "a/=", "a/b/c/d"]) model.check([key], []);
		model.change([{ key: "a/b/c", value: undefined }]);
		model.check(["a", "a/b"], []);
		expect(checkStructure(model.map)).toMatchObject({ nodes: 3 });
	});
});

describe("changes", () => {
	it("of plain roots hash nothing", () => {
		const counted = { ...hashing, forks: () => fail(), labeled: () => fail(), leaf: () => fail() };
		const fail = (): never => {
			throw new Error("hashed");
		};
		const catalog = new Catalog(new CountingMap(), counted);
		for (let i = 0; i < 500; i++) catalog.insert(Buffer.from("p"), `${i % 5}/${i}`);
		for (let i = 0; i < 500; i++) catalog.remove(Buffer.from("p"), `${i % 5}/${i}`);
	});

	it("that change nothing write nothing", () => {
		const model = new Model();
		model.change([{ key: "a/b", value: "1" }]);
		const cost = model.map.cost(() =>
			model.change([
				{ key: "a/b", value: "1" },
				{ key: "a/c", value: undefined },
				{ key: "b/c", value: undefined },
				{ key: "a", value: undefined },
				{ key: "a/b/c", value: undefined },
			]),
		);
		expect(cost.writes).toBe(0);
	});

	it("of one key twice at once are an error, before anything is written", () => {
		const model = new Model();
		const twice = ["1", "2"].map((value) => ({ key: "a", value }));
		expect(() => model.change(twice)).toThrow("twice");
		expect(model.catalog.has(HTTP_EXPR, "a")).toBe(false);
	});
});
