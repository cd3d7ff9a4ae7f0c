import type { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import { GrantStore, GUEST, giveOf, HOUR_MS, needs, OTHER, THIRD } from "./grant-store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	beginOf,
	DAY_MS,
	deleteOf,
	fillOf,
	itemOf,
	moveOf,
	OWNER,
	PRIVATE,
	S,
	sessionOf,
	updateOf,
	wholeOf,
} from "./store.js";

const bytes = fillOf(1, 10);

describe("C58 a grant", () => {
	test("lets its holder upload under its prefix, at borders of segments, and nowhere else", () => {
		const store = new GrantStore();
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "inbox/ann/a", bytes), bytes)).toBe(
			"not_authorized",
		);
		store.give(OWNER, GUEST, { prefix: "inbox/ann/" });
		store.putBlob(GUEST, "inbox/ann/a", bytes);
		store.upload(GUEST, "inbox/ann/b/c", fillOf(2, S + 1));
		const { results } = store.ask(GUEST, "blobs_put_many", {
			id: newId(),
			blobs: [itemOf("inbox/ann/d", bytes), itemOf("inbox/anna/d", bytes)],
		});
		expect(results.map((result) => "ok" in result)).toEqual([true, false]);
		for (const key of ["inbox/ann", "inbox/anna/a", "inbox/a", "a"]) {
			expect(store.code(GUEST, "blobs_begin_upload", beginOf(newId(), key)), key).toBe("not_authorized");
			expect(store.code(GUEST, "blobs_copy", moveOf("inbox/ann/a", key)), key).toBe("not_authorized");
		}
		expect(store.manifest(GUEST, "inbox/ann/a")?.owner.toText()).toBe(GUEST.toText());
		store.delete(GUEST, "inbox/ann/a");
		expect(store.keys(GUEST)).toEqual(["inbox/ann/b/c", "inbox/ann/d"]);
	});

	test("ends at its time, before cleaning came by: for new blobs and for uploads begun by it", () => {
		const store = new GrantStore();
		store.give(OWNER, GUEST, { prefix: "a/", endsInMs: HOUR_MS });
		const id = store.begin(GUEST, "a/b", 2 * S);
		store.put(GUEST, id, 0, fillOf(1, S));
		store.host.time += HOUR_MS;
		expect(store.code(GUEST, "blobs_put_chunk", id, 1, fillOf(2, S))).toBe("not_authorized");
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/c", bytes), bytes)).toBe("not_authorized");
		// Another one does not take the upload over: it counts in the one it was begun by.
		store.give(OWNER, GUEST, { prefix: "a/" });
		expect(store.code(GUEST, "blobs_put_chunk", id, 1, fillOf(2, S))).toBe("not_authorized");
		store.putBlob(GUEST, "a/c", bytes);
		store.ask(GUEST, "blobs_abort_upload", id);
	});

	test("for public blobs only takes no private one, in whatever way it comes", () => {
		const store = new GrantStore();
		store.give(OWNER, GUEST, { prefix: "a/", public_only: true });
		store.give(OWNER, GUEST, { prefix: "p/" });
		const refusal = store.refused(GUEST, "blobs_put_blob", wholeOf(newId(), "a/b", bytes, PRIVATE), bytes);
		expect(needs(refusal)).toContain("private blobs");
		const id = store.begin(GUEST, "a/b", 10);
		store.put(GUEST, id, 0, bytes);
		const commit = (parts: object) => () => store.commit(GUEST, id, bytes, parts);
		expect(commit(PRIVATE)).toThrow();
		expect(commit({})().visibility).toBe("public");
		const hide = { ...updateOf("a/b"), visibility: [{ private: null }] as [{ private: null }] };
		expect(store.code(GUEST, "blobs_update", hide)).toBe("not_authorized");
		store.putBlob(GUEST, "p/q", bytes, PRIVATE);
		expect(store.code(GUEST, "blobs_copy", moveOf("p/q", "a/c"))).toBe("not_authorized");
		expect(store.code(GUEST, "blobs_rename", moveOf("p/q", "a/c"))).toBe("not_authorized");
	});

	test("to read shows private blobs under its prefix: by stat, chunks and lists of any range", () => {
		const store = new GrantStore();
		for (const key of ["a/1", "a/b/2", "c/3"]) store.putBlob(ANNA, key, bytes, PRIVATE);
		store.putBlob(ANNA, "b", bytes);
		expect(store.keys(GUEST)).toEqual(["b"]);
		const grant = store.give(OWNER, GUEST, { prefix: "a/" }, "reader");
		expect(store.keys(GUEST)).toEqual(["a/1", "a/b/2", "b"]);
		const list = { prefix: "a/", recursive: false, after: [] as [], limit: 10, min_version: [] as [] };
		const { entries } = store.ask(GUEST, "blobs_list", list);
		expect(entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory))).toEqual([
			"a/1",
			"a/b/",
		]);
		expect(Buffer.compare(store.read(GUEST, "a/1"), bytes)).toBe(0);
		expect(store.manifest(GUEST, "c/3")).toBeUndefined();
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/2", bytes), bytes)).toBe("not_authorized");
		expect(store.code(GUEST, "blobs_changes", { after: [], limit: 1, min_version: [] })).toBe(
			"not_authorized",
		);
		store.revoke(OWNER, GUEST, grant);
		expect(store.keys(GUEST)).toEqual(["b"]);
	});

	test("comes after the application's rule, which decides where it says anything", () => {
		const store = new GrantStore({
			authorize: ({ key }) => (key === "a/no" ? false : key === "free" ? true : undefined),
		});
		store.give(OWNER, GUEST, { prefix: "a/", blobs: [1n] });
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/no", bytes), bytes)).toBe(
			"not_authorized",
		);
		// What the rule allows counts in no grant.
		store.putBlob(GUEST, "free", bytes);
		store.putBlob(GUEST, "a/yes", bytes);
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/more", bytes), bytes)).toBe(
			"quota_exceeded",
		);
	});

	test("is given once however often it is asked for, and stands in the feed, as does that it was taken away", () => {
		const store = new GrantStore();
		const request = giveOf(GUEST, { prefix: "a/", bytes: [5n], endsAt: store.host.time + HOUR_MS });
		const version = store.ask(OWNER, "blobs_give_grant", request);
		expect(store.ask(OWNER, "blobs_give_grant", request)).toEqual(version);
		expect(store.held(GUEST)).toHaveLength(1);
		expect(store.code(OWNER, "blobs_give_grant", { ...request, who: OTHER })).toBe("upload_conflict");
		store.host.time += 20 * 60_000;
		store.clean();
		// Its receipt is gone, its id is not.
		expect(store.code(OWNER, "blobs_give_grant", request)).toBe("upload_conflict");
		const revoked = store.revoke(OWNER, GUEST, request.id);
		expect(store.revoke(OWNER, GUEST, request.id)).toEqual(revoked);
		const { changes } = store.ask(OWNER, "blobs_changes", { after: [], limit: 10, min_version: [] });
		const grants = changes.flatMap(({ change }) => ("grant" in change ? [change.grant] : []));
		expect(grants).toEqual([
			{ who: GUEST, id: request.id, role: "writer", terms: [request.terms], under: [] },
			{ who: GUEST, id: request.id, role: "writer", terms: [], under: [] },
		]);
	});

	test("ends the answers to repetitions of what was done by it", () => {
		const store = new GrantStore();
		const grant = store.give(OWNER, GUEST, { prefix: "a/" });
		store.give(OWNER, GUEST, { prefix: "b/" });
		const request = wholeOf(newId(), "a/b", bytes);
		store.ask(GUEST, "blobs_put_blob", request, bytes);
		store.ask(GUEST, "blobs_put_blob", request, bytes);
		store.revoke(OWNER, GUEST, grant);
		expect(store.code(GUEST, "blobs_put_blob", request, bytes)).toBe("not_authorized");
	});

	test("ends them also where the key is another's by now", () => {
		const store = new GrantStore();
		const grant = store.give(OWNER, GUEST, { prefix: "a/" });
		store.give(OWNER, GUEST, { prefix: "b/" });
		const request = wholeOf(newId(), "a/b", bytes);
		const many = { id: newId(), blobs: [itemOf("a/c", bytes)] };
		const batch = { id: newId(), items: [{ put: itemOf("a/d", bytes) }] };
		const ask = () => [
			store.ask(GUEST, "blobs_put_blob", request, bytes),
			store.ask(GUEST, "blobs_put_many", many),
			store.ask(GUEST, "blobs_batch", batch),
		];
		const done = ask();
		for (const key of ["a/b", "a/c", "a/d"]) store.putBlob(OWNER, key, bytes);
		expect(ask()).toEqual(done);
		store.revoke(OWNER, GUEST, grant);
		expect(store.code(GUEST, "blobs_put_blob", request, bytes)).toBe("not_authorized");
		expect(store.ask(GUEST, "blobs_put_many", many).results[0]).toMatchObject({
			err: { not_authorized: {} },
		});
		expect(store.code(GUEST, "blobs_batch", batch)).toBe("not_authorized");
	});

	test("goes on over upgrades", () => {
		const store = new GrantStore();
		store.give(OWNER, GUEST, { prefix: "a/", blobs: [2n] });
		const id = store.begin(GUEST, "a/b", 10);
		store.upgrade();
		store.put(GUEST, id, 0, bytes);
		store.commit(GUEST, id, bytes);
		store.upgrade();
		store.putBlob(GUEST, "a/c", bytes);
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/d", bytes), bytes)).toBe("quota_exceeded");
	});

	test("is known of its holder: account, cycles, and what a stranger is refused for", () => {
		const store = new GrantStore({ strangersCyclesPerDay: 0 });
		expect(store.ask(OWNER, "blobs_account", [GUEST]).granted).toEqual([[]]);
		store.give(OWNER, GUEST, { prefix: "a/" });
		expect(store.ask(GUEST, "blobs_account", []).granted).toEqual([["writer"]]);
		store.putBlob(GUEST, "a/b", bytes);
		store.host.sender = GUEST.toUint8Array();
		expect(store.engine.lets("blobs_put_chunk", 2_000_000, () => true)).toBe(true);
		expect(store.engine.lets("blobs_set_quota", 5_000, () => true)).toBe(false);
		store.host.sender = OTHER.toUint8Array();
		expect(store.engine.lets("blobs_put_chunk", 2_000_000, () => true)).toBe(false);
	});
});

