import { describe, expect, test } from "vitest";
import { MAX_GRANT_LEVELS } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { GrantStore, GUEST, giveOf, HOUR_MS, needs, OTHER, THIRD } from "./grant-store.js";
import { ANNA, BEN, fillOf, OWNER, person, wholeOf } from "./store.js";

const bytes = fillOf(1, 10);

describe("C60 parts of a grant", () => {
	const withOwner = (terms: Parameters<GrantStore["give"]>[2] = { prefix: "inbox/ann/" }) => {
		const store = new GrantStore();
		const above = store.give(OWNER, GUEST, { may_give: true, ...terms });
		return { store, above };
	};

	test("are given by who holds it with the right to, and count in both", () => {
		const { store, above } = withOwner({ prefix: "inbox/ann/", blobs: [2n] });
		const part = store.give(GUEST, OTHER, { prefix: "inbox/ann/bob/" });
		store.putBlob(OTHER, "inbox/ann/bob/a", bytes);
		store.putBlob(GUEST, "inbox/ann/a", bytes);
		expect(store.code(OTHER, "blobs_put_blob", wholeOf(newId(), "inbox/ann/bob/b", bytes), bytes)).toBe(
			"quota_exceeded",
		);
		expect([store.used(GUEST, above)?.blobs, store.used(OTHER, part)?.blobs]).toEqual([2n, 1n]);
		expect(store.code(OTHER, "blobs_put_blob", wholeOf(newId(), "inbox/ann/a2", bytes), bytes)).toBe(
			"not_authorized",
		);
		expect(
			needs(store.refused(OTHER, "blobs_give_grant", giveOf(THIRD, { prefix: "inbox/ann/bob/" }))),
		).toContain("the right to give parts");
	});

	test.each([
		["prefix", { prefix: "inbox/" }, 10n],
		["prefix", { prefix: "" }, 10n],
		["ends_at", { endsInMs: HOUR_MS + 1 }, undefined],
		["bytes", { bytes: [1_001n] as [bigint] }, 1_000n],
		["blobs", { blobs: [11n] as [bigint] }, 10n],
		["public_only", { public_only: false }, 0n],
		["over_others", { over_others: true }, 0n],
		["may_purge", { may_purge: true }, 0n],
	])("are never more than it is: %s", (field, more, limit) => {
		const { store, above } = withOwner({
			prefix: "inbox/ann/",
			endsInMs: HOUR_MS,
			bytes: [1_000n],
			blobs: [10n],
			public_only: true,
		});
		const most = {
			prefix: "inbox/ann/",
			endsAt: store.host.time + HOUR_MS,
			bytes: [1_000n] as [bigint],
			blobs: [10n] as [bigint],
			public_only: true,
		};
		const { endsInMs, ...rest } = more as { endsInMs?: number };
		const over = { ...most, ...rest, ...(endsInMs && { endsAt: store.host.time + endsInMs }) };
		const request = { ...giveOf(OTHER, over), under: [above] as [Uint8Array] };
		const { invalid_argument } = store.refused(GUEST, "blobs_give_grant", request) as {
			invalid_argument: { field: string; limit: bigint };
		};
		expect(invalid_argument.field).toBe(field);
		expect(invalid_argument.limit).toBe(limit ?? BigInt(store.host.time + HOUR_MS) * 1_000_000n);
		store.ask(GUEST, "blobs_give_grant", { ...giveOf(OTHER, most), under: [above] });
	});

	test("are never for another role, by who does not hold that itself", () => {
		const { store, above } = withOwner();
		const request = giveOf(OTHER, { prefix: "inbox/ann/" }, "reader");
		for (const under of [[], [above]] as ([] | [Uint8Array])[])
			expect(needs(store.refused(GUEST, "blobs_give_grant", { ...request, under }))).toContain("reader");
	});

	test("may end when it ends, whichever millisecond that is", () => {
		const { store } = withOwner();
		for (let more = 0; more < 8; more++) {
			const giver = person(50 + more);
			store.give(OWNER, giver, { prefix: "a/", may_give: true, endsInMs: HOUR_MS + more });
			const part = store.give(giver, person(60 + more), { prefix: "a/", endsInMs: HOUR_MS + more });
			expect(store.held(person(60 + more))[0]).toMatchObject({ id: part, holds: true });
		}
	});

	test("of an administrator's own are refused for no quota of its, and counted there", () => {
		const { store } = withOwner();
		const above = store.give(OWNER, OWNER, { prefix: "a/", may_give: true });
		store.setQuota(OWNER, { bytes: 0n });
		store.ask(OWNER, "blobs_give_grant", { ...giveOf(OTHER, { prefix: "a/" }), under: [above] });
		expect(store.usage(OWNER).bytes).toBe(512n + 2n);
	});

	test("end with it, at its time and when it is taken away, however deep", () => {
		const { store, above } = withOwner({ prefix: "a/", endsInMs: HOUR_MS });
		store.give(GUEST, OTHER, { prefix: "a/b/", may_give: true });
		store.give(OTHER, THIRD, { prefix: "a/b/c/" });
		expect(store.held(THIRD)[0]!.terms.ends_at).toEqual([BigInt(store.host.time + HOUR_MS) * 1_000_000n]);
		store.putBlob(THIRD, "a/b/c/d", bytes);
		store.revoke(OWNER, GUEST, above);
		for (const who of [GUEST, OTHER, THIRD])
			expect(store.code(who, "blobs_put_blob", wholeOf(newId(), "a/b/c/d", bytes), bytes)).toBe(
				"not_authorized",
			);
		expect(store.held(THIRD)[0]!.holds).toBe(false);
		store.host.time += 20 * 60_000;
		store.clean();
		// The same id in another grant does not bring its parts back.
		store.ask(OWNER, "blobs_give_grant", {
			...giveOf(GUEST, { prefix: "z/", may_give: true }),
			id: above.map((b) => b),
		});
		expect(store.held(OTHER)[0]!.holds).toBe(false);
	});

	test("are as deep as the limit and no deeper", () => {
		const store = new GrantStore();
		const people = Array.from({ length: MAX_GRANT_LEVELS + 1 }, (_, n) => person(40 + n));
		store.give(OWNER, people[0]!, { prefix: "a/", may_give: true });
		for (let level = 2; level <= MAX_GRANT_LEVELS; level++)
			store.give(people[level - 2]!, people[level - 1]!, {
				prefix: "a/",
				may_give: level < MAX_GRANT_LEVELS,
			});
		store.putBlob(people[MAX_GRANT_LEVELS - 1]!, "a/b", bytes);
		const [last, none] = people.slice(MAX_GRANT_LEVELS - 2);
		expect(
			store.refused(last!, "blobs_give_grant", giveOf(none!, { prefix: "a/", may_give: true })),
		).toMatchObject({
			invalid_argument: { field: "may_give", limit: BigInt(MAX_GRANT_LEVELS) },
		});
		expect(store.code(none!, "blobs_give_grant", giveOf(OTHER, { prefix: "a/" }))).toBe("not_authorized");
	});

	test("are taken away by who holds what they are part of, by their holder, and by nobody else", () => {
		const { store, above } = withOwner({ prefix: "a/" });
		const part = store.give(GUEST, OTHER, { prefix: "a/b/", may_give: true });
		const deep = store.give(OTHER, THIRD, { prefix: "a/b/" });
		store.give(OWNER, BEN, { prefix: "a/", may_give: true });
		for (const who of [BEN, THIRD])
			expect(store.code(who, "blobs_revoke_grant", { id: newId(), who: OTHER, grant: part })).toBe(
				"not_authorized",
			);
		expect(store.code(ANNA, "blobs_revoke_grant", { id: newId(), who: OTHER, grant: part })).toBe(
			"not_authorized",
		);
		store.revoke(GUEST, THIRD, deep);
		store.revoke(OTHER, OTHER, part);
		expect(store.held(THIRD)).toEqual([]);
		expect(store.code(OTHER, "blobs_revoke_grant", { id: newId(), who: GUEST, grant: above })).toBe(
			"not_authorized",
		);
	});

	test("count in the giver's quota until they are gone, and are cleaned away when they have ended", () => {
		const { store, above } = withOwner({ prefix: "a/" });
		store.give(GUEST, OTHER, { prefix: "a/b/", endsInMs: HOUR_MS });
		store.give(GUEST, THIRD, { prefix: "a/b/" });
		expect(store.usage(GUEST).bytes).toBe(BigInt(2 * (512 + 4)));
		store.setQuota(GUEST, { bytes: BigInt(2 * (512 + 4)) });
		expect(store.code(GUEST, "blobs_give_grant", giveOf(BEN, { prefix: "a/" }))).toBe("quota_exceeded");
		store.host.time += 8 * 24 * HOUR_MS;
		store.clean();
		expect([store.held(OTHER), store.held(THIRD).length]).toEqual([[], 1]);
		expect(store.usage(GUEST).bytes).toBe(512n + 4n);
		store.revoke(OWNER, GUEST, above);
		store.host.time += 8 * 24 * HOUR_MS;
		store.clean();
		expect(store.usage(GUEST).bytes).toBe(0n);
		for (const who of [GUEST, OTHER, THIRD]) expect(store.stored(who)).toEqual([0, 0]);
	});
});
