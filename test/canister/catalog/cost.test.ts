import { describe, expect, it } from "vitest";
import { Catalog, HTTP_EXPR } from "../../../src/canister/catalog/index.js";
import { CountingMap, checkStructure, hashing, randomOf } from "./support.js";

const ROOT = Buffer.from("public");

/** What is counted is what costs: a get of the stable map 40,000 to 75,000 instructions, a set 100,000 to 180,000. */
const SHAPES: Record<string, (i: number, random: (n: number) => number) => string> = {
	"keys in no order": (_, random) => `IMG_${String(random(1e9)).padStart(9, "0")}.jpg`,
	"keys in order": (i) => `IMG_${String(i).padStart(9, "0")}.jpg`,
};

describe("cost of the catalog", () => {
	for (const [name, shape] of Object.entries(SHAPES)) {
		it(`${name}: an insertion into 10,000 keys reads one node more than into 1,000, and writes as many`, () => {
			const map = new CountingMap();
			const catalog = new Catalog(map, hashing);
			const random = randomOf(1);
			let size = 0;
			const insertionsUpTo = (end: number) => {
				while (size < end - 200) catalog.insert(ROOT, shape(size++, random));
				const cost = map.cost(() => {
					while (size < end) catalog.insert(ROOT, shape(size++, random));
				});
				return { reads: cost.reads / 200, writes: cost.writes / 200, bytes: cost.bytesWritten / 200 };
			};
			const small = insertionsUpTo(1_000);
			// Three levels from some 3,000 keys on; a million are in bench/million.
			const large = insertionsUpTo(10_000);
			expect(small.reads).toBeLessThan(3.2);
			expect(large.reads).toBeLessThan(4.2);
			expect(small.writes).toBeLessThan(1.3);
			expect(large.writes).toBeLessThan(1.3);
			expect(large.bytes).toBeLessThan(1_200);

			const { height, keys, nodes } = checkStructure(map);
			expect(height).toBe(3);
			expect(keys / nodes).toBeGreaterThan(28);

			// A page is read in the same way wherever it is.
			const page = (after: string | undefined) =>
				map.cost(() => {
					const range = { prefix: "", recursive: true };
					const list = catalog.list(ROOT, after === undefined ? range : { ...range, after });
					for (let i = 0; i < 1_000; i++) if (list.next().done) throw new Error("a short page");
				}).reads;
			const first = page(undefined);
			const last = page(name === "keys in order" ? "IMG_000008990.jpg" : "IMG_890");
			expect(first).toBeLessThan(60);
			expect(Math.abs(last - first)).toBeLessThan(15);
			const seeks = map.cost(() => catalog.list(ROOT, { prefix: "IMG_5", recursive: true }).next());
			expect(seeks.reads).toBeLessThanOrEqual(6);

			const removal = map.cost(() => {
				for (let i = 0; i < 200; i++) catalog.remove(ROOT, `IMG_${String(i).padStart(9, "0")}.jpg`);
			});
			expect(removal.reads / 200).toBeLessThan(4.5);
		});
	}

	it("certified: a change hashes little of each node it writes, a batch hashes all of it once and shares them, a witness reads its path", () => {
		const map = new CountingMap();
		let hashed = 0;
		const counting = {
			...hashing,
			forks: (...nodes: Parameters<typeof hashing.forks>) => {
				hashed += nodes[3] - 1;
				return hashing.forks(...nodes);
			},
		};
		const catalog = new Catalog(map, counting);
		const random = randomOf(2);
		const content = new Uint8Array(32).fill(1);
		const keys = new Set<string>();
		const someKeys = (count: number) =>
			Array.from({ length: count }, () => {
				const key = `photos/IMG_${String(random(1e9)).padStart(9, "0")}.jpg`;
				keys.add(key);
				return { key, content };
			});
		const head = new Uint8Array(32);
		/** A change's reads and writes, on the average, and the forks that it hashes for each node it writes. */
		const measure = (times: number, change: () => void) => {
			hashed = 0;
			const { reads, writes } = map.cost(() => {
				for (let i = 0; i < times; i++) change();
			});
			return { reads: reads / times, writes: writes / times, forks: hashed / writes };
		};
		for (const [size, levels] of [
			[1_000, 2],
			[10_000, 3],
		] as const) {
			while (keys.size < size) catalog.change(HTTP_EXPR, someKeys(1_000));
			// Above the directory: that of `photos`, and that of the roots.
			const single = measure(100, () => catalog.change(HTTP_EXPR, someKeys(1)));
			expect(single.reads).toBeLessThan(levels + 2.5);
			expect(single.writes).toBeLessThan(levels + 2.5);
			expect(single.forks).toBeLessThan(13);
			const { reads } = map.cost(() => {
				for (const key of [...keys].slice(0, 50))
					catalog.witness(head, [{ root: HTTP_EXPR, key: `${key}x` }]);
			});
			expect(reads / 50).toBeLessThan(levels + 2.2);
			const first = size * 1_000;
			const dense = measure(1, () =>
				catalog.change(
					HTTP_EXPR,
					Array.from({ length: 1_000 }, (_, i) => ({ key: `photos/IMG_0${first + i}.jpg`, content })),
				),
			);
			expect(dense.writes).toBeLessThan(70);
			// A node has up to 56 entries.
			expect(dense.forks).toBeLessThan(55);
			expect(dense.reads).toBeLessThan(20);
		}
		expect(checkStructure(map).height).toBe(3);
	});

	it("reads each directory once when it lists through them, and none that it folds", () => {
		const map = new CountingMap();
		const catalog = new Catalog(map, hashing);
		for (let i = 0; i < 50; i++)
			for (let j = 0; j < 10; j++) catalog.insert(ROOT, `${String(i).padStart(2, "0")}/${j}`);
		const all = map.cost(() => [...catalog.list(ROOT, { prefix: "", recursive: true })]);
		expect(all.reads).toBeLessThanOrEqual(50 + 6);
		const folded = map.cost(() => [...catalog.list(ROOT, { prefix: "", recursive: false })]);
		expect(folded.reads).toBeLessThanOrEqual(6);
		// One directory more: whether anything in it is past `after`.
		const past = map.cost(() => [...catalog.list(ROOT, { prefix: "", recursive: false, after: "20/5" })]);
		expect(past.reads).toBeLessThanOrEqual(7);
	});

	it("writes every node of a new path once, and the head once", () => {
		const map = new CountingMap();
		const catalog = new Catalog(map, hashing);
		const key = `${"d/".repeat(31)}x`;
		expect(map.cost(() => catalog.insert(ROOT, key)).writes).toBe(34);
		expect(map.cost(() => catalog.remove(ROOT, key)).writes).toBe(34);
	});
});
