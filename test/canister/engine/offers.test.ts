import { beforeEach, describe, expect, test } from "vitest";
import type { WireOffersOf } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { OwnerStore } from "./owner-store.js";
import { ANNA, aboutOf, BEN, DAY_MS, deleteOf, fillOf, OWNER, PRIVATE, person, READER, S } from "./store.js";

const GUEST = person(60);
const small = fillOf(1, 10);
const large = fillOf(2, 2 * S + 5);

let store: OwnerStore;
beforeEach(() => {
	store = new OwnerStore();
});

describe("C108 a blob is given: from the moment it is taken it is the other's, who has room for it", () => {
	test("owner, quotas of both, lists and times follow; bytes, type and creation stay; the feed tells it", () => {
		for (const visibility of [{ public: null }, { private: null }] as const) {
			store = new OwnerStore();
			const before = store.upload(ANNA, "a/b", large, { visibility, metadata: [["x", "y"]] });
			const [anna, ben] = [store.usage(ANNA), store.usage(BEN)];
			store.host.time += 5_000;
			const offer = store.offer(ANNA, BEN, { blob: "a/b" });
			// Nothing is anybody's but by its own word.
			expect(store.usage(BEN).bytes).toBe(ben.bytes);
			expect(store.usage(ANNA).bytes).toBe(anna.bytes + 512n + 3n);
			const { cursor } = store;
			expect(store.take(BEN, offer)).toMatchObject([{ blobs: 1, bytes: anna.bytes, done: true, refused: 0 }]);

			const after = store.manifest(BEN, "a/b")!;
			expect(after).toEqual({
				...before,
				owner: BEN,
				modified_at: BigInt(store.host.time) * 1_000_000n,
				sequence: cursor.sequence + 1n,
				canister_version: after.canister_version,
			});
			expect(store.usage(BEN)).toMatchObject({ bytes: ben.bytes + anna.bytes, blobs: 1n });
			expect(store.usage(ANNA)).toMatchObject({ bytes: 0n, blobs: 0n });
			expect(Buffer.compare(store.read(BEN, "a/b"), large)).toBe(0);
			expect(store.keys(ANNA)).toEqual("public" in visibility ? ["a/b"] : []);
			expect(store.code(ANNA, "blobs_delete", deleteOf("a/b"))).toBe("not_authorized");
			expect(store.changesSince(cursor)).toMatchObject([
				{ by: BEN, change: { given: { manifest: after, from: ANNA, offer } } },
				{ by: BEN, change: { offer: { ...offer, what: [], owner: ANNA, to: BEN } } },
			]);
			store.upgrade();
			store.delete(BEN, "a/b");
			store.clean();
			expect(store.usage(BEN)).toMatchObject({ bytes: 0n, blobs: 0n });
			expect(store.stats()).toMatchObject({ blobs: 0n, bytes: 0n, chunks: 0n });
		}
	});

	test("to who it was offered to alone, who may put to the key, within quotas and grants; in its own time", () => {
		store.putBlob(ANNA, "inbox/a", small, PRIVATE);
		const offer = store.offer(ANNA, GUEST, { blob: "inbox/a" });
		const take = () => ({ id: newId(), offer });
		for (const who of [BEN, OWNER, GUEST])
			expect(store.code(who, "blobs_take_offer", take())).toBe("not_authorized");
		const grant = store.give(OWNER, GUEST, { prefix: "inbox/", bytes: [100n] });
		expect(store.refused(GUEST, "blobs_take_offer", take())).toMatchObject({
			quota_exceeded: { quota: "grant_bytes", limit: 100n },
		});
		store.revoke(OWNER, GUEST, grant);
		store.give(OWNER, GUEST, { prefix: "inbox/", public_only: true });
		expect(store.code(GUEST, "blobs_take_offer", take())).toBe("not_authorized");
		store.give(OWNER, GUEST, { prefix: "inbox/", blobs: [1n] });
		store.setQuota(GUEST, { bytes: 0n });
		expect(store.refused(GUEST, "blobs_take_offer", take())).toMatchObject({
			quota_exceeded: { quota: "bytes" },
		});
		store.setQuota(GUEST, { blobs: 0n });
		expect(store.refused(GUEST, "blobs_take_offer", take())).toMatchObject({
			quota_exceeded: { quota: "blobs" },
		});
		store.setQuota(GUEST, undefined);
		const request = take();
		const taken = store.ask(GUEST, "blobs_take_offer", request);
		expect(taken).toMatchObject({ blobs: 1, done: true });
		expect(store.ask(GUEST, "blobs_take_offer", request)).toEqual(taken);
		const held = store.ask(OWNER, "blobs_list_grants", { of: { held_by: GUEST }, after: [], limit: 9 });
		expect(held.grants.map(({ used }) => used.blobs).sort()).toEqual([0n, 1n]);

		store.putBlob(ANNA, "late", small);
		const late = store.offer(ANNA, BEN, { blob: "late" });
		store.host.time += 7 * DAY_MS;
		expect(store.code(BEN, "blobs_take_offer", { id: newId(), offer: late })).toBe("not_authorized");
		expect(store.usage(ANNA).bytes).toBe(BigInt(aboutOf("late") + 4_096) + 512n + 4n);
		store.clean();
		expect(store.usage(ANNA).bytes).toBe(BigInt(aboutOf("late") + 4_096));
	});

	test("only what the giver owns and may still delete; administrators give what others own", () => {
		store.putBlob(ANNA, "a", small, PRIVATE);
		const what = { blob: "a" };
		const offerOf = (owner: [] | [typeof ANNA] = []) => ({ id: newId(), owner, to: GUEST, what });
		// What it may not read is as if it were not there.
		expect(store.code(BEN, "blobs_offer", offerOf())).toBe("blob_not_found");
		expect(store.code(BEN, "blobs_offer", offerOf([ANNA]))).toBe("not_authorized");
		expect(store.code(READER, "blobs_offer", offerOf())).toBe("not_authorized");
		expect(store.code(OWNER, "blobs_offer", offerOf())).toBe("not_authorized");
		const offer = store.offer(ANNA, BEN, what);
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
		expect(store.refused(BEN, "blobs_take_offer", { id: newId(), offer })).toMatchObject({
			not_authorized: { needs: expect.stringContaining("of who offers it") },
		});
		expect(store.take(BEN, store.offer(OWNER, BEN, what, ANNA))).toMatchObject([{ blobs: 1 }]);
		expect(store.ownerOf("a")).toBe(BEN.toText());
		// An administrator is charged nothing for it.
		expect(store.usage(OWNER).bytes).toBe(0n);
		expect(store.refused(BEN, "blobs_offer", { ...offerOf(), to: BEN })).toMatchObject({
			invalid_argument: { field: "to" },
		});
	});

	test("an end, what is deleted, leases and open uploads stay whose they are", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 3 });
		store.putBlob(ANNA, "a", fillOf(9, 9));
		const ends = BigInt(store.host.time + DAY_MS) * 1_000_000n;
		store.putBlob(ANNA, "a", small, { expires_at: [ends] });
		const id = store.begin(ANNA, "a", S);
		store.take(BEN, store.offer(ANNA, BEN, { blob: "a" }));
		expect(store.manifest(BEN, "a")).toMatchObject({ expires_at: [ends], owner: BEN });
		const kept = { prefix: "", after: [] as [], limit: 9 };
		expect(store.ask(ANNA, "blobs_list_deleted", kept).deleted).toHaveLength(1);
		expect(store.ask(BEN, "blobs_list_deleted", kept).deleted).toHaveLength(0);
		store.put(ANNA, id, 0, fillOf(3, S));
		// The place of the key counts for the upload until that is given up.
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.ask(ANNA, "blobs_abort_upload", id);
		expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, open_uploads: 0 });
		store.host.time += DAY_MS;
		store.clean();
		expect(store.manifest(BEN, "a")).toBeUndefined();
		expect(store.usage(BEN)).toMatchObject({ blobs: 0n, bytes: 0n });
	});
});

