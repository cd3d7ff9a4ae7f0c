import { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import type { AccessRequest } from "../../../src/canister/engine/index.js";
import {
	METHODS,
	type MethodName,
	type WireAccounts,
	type WirePrincipal,
} from "../../../src/protocol/index.js";
import { ALL, UPDATES } from "../../support/requests.js";
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
		let after: [] | [WirePrincipal] = [];
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

	test.each([
		["a Promise", Promise.resolve(false)],
		["null", null],
		["a number", 0],
		["an object", {}],
	])("that returns %s makes the message trap: nothing is shown or changed", (name, answer) => {
		let isSet = false;
		const store = new TestStore({ authorize: () => (isSet ? (answer as unknown as boolean) : undefined) });
		store.putBlob(ANNA, "a", bytes, PRIVATE);
		isSet = true;
		const said = `authorize returned ${name}. It must return exactly true, false or undefined`;
		const before = store.storage.writes;
		expect(() => store.ask(BEN, "blobs_stat", { key: "a", min_version: [] })).toThrow(said);
		expect(() => store.putBlob(ANNA, "b", bytes)).toThrow(said);
		expect(() => store.ask(ANNA, "blobs_delete_many", { id: newId(), blobs: [deleteOf("a")] })).toThrow(said);
		expect(store.storage.writes).toBe(before);
	});

	test("that says who its users are by anything but true or false makes the message trap, too", () => {
		const store = new TestStore({ authorize: () => true, admit: (() => Promise.resolve(false)) as never });
		expect(() => store.putBlob(person(8), "a", bytes)).toThrow(
			"admit returned a Promise. It must return exactly",
		);
	});

	test("an async rule is refused before there is a store", () => {
		for (const name of ["authorize", "admit"])
			expect(() => new TestStore({ [name]: async () => true })).toThrow(`${name} must not be async`);
	});

	test("that leaves strangers to the roles lets them into no message of many, and leaves no receipt", () => {
		let hashed = 0;
		const store = new TestStore({ authorize: () => undefined });
		const { sha256 } = store.host.hashing;
		const counting = (of: Uint8Array) => {
			hashed++;
			return sha256(of);
		};
		store.host.hashing = { ...store.host.hashing, sha256: counting };
		store.upgrade();
		hashed = 0;
		const stranger = person(8);
		const id = newId();
		for (const code of [
			store.code(stranger, "blobs_put_many", { id, blobs: [itemOf("a", bytes), itemOf("b", bytes)] }),
			store.code(stranger, "blobs_delete_many", { id, blobs: [deleteOf("a"), deleteOf("b")] }),
			store.code(stranger, "blobs_abort_upload", id),
		])
			expect(code).toBe("not_authorized");
		expect(hashed).toBe(0);
	});

	test("asks about the keys of many one by one, for who is no writer about the first 16 before all else", () => {
		const store = new TestStore({ authorize: ({ key }) => key.startsWith("mine/") || undefined });
		const stranger = person(8);
		const others = (count: number) => Array.from({ length: count }, (_, n) => itemOf(`others/${n}`, bytes));
		const mixed = { id: newId(), blobs: [...others(15), itemOf("mine/a", bytes)] };
		const { results } = store.ask(stranger, "blobs_put_many", mixed);
		expect(results.map((result) => "ok" in result)).toEqual([...Array(15).fill(false), true]);
		const late = { id: newId(), blobs: [...others(16), itemOf("mine/b", bytes)] };
		expect(store.code(stranger, "blobs_put_many", late)).toBe("not_authorized");
	});

	test("says who its users are: others are refused before their message is read", () => {
		const user = person(7);
		const admit = (caller: Principal) => caller.toText() === user.toText();
		const store = new TestStore({ authorize: () => true, admit });
		store.putBlob(user, "a", bytes);
		store.host.sender = person(8).toUint8Array();
		let isRead = false;
		const read = () => {
			isRead = true;
			return [{ id: newId(), blobs: [deleteOf("a")] }] as never;
		};
		expect(() => store.engine.call("blobs_delete_many", read)).toThrow();
		expect(isRead).toBe(false);
		// An abort names no key: of an upload that was never begun, too, it takes a user.
		store.ask(user, "blobs_abort_upload", newId());
		expect(store.code(person(8), "blobs_abort_upload", newId())).toBe("not_authorized");
	});

	test("that changed its mind is asked again before a receipt is told", () => {
		let isOpen = true;
		const store = new TestStore({ authorize: ({ key }) => (key === "fixed" ? true : isOpen) });
		const user = person(8);
		const id = () => newId();
		const put = wholeOf(id(), "a", bytes);
		const update = updateOf("a");
		const copy = moveOf("a", "c");
		const rename = moveOf("c", "d");
		const many = { id: id(), blobs: [itemOf("fixed", bytes), itemOf("m", bytes)] };
		const remove = deleteOf("d");
		const upload = store.begin(user, "u", bytes.length);
		store.put(user, upload, 0, bytes);
		const commit = commitOf(upload, bytes);
		const send = () => [
			() => store.ask(user, "blobs_put_blob", put, bytes),
			() => store.ask(user, "blobs_update", update),
			() => store.ask(user, "blobs_copy", copy),
			() => store.ask(user, "blobs_rename", rename),
			() => store.ask(user, "blobs_delete", remove),
			() => store.ask(user, "blobs_commit_upload", commit),
		];
		const first = send().map((each) => each());
		const firstOfMany = store.ask(user, "blobs_put_many", many);
		expect(send().map((each) => each())).toEqual(first);
		expect(store.ask(user, "blobs_put_many", many)).toEqual(firstOfMany);

		isOpen = false;
		for (const each of send()) expect(each).toThrow();
		const { results } = store.ask(user, "blobs_put_many", many);
		expect(results[0]).toEqual(firstOfMany.results[0]);
		expect(results[1]).toEqual({ err: { not_authorized: { needs: "a permission of the application" } } });
	});
});

