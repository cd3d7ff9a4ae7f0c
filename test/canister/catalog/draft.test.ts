import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Catalog, HTTP_EXPR, type ListEntry, PRIVATE } from "../../../src/canister/catalog/index.js";
import { runs } from "../../support/long.js";
import { contentOf, HEAD } from "./certified-model.js";
import { CountingMap, checkStructure, hashing, modelList, sha256 } from "./support.js";

/** A draft beside the current state, compared with two catalogs that share nothing. */

const LISTS = ["all", "one", "two"].map((name) => ({ flatName: Buffer.from(name) }));
const OTHER = Buffer.from("other");
const ALL = { prefix: "", recursive: true };

const small = fc.constantFrom("a", "b", "a!", "aa", "é", "~");
const bulky = fc
	.tuple(fc.constantFrom(300, 600, 900), fc.integer({ min: 0, max: 30 }))
	.map(([length, n]) => `${"p".repeat(length)}${n}`);
const keyText = fc
	.oneof(
		{ weight: 3, arbitrary: fc.array(small, { minLength: 1, maxLength: 3 }) },
		{ weight: 3, arbitrary: fc.tuple(bulky) },
		{ weight: 1, arbitrary: fc.tuple(small, bulky) },
	)
	.map((segments) => segments.join("/"));

const change = fc.record({
	type: fc.constant("change" as const),
	inDraft: fc.boolean(),
	root: fc.constantFrom("http" as const, "private" as const, 0, 1, 2),
	keys: fc.uniqueArray(keyText, { minLength: 1, maxLength: 6 }),
	value: fc.option(fc.nat(3), { nil: undefined }),
});
const act = fc.oneof(
	{ weight: 12, arbitrary: change },
	{
		weight: 1,
		arbitrary: fc.record({ type: fc.constant("list" as const), key: keyText, isIn: fc.boolean() }),
	},
	{ weight: 1, arbitrary: fc.record({ type: fc.constantFrom("grow" as const, "shrink" as const) }) },
	{ weight: 2, arbitrary: fc.record({ type: fc.constant("open" as const) }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constantFrom("reveal" as const, "giveUp" as const) }) },
	{
		weight: 2,
		arbitrary: fc.record({ type: fc.constant("takeDown" as const), limit: fc.integer({ min: 1, max: 9 }) }),
	},
	{ weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const) }) },
);

/** A state by itself: a catalog for what is certified, and sets for what is listed. */
class Twin {
	readonly map: CountingMap;
	readonly catalog: Catalog;
	readonly lists: Set<string>[];

	constructor(map = new CountingMap(), lists: Set<string>[] = LISTS.map(() => new Set())) {
		this.map = map;
		this.catalog = new Catalog(map, hashing);
		this.lists = lists;
	}

	copy(): Twin {
		return new Twin(
			copyOf(this.map),
			this.lists.map((list) => new Set(list)),
		);
	}
}

function copyOf(map: CountingMap): CountingMap {
	const copy = new CountingMap();
	for (const [key, value] of map.values) copy.values.set(key, value);
	return copy;
}

const texts = (entries: Iterable<ListEntry>): string[] =>
	[...entries].map((entry) => ("key" in entry ? entry.key : entry.directory));
const privateKey = (key: string) => sha256(Buffer.from(key));

/** Takes all down that went. */
function finish(catalog: Catalog, limit = 100): void {
	while (catalog.takeDownDraft(limit));
}

class Trial {
	readonly map = new CountingMap();
	catalog = new Catalog(this.map, hashing);
	base = new Twin();
	draft: Twin | undefined;
	/** Of the lists those that the draft has changed: what is in the others is the base's, whenever it came there. */
	own = new Set<number>();
	readonly other = new Set<string>();
	set = 0;
	labels = 0;

	do(step: Step): void {
		switch (step.type) {
			case "change":
				this.#change(step);
				return;
			case "list":
				if (step.isIn) this.other.add(step.key);
				else this.other.delete(step.key);
				if (step.isIn) this.catalog.insert(OTHER, step.key);
				else this.catalog.remove(OTHER, step.key);
				return;
			case "grow":
				this.set = this.catalog.labelSets.add(
					this.set,
					Array.from({ length: 30 }, (_, i) => Buffer.from(String(this.labels + i).padStart(32, "0"))),
				);
				this.labels += 30;
				return;
			case "shrink":
				if (this.set === 0) return;
				while (!this.catalog.labelSets.discard(this.set, 2));
				this.set = 0;
				this.labels = 0;
				return;
			case "open":
				if (!this.catalog.mayDraft) return;
				this.catalog.openDraft();
				this.draft = this.base.copy();
				this.own = new Set();
				return;
			case "reveal":
				if (this.draft === undefined) return;
				this.catalog.revealDraft();
				this.base = this.#revealed();
				this.draft = undefined;
				return;
			case "giveUp":
				if (this.draft === undefined) return;
				this.catalog.giveUpDraft();
				this.draft = undefined;
				return;
			case "takeDown":
				this.catalog.takeDownDraft(step.limit);
				return;
			case "restart":
				this.catalog = new Catalog(this.map, hashing);
		}
	}

