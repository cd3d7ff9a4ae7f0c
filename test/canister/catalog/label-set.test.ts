import { describe, expect, it } from "vitest";
import { Catalog, HTTP_EXPR, TreeWriter } from "../../../src/canister/catalog/index.js";
import { decodeTree, lookup, reconstruct } from "./spec.js";
import { CountingMap, checkStructure, hashing, sha256 } from "./support.js";

const labelsOf = (count: number) =>
	Array.from({ length: count }, (_, i) => sha256(Buffer.from(`label ${i}`))).sort(Buffer.compare);
const NOTHING = { status: "Found", value: new Uint8Array(0) };

describe("a set of labels", () => {
	for (const count of [1, 2, 55, 56, 57, 3_000])
		it(`of ${count} is built in steps, proves each of them, and is discarded in steps`, () => {
			const map = new CountingMap();
			const labels = labelsOf(count);
			let set = 0;
			for (let i = 0; i < count; i += 700)
				set = new Catalog(map, hashing).labelSets.add(set, labels.slice(i, i + 700));
			const { labelSets } = new Catalog(map, hashing);
			checkStructure(map, { [set]: count });
			const digest = Buffer.from(labelSets.digest(set));
			for (const label of labels.filter((_, i) => i % 37 === 0 || i === count - 1)) {
				const tree = decodeTree(labelSets.witness(set, label));
				expect(Buffer.from(reconstruct(tree))).toEqual(digest);
				expect(lookup([label], tree)).toEqual(NOTHING);
				const other = label.slice();
				other[31]! ^= 1;
				const without = decodeTree(labelSets.witness(set, other));
				expect(Buffer.from(reconstruct(without))).toEqual(digest);
				expect(lookup([other], without)).toEqual({ status: "Absent" });
			}
			let steps = 0;
			const nodes = checkStructure(map, { [set]: count }).nodes - 2;
			while (!new Catalog(map, hashing).labelSets.discard(set, 7)) steps++;
			expect(steps).toBe(Math.ceil(nodes / 7) - 1);
			expect(checkStructure(map)).toMatchObject({ keys: 0, nodes: 2 });
		});

	it("stands below a key's content", () => {
		const catalog = new Catalog(new CountingMap(), hashing);
		const labels = labelsOf(500);
		const set = catalog.labelSets.add(0, labels);
		const content = hashing.labeled(Buffer.from("expr"), catalog.labelSets.digest(set));
		catalog.change(HTTP_EXPR, [{ key: "big/blob", content }]);
		const below = catalog.labelSets.witness(set, labels[123]!);
		const subtree = new TreeWriter().labeled(Buffer.from("expr")).raw(below).done();
		const head = sha256(Buffer.from("head"));
		const tree = decodeTree(catalog.witness(head, [{ root: HTTP_EXPR, key: "big/blob", subtree }]));
		expect(Buffer.from(reconstruct(tree))).toEqual(Buffer.from(catalog.rootHash(head)));
		const path = ["http_expr", "big", "blob", "<$>", "expr"].map((label) => Buffer.from(label));
		expect(lookup([...path, labels[123]!], tree)).toEqual(NOTHING);
	});

	it("takes 65,000 labels with a write for 20 of them, and discards no more nodes a step than it is told", () => {
		const map = new CountingMap();
		const { labelSets } = new Catalog(map, hashing);
		const labels = labelsOf(65_000);
		let set = 0;
		for (let i = 0; i < labels.length; i += 1_000) {
			const cost = map.cost(() => {
				set = labelSets.add(set, labels.slice(i, i + 1_000));
			});
			expect(cost.reads).toBeLessThan(8);
			expect(cost.writes).toBeLessThan(50);
		}
		const { height } = checkStructure(map, { [set]: labels.length });
		expect(height).toBe(3);
		let gone = false;
		while (!gone) {
			const cost = map.cost(() => {
				gone = labelSets.discard(set, 100);
			});
			expect(cost.writes).toBeLessThan(106);
			expect(cost.reads).toBeLessThan(10);
		}
		expect(checkStructure(map)).toMatchObject({ nodes: 2 });
	});

	it("of nothing has the digest of an empty tree", () => {
		const { labelSets } = new Catalog(new CountingMap(), hashing);
		const tree = decodeTree(labelSets.witness(0, new Uint8Array(32)));
		expect(tree).toEqual([0]);
		expect(Buffer.from(reconstruct(tree))).toEqual(Buffer.from(labelSets.digest(0)));
		expect(labelSets.add(0, [])).toBe(0);
	});
});