describe("C109 a prefix is given in steps, and only what was there when it was offered", () => {
	test("what came later, what others own and what lies beside it stays", () => {
		for (let i = 0; i < 1_010; i++)
			store.putBlob(ANNA, `docs/${String(i).padStart(4, "0")}`, small, i % 2 ? PRIVATE : {});
		store.putBlob(BEN, "docs/of-ben", small);
		store.putBlob(ANNA, "docsx", small);
		const offer = store.offer(ANNA, GUEST, { prefix: "docs/" });
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: GUEST, role: { writer: null } });
		store.putBlob(ANNA, "docs/later", small);
		expect(store.owned(GUEST, { offer })).toHaveLength(1_010);
		expect(store.owned(GUEST, { offer }, "docs/00", 7)).toHaveLength(100);
		const first = store.step(GUEST, offer);
		expect(first).toMatchObject({ blobs: 1_000, done: false });
		store.upgrade();
		// What is not taken yet may go on changing hands and content.
		store.putBlob(ANNA, "docs/1009", fillOf(7, 7));
		expect(store.take(GUEST, offer)).toMatchObject([{ blobs: 9, done: true }]);
		expect(store.owned(ANNA)).toEqual(["docs/1009", "docs/later", "docsx"]);
		expect(store.owned(GUEST)).toHaveLength(1_009);
		expect(store.usage(GUEST).blobs).toBe(1_009n);
		expect(store.owned(BEN)).toEqual(["docs/of-ben"]);
		expect(store.code(GUEST, "blobs_take_offer", { id: newId(), offer })).toBe("not_authorized");
	});

	test("a step ends where the taker's quota does, and the next one is refused for it", () => {
		for (const name of "abcd") store.putBlob(ANNA, `p/${name}`, small);
		store.setQuota(BEN, { blobs: 2n });
		const offer = store.offer(ANNA, BEN, { prefix: "p/" });
		expect(store.step(BEN, offer)).toMatchObject({ blobs: 2, done: false });
		expect(store.refused(BEN, "blobs_take_offer", { id: newId(), offer })).toMatchObject({
			quota_exceeded: { quota: "blobs", limit: 2n, used: 2n },
		});
		store.setQuota(BEN, undefined);
		expect(store.take(BEN, offer)).toMatchObject([{ blobs: 2, done: true }]);
		expect(store.owned(ANNA)).toEqual([]);
	});

	test("what the rule of the application or a grant does not let pass stays, and is counted", () => {
		const rule = { isOn: false };
		const authorize = ({ key }: { key: string }) => (rule.isOn && key.startsWith("p/no") ? false : undefined);
		store = new OwnerStore({ authorize });
		for (const name of ["a", "no", "z"]) store.putBlob(ANNA, `p/${name}`, small);
		rule.isOn = true;
		const ruled = store.offer(ANNA, BEN, { prefix: "p/" });
		expect(store.take(BEN, ruled)).toMatchObject([{ blobs: 2, refused: 1, done: true }]);
		expect(store.owned(ANNA)).toEqual(["p/no"]);
		store = new OwnerStore();
		store.putBlob(ANNA, "p/a", small);
		store.putBlob(ANNA, "q/a", small);
		store.give(OWNER, GUEST, { prefix: "q/" });
		const offer = store.offer(ANNA, GUEST, { prefix: "" });
		expect(store.take(GUEST, offer)).toMatchObject([{ blobs: 1, refused: 1, done: true }]);
		expect(store.owned(ANNA)).toEqual(["p/a"]);
	});

	test("offers are listed to both, declined, withdrawn and bounded by their giver", () => {
		store.putBlob(ANNA, "a", small);
		const offers = Array.from({ length: 100 }, () => store.offer(ANNA, BEN, { prefix: "" }));
		const request = { id: newId(), owner: [] as [], to: BEN, what: { prefix: "" } };
		expect(store.refused(ANNA, "blobs_offer", request)).toMatchObject({
			quota_exceeded: { quota: "offers", limit: 100n, used: 100n },
		});
		const list = (who = BEN, of: WireOffersOf = { made_to: BEN }, limit = 1_000) =>
			store.ask(who, "blobs_list_offers", { of, after: [], limit });
		expect(list().offers).toHaveLength(100);
		expect(list(ANNA, { given_by: ANNA }).offers).toHaveLength(100);
		expect(list(OWNER, { all: null }, 40)).toMatchObject({ next: [{ giver: ANNA }] });
		for (const of of [{ all: null }, { given_by: ANNA }])
			expect(store.code(BEN, "blobs_list_offers", { of, after: [], limit: 9 })).toBe("not_authorized");
		expect(store.code(READER, "blobs_withdraw_offer", { id: newId(), offer: offers[0]! })).toBe(
			"not_authorized",
		);
		for (const [index, who] of [ANNA, BEN, OWNER].entries()) store.withdraw(who, offers[index]!);
		const { last } = store.ask(OWNER, "blobs_status");
		expect(store.withdraw(BEN, offers[0]!)).toEqual(last);
		expect(list().offers).toHaveLength(97);
		store.offer(ANNA, BEN, { prefix: "" });
		store.host.time += 7 * DAY_MS;
		expect(list().offers).toHaveLength(0);
		store.offer(ANNA, BEN, { prefix: "" });
		expect(store.usage(ANNA).bytes).toBe(BigInt(aboutOf("a") + 4_096) + 512n);
	});
});

test("C110 all that somebody owns is listed, with prefix and pages; to it and to who backs up", () => {
	for (const [who, key, parts] of [
		[ANNA, "a/1", PRIVATE],
		[BEN, "a/2", {}],
		[ANNA, "a/3", {}],
		[ANNA, "b", {}],
		[BEN, "c", PRIVATE],
	] as const)
		store.putBlob(who, key, small, parts);
	store.putBlob(ANNA, "over", small, { expires_at: [BigInt(store.host.time + 10) * 1_000_000n] });
	store.host.time += 20;
	expect(store.owned(ANNA)).toEqual(["a/1", "a/3", "b"]);
	expect(store.owned(ANNA, { mine: null }, "a/", 1)).toEqual(["a/1", "a/3"]);
	expect(store.owned(OWNER, { owner: BEN })).toEqual(["a/2", "c"]);
	expect(store.code(BEN, "blobs_list_owned", { of: { owner: ANNA }, prefix: "", after: [], limit: 9 })).toBe(
		"not_authorized",
	);
	// Where a page ended shows nothing that its caller may not see.
	const page = store.ask(BEN, "blobs_list_owned", { of: { mine: null }, prefix: "", after: [], limit: 1 });
	expect(page.next[0]).toMatch(/^\0/);
});
