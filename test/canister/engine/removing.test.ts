import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import { OwnerStore } from "./owner-store.js";
import { ANNA, BEN, fillOf, OWNER, PRIVATE, person, S } from "./store.js";

const GUEST = person(60);
const PHONE = person(70);
const small = fillOf(1, 10);

let store: OwnerStore;
beforeEach(() => {
	store = new OwnerStore();
});
const totals = (steps: ReturnType<OwnerStore["remove"]>) => ({
	rights: steps.reduce((sum, { rights }) => sum + rights, 0),
	uploads: steps.reduce((sum, { uploads }) => sum + uploads, 0),
	blobs: steps.reduce((sum, { blobs }) => sum + blobs, 0),
	bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0n),
	purged: steps.reduce((sum, { purged }) => sum + purged, 0),
	refused: steps.reduce((sum, { refused }) => sum + refused, 0),
});
const requestOf = (parts = {}) => ({
	id: newId(),
	owner: [ANNA] as [typeof ANNA],
	purge: false,
	rights: false,
	after: [] as [],
	...parts,
});

describe("C111 all that a principal has is removed in steps, with a report", () => {
	test("blobs, uploads, what was deleted, roles, quota, grants, offers and links; nothing of others", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 3 });
		for (let i = 0; i < 1_005; i++)
			store.putBlob(i % 5 ? ANNA : BEN, `a/${String(i).padStart(4, "0")}`, small, i % 2 ? PRIVATE : {});
		for (let i = 0; i < 102; i++) store.begin(ANNA, `open/${i}`, S);
		store.putBlob(ANNA, "a/0001", fillOf(2, 20), PRIVATE);
		store.setQuota(ANNA, {});
		store.give(OWNER, ANNA, { prefix: "x/", may_give: true });
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { backup: null } });
		store.ask(ANNA, "blobs_take_lease", { id: newId(), life: 3_600_000_000_000n, bytes: 1_000_000n });
		store.link(ANNA, PHONE);
		store.offer(ANNA, BEN, { prefix: "a/" });
		store.offer(BEN, ANNA, { prefix: "a/" });
		store.offer(OWNER, OWNER, { prefix: "a/" }, ANNA);
		const { cursor } = store;

		store.upgrade();
		const steps = store.remove(OWNER, ANNA, { purge: true, rights: true });
		expect(steps.length).toBeGreaterThan(2);
		// Two roles, the quota, the grant, the link and two offers.
		expect(totals(steps)).toEqual({
			rights: 7,
			uploads: 102,
			blobs: 804,
			bytes: 8_050n,
			purged: 805,
			refused: 0,
		});
		expect(store.owned(OWNER, { owner: ANNA })).toEqual([]);
		expect(store.owned(OWNER, { owner: BEN })).toHaveLength(201);
		store.clean();
		expect(store.ask(OWNER, "blobs_account", [ANNA])).toMatchObject({
			roles: [],
			has_own_quota: false,
			granted: [[]],
			usage: { blobs: 0n, bytes: 0n, open_uploads: 0 },
		});
		expect(
			store.ask(OWNER, "blobs_list_offers", { of: { all: null }, after: [], limit: 9 }).offers,
		).toHaveLength(1);
		expect(store.ask(OWNER, "blobs_list_links", { of: { all: null }, after: [], limit: 9 }).links).toEqual(
			[],
		);
		const kinds = new Map<string, number>();
		for (const { change } of store.changesSince(cursor)) {
			const [kind] = Object.keys(change) as [string];
			kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
		}
		expect(Object.fromEntries(kinds)).toMatchObject({ role: 2, quota: 1, grant: 1, link: 1, offer: 2 });
		store.unlink(OWNER, OWNER, PHONE);
	});

	test("an owner removes its own, but no rights and not for good; others only administrators", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 3 });
		store.putBlob(ANNA, "a", small);
		store.putBlob(ANNA, "b", small, PRIVATE);
		for (const parts of [{ purge: true }, { rights: true }])
			expect(store.code(ANNA, "blobs_remove_owned", requestOf(parts))).toBe("not_authorized");
		expect(store.code(BEN, "blobs_remove_owned", requestOf())).toBe("not_authorized");
		expect(store.refused(OWNER, "blobs_remove_owned", requestOf({ owner: [], rights: true }))).toMatchObject({
			invalid_argument: { field: "rights" },
		});
		const request = requestOf({ owner: [] });
		const done = store.ask(ANNA, "blobs_remove_owned", request);
		expect(done).toMatchObject({ blobs: 2, bytes: 20n, purged: 0, next: [] });
		expect(store.ask(ANNA, "blobs_remove_owned", request)).toEqual(done);
		expect(store.ask(ANNA, "blobs_list_deleted", { prefix: "", after: [], limit: 9 }).deleted).toHaveLength(
			2,
		);
	});

	test("what the rule of the application keeps stays and is counted; a step ends where the day's changes do", () => {
		store = new OwnerStore({
			authorize: ({ key, action }) => (action === "delete" && key === "b" ? false : undefined),
		});
		for (const key of ["a", "b", "c"]) store.putBlob(ANNA, key, small);
		expect(totals(store.remove(ANNA, ANNA))).toMatchObject({ blobs: 2, refused: 1 });
		expect(store.owned(ANNA)).toEqual(["b"]);
		store = new OwnerStore();
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: GUEST, role: { writer: null } });
		for (const key of ["a", "b", "c"]) store.putBlob(GUEST, key, small);
		const used = store.usage(GUEST).changes_today;
		store.setQuota(GUEST, { changes_per_day: used + 3n });
		const first = store.ask(GUEST, "blobs_remove_owned", requestOf({ owner: [] }));
		expect(first).toMatchObject({ blobs: 2, next: ["b"] });
		expect(
			store.refused(GUEST, "blobs_remove_owned", requestOf({ owner: [], after: first.next })),
		).toMatchObject({
			quota_exceeded: { quota: "changes_per_day" },
		});
	});

	test("what the principal does in between does no harm, and who has nothing has nothing gone through", () => {
		store.putBlob(BEN, "b", small);
		const reads = store.storage.accesses;
		expect(store.remove(OWNER, GUEST)).toMatchObject([{ blobs: 0, uploads: 0 }]);
		expect(store.storage.accesses - reads).toBeLessThan(60);
	});
});
