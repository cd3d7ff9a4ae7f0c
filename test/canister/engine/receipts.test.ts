import { beforeEach, describe, expect, test } from "vitest";
import type { MethodArgs, MethodName } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import {
	ANNA,
	beginOf,
	commitOf,
	deleteOf,
	fillOf,
	itemOf,
	moveOf,
	OWNER,
	quotaOf,
	S,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

/** C31, C33: an id names one request. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
	store.putBlob(OWNER, "a", fillOf(1, 1));
});
const one = fillOf(1, 1);
const role = { who: ANNA, role: { reader: null } };

/** A request of every method that takes an id, each to be done by the owner. */
const requests = (id: Uint8Array): { [Name in MethodName]?: MethodArgs<Name> } => ({
	blobs_put_blob: [wholeOf(id, "b", one), one],
	blobs_put_many: [{ id, blobs: [itemOf("b", one)] }],
	blobs_delete: [deleteOf("a", id)],
	blobs_delete_many: [{ id, blobs: [{ key: "a", precondition: { none: null } }] }],
	blobs_update: [{ ...updateOf("a", id), content_type: ["text/html"] }],
	blobs_copy: [moveOf("a", "b", id)],
	blobs_rename: [moveOf("a", "b", id)],
	blobs_grant_role: [{ id, ...role }],
	blobs_revoke_role: [{ id, ...role }],
	blobs_set_quota: [{ id, who: [], quota: [quotaOf({})] }],
	blobs_set_mode: [{ id, mode: { live: null }, generation: 0n }],
	blobs_abort_upload: [id],
});
const METHODS = Object.keys(requests(newId())) as MethodName[];
const ask = (method: MethodName, id: Uint8Array) =>
	store.ask(OWNER, method, ...(requests(id)[method] as never));

describe("C31 the same request again", () => {
	test.each(METHODS)("%s gets the first answer and changes nothing", (method) => {
		const id = newId();
		const first = ask(method, id);
		const { last } = store.ask(OWNER, "blobs_status");
		store.host.time += 60_000;
		store.upgrade();
		expect(ask(method, id)).toEqual(first);
		expect(store.ask(OWNER, "blobs_status").last).toEqual(last);
		store.putBlob(OWNER, "z", one);
		expect(ask(method, id)).toEqual(first);
	});
});

describe("an id that was used", () => {
	test.each(METHODS)("for %s is no id for anything else", (method) => {
		const id = newId();
		ask(method, id);
		const codes = METHODS.filter((other) => other !== method).map((other) =>
			store.code(OWNER, other, ...(requests(id)[other] as never)),
		);
		const isUpload = method === "blobs_abort_upload" || method === "blobs_put_blob";
		expect(new Set(codes)).toEqual(
			new Set(isUpload ? ["upload_conflict", "upload_finished"] : ["upload_conflict"]),
		);
		expect(store.code(OWNER, "blobs_begin_upload", beginOf(id, "a"))).toBe(
			isUpload ? "upload_finished" : "upload_conflict",
		);
	});

	test("for a request is no id for another of the same method", () => {
		const [id, other, third, fourth] = [newId(), newId(), newId(), newId()];
		store.delete(OWNER, "a", id);
		expect(store.code(OWNER, "blobs_delete", deleteOf("b", id))).toBe("upload_conflict");
		store.ask(OWNER, "blobs_grant_role", { id: other, ...role });
		const admin = { id: other, who: ANNA, role: { admin: null } };
		expect(store.code(OWNER, "blobs_grant_role", admin)).toBe("upload_conflict");
		store.putBlob(OWNER, "a", one);
		store.ask(OWNER, "blobs_copy", moveOf("a", "b", third));
		expect(store.code(OWNER, "blobs_copy", moveOf("a", "c", third))).toBe("upload_conflict");
		store.ask(OWNER, "blobs_update", updateOf("a", fourth));
		expect(store.code(OWNER, "blobs_update", updateOf("b", fourth))).toBe("upload_conflict");
	});

	test("by one principal is free for another", () => {
		const id = newId();
		store.delete(OWNER, "a", id);
		store.begin(ANNA, "x", undefined, id);
	});
});

describe("C33 what comes late", () => {
	const bytes = fillOf(2, S);

	test("commit, then abort: the commit stands, and the abort says so; the other way round the other", () => {
		const [first, second] = [store.begin(ANNA, "x", S), store.begin(ANNA, "y", S)];
		for (const id of [first, second]) store.put(ANNA, id, 0, bytes);
		store.commit(ANNA, first, bytes);
		expect(store.refused(ANNA, "blobs_abort_upload", first)).toEqual({
			upload_finished: { outcome: "committed" },
		});
		store.ask(ANNA, "blobs_abort_upload", second);
		expect(store.refused(ANNA, "blobs_commit_upload", commitOf(second, bytes))).toEqual({
			upload_finished: { outcome: "aborted" },
		});
		expect(store.keys(ANNA)).toEqual(["a", "x"]);
	});

	test("a begin, a put and a link after the end bring nothing back", () => {
		const id = store.begin(ANNA, "x", S);
		store.put(ANNA, id, 0, bytes);
		store.commit(ANNA, id, bytes);
		store.delete(ANNA, "x");
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(id, "x", S))).toBe("upload_finished");
		expect(store.code(ANNA, "blobs_put_chunk", id, 0, bytes)).toBe("upload_finished");
		const links = { id, from: 0, leaves: new Uint8Array(32) };
		expect(store.code(ANNA, "blobs_link_chunks", links)).toBe("upload_finished");
		expect(store.commit(ANNA, id, bytes).sequence).toBe(5n);
		expect(store.keys(ANNA)).toEqual(["a"]);
		expect(store.stats().open_uploads).toBe(0n);
	});

	test("an upload that an administrator gave up is given up for its creator", () => {
		const id = store.begin(ANNA, "x", S);
		const name = { owner: ANNA, id };
		const first = store.ask(OWNER, "blobs_abort_any_upload", name);
		expect(store.ask(OWNER, "blobs_abort_any_upload", name)).toEqual(first);
		expect(store.code(ANNA, "blobs_put_chunk", id, 0, bytes)).toBe("upload_finished");
		expect(store.code(ANNA, "blobs_abort_any_upload", name)).toBe("not_authorized");
	});
});
