import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../../../src/canister/engine/index.js";
import { State } from "../../../src/canister/engine/state.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type { WireStagedItem } from "../../../src/protocol/index.js";
import { isLong } from "../../support/long.js";
import { newId } from "../../support/store.js";
import { CountingMap, checkStructure } from "../catalog/support.js";
import { commit, put, remove, StagedStore } from "./staged-store.js";
import { ANNA, BEN, DAY_MS, fillOf, moveOf, OWNER, READER, S, updateOf } from "./store.js";

/**
 * Random histories of batches that are staged, revealed and dropped, of changes of the same keys between, and of steps of
 * cleaning and upgrades anywhere, against a map: what is seen is of before or after, and in the end nothing is left but
 * what blobs take.
 */

const KEYS = ["a", "a/b", "a/c/d", "b", "c", "d", "e/f"];
const WHO = [OWNER, ANNA, BEN];

const who = fc.constantFrom(0, 1, 2);
const key = fc.constantFrom(...KEYS);
const isPublic = fc.boolean();
const fill = fc.nat(3);
const item = fc.record({
	key,
	kind: fc.constantFrom("put", "put", "put", "delete", "commit"),
	fill,
	isPublic,
	isAbsent: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
	isLarge: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
	ends: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});
const act = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({ do: fc.constant("put" as const), who, key, fill, isPublic, ends: fc.boolean() }),
	},
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), who, key }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), who, key, isPublic }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: fc.constantFrom("copy" as const, "rename" as const), who, key, to: key }),
	},
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("begin" as const), who, key }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "abort" as const), who }) },
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("stage" as const),
			who,
			items: fc.uniqueArray(item, { minLength: 1, maxLength: 4, selector: (each) => each.key }),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("unstage" as const), who, key }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("reveal" as const), who }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), who }) },
	{
		weight: 10,
		arbitrary: fc.record({ do: fc.constant("clean" as const), later: fc.constantFrom(0, 0, 0, 10_000) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("upgrade" as const) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("keep" as const), days: fc.nat(1) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("lease" as const) }) },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;
type OfBatch = Extract<Act, { do: "stage" | "unstage" | "reveal" | "drop" }>;
type Item = typeof item extends fc.Arbitrary<infer Value> ? Value : never;

interface Held {
	readonly owner: number;
	readonly size: number;
	readonly isPublic: boolean;
	/** When it ends. */
	readonly end: number;
}
interface Batch {
	readonly id: Uint8Array;
	readonly items: Map<string, Held | undefined>;
}

const NEVER = Number.POSITIVE_INFINITY;
const happened = new Map<string, number>();
const count = (what: string) => happened.set(what, (happened.get(what) ?? 0) + 1);
const sizeOf = ({ fill, isLarge }: { fill: number; isLarge?: boolean }) =>
	isLarge ? 2 * S + fill : 10 + fill;

class Trial {
	readonly store = new StagedStore();
	readonly held = new Map<string, Held>();
	readonly batches: (Batch | undefined)[] = [undefined, undefined, undefined];
	readonly uploads: { who: number; id: Uint8Array; key: string }[] = [];

	get(key: string): Held | undefined {
		const held = this.held.get(key);
		return held !== undefined && held.end > this.store.host.time ? held : undefined;
	}

	run(step: Act): void {
		try {
			this.#run(step);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			count(`${step.do} ${Object.keys(error.wire)[0]}`);
			if (this.store.engine.isChanged) throw new Error("it changed what it refused");
		}
		this.#look();
	}

