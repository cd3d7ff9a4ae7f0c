import type { Principal } from "@dfinity/principal";
import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import { OwnerStore } from "./owner-store.js";
import { ANNA, BEN, beginOf, fillOf, itemOf, OWNER, PRIVATE, person, READER, wholeOf } from "./store.js";

/** Anna's other principals: identity providers give her one for each site. */
const PHONE = person(70);
const WORK = person(71);
const small = fillOf(1, 10);

let store: OwnerStore;
beforeEach(() => {
	store = new OwnerStore();
});
const offerOf = (who: Principal) => ({ id: newId(), who, as: [] as [] });
const acceptOf = (owner: Principal) => ({ id: newId(), owner });
const put = (key: string) => [wholeOf(newId(), key, small), small] as const;

describe("C112 a second principal of the same person acts as the first", () => {
	test("with its roles, blobs, uploads, receipts, quotas and grants, at once and through upgrades", () => {
		store.putBlob(ANNA, "mine", small, PRIVATE);
		const id = store.begin(ANNA, "open", 10);
		expect(store.code(PHONE, "blobs_put_blob", ...put("a"))).toBe("not_authorized");
		expect(store.manifest(PHONE, "mine")).toBeUndefined();
		store.link(ANNA, PHONE);
		store.upgrade();
		expect(store.read(PHONE, "mine")).toHaveLength(10);
		expect(store.keys(PHONE)).toEqual(["mine"]);
		store.put(PHONE, id, 0, small);
		expect(store.commit(PHONE, id, small)).toMatchObject({ key: "open", owner: ANNA });
		// One account: what the one did the other is told again.
		const [request, bytes] = put("a");
		const done = store.ask(PHONE, "blobs_put_blob", request, bytes);
		expect(store.ask(ANNA, "blobs_put_blob", request, bytes)).toEqual(done);
		expect(done.owner).toEqual(ANNA);
		expect(store.ask(PHONE, "blobs_account", [])).toEqual(store.ask(ANNA, "blobs_account", []));
		expect(store.usage(ANNA).blobs).toBe(3n);
		expect(store.usage(PHONE).blobs).toBe(0n);
		store.setQuota(ANNA, { blobs: 3n });
		expect(store.refused(PHONE, "blobs_put_blob", ...put("b"))).toMatchObject({
			quota_exceeded: { quota: "blobs" },
		});
		const { cursor } = store;
		store.delete(PHONE, "a");
		expect(store.changesSince(cursor).at(-1)).toMatchObject({ by: ANNA, change: { deleted: { key: "a" } } });
	});

	test("the feed names the first, and beside it who sent the change", () => {
		store.link(ANNA, PHONE);
		const { cursor } = store;
		store.putBlob(PHONE, "a", small);
		store.putBlob(ANNA, "a", small, PRIVATE);
		const items = ["b", "c"].map((key) => ({ put: itemOf(key, small) }));
		store.ask(PHONE, "blobs_batch", { id: newId(), items });
		store.delete(PHONE, "b");
		const told = store.changesSince(cursor);
		expect(told.map(({ by, sent_by, in_batch }) => [by, sent_by, in_batch.length])).toEqual([
			[ANNA, [PHONE], 0],
			[ANNA, [], 0],
			[ANNA, [PHONE], 1],
			[ANNA, [PHONE], 1],
			[ANNA, [PHONE], 0],
		]);
		expect(told.map(({ change }) => Object.keys(change)[0])).toEqual([
			...Array(4).fill("published"),
			"deleted",
		]);
	});

	test("inspect_message lets in what the first may send, and the application's rule is asked about the first", () => {
		const asked: string[] = [];
		store = new OwnerStore({
			authorize: ({ caller }) => {
				asked.push(caller.toText());
				return undefined;
			},
		});
		const lets = (who: Principal) => {
			store.host.sender = who.toUint8Array();
			return store.engine.lets("blobs_put_chunk", 1_000_000, () => true);
		};
		expect([lets(ANNA), lets(PHONE)]).toEqual([true, false]);
		store.link(ANNA, PHONE);
		expect(lets(PHONE)).toBe(true);
		store.ask(PHONE, "blobs_put_blob", ...put("a"));
		expect(new Set(asked)).toEqual(new Set([ANNA.toText()]));
		store.unlink(ANNA, ANNA, PHONE);
		expect(lets(PHONE)).toBe(false);
	});

	test("control of the canister is neither lent by a link nor lost by one", () => {
		store.link(OWNER, PHONE);
		expect(store.code(PHONE, "blobs_grant_role", { id: newId(), who: BEN, role: { admin: null } })).toBe(
			"not_authorized",
		);
		expect(store.code(PHONE, "blobs_begin_import", { id: newId() })).toBe("not_authorized");
		store.unlink(OWNER, OWNER, PHONE);
		store.link(ANNA, OWNER);
		const { cursor } = store;
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: BEN, role: { reader: null } });
		expect(store.ask(OWNER, "blobs_account", [])).toMatchObject({
			who: ANNA,
			roles: ["writer"],
			administers: [true],
		});
		expect(store.changesSince(cursor).at(-1)).toMatchObject({ by: ANNA, change: { role: { who: BEN } } });
	});

	test("blobs that are offered to the second are the first's to take", () => {
		store.link(ANNA, PHONE);
		store.putBlob(BEN, "a", small);
		const offer = store.offer(BEN, PHONE, { blob: "a" });
		expect(store.take(PHONE, offer)).toMatchObject([{ blobs: 1 }]);
		expect(store.ownerOf("a")).toBe(ANNA.toText());
	});
});

