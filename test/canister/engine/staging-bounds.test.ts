import { beforeEach, expect, test } from "vitest";
import { State } from "../../../src/canister/engine/state.js";
import {
	BATCH_EXPIRY_MS,
	fitting,
	MAX_BATCHES,
	MAX_ITEMS,
	MAX_KEY_SEGMENTS,
	MAX_STAGED_ITEMS,
	MAX_STAGED_OWNERS,
	weightOf,
} from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { put, remove, StagedStore } from "./staged-store.js";
import { ANNA, BEN, fillOf, OWNER, PRIVATE, person } from "./store.js";

/** The bounds of staged batches, at each and one past it; and the cost of a preparation step. */

const A = fillOf(1, 10);
let store: StagedStore;
let batch: Uint8Array;
beforeEach(() => {
	store = new StagedStore();
	batch = newId();
});

const overOf = (quota: string, limit: number, used: number, needed = 1) => ({
	quota_exceeded: { quota, limit: BigInt(limit), used: BigInt(used), needed: BigInt(needed) },
});
const stageOf = (...items: ReturnType<typeof put>[]) => ({ id: newId(), batch: newId(), items });

test("C136 a store has eight batches, and a principal one, until what is over is cleaned away", () => {
	const people = Array.from({ length: MAX_BATCHES + 1 }, (_, n) => person(100 + n));
	for (const who of people)
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { writer: null } });
	const batches = people.map(() => newId());
	for (let n = 0; n < MAX_BATCHES; n++) store.stage(people[n]!, batches[n]!, put(`k${n}`, A));
	const request = { id: newId(), batch: batches[MAX_BATCHES]!, items: [put("more", A)] };
	const refused = () => store.refused(people[MAX_BATCHES]!, "blobs_stage", request);
	expect(refused()).toEqual(overOf("staged_batches", MAX_BATCHES, MAX_BATCHES));
	store.drop(people[0]!, batches[0]!);
	// It is still there for the cleaner.
	expect(refused()).toEqual(overOf("staged_batches", MAX_BATCHES, MAX_BATCHES));
	store.settle();
	expect(store.ask(people[MAX_BATCHES]!, "blobs_stage", request)).toMatchObject({ items: 1 });
});

test("C136 a million keys, and one more is refused with what there is", () => {
	store.stage(ANNA, batch, put("a", A));
	const state = new State(store.storage, store.host);
	state.begin();
	state.batches.open();
	state.batches.change(state.batches.all[0]!, { items: MAX_STAGED_ITEMS - 1 });
	state.flush();
	store.upgrade();
	const two = { id: newId(), batch, items: [put("b", A), put("c", A)] };
	expect(store.refused(ANNA, "blobs_stage", two)).toEqual(
		overOf("staged_items", MAX_STAGED_ITEMS, MAX_STAGED_ITEMS - 1, 2),
	);
	expect(store.stage(ANNA, batch, put("b", A))).toMatchObject({ items: MAX_STAGED_ITEMS });
	const one = { id: newId(), batch, items: [put("c", A)] };
	expect(store.refused(ANNA, "blobs_stage", one)).toEqual(
		overOf("staged_items", MAX_STAGED_ITEMS, MAX_STAGED_ITEMS),
	);
});

test("C136 a message brings 1,000 items, and of dear keys as many as fit", () => {
	const many = (count: number) => Array.from({ length: count }, (_, n) => put(`k${n}`, A));
	expect(store.refused(ANNA, "blobs_stage", stageOf(...many(MAX_ITEMS + 1)))).toMatchObject({
		invalid_argument: { field: "items", limit: BigInt(MAX_ITEMS) },
	});
	expect(store.ask(ANNA, "blobs_stage", stageOf(...many(MAX_ITEMS)))).toMatchObject({ items: MAX_ITEMS });
	const dear = Array.from({ length: MAX_ITEMS }, (_, n) =>
		put(`${"d/".repeat(MAX_KEY_SEGMENTS - 1)}${n}`, A, PRIVATE),
	);
	const fits = fitting(dear.map((item) => weightOf(item, "put" in item ? item.put.key : "", 1)));
	expect(fits).toBeLessThan(MAX_ITEMS);
	expect(store.refused(BEN, "blobs_stage", stageOf(...dear.slice(0, fits + 1)))).toEqual({
		batch_too_large: { fits, items: fits + 1 },
	});
	expect(store.ask(BEN, "blobs_stage", stageOf(...dear.slice(0, fits)))).toMatchObject({ items: fits });
});