	#run(step: Act): void {
		const { store, held } = this;
		if (step.do === "clean") {
			store.host.time += step.later;
			store.step();
			return;
		}
		if (step.do === "upgrade") {
			store.upgrade();
			return;
		}
		if (step.do === "keep") {
			store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: step.days });
			return;
		}
		if (step.do === "lease") {
			store.ask(OWNER, "blobs_take_lease", { id: newId(), life: 60_000_000_000n, bytes: 1_000_000n });
			return;
		}
		if (step.do === "finish" || step.do === "abort") {
			const upload = this.uploads.shift();
			if (upload === undefined) return;
			const bytes = fillOf(9, 30);
			if (step.do === "abort") store.ask(WHO[upload.who]!, "blobs_abort_upload", upload.id);
			else {
				store.commit(WHO[upload.who]!, upload.id, bytes);
				held.set(upload.key, { owner: upload.who, size: 30, isPublic: true, end: NEVER });
			}
			return;
		}
		const me = WHO[step.who]!;
		if (step.do === "put") {
			const end = step.ends ? store.host.time + 15_000 : NEVER;
			const its = { owner: step.who, size: sizeOf(step), isPublic: step.isPublic, end };
			store.putBlob(me, step.key, fillOf(step.fill, its.size), partsOf(its));
			held.set(step.key, its);
		} else if (step.do === "delete") {
			store.delete(me, step.key);
			if (this.get(step.key) !== undefined) held.delete(step.key);
		} else if (step.do === "update") {
			store.ask(me, "blobs_update", {
				...updateOf(step.key),
				visibility: [step.isPublic ? { public: null } : { private: null }],
			});
			held.set(step.key, { ...this.get(step.key)!, isPublic: step.isPublic });
		} else if (step.do === "copy") {
			store.ask(me, "blobs_copy", moveOf(step.key, step.to));
			held.set(step.to, { ...this.get(step.key)!, owner: step.who });
		} else if (step.do === "rename") {
			store.ask(me, "blobs_rename", moveOf(step.key, step.to));
			held.set(step.to, this.get(step.key)!);
			held.delete(step.key);
		} else if (step.do === "begin") {
			const id = store.begin(me, step.key, 30);
			store.put(me, id, 0, fillOf(9, 30));
			this.uploads.push({ who: step.who, id, key: step.key });
		} else this.#ofBatch(step as OfBatch);
	}

	#ofBatch(step: OfBatch): void {
		const { store } = this;
		const me = WHO[step.who]!;
		const batch = this.batches[step.who] ?? { id: newId(), items: new Map() };
		if (step.do === "stage") {
			const staged = step.items.map((each) => this.#staged(step.who, each));
			store.stage(me, batch.id, ...staged.map(({ wire }) => wire));
			this.batches[step.who] = batch;
			for (const [i, { key }] of step.items.entries()) batch.items.set(key, staged[i]!.held);
		} else if (step.do === "unstage") {
			store.ask(me, "blobs_unstage", { id: newId(), batch: batch.id, keys: [step.key] });
			batch.items.delete(step.key);
		} else if (step.do === "reveal") store.reveal(me, batch.id);
		else {
			store.drop(me, batch.id);
			this.batches[step.who] = undefined;
		}
	}

	#staged(owner: number, each: Item): { wire: WireStagedItem; held: Held | undefined } {
		const { store } = this;
		if (each.kind === "delete") return { wire: remove(each.key), held: undefined };
		const end = each.ends ? store.host.time + 25_000 : NEVER;
		const held = { owner, size: sizeOf(each), isPublic: each.isPublic, end };
		const bytes = fillOf(each.fill, held.size);
		const parts = { ...partsOf(held), ...(each.isAbsent && { precondition: { absent: null } }) };
		if (each.kind === "put") return { wire: put(each.key, bytes, parts), held };
		const id = store.begin(WHO[owner]!, each.key, bytes.length);
		for (let i = 0; i * S < bytes.length; i++)
			store.put(WHO[owner]!, id, i, bytes.subarray(i * S, (i + 1) * S));
		return { wire: commit(id, bytes, parts), held };
	}

	/** What is seen is what the map says, in which a batch is all or not at all. */
	#look(): void {
		const { store } = this;
		for (const [n, batch] of this.batches.entries()) {
			if (batch === undefined) continue;
			const { state, broken, revealed } = store.batch(WHO[n]!, batch.id);
			if (broken.length > 0) count(`broken ${broken[0]!.refusal.code}`);
			if (state !== "revealed") continue;
			count("revealed");
			expect(revealed).toHaveLength(1);
			for (const [key, its] of batch.items)
				if (its === undefined) this.held.delete(key);
				else this.held.set(key, its);
			this.batches[n] = undefined;
		}
		const keys = KEYS.filter((key) => this.get(key) !== undefined).sort();
		expect(store.keys(READER)).toEqual(keys);
		for (const [n, me] of WHO.entries())
			expect(store.keys(me)).toEqual(
				keys.filter((key) => n === 0 || this.get(key)!.isPublic || this.get(key)!.owner === n),
			);
		for (const key of KEYS) {
			const manifest = store.manifest(OWNER, key);
			const its = this.get(key);
			expect(manifest && Number(manifest.size)).toBe(its?.size);
			expect(manifest?.owner.toText()).toBe(its && WHO[its.owner]!.toText());
			expect(manifest?.visibility).toBe(its && (its.isPublic ? "public" : "private"));
		}
		const replayed = store.replayed();
		expect([...replayed.keys()].filter((key) => this.get(key) !== undefined).sort()).toEqual(keys);
		for (const key of keys) expect(replayed.get(key)).toEqual(store.manifest(OWNER, key));
	}

	/** When all batches are over, all is as if there had been none. */
	end(): void {
		const { store } = this;
		for (const [n, batch] of this.batches.entries())
			if (batch !== undefined && store.batch(WHO[n]!, batch.id).state !== "revealed") {
				store.drop(WHO[n]!, batch.id);
				this.batches[n] = undefined;
			}
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 0 });
		for (let i = 0; i < 4; i++) store.settle();
		for (let day = 0; day < 4; day++) {
			store.host.time += DAY_MS;
			store.settle();
		}
		this.#look();
		const sets: Record<number, number> = {};
		const { blobs } = new State(store.storage, store.host);
		for (const key of KEYS) {
			const blob = blobs.get(key);
			const { directory } = blob?.place ?? { directory: 0 };
			if (directory !== 0) sets[directory] = Math.ceil(blob!.size / blob!.chunkSize);
			if (blob?.isPublic) expect(blob.place.responses.length >> 5).toBe(blob.size > blob.chunkSize ? 2 : 1);
		}
		for (const [n, me] of WHO.entries())
			expect(store.usage(me).blobs).toBe(
				BigInt([...this.held.keys()].filter((key) => this.get(key)?.owner === n).length),
			);
		expect(store.stats()).toMatchObject({
			blobs: BigInt(KEYS.filter((key) => this.get(key)).length),
			cleaning: 0n,
		});
		const map = new CountingMap();
		store.storage.each(MEMORY.catalog, (name, value) =>
			map.values.set(Buffer.from(name).toString("hex"), value),
		);
		checkStructure(map, sets);
		expect(store.storage.size(MEMORY.batches)).toBe(0);
		expect(store.storage.size(MEMORY.staged)).toBe(0);
		for (const key of KEYS) if (store.manifest(OWNER, key)) store.delete(OWNER, key);
		store.settle();
		for (const me of WHO) expect(store.usage(me)).toMatchObject({ blobs: 0n, bytes: 0n, open_uploads: 0 });
		for (const name of ["chunks", "contents", "pages", "blobs", "ends", "bin", "leases"] as const)
			expect(store.storage.size(MEMORY[name]), name).toBe(0);
	}
}

const partsOf = ({ isPublic, end }: Held) => ({
	visibility: (isPublic ? { public: null } : { private: null }) as never,
	expires_at: (end === NEVER ? [] : [BigInt(end) * 1_000_000n]) as never,
});

/** With which every outcome that is asked for comes. */
const SEED = 107;

test("C107 random histories of batches and of changes between show what was before or after, and leave nothing behind", () => {
	fc.assert(
		fc.property(fc.array(act, { minLength: 20, maxLength: 60, size: "max" }), (steps) => {
			const trial = new Trial();
			for (const step of steps) trial.run(step);
			trial.end();
		}),
		isLong ? { numRuns: 300 } : { numRuns: 30, seed: SEED },
	);
	const missing = [
		"revealed",
		"broken not_authorized",
		"broken precondition_failed",
		"stage batch_revealing",
		"unstage batch_revealing",
	].filter((what) => !happened.has(what));
	expect(missing, "what never happened").toEqual([]);
});