	#revealed(): Twin {
		const draft = this.draft!;
		const lists = draft.lists.map((list, i) => (this.own.has(i) ? list : this.base.lists[i]!));
		return new Twin(draft.map, lists);
	}

	#change({ inDraft, root, keys, value }: Extract<Step, { type: "change" }>): void {
		const draft = inDraft ? this.draft : undefined;
		if (inDraft && draft === undefined) return;
		const twin = draft ?? this.base;
		if (typeof root === "number") {
			if (draft !== undefined && !this.own.has(root)) {
				// From now on it has its own, which begins as the base's is.
				this.own.add(root);
				draft.lists[root] = new Set(this.base.lists[root]);
			}
			for (const key of keys)
				if (value === undefined) twin.lists[root]!.delete(key);
				else twin.lists[root]!.add(key);
			const changes = keys.map((key) => ({ key, isIn: value !== undefined }));
			if (draft !== undefined) this.catalog.changeDraftList(LISTS[root]!, changes);
			else this.catalog.changeAll(LISTS[root]!, changes);
			return;
		}
		const content = value === undefined ? undefined : contentOf(String(value));
		const certified = root === "http" ? HTTP_EXPR : PRIVATE;
		const changes = keys.map((key) => ({ key: root === "http" ? key : privateKey(key), content }));
		twin.catalog.change(certified, changes);
		if (draft !== undefined) this.catalog.changeDraft(certified, changes);
		else this.catalog.change(certified, changes);
	}

	/** Both outcomes, each in a copy: what is there then is what a catalog of its own has, and no node is lost or used twice. */
	check(): void {
		this.#compare(this.catalog, this.base);
		if (this.draft === undefined) {
			this.#end((catalog) => finish(catalog), this.base);
			return;
		}
		this.#end((catalog) => catalog.giveUpDraft(), this.base);
		this.#end((catalog) => catalog.revealDraft(), this.#revealed());
	}

	#end(how: (catalog: Catalog) => void, twin: Twin): void {
		const map = copyOf(this.map);
		const catalog = new Catalog(map, hashing);
		how(catalog);
		this.#compare(catalog, twin);
		finish(catalog, 7);
		this.#compare(catalog, twin);
		checkStructure(map, this.set === 0 ? {} : { [this.set]: this.labels });
		expect(catalog.mayDraft).toBe(true);
	}

	#compare(catalog: Catalog, twin: Twin): void {
		expect(Buffer.from(catalog.rootHash(HEAD))).toEqual(Buffer.from(twin.catalog.rootHash(HEAD)));
		expect(texts(catalog.list(HTTP_EXPR, ALL))).toEqual(texts(twin.catalog.list(HTTP_EXPR, ALL)));
		for (const [i, list] of LISTS.entries())
			expect(texts(catalog.list(list, ALL))).toEqual(modelList(twin.lists[i]!, ALL));
		expect(texts(catalog.list(OTHER, ALL))).toEqual(modelList(this.other, ALL));
	}
}
type Step = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

describe("a draft beside what there is", () => {
	it("is a state of its own, and whichever goes leaves nothing behind", () => {
		fc.assert(
			fc.property(fc.array(act, { maxLength: 60, size: "max" }), (steps) => {
				const trial = new Trial();
				for (const step of steps) {
					trial.do(step);
					trial.check();
				}
			}),
			runs(25, 300),
		);
	});

	it("costs nothing to open, and to reveal as much with many changes as with few", () => {
		const costs = [100, 3_000].map((count) => {
			const map = new CountingMap();
			const catalog = new Catalog(map, hashing);
			const keys = Array.from({ length: 5_000 }, (_, i) => `d${i % 50}/${i}`);
			catalog.change(
				HTTP_EXPR,
				keys.map((key) => ({ key, content: contentOf("old") })),
			);
			expect(map.cost(() => catalog.openDraft()).writes).toBeLessThan(5);
			catalog.changeDraft(
				HTTP_EXPR,
				keys.slice(0, count).map((key) => ({ key, content: contentOf("new") })),
			);
			const { reads, writes } = map.cost(() => catalog.revealDraft());
			return { reads, writes };
		});
		expect(costs[0]).toEqual(costs[1]);
		expect(costs[0]!.writes).toBeLessThan(10);
	});

	it("makes a change of what there is cost no more than the nodes that it copies, and no more once that is done", () => {
		const map = new CountingMap();
		const catalog = new Catalog(map, hashing);
		const keys = Array.from({ length: 1_000 }, (_, i) => `d${i % 10}/${i}`);
		catalog.change(
			HTTP_EXPR,
			keys.map((key) => ({ key, content: contentOf("old") })),
		);
		const put = (value: string) =>
			map.cost(() => catalog.change(HTTP_EXPR, [{ key: "d3/3", content: contentOf(value) }])).writes;
		const before = put("a");
		catalog.openDraft();
		// What was dropped, the draft's record, and the head, from which numbers are taken.
		expect(put("b") - before).toBeLessThanOrEqual(3);
		expect(put("c")).toBe(before);
		catalog.giveUpDraft();
		expect(put("d")).toBe(before);
	});
});
