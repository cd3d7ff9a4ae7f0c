import { beforeEach, describe, expect, test } from "vitest";
import type { WireVersion } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { GUEST } from "./grant-store.js";
import { put, remove, StagedStore } from "./staged-store.js";
import { ANNA, BEN, DAY_MS, fillOf, OWNER, PRIVATE, READER } from "./store.js";

/** Concurrent changes and expiries while a batch is prepared, or is revealed and not settled. */

const A = fillOf(1, 10);
const B = fillOf(2, 20);
const NS = 1_000_000n;

let store: StagedStore;
let batch: Uint8Array;
beforeEach(() => {
	store = new StagedStore();
	batch = newId();
});

/** All items are ready, and the next step reveals them. */
function makeReady(who = ANNA): void {
	store.reveal(who, batch);
	store.step();
	expect(store.batch(who, batch).state).toBe("preparing");
}
const stateOf = (who = ANNA) => store.batch(who, batch).state;

/** Step by step until it is revealed, or it is seen that it cannot be. */
function wait(who = ANNA) {
	for (let steps = 0; steps < 20 && !["revealed", "open"].includes(stateOf(who)); steps++) store.step();
	return store.batch(who, batch);
}
const broken = (key: string, code: string) => ({ state: "open", broken: [{ key, refusal: { code } }] });

describe("C133 rights that are lost before the reveal", () => {
	test("a role: nothing is revealed of what was ready, and the key is named", () => {
		store.stage(ANNA, batch, put("a", A), put("b", A));
		makeReady();
		const request = { id: newId(), who: ANNA, role: { writer: null } as never };
		store.ask(OWNER, "blobs_revoke_role", request);
		store.settle();
		expect(store.keys(OWNER)).toEqual([]);
		expect(store.ask(OWNER, "blobs_list_batches").batches).toMatchObject([broken("a", "not_authorized")]);
	});

	test.each(["taken away", "at its end"])("a grant %s; another than it used does not matter", (how) => {
		const other = store.give(OWNER, GUEST, { prefix: "other/" });
		const grant = store.give(OWNER, GUEST, { prefix: "in/", endsInMs: 3_600_000 });
		store.stage(GUEST, batch, put("in/a", A));
		makeReady(GUEST);
		store.revoke(OWNER, GUEST, other);
		expect(stateOf(GUEST)).toBe("preparing");
		if (how === "taken away") store.revoke(OWNER, GUEST, grant);
		else store.host.time += 3_600_000;
		expect(wait(GUEST)).toMatchObject(broken("in/a", "not_authorized"));
		expect(store.keys(OWNER)).toEqual([]);
	});

	test("a grant that items were not made ready by", () => {
		const other = store.give(OWNER, GUEST, { prefix: "other/" });
		store.give(OWNER, GUEST, { prefix: "in/" });
		store.stage(GUEST, batch, put("in/a", A));
		makeReady(GUEST);
		store.revoke(OWNER, GUEST, other);
		store.step();
		expect(stateOf(GUEST)).toBe("revealed");
	});

	test("by a rule of the application that comes with an upgrade", () => {
		let isOpen = true;
		store = new StagedStore({ authorize: ({ action }) => (action === "read" ? undefined : isOpen) });
		store.stage(ANNA, batch, put("a", A));
		makeReady();
		isOpen = false;
		store.upgrade();
		expect(wait()).toMatchObject(broken("a", "not_authorized"));
	});
});

