import { beforeEach, describe, expect, test } from "vitest";
import { ownedKey } from "../../../src/canister/engine/store/uploads.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type { WireBatchItem } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { giveOf } from "./grant-store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	commitOf,
	deleteOf,
	fillOf,
	itemOf,
	moveOf,
	OWNER,
	PRIVATE,
	READER,
	TestStore,
	updateOf,
} from "./store.js";

/** Changes of several keys in one message: all are made or none. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});

const BYTES = fillOf(1, 10);
const put = (key: string, parts = {}): WireBatchItem => ({ put: itemOf(key, BYTES, parts) });
const remove = (key: string): WireBatchItem => ({ delete: deleteOf(key) });
const rename = (from: string, to: string): WireBatchItem => ({ rename: moveOf(from, to) });
const copy = (from: string, to: string): WireBatchItem => ({ copy: moveOf(from, to) });
const update = (key: string): WireBatchItem => ({ update: { ...updateOf(key), content_type: ["a/b"] } });
const commit = (id: Uint8Array, bytes = BYTES): WireBatchItem => ({ commit: commitOf(id, bytes) });
const batchOf = (...items: WireBatchItem[]) => ({ id: newId(), items });
const batch = (...items: WireBatchItem[]) => store.ask(ANNA, "blobs_batch", batchOf(...items));

/** An upload of Anna's that has all its chunks. */
function uploaded(key: string): Uint8Array {
	const id = store.begin(ANNA, key, BYTES.length);
	store.put(ANNA, id, 0, BYTES);
	return id;
}

/** What a batch of Anna's is refused with: its error and the item. */
function refusedFor(...items: WireBatchItem[]) {
	const refusal = store.refusal(ANNA, "blobs_batch", batchOf(...items));
	return [Object.keys(refusal.wire)[0], refusal.item];
}

/** One of each kind, on keys that `prepare` has filled. */
const KINDS = () => [
	commit(uploaded("committed")),
	put("put"),
	remove("removed"),
	rename("renamed", "new/name"),
	copy("source", "copied"),
	update("updated"),
];
function prepare(): void {
	for (const key of ["removed", "renamed", "source", "updated", "copied"]) store.putBlob(ANNA, key, BYTES);
}

describe("C70 a batch", () => {
	test("makes all its changes, each with a version, in their order", () => {
		prepare();
		const { last } = store.ask(OWNER, "blobs_status");
		const { versions } = batch(...KINDS(), remove("nothing"));
		// A rename has two changes, and the second is the one that is told.
		expect(versions.map(([version]) => version && version.sequence - last.sequence)).toEqual([
			1n,
			2n,
			3n,
			5n,
			6n,
			7n,
			undefined,
		]);
		expect(store.keys(READER)).toEqual(["committed", "copied", "new/name", "put", "source", "updated"]);
		expect(store.manifest(READER, "updated")).toMatchObject({ content_type: "a/b" });
		for (const key of ["committed", "copied", "new/name", "put"])
			expect(store.read(READER, key).equals(Buffer.from(BYTES))).toBe(true);
	});

	test.each([
		["commit", () => commit(newId()), "upload_not_found"],
		["put", () => ({ put: { ...itemOf("x", BYTES), root: new Uint8Array(32) } }), "root_mismatch"],
		["delete", () => remove("ben's"), "not_authorized"],
		["rename", () => rename("none", "x"), "blob_not_found"],
		["copy", () => copy("source", "ben's"), "not_authorized"],
		["update", () => update("none"), "blob_not_found"],
		["invalid key", () => put("../x"), "invalid_argument"],
		[
			"precondition",
			() => put("x", { precondition: { version: { sequence: 1n, canister_version: 1n } } }),
			"precondition_failed",
		],
	] as const)("changes nothing where the last of its items is refused, and names it: %s", (_, item, code) => {
		prepare();
		store.putBlob(BEN, "ben's", BYTES);
		const items = [...KINDS(), item()];
		const before = store.storage.copy();
		expect(refusedFor(...items)).toEqual([code, 6]);
		// Nor does anything of it come with the next message.
		store.putBlob(BEN, "ben's next", BYTES);
		expect(store.keys(READER)).toEqual([
			"ben's",
			"ben's next",
			"copied",
			"removed",
			"renamed",
			"source",
			"updated",
		]);
		store.storage.load(before);
		store.upgrade();
		expect(batch(...items.slice(0, 6)).versions.length).toBe(6);
	});

	test("C16 is certified once, when all of it is made", () => {
		prepare();
		const roots: Uint8Array[] = [];
		store.host.certify = (root) => roots.push(root.slice());
		batch(...KINDS());
		expect(roots.length).toBe(1);
	});

	test("takes from 1 to 1,000 items, and puts only where puts are taken", () => {
		const many = Array.from({ length: 1_001 }, (_, n) => remove(`k${n}`));
		expect(refusedFor()[0]).toBe("invalid_argument");
		expect(refusedFor(...many)[0]).toBe("invalid_argument");
		const id = uploaded("a");
		store.setMode("draining");
		expect(refusedFor(commit(id), put("b"))).toEqual(["not_live", 1]);
		expect(batch(commit(id), remove("b")).versions.length).toBe(2);
	});
});

