import { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import type { AccessRequest } from "../../../src/canister/engine/index.js";
import type { WireAccounts } from "../../../src/protocol/index.js";
import { newId, versionOf } from "../../support/store.js";
import {
	ANNA,
	BEN,
	beginOf,
	commitOf,
	deleteOf,
	fillOf,
	itemOf,
	leavesOf,
	moveOf,
	OWNER,
	PRIVATE,
	person,
	READER,
	S,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

const bytes = fillOf(1, 10);
const ANONYMOUS = Principal.anonymous();
const NOBODY = Principal.fromUint8Array(new Uint8Array(0));

describe("C02 the anonymous principal", () => {
	test("changes nothing, whatever roles and rules say", () => {
		const store = new TestStore({ authorize: () => true });
		const id = newId();
		for (const code of [
			store.code(ANONYMOUS, "blobs_begin_upload", beginOf(id, "a")),
			store.code(ANONYMOUS, "blobs_put_chunk", id, 0, bytes),
			store.code(ANONYMOUS, "blobs_link_chunks", { id, from: 0, leaves: leavesOf(bytes) }),
			store.code(ANONYMOUS, "blobs_commit_upload", commitOf(id, bytes)),
			store.code(ANONYMOUS, "blobs_abort_upload", id),
			store.code(ANONYMOUS, "blobs_put_blob", wholeOf(id, "a", bytes), bytes),
			store.code(ANONYMOUS, "blobs_put_many", { id, blobs: [itemOf("a", bytes)] }),
			store.code(ANONYMOUS, "blobs_delete", deleteOf("a")),
			store.code(ANONYMOUS, "blobs_delete_many", { id, blobs: [deleteOf("a")] }),
			store.code(ANONYMOUS, "blobs_update", updateOf("a")),
			store.code(ANONYMOUS, "blobs_copy", moveOf("a", "b")),
			store.code(ANONYMOUS, "blobs_rename", moveOf("a", "b")),
			store.code(ANONYMOUS, "blobs_grant_role", { id, who: ANNA, role: { admin: null } }),
			store.code(ANONYMOUS, "blobs_revoke_role", { id, who: ANNA, role: { admin: null } }),
			store.code(ANONYMOUS, "blobs_set_quota", { id, who: [], quota: [] }),
			store.code(ANONYMOUS, "blobs_set_mode", { id, mode: { live: null }, generation: 0n }),
			store.code(ANONYMOUS, "blobs_abort_any_upload", { owner: ANNA, id }),
		])
			expect(code).toBe("anonymous");
	});

	test("gets no role and no quota; nor does the management canister, whose account is everybody's", () => {
		const store = new TestStore();
		for (const who of [ANONYMOUS, NOBODY]) {
			const id = newId();
			const role = { id, who, role: { writer: null } };
			expect(store.code(OWNER, "blobs_grant_role", role)).toBe("invalid_argument");
			expect(store.code(OWNER, "blobs_revoke_role", role)).toBe("invalid_argument");
			expect(store.code(OWNER, "blobs_set_quota", { id, who: [who], quota: [] })).toBe("invalid_argument");
		}
	});
});

test("C03 an upload belongs to its creator: to all others, an administrator too, it is not there", () => {
	const store = new TestStore();
	const id = store.begin(ANNA, "a", 2 * S);
	store.put(ANNA, id, 0, fillOf(1, S));
	for (const other of [BEN, OWNER]) {
		expect(store.code(other, "blobs_put_chunk", id, 1, fillOf(1, S))).toBe("upload_not_found");
		expect(store.code(other, "blobs_commit_upload", commitOf(id, bytes))).toBe("upload_not_found");
		expect(store.code(other, "blobs_upload_status", { id, from: 0, limit: 1 })).toBe("upload_not_found");
		expect(store.ask(other, "blobs_list_uploads", { key: [], after: [], limit: 9 }).uploads).toEqual([]);
		store.ask(other, "blobs_abort_upload", id);
	}
	expect(store.ask(ANNA, "blobs_upload_status", { id, from: 0, limit: 1 }).upload.received).toBe(1);
});

test("C04 the backup role reads everything and changes nothing", () => {
	const store = new TestStore();
	const backup = person(9);
	store.ask(OWNER, "blobs_grant_role", { id: newId(), who: backup, role: { backup: null } });
	store.putBlob(ANNA, "a", bytes, PRIVATE);
	expect(store.read(backup, "a")).toEqual(Buffer.from(bytes));
	const changes = { after: [] as [], limit: 9, min_version: [] as [] };
	expect(store.ask(backup, "blobs_changes", changes).changes.length).toBe(5);
	const id = newId();
	for (const code of [
		store.code(backup, "blobs_begin_upload", beginOf(id, "b")),
		store.code(backup, "blobs_put_blob", wholeOf(id, "b", bytes), bytes),
		store.code(backup, "blobs_put_many", { id, blobs: [itemOf("b", bytes)] }),
		store.code(backup, "blobs_abort_upload", id),
		store.code(backup, "blobs_delete", deleteOf("a")),
		store.code(backup, "blobs_update", updateOf("a")),
		store.code(backup, "blobs_copy", moveOf("a", "b")),
		store.code(backup, "blobs_rename", moveOf("a", "b")),
		store.code(backup, "blobs_set_mode", { id, mode: { live: null }, generation: 0n }),
		store.code(backup, "blobs_grant_role", { id, who: backup, role: { admin: null } }),
		store.code(backup, "blobs_stats"),
	])
		expect(code).toBe("not_authorized");
});

test("C05 a private blob shows itself to its owner and to who reads all; to others not even that it is there", () => {
	const store = new TestStore();
	const version = versionOf(store.putBlob(ANNA, "a/secret", bytes, PRIVATE));
	for (const who of [BEN, ANONYMOUS, person(8)]) {
		expect(store.keys(who)).toEqual([]);
		expect(store.manifest(who, "a/secret")).toBeUndefined();
		const list = { prefix: "", recursive: false, after: [] as [], limit: 9, min_version: [] as [] };
		expect(store.ask(who, "blobs_list", list).entries).toEqual([]);
		expect(store.code(who, "blobs_get_chunk", "a/secret", version, 0)).toBe("blob_not_found");
		const leaves = { key: "a/secret", version, from: 0, limit: 1 };
		expect(store.code(who, "blobs_leaves", leaves)).toBe("blob_not_found");
	}
	for (const who of [ANNA, READER, OWNER]) expect(store.keys(who)).toEqual(["a/secret"]);
});

describe("who may do what", () => {
	test("administration is the administrators', and an account one's own or theirs to see", () => {
		const store = new TestStore();
		const id = newId();
		for (const code of [
			store.code(ANNA, "blobs_grant_role", { id, who: ANNA, role: { admin: null } }),
			store.code(ANNA, "blobs_set_quota", { id, who: [], quota: [] }),
			store.code(ANNA, "blobs_set_mode", { id, mode: { live: null }, generation: 0n }),
			store.code(ANNA, "blobs_stats"),
			store.code(ANNA, "blobs_metrics"),
			store.code(ANNA, "blobs_account", [BEN]),
			store.code(ANNA, "blobs_list_accounts", { after: [], limit: 1 }),
			store.code(ANNA, "blobs_list_all_uploads", { after: [], limit: 1 }),
		])
			expect(code).toBe("not_authorized");
		expect(store.ask(ANNA, "blobs_account", []).who.toText()).toBe(ANNA.toText());
		expect(store.ask(ANNA, "blobs_account", [ANNA]).roles).toEqual(["writer"]);
	});

	test("accounts with a role or a quota of their own are listed in pages", () => {
		const store = new TestStore();
		store.setQuota(person(9), { blobs: 1n });
		const all: string[] = [];
		let after: [] | [Principal] = [];
		do {
			const page: WireAccounts = store.ask(OWNER, "blobs_list_accounts", { after, limit: 1 });
			all.push(...page.accounts.map(({ who }) => who.toText()));
			after = page.next;
		} while (after[0] !== undefined);
		expect(all).toEqual([ANNA, BEN, READER, person(9)].map((who) => who.toText()));
		store.setQuota(person(9), undefined);
		expect(store.ask(OWNER, "blobs_list_accounts", { after: [], limit: 9 }).accounts.length).toBe(3);
	});
});

describe("an application's own rule", () => {
	test("is told action, key and owner, at each step of an upload too, and decides for all but anonymous changes", () => {
		const asked: string[] = [];
		const rule = ({ caller, action, key, owner }: AccessRequest) => {
			asked.push(`${action} ${key} ${owner?.toText() === caller.toText() ? "own" : owner && "another's"}`);
			return key.startsWith("free/") ? true : undefined;
		};
		const store = new TestStore({ authorize: rule });
		const stranger = person(8);
		store.putBlob(ANNA, "free/a", bytes);
		asked.length = 0;
		const id = store.begin(stranger, "free/a", 10);
		store.put(stranger, id, 0, bytes);
		store.ask(stranger, "blobs_link_chunks", { id, from: 0, leaves: leavesOf(bytes) });
		store.commit(stranger, id, bytes);
		expect(asked).toEqual(Array(4).fill("write free/a another's"));
		expect(store.code(stranger, "blobs_begin_upload", beginOf(newId(), "b"))).toBe("not_authorized");
	});

	test("that changes its mind stops an upload", () => {
		let isOpen = true;
		const store = new TestStore({ authorize: ({ action }) => action !== "write" || isOpen });
		const id = store.begin(ANNA, "a", 10);
		isOpen = false;
		expect(store.refused(ANNA, "blobs_put_chunk", id, 0, bytes)).toEqual({
			not_authorized: { needs: "a permission of the application" },
		});
	});
});
