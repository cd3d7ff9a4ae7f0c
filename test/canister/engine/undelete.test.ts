import type { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type { WireDeletedName, WireManifest, WirePrecondition } from "../../../src/protocol/index.js";
import { type PlainOk, versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { GrantStore, GUEST, needs, OTHER } from "./grant-store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	DAY_MS,
	deleteOf,
	fillOf,
	itemOf,
	moveOf,
	OWNER,
	PRIVATE,
	person,
	READER,
	S,
	updateOf,
	wholeOf,
} from "./store.js";

const bytes = fillOf(1, 10);
const BACKUP = person(40);
const NONE = { none: null };

class BinStore extends GrantStore {
	constructor(days = 7) {
		super();
		this.keep(days);
	}

	keep(days: number) {
		return this.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days });
	}

	/** All pages, of so many each. */
	deleted(who: Principal, prefix = "", limit = 1_000) {
		const all: PlainOk<"blobs_list_deleted">["deleted"] = [];
		let after: [] | [WireDeletedName] = [];
		do {
			const page: PlainOk<"blobs_list_deleted"> = this.ask(who, "blobs_list_deleted", {
				prefix,
				after,
				limit,
			});
			all.push(...page.deleted);
			after = page.next;
		} while (after.length > 0);
		return all;
	}

	names(who: Principal, prefix = "", limit = 1_000): string[] {
		return this.deleted(who, prefix, limit).map(({ manifest }) => `${manifest.key} ${manifest.size}`);
	}

	changes() {
		return this.ask(OWNER, "blobs_changes", { after: [], limit: 1_000, min_version: [] }).changes;
	}
}
const nameOf = (manifest: WireManifest): WireDeletedName => ({
	key: manifest.key,
	version: versionOf(manifest),
});
const restoreOf = (manifest: WireManifest, precondition: WirePrecondition = NONE, id = newId()) => ({
	id,
	...nameOf(manifest),
	precondition,
});
const purgeOf = (manifest: WireManifest, id = newId()) => ({ id, ...nameOf(manifest) });