describe("C141 a rule of the application that comes to refuse what it has allowed", () => {
	const refused = new Set<string>();
	let asked: string[] = [];
	const LARGE = 40;
	const item = (n: number) => put(`k${n}`, A);
	beforeEach(() => {
		refused.clear();
		store = new StagedStore({
			authorize: ({ caller, action, key }) => {
				asked.push(key);
				return action === "read" ? undefined : !refused.has(key) && !refused.has(caller.toText());
			},
		});
		store.stage(ANNA, batch, ...Array.from({ length: LARGE }, (_, n) => item(n)));
		makeReady();
		asked = [];
	});

	test("is asked anew about all items where the application says so, and nothing is revealed", () => {
		refused.add("k7");
		store.engine.ruleChanged(undefined);
		expect(stateOf()).toBe("waiting");
		expect(wait()).toMatchObject(broken("k7", "not_authorized"));
		expect(store.keys(OWNER)).toEqual([]);
		// Put right, it is revealed.
		store.ask(ANNA, "blobs_unstage", { id: newId(), batch, keys: ["k7"] });
		store.reveal(ANNA, batch);
		expect(wait()).toMatchObject({ state: "revealed" });
		expect(store.keys(ANNA)).toHaveLength(LARGE - 1);
	});

	test("so it is of one principal, over an upgrade too, and others' batches go on", () => {
		refused.add(BEN.toText());
		store.engine.ruleChanged(BEN.toUint8Array());
		expect(stateOf()).toBe("preparing");
		refused.add(ANNA.toText());
		store.engine.ruleChanged(ANNA.toUint8Array());
		store.upgrade();
		expect(wait()).toMatchObject(broken("k0", "not_authorized"));
		expect(store.keys(OWNER)).toEqual([]);
	});

	test("is not asked by the message that reveals, whose cost does not grow", () => {
		store.step();
		expect(stateOf()).toBe("revealed");
		expect(asked).toEqual([]);
	});

	test("has no effect once the batch is revealed, or where none is got ready", () => {
		store.step();
		const before = store.feed();
		store.engine.ruleChanged(undefined);
		store.settle();
		expect(store.keys(ANNA)).toHaveLength(LARGE);
		store.engine.ruleChanged(ANNA.toUint8Array());
		expect(store.feed()).toEqual(before);
	});
});

describe("C133 ends", () => {
	test("a rule that is set before the reveal is one for what it reveals", () => {
		store.stage(ANNA, batch, put("tmp/a", A));
		makeReady();
		const rules = [{ prefix: "tmp/", life: BigInt(DAY_MS) * NS }];
		store.ask(OWNER, "blobs_set_expiry_rules", { id: newId(), rules });
		expect(wait()).toMatchObject({ state: "revealed" });
		expect(store.manifest(ANNA, "tmp/a")!.expires_at).toEqual([BigInt(store.host.time + DAY_MS) * NS]);
	});

	test("an item whose end comes before the reveal is over from then on, and freed", () => {
		const expires_at: [bigint] = [BigInt(store.host.time + 5_000) * NS];
		store.stage(ANNA, batch, put("a", A, { expires_at }), put("b", A));
		makeReady();
		store.host.time += 5_000;
		store.step();
		expect(stateOf()).toBe("revealed");
		expect(store.keys(ANNA)).toEqual(["b"]);
		store.settle();
		expect(store.usage(ANNA).blobs).toBe(1n);
		expect(store.stats()).toMatchObject({ blobs: 1n, cleaning: 0n });
		expect([...store.replayed().keys()]).toEqual(["b"]);
	});

	test("a page ends on what is over before its turn to be settled has come", () => {
		const expires_at: [bigint] = [BigInt(store.host.time + 5_000) * NS];
		store.stage(ANNA, batch, put("a", A, { expires_at }), put("b", A));
		makeReady();
		store.step();
		store.setMode("maintenance");
		store.host.time += 5_000;
		const list = { prefix: "", recursive: true, limit: 1, min_version: [] as [] };
		const page = store.ask(BEN, "blobs_list", { ...list, after: [] });
		const next = store.ask(BEN, "blobs_list", { ...list, after: page.next });
		expect([...page.entries, ...next.entries]).toMatchObject([{ blob: { key: "b" } }]);
	});

	test("what is replaced is kept as the store kept when it was revealed", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 3 });
		store.putBlob(ANNA, "a", A);
		store.stage(ANNA, batch, put("a", B));
		makeReady();
		store.step();
		const at = store.host.time;
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 0 });
		store.host.time += 5_000;
		store.step();
		const page = store.ask(ANNA, "blobs_list_deleted", { prefix: "", after: [], limit: 10 });
		expect(page.deleted).toMatchObject([
			{ deleted_at: BigInt(at) * NS, kept_until: BigInt(at + 3 * DAY_MS) * NS, deleted_by: ANNA },
		]);
	});
});