describe("C59 what a grant is for in all", () => {
	const about = aboutOf("a/b");
	const blob = 4_096 + about;

	test("bounds bytes, counted as quotas count them, and blobs: the last that fits, and one more", () => {
		const store = new GrantStore();
		store.give(OWNER, GUEST, { prefix: "a/", bytes: [BigInt(2 * blob)] });
		store.putBlob(GUEST, "a/b", bytes);
		store.putBlob(GUEST, "a/c", bytes);
		const refusal = store.refused(GUEST, "blobs_put_blob", wholeOf(newId(), "a/d", bytes), bytes);
		expect(refusal).toEqual({
			quota_exceeded: {
				quota: "grant_bytes",
				limit: BigInt(2 * blob),
				used: BigInt(2 * blob),
				needed: BigInt(blob),
			},
		});
		store.give(OWNER, OTHER, { prefix: "a/", blobs: [1n] });
		store.putBlob(OTHER, "a/e", bytes);
		expect(store.refused(OTHER, "blobs_put_blob", wholeOf(newId(), "a/f", bytes), bytes)).toEqual({
			quota_exceeded: { quota: "grant_blobs", limit: 1n, used: 1n, needed: 1n },
		});
	});

	test("is not given back by deleting, replacing or renaming, and cannot be passed by copies", () => {
		const store = new GrantStore();
		const id = store.give(OWNER, GUEST, { prefix: "a/", blobs: [4n] });
		store.putBlob(GUEST, "a/b", bytes);
		store.putBlob(GUEST, "a/b", bytes);
		store.ask(GUEST, "blobs_copy", moveOf("a/b", "a/c"));
		store.ask(GUEST, "blobs_rename", moveOf("a/c", "a/d"));
		store.delete(GUEST, "a/d");
		store.clean();
		for (const refused of [
			() => store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/d", bytes), bytes),
			() => store.code(GUEST, "blobs_copy", moveOf("a/b", "a/d")),
			() => store.code(GUEST, "blobs_rename", moveOf("a/b", "a/d")),
			() => store.code(GUEST, "blobs_begin_upload", beginOf(newId(), "a/d")),
		])
			expect(refused()).toBe("quota_exceeded");
		expect(store.used(GUEST, id)).toEqual({ bytes: BigInt(4 * blob), blobs: 4n });
	});

	test("is taken by an open upload from its begin, and given back where that is given up", () => {
		const store = new GrantStore();
		const whole = sessionOf("a/b") + 2 * S;
		const id = store.give(OWNER, GUEST, { prefix: "a/", bytes: [BigInt(whole)] });
		const first = store.begin(GUEST, "a/b", 2 * S);
		expect(store.used(GUEST, id)).toEqual({ bytes: BigInt(whole), blobs: 1n });
		expect(store.code(GUEST, "blobs_begin_upload", beginOf(newId(), "a/c", 1))).toBe("quota_exceeded");
		store.ask(GUEST, "blobs_abort_upload", first);
		expect(store.used(GUEST, id)).toEqual({ bytes: 0n, blobs: 0n });
		store.begin(GUEST, "a/b", 2 * S);
		store.host.time += 48 * HOUR_MS;
		store.clean();
		expect(store.used(GUEST, id)).toEqual({ bytes: 0n, blobs: 0n });
		store.upload(GUEST, "a/b", fillOf(1, 2 * S));
		expect(store.used(GUEST, id)).toEqual({ bytes: BigInt(2 * S + about), blobs: 1n });
	});

	test("is given back also where the step of cleaning that does it forgets another's grants", () => {
		const store = new GrantStore();
		// Both holders are looked at when the upload expires, who holds nothing any more first.
		store.give(OWNER, OTHER, { prefix: "b/", endsInMs: HOUR_MS });
		const grant = store.give(OWNER, GUEST, { prefix: "a/", blobs: [1n] });
		store.host.time += 6 * DAY_MS;
		store.begin(GUEST, "a/b", S);
		store.host.time += DAY_MS;
		store.clean();
		expect(store.held(OTHER)).toEqual([]);
		expect(store.used(GUEST, grant)).toEqual({ bytes: 0n, blobs: 0n });
	});

	test("stops a stream of unknown length at the chunk that is too much", () => {
		const store = new GrantStore();
		const limit = sessionOf("a/b") + 2 * S;
		const grant = store.give(OWNER, GUEST, { prefix: "a/", bytes: [BigInt(limit)] });
		const id = store.begin(GUEST, "a/b");
		store.put(GUEST, id, 0, fillOf(1, S));
		store.put(GUEST, id, 0, fillOf(2, S));
		store.put(GUEST, id, 1, fillOf(3, S));
		expect(store.refused(GUEST, "blobs_put_chunk", id, 2, bytes)).toEqual({
			quota_exceeded: { quota: "grant_bytes", limit: BigInt(limit), used: BigInt(limit), needed: 4_096n },
		});
		store.commit(GUEST, id, new Uint8Array(Buffer.concat([fillOf(2, S), fillOf(3, S)])));
		expect(store.used(GUEST, grant)).toEqual({ bytes: BigInt(2 * S + about), blobs: 1n });
	});

	test("counts what an update adds, and not what it takes away", () => {
		const store = new GrantStore();
		const grant = store.give(OWNER, GUEST, { prefix: "a/" });
		store.putBlob(GUEST, "a/b", bytes);
		const say = (value: string) =>
			store.ask(GUEST, "blobs_update", { ...updateOf("a/b"), metadata: [[["n", value]]] });
		say("x".repeat(99));
		say("");
		expect(store.used(GUEST, grant)).toEqual({ bytes: BigInt(blob + 100), blobs: 1n });
	});

	test("of two grants for a key, the one counts that has room", () => {
		const store = new GrantStore();
		const grants = [1n, 2n].map((blobs) => store.give(OWNER, GUEST, { prefix: "a/", blobs: [blobs] }));
		for (const key of ["a/b", "a/c", "a/d"]) store.putBlob(GUEST, key, bytes);
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/e", bytes), bytes)).toBe("quota_exceeded");
		expect(grants.map((grant) => store.used(GUEST, grant)?.blobs)).toEqual([1n, 2n]);
	});

	test("counts nothing of a writer by role, and that from then on of one who lost the role", () => {
		const store = new GrantStore();
		const grant = store.give(OWNER, ANNA, { prefix: "a/", blobs: [1n] });
		store.putBlob(ANNA, "a/b", bytes);
		const id = store.begin(ANNA, "a/c", 10);
		store.put(ANNA, id, 0, bytes);
		const other = store.begin(ANNA, "x", 10);
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
		expect(store.code(ANNA, "blobs_put_chunk", other, 0, bytes)).toBe("not_authorized");
		expect(store.used(ANNA, grant)?.blobs).toBe(0n);
		store.commit(ANNA, id, bytes);
		expect(store.used(ANNA, grant)).toEqual({ bytes: BigInt(blob), blobs: 1n });
	});
});