describe("C66 what is deleted is kept", () => {
	test("where the store says so, however it went: deleted, put over, committed, copied and renamed over", () => {
		const store = new BinStore(0);
		store.putBlob(ANNA, "before", bytes);
		store.delete(ANNA, "before");
		store.keep(7);
		for (const key of ["a", "b", "c", "d", "e", "f"]) store.putBlob(ANNA, key, bytes);
		store.delete(ANNA, "a");
		store.ask(ANNA, "blobs_delete_many", { id: newId(), blobs: [{ key: "b", precondition: NONE }] });
		store.putBlob(ANNA, "c", fillOf(2, 11));
		store.upload(ANNA, "d", fillOf(2, 12));
		store.ask(ANNA, "blobs_put_many", {
			id: newId(),
			blobs: [itemOf("g", bytes), itemOf("g", fillOf(3, 9))],
		});
		store.ask(ANNA, "blobs_copy", moveOf("c", "e"));
		store.ask(ANNA, "blobs_rename", moveOf("c", "f"));
		// What was renamed is not gone, and what was said of a blob is no other blob.
		store.ask(ANNA, "blobs_update", { ...updateOf("f"), content_type: ["a/b"] });
		expect(store.names(ANNA)).toEqual(["a 10", "b 10", "c 10", "d 10", "e 10", "f 10", "g 10"]);
		const [first] = store.deleted(ANNA);
		expect(first).toMatchObject({
			deleted_by: ANNA,
			deleted_at: BigInt(store.host.time) * 1_000_000n,
			kept_until: BigInt(store.host.time + 7 * DAY_MS) * 1_000_000n,
		});
		store.clean();
		expect(store.stats().kept).toEqual([7n]);
		expect(store.keys(ANNA)).toEqual(["d", "e", "f", "g"]);
	});

	test("is charged to its owner until it is removed, and no key of its any more", () => {
		const store = new BinStore();
		store.setQuota(ANNA, { blobs: 1n });
		store.upload(ANNA, "a/b", fillOf(1, 2 * S), PRIVATE);
		const charged = store.usage(ANNA).bytes;
		store.delete(ANNA, "a/b");
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ bytes: charged, blobs: 0n });
		store.putBlob(ANNA, "c", bytes);
		expect(store.usage(ANNA).bytes).toBe(charged + BigInt(4_096 + aboutOf("c")));
		store.host.time += 7 * DAY_MS - 1;
		store.clean();
		expect(store.names(ANNA)).toEqual(["a/b 131072"]);
		store.host.time += 1;
		store.clean();
		expect(store.names(ANNA)).toEqual([]);
		expect(store.usage(ANNA).bytes).toBe(BigInt(4_096 + aboutOf("c")));
		for (const [map, count] of [
			["bin", 0],
			["pages", 0],
			["chunks", 1],
		] as const)
			expect(store.storage.size(MEMORY[map]), map).toBe(count);
	});

	test("for the days that held when it was deleted, which cleaning is woken for, after an upgrade too", () => {
		const store = new BinStore(1);
		store.putBlob(ANNA, "a", bytes);
		store.putBlob(ANNA, "b", bytes);
		store.delete(ANNA, "a");
		store.keep(365);
		store.delete(ANNA, "b");
		store.keep(0);
		store.host.time += DAY_MS - 1;
		store.clean();
		expect(store.names(ANNA)).toEqual(["a 10", "b 10"]);
		store.host.woken = undefined;
		store.upgrade();
		expect(store.host.woken).toBeLessThanOrEqual(store.host.time + 1);
		store.host.time += 1;
		store.clean();
		expect(store.names(ANNA)).toEqual(["b 10"]);
		store.host.time += 364 * DAY_MS;
		store.clean();
		expect(store.names(ANNA)).toEqual([]);
	});

	test("not past its own end, and not where it ended by itself", () => {
		const store = new BinStore(7);
		const inADay = { expires_at: [BigInt(store.host.time + DAY_MS) * 1_000_000n] as [bigint] };
		const held = store.putBlob(ANNA, "a", bytes, inADay);
		store.putBlob(ANNA, "b", bytes, inADay);
		store.delete(ANNA, "a");
		store.host.time += DAY_MS;
		// Before cleaning comes by, too.
		expect(store.code(ANNA, "blobs_restore", restoreOf(held))).toBe("blob_not_found");
		store.clean();
		expect(store.stats()).toMatchObject({ kept: [0n], blobs: 0n, chunks: 0n });
	});

	test("shown in pages, by prefix: its own to an owner, all to administrators and the role backup", () => {
		const store = new BinStore();
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: BACKUP, role: { backup: null } });
		const long = `deep/${"x".repeat(1_019)}`;
		for (const key of ["a", "a/b", "a!", long]) {
			for (const length of [1, 2, 3]) store.putBlob(ANNA, key, fillOf(1, length), PRIVATE);
			store.delete(ANNA, key);
		}
		store.putBlob(BEN, "a", bytes);
		store.delete(BEN, "a");
		const annas = ["a", "a/b", "a!", long].flatMap((key) => [1, 2, 3].map((n) => `${key} ${n}`));
		for (const limit of [1, 2, 1_000]) {
			expect(store.names(ANNA, "", limit)).toEqual(annas);
			expect(store.names(ANNA, "deep/", limit)).toEqual(annas.slice(9));
			expect(store.names(BACKUP, "", limit)).toEqual([...annas.slice(0, 3), "a 10", ...annas.slice(3)]);
		}
		expect(store.names(OWNER, "a/")).toEqual(annas.slice(3, 6));
		expect(store.names(BEN)).toEqual(["a 10"]);
		for (const who of [READER, GUEST]) expect(store.names(who)).toEqual([]);
	});

	test("at most 365 days, set by administrators, shown in the status and told in the feed", () => {
		const store = new BinStore(0);
		const refusal = store.refused(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 366 });
		expect(refusal).toMatchObject({ invalid_argument: { field: "days", limit: 365n } });
		expect(store.code(ANNA, "blobs_set_keep_deleted", { id: newId(), days: 1 })).toBe("not_authorized");
		const request = { id: newId(), days: 365 };
		const version = store.ask(OWNER, "blobs_set_keep_deleted", request);
		expect(store.ask(OWNER, "blobs_set_keep_deleted", request)).toEqual(version);
		expect(store.ask(GUEST, "blobs_status").keep_deleted_days).toEqual([365]);
		expect(store.changes().at(-1)).toMatchObject({ change: { keep_deleted: { days: 365 } } });
	});
});

