import type { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import { MAX_GRANTS, MAX_GRANTS_OF_GIVER } from "../../../src/protocol/index.js";
import { GrantStore, GUEST, giveOf, HOUR_MS, OTHER, termsOf } from "./grant-store.js";
import { ANNA, BEN, fillOf, OWNER, READER } from "./store.js";

const bytes = fillOf(1, 10);

describe("giving a grant", () => {
	test("takes an administrator or a grant with that right; in maintenance an administrator", () => {
		const store = new GrantStore();
		for (const who of [ANNA, READER, GUEST])
			expect(store.code(who, "blobs_give_grant", giveOf(OTHER, { prefix: "a/" }))).toBe("not_authorized");
		store.give(OWNER, GUEST, { prefix: "a/", may_give: true });
		store.setMode("maintenance");
		expect(store.code(GUEST, "blobs_give_grant", giveOf(OTHER, { prefix: "a/" }))).toBe("not_live");
		store.give(OWNER, OTHER, { prefix: "b/" });
	});

	test.each([
		["prefix", { prefix: "a" }],
		["prefix", { prefix: "/" }],
		["prefix", { prefix: "a//" }],
		["prefix", { prefix: "../" }],
		["prefix", { prefix: "a\u0000/" }],
		["prefix", { prefix: `${"x".repeat(1_023)}/` }],
		["prefix", { prefix: "x/".repeat(32) }],
		["ends_at", { endsAt: 1_800_000_000_000 }],
	])("refuses what it cannot be: %s, %o", (field, terms) => {
		const store = new GrantStore();
		expect(store.refused(OWNER, "blobs_give_grant", giveOf(GUEST, { prefix: "a/", ...terms }))).toMatchObject(
			{
				invalid_argument: { field },
			},
		);
	});

	test("refuses an end within the millisecond that is now, in which it would hold for no message", () => {
		const store = new GrantStore();
		const now = BigInt(store.host.time) * 1_000_000n;
		const ending = (endsAt: bigint) => ({
			...giveOf(GUEST, { prefix: "a/" }),
			terms: { ...termsOf({ prefix: "a/" }), ends_at: [endsAt] as [bigint] },
		});
		expect(store.refused(OWNER, "blobs_give_grant", ending(now + 999_999n))).toMatchObject({
			invalid_argument: { field: "ends_at", limit: now },
		});
		store.ask(OWNER, "blobs_give_grant", ending(now + 1_000_000n));
		store.putBlob(GUEST, "a/b", bytes);
	});

	test("takes a prefix of the longest and deepest kind, the empty one, and the last moment there is", () => {
		const store = new GrantStore();
		for (const prefix of ["", `${"x".repeat(1_022)}/`, "x/".repeat(31)]) store.give(OWNER, GUEST, { prefix });
		store.ask(OWNER, "blobs_give_grant", {
			...giveOf(OTHER, { prefix: "" }),
			terms: { ...termsOf({ prefix: "" }), ends_at: [2n ** 64n - 1n], bytes: [2n ** 64n - 1n], blobs: [0n] },
		});
		expect(store.held(OTHER)[0]!.terms.bytes).toEqual([]);
		store.putBlob(GUEST, `${"x/".repeat(31)}y`, bytes);
	});

	test.each([
		{ bytes: [1n] as [bigint] },
		{ blobs: [1n] as [bigint] },
		{ public_only: true },
		{ over_others: true },
	])("refuses a reader what is for writers: %o", (terms) => {
		const store = new GrantStore();
		const request = giveOf(GUEST, { prefix: "a/", ...terms }, "reader");
		expect(store.code(OWNER, "blobs_give_grant", request)).toBe("invalid_argument");
	});

	test("goes up to the limit of a holder's, and on where one has ended", () => {
		const store = new GrantStore();
		store.give(OWNER, GUEST, { prefix: "a/", endsInMs: HOUR_MS });
		for (let n = 1; n < MAX_GRANTS; n++) store.give(OWNER, GUEST, { prefix: `${n}/` });
		expect(store.refused(OWNER, "blobs_give_grant", giveOf(GUEST, { prefix: "b/" }))).toEqual({
			quota_exceeded: { quota: "grants", limit: BigInt(MAX_GRANTS), used: BigInt(MAX_GRANTS), needed: 1n },
		});
		store.host.time += HOUR_MS;
		store.give(OWNER, GUEST, { prefix: "b/" });
		expect(store.held(GUEST)).toHaveLength(MAX_GRANTS);
		store.putBlob(GUEST, "b/c", bytes);
	});

	test("one giver who is no administrator takes at most half of a holder's places", () => {
		const store = new GrantStore();
		for (const giver of [GUEST, ANNA]) store.give(OWNER, giver, { prefix: "a/", may_give: true });
		for (let n = 0; n < MAX_GRANTS_OF_GIVER; n++) store.give(GUEST, BEN, { prefix: `a/${n}/` });
		const request = giveOf(BEN, { prefix: "a/b/" });
		const limit = BigInt(MAX_GRANTS_OF_GIVER);
		expect(store.refused(GUEST, "blobs_give_grant", request)).toEqual({
			quota_exceeded: { quota: "grants", limit, used: limit, needed: 1n },
		});
		store.give(ANNA, BEN, { prefix: "a/c/" });
		store.give(OWNER, BEN, { prefix: "d/" });
		expect(store.held(BEN)).toHaveLength(MAX_GRANTS_OF_GIVER + 2);
	});
});

test("grants are listed in pages: all for administrators and backups, to others those they hold or gave", () => {
	const store = new GrantStore();
	store.give(OWNER, GUEST, { prefix: "a/", may_give: true });
	for (let n = 0; n < 3; n++) store.give(GUEST, OTHER, { prefix: `a/${n}/` });
	store.give(OWNER, OTHER, { prefix: "z/" });
	const list = (who: Principal, of: Parameters<GrantStore["list"]>[1]) =>
		store.list(who, of, 2).map(({ terms }) => terms.prefix);
	expect(list(OWNER, { all: null }).sort()).toEqual(["a/", "a/0/", "a/1/", "a/2/", "z/"]);
	expect(list(OTHER, { held_by: OTHER }).sort()).toEqual(["a/0/", "a/1/", "a/2/", "z/"]);
	expect(list(GUEST, { given_by: GUEST }).sort()).toEqual(["a/0/", "a/1/", "a/2/"]);
	expect(list(OWNER, { given_by: GUEST }).sort()).toEqual(["a/0/", "a/1/", "a/2/"]);
	const first = { after: [] as [], limit: 1 };
	for (const of of [{ all: null }, { held_by: OTHER }, { given_by: OTHER }])
		expect(store.code(GUEST, "blobs_list_grants", { of, ...first })).toBe("not_authorized");
	expect(store.code(GUEST, "blobs_list_grants", { of: { held_by: GUEST }, after: [], limit: 0 })).toBe(
		"invalid_argument",
	);
});