describe("C113 both agree to a link, and either ends it, or an administrator", () => {
	test("offered by the principal itself, accepted by the other; the feed tells it, both and backups list it", () => {
		expect(store.code(PHONE, "blobs_accept_link", acceptOf(ANNA))).toBe("not_authorized");
		expect(store.code(PHONE, "blobs_offer_link", offerOf(WORK))).toBe("not_authorized");
		const { cursor } = store;
		const { bytes } = store.usage(ANNA);
		store.ask(ANNA, "blobs_offer_link", offerOf(PHONE));
		expect(store.usage(ANNA).bytes).toBe(bytes + 512n);
		// Nothing holds that the other has not accepted.
		expect(store.code(PHONE, "blobs_put_blob", ...put("a"))).toBe("not_authorized");
		const accepted = acceptOf(ANNA);
		const version = store.ask(PHONE, "blobs_accept_link", accepted);
		expect(store.ask(PHONE, "blobs_accept_link", accepted)).toEqual(version);
		const links = (who: Principal, of: { all: null } | { owner: Principal }) =>
			store.ask(who, "blobs_list_links", { of, after: [], limit: 9 }).links;
		const link = { owner: ANNA, who: PHONE, holds: true, since: BigInt(store.host.time) * 1_000_000n };
		for (const who of [ANNA, PHONE, OWNER]) expect(links(who, { owner: ANNA })).toEqual([link]);
		expect(links(OWNER, { all: null })).toEqual([link]);
		for (const of of [{ all: null }, { owner: ANNA }])
			expect(store.code(BEN, "blobs_list_links", { of, after: [], limit: 9 })).toBe("not_authorized");
		store.unlink(PHONE, ANNA, PHONE);
		expect(store.usage(ANNA).bytes).toBe(bytes);
		expect(store.code(PHONE, "blobs_put_blob", ...put("a"))).toBe("not_authorized");
		expect(store.changesSince(cursor).map(({ by, change }) => ({ by, change }))).toEqual(
			(["offered", "holds", "ended"] as const).map((state) => ({
				by: state === "holds" ? PHONE : ANNA,
				change: { link: { owner: ANNA, who: PHONE, state } },
			})),
		);
	});

	test("who acts for another has nobody act for that, ends no other link, and is ended at once", () => {
		store.link(ANNA, PHONE);
		store.link(ANNA, WORK);
		expect(store.code(PHONE, "blobs_offer_link", offerOf(person(72)))).toBe("not_authorized");
		expect(store.code(PHONE, "blobs_end_link", { id: newId(), link: { owner: ANNA, who: WORK } })).toBe(
			"not_authorized",
		);
		expect(store.code(BEN, "blobs_end_link", { id: newId(), link: { owner: ANNA, who: WORK } })).toBe(
			"not_authorized",
		);
		store.setMode("maintenance");
		store.unlink(OWNER, ANNA, PHONE);
		store.setMode("live");
		expect(store.code(PHONE, "blobs_begin_upload", beginOf(newId(), "a", 1))).toBe("not_authorized");
		store.unlink(ANNA, ANNA, WORK);
		expect(store.code(WORK, "blobs_begin_upload", beginOf(newId(), "a", 1))).toBe("not_authorized");
		const { last } = store.ask(OWNER, "blobs_status");
		expect(store.unlink(ANNA, ANNA, WORK)).toEqual(last);
	});

	test("of an import it holds at once, whoever had it in the other store; at no other time", () => {
		const importOf = (who: Principal, owner: Principal) => ({ id: newId(), who, as: [owner] as [Principal] });
		expect(store.refused(OWNER, "blobs_offer_link", importOf(PHONE, ANNA))).toMatchObject({
			invalid_argument: { field: "as" },
		});
		store.ask(OWNER, "blobs_begin_import", { id: newId() });
		const [request, other] = [importOf(PHONE, ANNA), importOf(PHONE, BEN)];
		store.ask(OWNER, "blobs_offer_link", request);
		expect(store.refused(OWNER, "blobs_offer_link", other)).toMatchObject({
			invalid_argument: { field: "who" },
		});
		// A restore that is run again finds it.
		const { last } = store.ask(OWNER, "blobs_status");
		expect(store.ask(OWNER, "blobs_offer_link", { ...request, id: newId() })).toEqual(last);
		store.ask(OWNER, "blobs_end_import", { id: newId() });
		expect(store.ask(PHONE, "blobs_put_blob", ...put("a")).owner).toEqual(ANNA);
	});

	test("no chains, nobody twice, nobody who would lose sight of its own blobs, and at most eight", () => {
		const refusedOf = (who: Principal, owner: Principal) => {
			store.ask(owner, "blobs_offer_link", offerOf(who));
			return store.refused(who, "blobs_accept_link", acceptOf(owner));
		};
		const invalid = (field: string) => ({ invalid_argument: { field } });
		store.putBlob(BEN, "of-ben", small);
		expect(refusedOf(BEN, ANNA)).toMatchObject(invalid("who"));
		store.delete(BEN, "of-ben");
		const id = store.begin(BEN, "of-ben", 1);
		expect(store.refused(BEN, "blobs_accept_link", acceptOf(ANNA))).toMatchObject(invalid("who"));
		store.ask(BEN, "blobs_abort_upload", id);
		store.link(ANNA, PHONE);
		expect(refusedOf(PHONE, READER)).toMatchObject(invalid("who"));
		// Anna has others act for her, so she acts for nobody.
		expect(refusedOf(ANNA, BEN)).toMatchObject(invalid("who"));
		store.ask(READER, "blobs_offer_link", offerOf(WORK));
		store.unlink(READER, READER, PHONE);
		store.unlink(READER, READER, WORK);
		store.link(BEN, READER);
		expect(store.refused(ANNA, "blobs_offer_link", offerOf(ANNA))).toMatchObject(invalid("who"));
		for (let n = 0; n < 6; n++) store.ask(ANNA, "blobs_offer_link", offerOf(person(80 + n)));
		expect(store.refused(ANNA, "blobs_offer_link", offerOf(person(90)))).toMatchObject({
			quota_exceeded: { quota: "links", limit: 8n, used: 8n },
		});
	});
});