describe("C67 what was deleted is restored", () => {
	test("as a new version of the same owner, content, type, visibility and metadata", () => {
		const store = new BinStore();
		const content = fillOf(7, 2 * S + 5);
		const held = store.upload(ANNA, "a/b", content, { ...PRIVATE, metadata: [["n", "v"]] });
		const charged = store.usage(ANNA).bytes;
		store.delete(ANNA, "a/b");
		store.clean();
		store.host.time += DAY_MS;
		store.upgrade();
		const again = store.ask(ANNA, "blobs_restore", restoreOf(held));
		expect(again).toEqual({ ...held, ...versionOf(again), modified_at: again.modified_at });
		expect(again.sequence).toBeGreaterThan(held.sequence);
		expect(Buffer.compare(store.read(ANNA, "a/b"), content)).toBe(0);
		expect(store.usage(ANNA)).toMatchObject({ blobs: 1n, bytes: charged });
		expect(store.names(ANNA)).toEqual([]);
		expect(store.changes().at(-1)!.change).toEqual({
			restored: { manifest: again, version: versionOf(held) },
		});
		store.delete(ANNA, "a/b");
		expect(store.deleted(ANNA).map(({ manifest }) => manifest.sequence)).toEqual([again.sequence]);
	});

	test("with its HTTP answers, certified again", () => {
		const store = new BinStore();
		const held = store.upload(ANNA, "a", fillOf(1, 3 * S));
		store.delete(ANNA, "a");
		do store.clean();
		while (store.stats().certifying > 0n);
		expect(store.storage.size(MEMORY.responses)).toBe(0);
		store.ask(ANNA, "blobs_restore", restoreOf(held));
		while (store.stats().certifying > 0n) store.engine.clean();
		expect(store.storage.size(MEMORY.responses)).toBe(1);
	});

	test("over what the key holds by then, which is kept in turn, under the precondition that is asked for", () => {
		const store = new BinStore();
		const first = store.putBlob(ANNA, "a", bytes);
		const second = store.putBlob(ANNA, "a", fillOf(2, 20));
		const absent = { absent: null };
		expect(store.refused(ANNA, "blobs_restore", restoreOf(first, absent))).toEqual({
			precondition_failed: versionOf(second),
		});
		store.ask(ANNA, "blobs_restore", restoreOf(first, { version: versionOf(second) }));
		expect(store.names(ANNA)).toEqual(["a 20"]);
		expect(store.read(ANNA, "a").length).toBe(10);
	});

	test("by who owns it and may write to the key, or by an administrator, for its owner; by nobody else", () => {
		const store = new BinStore();
		const held = store.putBlob(ANNA, "a", bytes);
		store.delete(OWNER, "a");
		expect(store.code(BEN, "blobs_restore", restoreOf(held))).toBe("blob_not_found");
		expect(store.code(READER, "blobs_restore", restoreOf(held))).toBe("not_authorized");
		store.putBlob(BEN, "a", fillOf(2, 2));
		expect(needs(store.refused(ANNA, "blobs_restore", restoreOf(held)))).toContain("owner of the key");
		store.ask(OWNER, "blobs_restore", restoreOf(held));
		expect(store.manifest(ANNA, "a")!.owner.toText()).toBe(ANNA.toText());
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
		store.delete(OWNER, "a");
		const again = store.deleted(ANNA).at(-1)!.manifest;
		expect(store.code(ANNA, "blobs_restore", restoreOf(again))).toBe("not_authorized");
	});

	test("within its owner's quota of blobs, and once, however often it is asked for", () => {
		const store = new BinStore();
		store.setQuota(ANNA, { blobs: 1n });
		const held = store.putBlob(ANNA, "a", bytes);
		store.delete(ANNA, "a");
		store.putBlob(ANNA, "b", bytes);
		expect(store.refused(ANNA, "blobs_restore", restoreOf(held))).toMatchObject({
			quota_exceeded: { quota: "blobs" },
		});
		store.delete(ANNA, "b");
		const request = restoreOf(held);
		const again = store.ask(ANNA, "blobs_restore", request);
		expect(store.ask(ANNA, "blobs_restore", request)).toEqual(again);
		expect(store.code(ANNA, "blobs_restore", restoreOf(held))).toBe("blob_not_found");
		expect(store.code(ANNA, "blobs_restore", { ...request, precondition: { absent: null } })).toBe(
			"upload_conflict",
		);
	});

	test("shares its chunks with what was copied from it", () => {
		const store = new BinStore();
		const content = fillOf(1, S + 1);
		const held = store.upload(ANNA, "a", content);
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		store.delete(ANNA, "a");
		store.keep(0);
		store.delete(BEN, "b");
		store.clean();
		store.ask(ANNA, "blobs_restore", restoreOf(held));
		expect(Buffer.compare(store.read(ANNA, "a"), content)).toBe(0);
		store.delete(ANNA, "a");
		store.clean();
		expect(store.stats()).toMatchObject({ chunks: 0n, kept: [0n] });
	});
});