describe("C61 no guest destroys another's blobs", () => {
	test("but by a grant over what others own", () => {
		const store = new GrantStore();
		for (const who of [GUEST, OTHER]) store.give(OWNER, who, { prefix: "a/" });
		store.putBlob(GUEST, "a/b", bytes);
		const tries = (who: Principal) => [
			() => store.ask(who, "blobs_update", updateOf("a/b")),
			() => store.putBlob(who, "a/b", fillOf(2, 5)),
			() => store.begin(who, "a/b", 10),
			() => store.ask(who, "blobs_rename", moveOf("a/b", "a/c")),
			() => store.delete(who, "a/c"),
		];
		expect(store.code(OTHER, "blobs_update", updateOf("a/b"))).toBe("not_authorized");
		expect(store.code(OTHER, "blobs_put_blob", wholeOf(newId(), "a/b", bytes), bytes)).toBe("not_authorized");
		expect(store.code(OTHER, "blobs_begin_upload", beginOf(newId(), "a/b"))).toBe("not_authorized");
		expect(store.code(OTHER, "blobs_rename", moveOf("a/b", "a/c"))).toBe("not_authorized");
		expect(store.code(OTHER, "blobs_delete", deleteOf("a/b"))).toBe("not_authorized");
		store.give(OWNER, THIRD, { prefix: "a/", over_others: true });
		for (const attempt of tries(THIRD)) attempt();
		expect(store.keys(OWNER)).toEqual([]);
	});

	test("nor does a writer by role, who may with such a grant", () => {
		const store = new GrantStore();
		store.putBlob(ANNA, "a/b", bytes);
		expect(store.code(BEN, "blobs_delete", deleteOf("a/b"))).toBe("not_authorized");
		const grant = store.give(OWNER, BEN, { prefix: "a/", over_others: true, blobs: [1n] });
		store.putBlob(BEN, "a/b", bytes);
		expect(store.used(BEN, grant)?.blobs).toBe(1n);
	});

	test("an upload that was begun before another took the key replaces nothing", () => {
		const store = new GrantStore();
		for (const who of [GUEST, OTHER]) store.give(OWNER, who, { prefix: "a/" });
		const id = store.begin(GUEST, "a/b", 10);
		store.put(GUEST, id, 0, bytes);
		store.putBlob(OTHER, "a/b", fillOf(2, 5));
		expect(() => store.commit(GUEST, id, bytes)).toThrow();
		expect(store.manifest(OWNER, "a/b")?.owner.toText()).toBe(OTHER.toText());
	});
});