describe("C71 in the feed", () => {
	const changes = () =>
		store
			.ask(READER, "blobs_changes", { after: [], limit: 100, min_version: [] })
			.changes.map(({ in_batch }) => in_batch[0] && `${in_batch[0].index}/${in_batch[0].count}`);

	test("its changes stand one after the other, each with its place in it", () => {
		for (const key of ["a", "b"]) store.putBlob(ANNA, key, BYTES);
		// Long enough for a length of two bytes, and metadata, which is written another way.
		batch(
			put("c"),
			put("d".repeat(200)),
			put("e", { metadata: [["n", "v"]] }),
			rename("a", "f"),
			remove("b"),
			remove("g"),
		);
		store.putBlob(ANNA, "alone", BYTES);
		expect(changes().slice(3)).toEqual([
			undefined,
			undefined,
			...[0, 1, 2, 3, 4, 5].map((index) => `${index}/6`),
			undefined,
		]);
	});

	test("a batch that is refused leaves no mark on what comes after it", () => {
		expect(refusedFor(put("a"), remove("../b"))).toEqual(["invalid_argument", 1]);
		store.putBlob(ANNA, "a", BYTES);
		expect(changes().at(-1)).toBeUndefined();
	});
});

describe("C72 again", () => {
	test("it gets the first answer and changes nothing, after an upgrade too", () => {
		prepare();
		const request = batchOf(...KINDS());
		const first = store.ask(ANNA, "blobs_batch", request);
		store.delete(ANNA, "put");
		store.upgrade();
		store.host.time += 60_000;
		expect(store.ask(ANNA, "blobs_batch", request)).toEqual(first);
		expect(store.keys(READER)).not.toContain("put");
	});

	test("with other items, or where an upload has the id, it is a conflict", () => {
		const request = batchOf(put("a"), remove("b"));
		store.ask(ANNA, "blobs_batch", request);
		const other = { ...request, items: [put("a", PRIVATE), remove("b")] };
		expect(store.code(ANNA, "blobs_batch", other)).toBe("upload_conflict");
		const id = store.begin(ANNA, "c");
		expect(store.code(ANNA, "blobs_batch", { ...batchOf(put("a")), id })).toBe("upload_conflict");
	});

	test("C33 an upload that it committed is over: a late chunk or begin finds that, and its commit is answered", () => {
		const id = uploaded("a");
		batch(commit(id), put("b"));
		expect(store.refused(ANNA, "blobs_put_chunk", id, 0, BYTES)).toEqual({
			upload_finished: { outcome: "committed" },
		});
		expect(store.ask(ANNA, "blobs_commit_upload", commitOf(id, BYTES))).toMatchObject({ key: "a" });
		expect(store.stats().open_uploads).toBe(0n);
	});

	test("who has lost the role is told nothing, who has only grants of keys that it may still change", () => {
		const request = batchOf(put("inbox/a"), remove("inbox/b"));
		store.ask(ANNA, "blobs_batch", request);
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
		expect(store.code(ANNA, "blobs_batch", request)).toBe("not_authorized");
		const grant = (prefix: string) => store.ask(OWNER, "blobs_give_grant", giveOf(ANNA, { prefix }));
		grant("other/");
		const refusal = store.refusal(ANNA, "blobs_batch", request);
		expect([Object.keys(refusal.wire)[0], refusal.item]).toEqual(["not_authorized", 0]);
		grant("inbox/");
		expect(store.ask(ANNA, "blobs_batch", request).versions.length).toBe(2);
	});
});

test("C72 where a commit's own receipt is forgotten, a step before the batch's, grants tell nothing of it", () => {
	store.ask(OWNER, "blobs_give_grant", giveOf(ANNA, { prefix: "" }));
	const id = uploaded("a");
	const request = batchOf(put("b"), commit(id));
	store.ask(ANNA, "blobs_batch", request);
	store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
	expect(store.ask(ANNA, "blobs_batch", request).versions.length).toBe(2);
	// What a step of cleaning does that ends between the two, 500 receipts later.
	store.storage.map(MEMORY.receipts).delete(ownedKey(ANNA.toUint8Array(), id));
	const refusal = store.refusal(ANNA, "blobs_batch", request);
	expect([Object.keys(refusal.wire)[0], refusal.item]).toEqual(["not_authorized", 1]);
	store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { writer: null } });
	expect(store.ask(ANNA, "blobs_batch", request).versions.length).toBe(2);
});