describe("C68 what was deleted is removed for good before its time", () => {
	test("by administrators, and not by who wrote, owned and deleted it: a stolen key does not destroy its past", () => {
		const store = new BinStore();
		const held = store.putBlob(ANNA, "a", bytes);
		store.putBlob(ANNA, "a", fillOf(2, 2));
		store.delete(ANNA, "a");
		expect(needs(store.refused(ANNA, "blobs_purge", purgeOf(held)))).toContain("right to purge");
		expect(store.code(BEN, "blobs_purge", purgeOf(held))).toBe("blob_not_found");
		const request = purgeOf(held);
		const version = store.ask(OWNER, "blobs_purge", request);
		expect(store.ask(OWNER, "blobs_purge", request)).toEqual(version);
		expect(store.changes().at(-1)!.change).toEqual({ purged: nameOf(held) });
		expect(store.names(ANNA)).toEqual(["a 2"]);
		expect(store.code(OWNER, "blobs_purge", purgeOf(held))).toBe("blob_not_found");
		store.clean();
		expect(store.stats().chunks).toBe(1n);
	});

	test("by a grant with that right, for its prefix; over what others own by one that is over that", () => {
		const store = new BinStore();
		store.give(OWNER, GUEST, { prefix: "in/", may_purge: true, may_give: true });
		store.give(OWNER, OTHER, { prefix: "in/", may_purge: true, over_others: true });
		const own = store.putBlob(GUEST, "in/a", bytes);
		const annas = store.putBlob(ANNA, "in/b", bytes);
		store.delete(GUEST, "in/a");
		store.delete(ANNA, "in/b");
		expect(store.code(GUEST, "blobs_purge", purgeOf(annas))).toBe("blob_not_found");
		store.ask(GUEST, "blobs_purge", purgeOf(own));
		store.ask(OTHER, "blobs_purge", purgeOf(annas));
		const elsewhere = store.putBlob(ANNA, "out", bytes);
		store.delete(ANNA, "out");
		expect(store.code(OTHER, "blobs_purge", purgeOf(elsewhere))).toBe("blob_not_found");
	});

	test("not by a grant without the right, through which deleting keeps as well", () => {
		const store = new BinStore();
		store.give(OWNER, GUEST, { prefix: "in/", may_give: true });
		const held = store.putBlob(GUEST, "in/a", bytes);
		store.delete(GUEST, "in/a");
		expect(store.code(GUEST, "blobs_purge", purgeOf(held))).toBe("not_authorized");
		store.ask(GUEST, "blobs_restore", restoreOf(held));
		expect(store.read(GUEST, "in/a").length).toBe(10);
		// Parts have no right that the whole has not; readers have none.
		const part = { prefix: "in/x/", may_purge: true };
		expect(() => store.give(GUEST, OTHER, part)).toThrow();
		expect(() => store.give(OWNER, OTHER, part, "reader")).toThrow();
	});

	test("a bounded number at a time, however many are due", () => {
		const store = new BinStore(1);
		for (let n = 0; n < 1_200; n += 400) {
			const blobs = Array.from({ length: 400 }, (_, i) => itemOf(`k/${n + i}`, bytes));
			store.ask(ANNA, "blobs_put_many", { id: newId(), blobs });
			const keys = blobs.map(({ key }) => ({ key, precondition: NONE }));
			store.ask(ANNA, "blobs_delete_many", { id: newId(), blobs: keys });
		}
		store.host.time += DAY_MS;
		const steps: bigint[] = [];
		for (let left = 1_200n; left > 0n; left = store.stats().kept[0]!) {
			store.engine.clean();
			steps.push(left - store.stats().kept[0]!);
		}
		expect(steps).toEqual([500n, 500n, 200n]);
		expect(store.code(ANNA, "blobs_delete", deleteOf("a\n"))).toBe("invalid_argument");
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "", bytes), bytes)).toBe("invalid_argument");
	});
});
