import { describe, expect, it } from "vitest";
import { Catalog, type ListEntry } from "../../../src/canister/catalog/index.js";
import { isLong } from "../../support/long.js";
import { Model } from "./certified-model.js";
import { CountingMap, checkStructure, compareKeys, hashing, modelList, randomOf } from "./support.js";

const ROOT = Buffer.from("public");
const texts = (entries: Iterable<ListEntry>): string[] =>
	[...entries].map((entry) => ("key" in entry ? entry.key : entry.directory));

/** After every so many changes the whole structure is read, which takes as long as hundreds of changes. */
const CHECKED = isLong ? 97 : 307;
/** Trees of so many are as high as those of twice as many. */
const KEYS = isLong ? 1_500 : 750;

/** Key sets that break careless code: long shared prefixes, depth, width, weight. */
const SETS: Record<string, (i: number) => string> = {
	"one directory": (i) => `file-${(i * 7919) % 100_003}`,
	"in order": (i) => String(i).padStart(8, "0"),
	"in reverse order": (i) => String(10_000_000 - i),
	"labels of 1,024 bytes that share all but the last four": (i) =>
		`${"p".repeat(1_020)}${String(i).padStart(4, "0")}`,
	"labels of 1,024 bytes that share nothing": (i) =>
		String((i * 7919) % 10_007)
			.padStart(5, "0")
			.padEnd(1_024, "s"),
	"labels that are each other's prefixes": (i) => "x".repeat((i % 1_024) + 1),
	"huge labels among small ones": (i) =>
		i % 5 === 0 ? `${String(i).padStart(4, "0")}${"h".repeat(1_000)}` : String(i).padStart(4, "0"),
	"one character apart": (i) => `same/${String.fromCodePoint(0x4e00 + i)}`,
	"32 segments deep": (i) => `${"d/".repeat(31)}${i}`,
	"32 segments deep, apart from the first": (i) => `${i}${"/d".repeat(31)}`,
	"every key a directory too": (i) =>
		Array.from({ length: (i % 8) + 1 }, (_, depth) => (i >> (3 * depth)) & 7).join("/"),
};

describe("adversarial sets of keys", () => {
	for (const [name, keyOf] of Object.entries(SETS)) {
		it(`${name}: holds its structure, lists in order, and gives all space back`, () => {
			const map = new CountingMap();
			const catalog = new Catalog(map, hashing);
			const keys = [...new Set(Array.from({ length: KEYS }, (_, i) => keyOf(i)))];
			const wrong: string[] = [];
			for (const [i, key] of keys.entries()) {
				if (!catalog.insert(ROOT, key) || catalog.insert(ROOT, key)) wrong.push(key);
				if (i % CHECKED === 0) checkStructure(map);
			}
			expect(wrong).toEqual([]);
			const full = checkStructure(map);
			expect(full.keys).toBe(keys.length);
			expect(full.height).toBeLessThanOrEqual(1 + Math.log2(keys.length));
			const sorted = [...keys].sort(compareKeys);
			expect(texts(catalog.list(ROOT, { prefix: "", recursive: true }))).toEqual(sorted);

			const random = randomOf(7);
			for (let i = 0; i < 20; i++) {
				const after = sorted[random(sorted.length)]!;
				const prefix = sorted[random(sorted.length)]!.slice(0, random(20));
				const range = { prefix, recursive: i % 2 === 0, after };
				expect(texts(catalog.list(ROOT, range))).toEqual(modelList(sorted, range));
			}

			for (let i = keys.length - 1; i > 0; i--) {
				const j = random(i + 1);
				[keys[i], keys[j]] = [keys[j]!, keys[i]!];
			}
			for (const [i, key] of keys.entries()) {
				if (!catalog.remove(ROOT, key) || catalog.has(ROOT, key)) wrong.push(key);
				if (i % CHECKED === 0) checkStructure(map);
			}
			expect(wrong).toEqual([]);
			expect(checkStructure(map)).toMatchObject({ keys: 0, nodes: 2 });

			// The same again fits into what was freed.
			const nodes = map.values.size;
			for (const key of sorted) catalog.insert(ROOT, key);
			expect(checkStructure(map).keys).toBe(keys.length);
			expect(map.values.size).toBeLessThanOrEqual(nodes * 1.5);
		});
	}

	for (const [name, keyOf] of Object.entries(SETS)) {
		it(`${name}: certified in batches, every key and its neighbours provable at a bounded cost`, () => {
			const model = new Model();
			const keys = [...new Set(Array.from({ length: KEYS }, (_, i) => keyOf(i)))];
			for (let i = 0; i < keys.length; i += 250)
				model.change(keys.slice(i, i + 250).map((key) => ({ key, value: "1" })));
			const { height } = checkStructure(model.map);
			const random = randomOf(11);
			for (let i = 0; i < 25; i++) {
				const key = keys[random(keys.length)]!;
				// One character more or less, and what would be above and below it.
				const near = [key, key.slice(0, -1), `${key.slice(0, -1)}~`, `${key}/x`];
				for (const asked of near) {
					if (asked === "" || asked.endsWith("/") || Buffer.byteLength(asked) > 1_024) continue;
					// The way down each directory; beside it, for an absent key, the way to two neighbours.
					const { reads } = model.map.cost(() => model.check([asked], []));
					expect(reads).toBeLessThanOrEqual(3 + (asked.split("/").length + 1) * height + 2 * height);
				}
			}
			for (let i = keys.length - 1; i > 0; i--) {
				const j = random(i + 1);
				[keys[i], keys[j]] = [keys[j]!, keys[i]!];
			}
			for (let i = 0; i < keys.length; i += 250) {
				model.change(keys.slice(i, i + 250).map((key) => ({ key, value: undefined })));
				checkStructure(model.map);
			}
			expect(checkStructure(model.map)).toMatchObject({ keys: 0, nodes: 2 });
		});
	}

	it("shrinks when all but a few keys are deleted, wherever these are", () => {
		const map = new CountingMap();
		const catalog = new Catalog(map, hashing);
		const key = (i: number) => `IMG_${String(i).padStart(6, "0")}`;
		for (let i = 0; i < 20_000; i++) catalog.insert(ROOT, key(i));
		// One key in every fourth leaf stays.
		for (let i = 0; i < 20_000; i++) if (i % 150 !== 0) catalog.remove(ROOT, key(i));
		const { keys, nodes, height } = checkStructure(map);
		expect(keys).toBe(134);
		expect(nodes).toBeLessThanOrEqual(16);
		expect(height).toBe(2);
	});

	it("C21: put and delete of the same amount, 100 times, leaves the map as large as the first time", () => {
		const map = new CountingMap();
		const catalog = new Catalog(map, hashing);
		const random = randomOf(3);
		let most = 0;
		for (let round = 0; round < 100; round++) {
			const keys = new Set(Array.from({ length: 200 }, () => `${random(20)}/${random(1e6)}`));
			for (const key of keys) catalog.insert(ROOT, key);
			if (round < 5) most = Math.max(most, map.values.size);
			for (const key of keys) catalog.remove(ROOT, key);
		}
		expect(map.values.size).toBeLessThanOrEqual(most + 5);
		expect(checkStructure(map)).toMatchObject({ keys: 0, nodes: 2 });
	});
});