describe("C73 what is counted together is refused before anything is written, for the item that is one too many", () => {
	const ITEM = 4_096 + aboutOf("a");

	test("bytes and blobs", () => {
		store.setQuota(ANNA, { bytes: BigInt(3 * ITEM - 1) });
		expect(refusedFor(put("a"), put("b"), put("c"))).toEqual(["quota_exceeded", 2]);
		store.setQuota(ANNA, { blobs: 2n });
		expect(refusedFor(put("a"), put("b"), put("c"))).toEqual(["quota_exceeded", 2]);
		batch(put("a"), put("b"));
		expect(refusedFor(put("c"), remove("a"))).toEqual(["quota_exceeded", 0]);
		// What a deletion gives back is there for what comes after it.
		expect(batch(remove("a"), put("c")).versions.length).toBe(2);
		expect(store.usage(ANNA).blobs).toBe(2n);
	});

	test("bytes of another owner, by an administrator's updates of its blobs", () => {
		for (const key of ["a", "b"]) store.putBlob(ANNA, key, BYTES);
		store.setQuota(ANNA, { bytes: BigInt(2 * ITEM + 7) });
		const longer = (key: string): WireBatchItem => ({
			update: { ...updateOf(key), metadata: [[["name", "v"]]] },
		});
		const refusal = store.refusal(OWNER, "blobs_batch", batchOf(longer("a"), longer("b")));
		expect([refusal.wire, refusal.item]).toMatchObject([{ quota_exceeded: { quota: "bytes" } }, 1]);
	});

	test("changes and bytes of a day", () => {
		store.setQuota(ANNA, { changes_per_day: 4n });
		expect(refusedFor(put("a"), put("b"), put("c"), put("d"))).toEqual(["quota_exceeded", 3]);
		expect(batch(put("a"), put("b"), put("c")).versions.length).toBe(3);
		expect(store.usage(ANNA).changes_today).toBe(4n);
		store.setQuota(ANNA, { received_per_day: 49n });
		expect(store.code(ANNA, "blobs_batch", batchOf(put("d"), put("e")))).toBe("quota_exceeded");
	});

	test("the room of the canister", () => {
		const free = 2 ** 23 * 16 + 3 * 4_096;
		store = new TestStore({ capacity: { maxStableBytes: free } });
		Object.assign(store.host, { stablePages: () => (2 ** 23 * 16) / 65_536 });
		expect(refusedFor(copy("none", "x"))[0]).toBe("blob_not_found");
		expect(refusedFor(put("a"), put("b"), put("c"))).toEqual(["no_room", 2]);
		expect(batch(put("a"), put("b")).versions.length).toBe(2);
	});
});

describe("C74 a message's instructions", () => {
	const deep = (n: number) => Array.from({ length: 32 }, (_, level) => `${n}-${level}`).join("/");

	test("more than they reach for is refused, with how many fit; that many are done", () => {
		const items = Array.from({ length: 1_000 }, (_, n) => rename(deep(n), deep(1_000 + n)));
		const refusal = store.refused(ANNA, "blobs_batch", batchOf(...items));
		expect(refusal).toEqual({ batch_too_large: { fits: expect.any(Number), items: 1_000 } });
		const { fits } = (refusal as { batch_too_large: { fits: number } }).batch_too_large;
		expect(fits).toBeGreaterThan(0);
		expect(refusedFor(...items.slice(0, fits))).toEqual(["blob_not_found", 0]);
		expect(refusedFor(...items.slice(0, fits + 1))[0]).toBe("batch_too_large");
	});

	test("a rule of the application that takes too many is noticed before anything is written", () => {
		let asked = 0;
		store = new TestStore({
			authorize: () => {
				asked++;
				return true;
			},
		});
		store.host.instructions = () => asked * 1e9;
		const items = Array.from({ length: 100 }, (_, n) => put(`k${n}`));
		const refusal = store.refused(ANNA, "blobs_batch", batchOf(...items));
		expect(refusal).toMatchObject({ batch_too_large: { items: 100 } });
		expect(asked).toBeLessThan(20);
	});
});

describe("C75 no two items touch one key", () => {
	test.each([
		["two puts", () => [put("a"), put("a")], 1],
		["a commit and a deletion", () => [remove("a"), commit(uploaded("a"))], 1],
		["two commits of one upload", () => [uploaded("a")].flatMap((id) => [commit(id), commit(id)]), 1],
		["a rename and what it moves", () => [rename("a", "b"), update("a")], 1],
		["a rename over another's target", () => [copy("c", "b"), rename("a", "b")], 1],
		["a copy of what another replaces", () => [copy("a", "b"), put("a")], 0],
	] as const)("%s", (_, items, index) => {
		for (const key of ["a", "c"]) store.putBlob(ANNA, key, BYTES);
		const refusal = store.refusal(ANNA, "blobs_batch", batchOf(...items()));
		const key = index === 1 && "copy" in items()[0]! ? "b" : "a";
		expect(refusal.wire).toEqual({
			invalid_argument: { field: "items", reason: expect.stringContaining(`the key ${key},`), limit: 0n },
		});
		expect(refusal.item).toBe(index);
	});

	test("but copies of one source, which share its bytes", () => {
		store.putBlob(ANNA, "a", BYTES);
		batch(copy("a", "b"), copy("a", "c"));
		store.delete(ANNA, "a");
		store.delete(ANNA, "b");
		store.clean();
		expect(store.read(READER, "c").equals(Buffer.from(BYTES))).toBe(true);
		expect(store.stats().chunks).toBe(1n);
	});
});
