import { beforeEach, describe, expect, test } from "vitest";
import type { WireManifest } from "../../../src/protocol/index.js";
import { versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { commit, put, remove, StagedStore } from "./staged-store.js";
import { ANNA, BEN, DAY_MS, fillOf, moveOf, OWNER, PRIVATE, READER, S, updateOf } from "./store.js";

/** Changes that are collected in any number of messages and revealed by one. */

let store: StagedStore;
let batch: Uint8Array;
beforeEach(() => {
	store = new StagedStore();
	batch = newId();
});

const A = fillOf(1, 10);
const B = fillOf(2, 20);

describe("staging", () => {
	test("C100 what is staged is seen by nobody until it is revealed, and then by all at once", () => {
		store.putBlob(ANNA, "old", A);
		store.putBlob(ANNA, "gone", A);
		const before = store.feed().length;
		expect(store.stage(ANNA, batch, put("new", B), put("old", B))).toMatchObject({ state: "open", items: 2 });
		expect(store.stage(ANNA, batch, remove("gone"), put("secret", B, PRIVATE))).toMatchObject({ items: 4 });
		store.step();
		expect(store.keys(ANNA)).toEqual(["gone", "old"]);
		expect(store.read(ANNA, "old")).toEqual(Buffer.from(A));
		expect(store.feed().length).toBe(before);
		expect(store.stats().blobs).toBe(2n);

		expect(store.revealed(ANNA, batch)).toMatchObject({ state: "revealed", items: 0, broken: [] });
		expect(store.keys(READER)).toEqual(["new", "old", "secret"]);
		expect(store.read(ANNA, "old")).toEqual(Buffer.from(B));
		expect(store.manifest(BEN, "gone")).toBeUndefined();
		expect(store.stats().blobs).toBe(3n);
		store.settle();
		expect(store.keys(READER)).toEqual(["new", "old", "secret"]);
		expect(store.usage(ANNA).blobs).toBe(3n);
		expect([...store.replayed().keys()].sort()).toEqual(["new", "old", "secret"]);
	});

	test("what a batch takes counts from the moment on at which it is staged, and not twice when it is revealed", () => {
		const twin = new StagedStore();
		for (const each of [store, twin]) {
			each.putBlob(ANNA, "mine", A);
			each.putBlob(BEN, "bens", A);
			each.putBlob(ANNA, "deleted", A);
		}
		const items = [put("mine", B), put("new", B), put("own", B, PRIVATE)];
		store.stage(ANNA, batch, ...items, remove("deleted"));
		expect(store.usage(ANNA).blobs).toBe(5n);
		store.revealed(ANNA, batch);
		store.settle();
		for (const item of items)
			if ("put" in item) twin.ask(ANNA, "blobs_put_blob", { ...item.put, id: newId() }, item.put.content);
		twin.delete(ANNA, "deleted");
		twin.clean();
		for (const field of ["blobs", "bytes", "open_uploads"] as const)
			expect(store.usage(ANNA)[field]).toBe(twin.usage(ANNA)[field]);
		expect(store.stats()).toMatchObject({
			chunks: twin.stats().chunks,
			bytes: twin.stats().bytes,
			cleaning: 0n,
		});
	});

	test("a batch that is dropped, or expires, gives all back", () => {
		store.putBlob(ANNA, "key", A);
		store.clean();
		const { bytes, blobs } = store.usage(ANNA);
		for (const end of ["drop", "expire"]) {
			const id = newId();
			store.stage(ANNA, id, put("key", B), put("other", B), remove("key2"));
			if (end === "drop") expect(store.drop(ANNA, id)).toMatchObject({ state: "dropped" });
			else store.host.time += DAY_MS + 1;
			store.settle();
			expect(store.usage(ANNA)).toMatchObject({ bytes, blobs });
			expect(store.code(ANNA, "blobs_stage", { id: newId(), batch: id, items: [put("x", A)] })).toBe(
				"batch_finished",
			);
		}
		expect(store.keys(ANNA)).toEqual(["key"]);
		expect(store.ask(ANNA, "blobs_list_batches").batches).toEqual([]);
	});

	test("a key is staged anew, or unstaged, and listed for its owner alone", () => {
		store.stage(ANNA, batch, put("a", A), put("b", A));
		store.stage(ANNA, batch, put("a", B));
		store.ask(ANNA, "blobs_unstage", { id: newId(), batch, keys: ["b", "never"] });
		const request = { batch, after: [] as [], limit: 10 };
		const { items } = store.ask(ANNA, "blobs_list_staged", request);
		expect(items).toMatchObject([{ key: "a", size: 20n, deletes: false }]);
		expect(store.code(OWNER, "blobs_list_staged", request)).toBe("batch_not_found");
		expect(store.ask(OWNER, "blobs_list_batches").batches).toMatchObject([{ items: 1 }]);
		expect(store.ask(BEN, "blobs_list_batches").batches).toEqual([]);
		store.revealed(ANNA, batch);
		store.settle();
		expect(store.keys(ANNA)).toEqual(["a"]);
		expect(store.usage(ANNA).blobs).toBe(1n);
	});

	test("C101 all or nothing: a precondition that does not hold any more breaks the reveal, and names the key", () => {
		store.stage(OWNER, batch, put("a", A), put("b", A, { precondition: { absent: null } }));
		store.putBlob(BEN, "b", B);
		const broken = store.revealed(OWNER, batch);
		expect(broken).toMatchObject({
			state: "open",
			broken: [{ key: "b", refusal: { code: "precondition_failed" } }],
		});
		expect(store.keys(ANNA)).toEqual(["b"]);
		store.ask(OWNER, "blobs_unstage", { id: newId(), batch, keys: ["b"] });
		expect(store.revealed(OWNER, batch)).toMatchObject({ state: "revealed" });
		expect(store.keys(ANNA)).toEqual(["a", "b"]);
		expect(store.read(ANNA, "b")).toEqual(Buffer.from(B));
	});

	test("C102 while a batch is got ready others change what they like, its keys too", () => {
		store.ask(OWNER, "blobs_set_quota", { id: newId(), who: [], quota: [] });
		store.putBlob(BEN, "x", A, PRIVATE);
		store.stage(OWNER, batch, put("x", B), put("y", B), remove("z"));
		store.reveal(OWNER, batch);
		store.step();
		expect(store.batch(OWNER, batch).state).toBe("preparing");
		store.putBlob(BEN, "x", fillOf(3, 30));
		store.putBlob(BEN, "z", A, PRIVATE);
		store.putBlob(BEN, "else", A, PRIVATE);
		store.delete(BEN, "else");
		store.putBlob(BEN, "other", A, PRIVATE);
		expect(store.batch(OWNER, batch).state).toBe("preparing");
		store.step();
		store.step();
		expect(store.batch(OWNER, batch).state).toBe("revealed");
		expect(store.keys(READER)).toEqual(["other", "x", "y"]);
		expect(store.read(BEN, "x")).toEqual(Buffer.from(B));
		store.settle();
		expect(store.keys(BEN)).toEqual(["other", "x", "y"]);
		expect(store.usage(BEN)).toMatchObject({ blobs: 1n });
		expect(store.usage(OWNER)).toMatchObject({ blobs: 2n });
		expect([...store.replayed().keys()].sort()).toEqual(["other", "x", "y"]);
	});

	test("uploads of several chunks are staged, and their HTTP answers are there when they are revealed", () => {
		const bytes = fillOf(5, 2 * S + 7);
		const id = store.begin(ANNA, "large", bytes.length);
		for (let i = 0; i * S < bytes.length; i++) store.put(ANNA, id, i, bytes.subarray(i * S, (i + 1) * S));
		store.stage(ANNA, batch, commit(id, bytes));
		expect(store.usage(ANNA).open_uploads).toBe(0);
		expect(store.code(ANNA, "blobs_put_chunk", id, 0, bytes.subarray(0, S))).toBe("upload_finished");
		expect(store.revealed(ANNA, batch)).toMatchObject({ state: "revealed" });
		expect(store.stats().certifying).toBe(0n);
		expect(store.read(BEN, "large")).toEqual(Buffer.from(bytes));
		store.settle();
		store.delete(ANNA, "large");
		store.settle();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n });
	});

	test("changes of keys that are revealed and not settled yet find what was revealed", () => {
		const keys = ["put", "deleted", "renamed", "updated", "uploaded", "none"];
		for (const key of keys) store.putBlob(BEN, key, A);
		store.stage(OWNER, batch, ...keys.slice(0, 5).map((key) => put(key, B)), remove("none"));
		store.reveal(OWNER, batch);
		while (store.batch(OWNER, batch).state !== "revealed") store.step();
		const id = store.begin(OWNER, "uploaded", 10);
		store.putBlob(OWNER, "put", A);
		store.delete(OWNER, "deleted");
		store.ask(OWNER, "blobs_rename", moveOf("renamed", "none"));
		store.ask(OWNER, "blobs_update", { ...updateOf("updated"), content_type: ["text/html"] });
		store.settle();
		store.ask(OWNER, "blobs_abort_upload", id);
		store.settle();
		expect(store.keys(BEN)).toEqual(["none", "put", "updated", "uploaded"]);
		expect(store.read(BEN, "none")).toEqual(Buffer.from(B));
		expect(store.usage(OWNER)).toMatchObject({ blobs: 4n, open_uploads: 0 });
		expect(store.usage(BEN)).toMatchObject({ blobs: 0n, bytes: 0n });
		expect([...store.replayed().keys()].sort()).toEqual(["none", "put", "updated", "uploaded"]);
	});

	test("C103 it goes on over upgrades, wherever it is", () => {
		store.putBlob(BEN, "b", A);
		store.stage(ANNA, batch, ...Array.from({ length: 20 }, (_, i) => put(`k${i}`, B)));
		store.upgrade();
		store.reveal(ANNA, batch);
		store.upgrade();
		store.step();
		store.upgrade();
		store.putBlob(BEN, "c", A);
		store.upgrade();
		for (let i = 0; i < 10; i++) {
			store.step();
			store.upgrade();
		}
		expect(store.batch(ANNA, batch).state).toBe("revealed");
		expect(store.keys(BEN)).toHaveLength(22);
		expect(store.usage(ANNA).blobs).toBe(20n);
	});

	test("C104 bounds: one batch of a principal's, eight in a store, which is told beforehand", () => {
		store.stage(ANNA, batch, put("a", A));
		const other = { id: newId(), batch: newId(), items: [put("b", A)] };
		expect(store.refused(ANNA, "blobs_stage", other)).toEqual({
			quota_exceeded: { quota: "staged_batches", limit: 1n, used: 1n, needed: 1n },
		});
		store.stage(BEN, newId(), put("a", A));
		const twice = { id: newId(), batch, items: [put("k", A), put("k", B)] };
		expect(store.code(ANNA, "blobs_stage", twice)).toBe("invalid_argument");
		store.reveal(ANNA, batch);
		expect(store.code(ANNA, "blobs_stage", { id: newId(), batch, items: [put("c", A)] })).toBe(
			"batch_revealing",
		);
		expect(store.code(READER, "blobs_stage", { id: newId(), batch: newId(), items: [put("c", A)] })).toBe(
			"not_authorized",
		);
	});

	test("C105 leases, ends and kept versions are what they would be had all been changed at the reveal", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 3 });
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: READER, role: { backup: null } });
		store.putBlob(ANNA, "old", A);
		const version = store.manifest(ANNA, "old")!;
		store.stage(
			ANNA,
			batch,
			put("old", B),
			put("ends", B, { expires_at: [BigInt(store.host.time + 5_000) * 1_000_000n] }),
		);
		store.reveal(ANNA, batch);
		store.step();
		const lease = newId();
		store.ask(READER, "blobs_take_lease", { id: lease, life: 3_600_000_000_000n, bytes: 1_000_000n });
		expect(store.batch(ANNA, batch).state).toBe("waiting");
		store.settle();
		expect(store.batch(ANNA, batch).state).toBe("revealed");
		const kept = store.ask(READER, "blobs_list_leased", { lease, after: [], limit: 10 });
		expect(kept.manifests).toHaveLength(1);
		const page = store.ask(ANNA, "blobs_list_deleted", { prefix: "", after: [], limit: 10 });
		expect(page.deleted).toMatchObject([{ manifest: { key: "old", sequence: version.sequence } }]);
		store.host.time += 6_000;
		expect(store.keys(ANNA)).toEqual(["old"]);
		store.settle();
		expect(store.usage(ANNA).blobs).toBe(1n);
	});

	test("C154 what a lease keeps can be read at once after a reveal, and is listed when all keys are settled", () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: READER, role: { backup: null } });
		store.putBlob(ANNA, "replaced", A);
		store.putBlob(ANNA, "deleted", B);
		const before = ["replaced", "deleted"].map((key) => store.manifest(ANNA, key)!);
		const lease = newId();
		store.ask(READER, "blobs_take_lease", { id: lease, life: 3_600_000_000_000n, bytes: 1_000_000n });
		store.stage(ANNA, batch, put("replaced", fillOf(3, 30)), remove("deleted"), remove("never"));
		store.revealed(ANNA, batch);
		const leased = (manifest: WireManifest, who = READER) =>
			store.ask(who, "blobs_get_chunk", manifest.key, versionOf(manifest), 0);
		const list = { lease, after: [] as [], limit: 10 };

		expect(before.map((each) => Buffer.from(leased(each)))).toEqual([A, B].map((each) => Buffer.from(each)));
		expect(store.code(ANNA, "blobs_get_chunk", "deleted", versionOf(before[1]!), 0)).toBe("blob_not_found");
		expect(store.code(READER, "blobs_list_leased", list)).toBe("behind");
		// One that began before the reveal goes on.
		expect(store.ask(READER, "blobs_list_leased", { ...list, after: [1n] }).manifests).toEqual([]);

		store.settle();
		expect(store.ask(READER, "blobs_list_leased", list).manifests).toHaveLength(2);
		expect(before.map((each) => Buffer.from(leased(each)))).toEqual([A, B].map((each) => Buffer.from(each)));
	});

	test("C106 a reader that has seen a blob of the batch is not answered by a node that has not seen it revealed", () => {
		store.stage(ANNA, batch, put("a", A));
		store.reveal(ANNA, batch);
		store.step();
		const snapshot = store.storage.copy();
		store.step();
		expect(store.batch(ANNA, batch).state).toBe("revealed");
		const { sequence, canister_version } = store.manifest(ANNA, "a")!;
		const request = { key: "a", min_version: [{ sequence, canister_version }] as never };
		expect(store.ask(BEN, "blobs_stat", request).manifest).toHaveLength(1);
		store.storage.load(snapshot);
		store.upgrade();
		expect(store.code(BEN, "blobs_stat", request)).toBe("behind");
	});

	test("what is asked for twice is done once", () => {
		const request = { id: newId(), batch, items: [put("a", A)] };
		store.ask(ANNA, "blobs_stage", request);
		expect(store.ask(ANNA, "blobs_stage", request)).toMatchObject({ items: 1 });
		expect(store.usage(ANNA).blobs).toBe(1n);
		const other = { ...request, items: [put("b", A)] };
		expect(store.refused(ANNA, "blobs_stage", other)).toEqual({ upload_conflict: { field: "request" } });
	});
});