test("C136 private keys of sixteen owners, who stages counted; one more breaks the reveal and is named", () => {
	const owners = Array.from({ length: MAX_STAGED_OWNERS }, (_, n) => person(100 + n));
	for (const [n, who] of owners.entries()) {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { writer: null } });
		store.putBlob(who, `k${String(n).padStart(2, "0")}`, A, PRIVATE);
	}
	const keys = owners.map((_, n) => `k${String(n).padStart(2, "0")}`);
	store.stage(OWNER, batch, ...keys.map(remove), put("own", A, PRIVATE));
	expect(store.revealed(OWNER, batch)).toMatchObject({
		state: "open",
		broken: [
			{
				key: "own",
				refusal: {
					code: "quota_exceeded",
					details: expect.arrayContaining([]),
				},
			},
		],
	});
	expect(store.keys(OWNER)).toEqual(keys);
	store.ask(OWNER, "blobs_unstage", { id: newId(), batch, keys: [keys[0]!] });
	expect(store.revealed(OWNER, batch)).toMatchObject({ state: "revealed" });
	expect(store.keys(OWNER)).toEqual([keys[0]!, "own"]);
});

test("C136 owners count once, in however many steps their keys are made ready, and made ready again", () => {
	const owners = Array.from({ length: MAX_STAGED_OWNERS - 1 }, (_, n) => person(100 + n));
	for (const [n, who] of owners.entries()) {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { writer: null } });
		store.putBlob(who, `k${n}`, A, PRIVATE);
	}
	store.stage(OWNER, batch, ...owners.map((_, n) => remove(`k${n}`)), put("own", A, PRIVATE));
	store.reveal(OWNER, batch);
	store.step();
	// Each at the most one key a step: what is followed, too.
	costly(50e6);
	for (const [n, who] of owners.entries()) store.putBlob(who, `k${n}`, fillOf(2, 20), PRIVATE);
	for (let steps = 0; steps < 500 && store.batch(OWNER, batch).state === "preparing"; steps++) store.step();
	expect(store.batch(OWNER, batch)).toMatchObject({ state: "revealed" });
	expect(store.keys(OWNER)).toEqual(["own"]);
});

test("C136 a batch lives for a day from when something is staged last, to the millisecond", () => {
	store.stage(ANNA, batch, put("a", A));
	store.host.time += BATCH_EXPIRY_MS - 1;
	store.stage(ANNA, batch, put("b", A));
	store.host.time += BATCH_EXPIRY_MS - 1;
	expect(store.batch(ANNA, batch)).toMatchObject({ state: "open", items: 2 });
	store.host.time += 1;
	expect(store.code(ANNA, "blobs_staged_batch", { batch })).toBe("batch_not_found");
	expect(store.code(ANNA, "blobs_stage", { id: newId(), batch, items: [put("c", A)] })).toBe(
		"batch_not_found",
	);
	store.settle();
	expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n });
});

/** Has each access to stable memory cost so many instructions, in each message. */
let most = 0;
function costly(perAccess: number): void {
	const { host, storage, engine } = store;
	most = 0;
	let from = storage.accesses;
	host.instructions = () => (storage.accesses - from) * perAccess;
	const { clean } = engine;
	engine.clean = () => {
		from = storage.accesses;
		clean.call(engine);
		most = Math.max(most, host.instructions());
		from = storage.accesses;
	};
}

test("C137 a step is bounded however many of its keys others changed since the last one", () => {
	const keys = Array.from({ length: 600 }, (_, n) => `k${n}`);
	for (let from = 0; from < keys.length; from += MAX_ITEMS)
		store.stage(OWNER, batch, ...keys.slice(from, from + MAX_ITEMS).map((key) => put(key, A)));
	store.reveal(OWNER, batch);
	store.step();
	expect(store.batch(OWNER, batch)).toMatchObject({ state: "preparing", ready: 600 });
	for (let from = 0; from < keys.length; from += MAX_ITEMS) {
		const puts = keys.slice(from, from + MAX_ITEMS).map((key) => put(key, fillOf(2, 20)));
		const blobs = puts.map((item) => ("put" in item ? item.put : undefined)!);
		store.ask(BEN, "blobs_put_many", { id: newId(), blobs });
	}
	// Ten times of what it takes: few items fit a step.
	costly(25e6);
	let steps = 0;
	for (; store.batch(OWNER, batch).state === "preparing"; steps++) {
		if (steps > 200) throw new Error("it comes to no end");
		store.step();
	}
	expect(steps).toBeGreaterThan(10);
	expect(most).toBeLessThan(10e9);
	store.host.instructions = () => 0;
	expect(store.keys(ANNA)).toEqual([...keys].sort());
	expect(store.read(ANNA, "k0")).toEqual(Buffer.from(A));
});