describe("C133 modes", () => {
	test("in maintenance a reveal stands still, and goes on after it; draining does not hold it up", () => {
		store.stage(ANNA, batch, put("a", A));
		makeReady();
		store.setMode("maintenance");
		for (let step = 0; step < 5; step++) store.step();
		expect(stateOf()).toBe("preparing");
		expect(store.keys(ANNA)).toEqual([]);
		expect(store.code(ANNA, "blobs_drop_batch", { id: newId(), batch, owner: [] })).toBe("not_live");
		store.setMode("draining");
		store.step();
		expect(stateOf()).toBe("revealed");
	});

	test("so it does in a store that is read-only", () => {
		store = new StagedStore({ capacity: { minCycles: 0, readOnlyCycles: 1e12 } });
		store.stage(ANNA, batch, put("a", A));
		makeReady();
		const { balance } = store.host;
		store.host.balance = 1e11;
		for (let step = 0; step < 5; step++) store.step();
		expect(stateOf()).toBe("preparing");
		store.host.balance = balance;
		store.step();
		expect(stateOf()).toBe("revealed");
	});
});

describe("C133 owners", () => {
	test.each(["waiting", "preparing", "settling"])(
		"one of whom all is removed while its batch is %s has nothing afterwards",
		(at) => {
			store.putBlob(BEN, "b", A, PRIVATE);
			store.ask(OWNER, "blobs_set_quota", { id: newId(), who: [], quota: [] });
			store.stage(ANNA, batch, put("a", A), put("p", A, PRIVATE), remove("none"));
			store.reveal(ANNA, batch);
			for (let step = 0; step < { waiting: 0, preparing: 1, settling: 2 }[at]!; step++) store.step();
			for (let after: [] | [string] = [], steps = 0; steps === 0 || after.length > 0; steps++) {
				const request = { id: newId(), owner: [ANNA] as never, purge: false, rights: true, after };
				after = store.ask(OWNER, "blobs_remove_owned", request).next as [] | [string];
				store.step();
			}
			store.settle();
			expect(store.keys(OWNER)).toEqual(["b"]);
			expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n, open_uploads: 0 });
			expect(store.stats()).toMatchObject({ blobs: 1n, cleaning: 0n });
			expect([...store.replayed().keys()]).toEqual(["b"]);
			expect(store.ask(OWNER, "blobs_list_batches").batches).toEqual([]);
		},
	);

	test("a step of removing that drops a batch is not refused for what it has no quota for", () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: BEN, role: { admin: null } });
		store.setQuota(BEN, { changes_per_day: 1n });
		store.putBlob(ANNA, "held", A);
		store.stage(ANNA, batch, put("a", A));
		const request = () => ({
			id: newId(),
			owner: [ANNA] as never,
			purge: false,
			rights: false,
			after: [] as [],
		});
		// The batch is something: the step is done, and the next one is refused.
		expect(store.ask(BEN, "blobs_remove_owned", request())).toMatchObject({ blobs: 0, next: [""] });
		expect(store.code(BEN, "blobs_remove_owned", request())).toBe("quota_exceeded");
		expect(store.keys(OWNER)).toEqual(["held"]);
		expect(store.batch(ANNA, batch).state).toBe("dropped");
	});

	test("what was offered before the reveal is not what it reveals", () => {
		store.putBlob(ANNA, "in/old", A);
		store.stage(ANNA, batch, put("in/new", A));
		makeReady();
		const id = newId();
		store.ask(ANNA, "blobs_offer", { id, owner: [], to: BEN, what: { prefix: "in/" } });
		expect(wait()).toMatchObject({ state: "revealed" });
		const taken = store.ask(BEN, "blobs_take_offer", { id: newId(), offer: { giver: ANNA, id } });
		expect(taken).toMatchObject({ blobs: 1, done: true });
		expect(store.manifest(BEN, "in/new")!.owner).toEqual(ANNA);
	});

	test("nobody comes to act for another with a batch of its own, which it could not name any more", () => {
		store.stage(BEN, batch, remove("a"));
		store.ask(ANNA, "blobs_offer_link", { id: newId(), who: BEN, as: [] });
		const accept = () => ({ id: newId(), owner: ANNA });
		expect(store.refused(BEN, "blobs_accept_link", accept())).toMatchObject({
			invalid_argument: { field: "who" },
		});
		store.drop(BEN, batch);
		store.ask(BEN, "blobs_accept_link", accept());
	});
});