test("who makes another's blob private does not choose its owner's salt; an owner does so for itself", () => {
	const store = new TestStore();
	store.putBlob(ANNA, "a", bytes);
	const id = newId();
	store.ask(OWNER, "blobs_update", { ...updateOf("a", id), visibility: [{ private: null }] });
	const { salt } = store.ask(ANNA, "blobs_stat", { key: "a", min_version: [] });
	expect(salt[0]).toHaveLength(id.length);
	expect(Buffer.from(salt[0]!).equals(Buffer.from(id))).toBe(false);

	const own = newId();
	store.putBlob(BEN, "b", bytes, PRIVATE, own);
	expect(Buffer.from(store.ask(BEN, "blobs_stat", { key: "b", min_version: [] }).salt[0]!)).toEqual(
		Buffer.from(own),
	);
});

describe("what inspect_message lets in", () => {
	const stranger = person(8);
	const lets = (store: TestStore, who: Principal, name: MethodName, bytes: number, isReadable = true) => {
		store.host.sender = who.toUint8Array();
		return store.engine.lets(name, bytes, () => isReadable);
	};
	const QUERIES = ALL.filter((name) => METHODS[name].kind === "query");

	test("from strangers: updates of at most 4 KiB, and of queries stat and account", () => {
		const store = new TestStore();
		for (const name of UPDATES) {
			expect(lets(store, stranger, name, 4_096), name).toBe(true);
			expect(lets(store, stranger, name, 4_097), name).toBe(false);
		}
		const open = QUERIES.filter((name) => lets(store, stranger, name, 100));
		expect(open).toEqual(["blobs_stat", "blobs_account"]);
		expect(lets(store, stranger, "blobs_stat", 1_152)).toBe(true);
		expect(lets(store, stranger, "blobs_stat", 1_153)).toBe(false);
		expect(lets(store, stranger, "blobs_account", 257)).toBe(false);
	});

	test("from the anonymous principal: stat alone", () => {
		const store = new TestStore({ authorize: () => true, admit: () => true });
		expect(ALL.filter((name) => lets(store, ANONYMOUS, name, 100))).toEqual(["blobs_stat"]);
	});

	test("from who holds a role: queries, and large messages to methods that it may call", () => {
		const store = new TestStore();
		for (const who of [ANNA, READER, OWNER])
			for (const name of QUERIES) expect(lets(store, who, name, 10_000), name).toBe(true);
		expect(lets(store, ANNA, "blobs_put_chunk", 2_000_000)).toBe(true);
		expect(lets(store, READER, "blobs_put_chunk", 2_000_000)).toBe(false);
		expect(lets(store, ANNA, "blobs_set_mode", 10_000)).toBe(false);
		expect(lets(store, OWNER, "blobs_set_mode", 10_000)).toBe(true);
	});

	test("nothing that cannot be read", () => {
		const store = new TestStore();
		for (const name of ALL) expect(lets(store, OWNER, name, 100, false), name).toBe(false);
	});

	test("never for an open upload's sake", () => {
		const store = new TestStore();
		store.begin(ANNA, "a", 2 * S);
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: ANNA, role: { writer: null } });
		expect(lets(store, ANNA, "blobs_put_chunk", 2_000_000)).toBe(false);
	});

	test("from an application's users what is let in from who holds a role, if it says who they are", () => {
		const silent = new TestStore({ authorize: () => true });
		expect(lets(silent, stranger, "blobs_put_chunk", 2_000_000)).toBe(false);
		expect(lets(silent, READER, "blobs_put_chunk", 2_000_000)).toBe(true);
		const saying = new TestStore({
			authorize: () => true,
			admit: (caller) => caller.toText() === stranger.toText(),
		});
		expect(lets(saying, stranger, "blobs_put_chunk", 2_000_000)).toBe(true);
		expect(lets(saying, stranger, "blobs_list", 100)).toBe(true);
		expect(lets(saying, person(9), "blobs_put_chunk", 2_000_000)).toBe(false);
	});
});