describe("C133 turns", () => {
	test("batches are revealed in the order in which that was asked for; who begins anew waits for the others", () => {
		const other = newId();
		store.stage(ANNA, batch, put("a", A));
		store.stage(BEN, other, put("b", A));
		store.reveal(BEN, other);
		store.reveal(ANNA, batch);
		store.step();
		expect([store.batch(BEN, other).state, stateOf()]).toEqual(["preparing", "waiting"]);
		// By an offer of its own, again and again: the other's turn comes all the same.
		store.putBlob(BEN, "offered", A);
		for (let times = 0; times < 10 && stateOf() !== "revealed"; times++) {
			const id = newId();
			store.ask(BEN, "blobs_offer", { id, owner: [], to: READER, what: { blob: "offered" } });
			store.ask(BEN, "blobs_withdraw_offer", { id: newId(), offer: { giver: BEN, id } });
			store.step();
			store.step();
		}
		expect(stateOf()).toBe("revealed");
	});

	test("nobody else waits for the reveal: what answers name as the last change is one that readers may ask for", () => {
		store.stage(ANNA, batch, put("a", A), put("b", A));
		const before = store.ask(BEN, "blobs_status").last;
		makeReady();
		const stat = (key: string, version: WireVersion) => ({ key, min_version: [version] as [WireVersion] });
		const feed = { after: [] as [], limit: 1, min_version: [] as [] };
		const named = () => [
			store.ask(BEN, "blobs_status").last,
			store.ask(BEN, "blobs_stat", { key: "none", min_version: [] }).last,
			store.ask(OWNER, "blobs_changes", feed).last_version,
			store.delete(BEN, "none").version,
		];
		expect(named()).toEqual(Array(4).fill(before));
		store.upgrade();
		const { sequence, canister_version } = store.putBlob(BEN, "c", A);
		expect(named()).toEqual(Array(4).fill({ sequence, canister_version }));
		const administered = store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 0 });
		expect(administered.sequence).toBe(sequence + 1n);
		for (const version of named())
			expect(store.ask(BEN, "blobs_stat", stat("c", version)).manifest).toHaveLength(1);

		// The subnet is not behind, whatever it is asked for; a node may be.
		const sealed = { sequence: before.sequence + 1n, canister_version: before.canister_version };
		expect(store.code(BEN, "blobs_stat", stat("c", sealed))).toBe("behind");
		const { certificate } = store.host;
		store.host.certificate = () => undefined;
		expect(store.code(BEN, "blobs_stat", stat("c", sealed))).toBe("rolled_back");
		const its = store.feed().find((change) => change.sequence === sealed.sequence)!;
		const real = { sequence: its.sequence, canister_version: its.canister_version };
		expect(store.ask(BEN, "blobs_stat", stat("c", real)).manifest).toHaveLength(1);
		store.host.certificate = certificate;
		store.step();
		expect(stateOf()).toBe("revealed");
		expect(store.ask(BEN, "blobs_stat", stat("a", real)).manifest).toHaveLength(1);
		expect(named().every((version) => version.sequence === before.sequence + 5n)).toBe(true);
	});

	test("a reader that has seen what the feed does not tell any more waits for the reveal, too", () => {
		store = new StagedStore({ feedEntries: 5 });
		const first = store.feed().length + 1;
		const items = Array.from({ length: 1_001 }, (_, n) => put(`k${n}`, A));
		store.stage(ANNA, batch, ...items.slice(0, 1_000));
		store.stage(ANNA, batch, ...items.slice(1_000));
		makeReady();
		store.step();
		expect(stateOf()).toBe("preparing");
		const request = {
			key: "k0",
			min_version: [{ sequence: BigInt(first), canister_version: 1n }] as never,
		};
		expect(store.code(BEN, "blobs_stat", request)).toBe("behind");
		store.step();
		expect(store.ask(BEN, "blobs_stat", request).manifest).toHaveLength(1);
	});
});
