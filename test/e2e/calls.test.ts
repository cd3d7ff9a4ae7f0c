import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MethodArgs } from "../../src/protocol/index.js";
import {
	held,
	newId,
	ok,
	openStore,
	type PlainResult,
	type publication,
	refusal,
	type Store,
	type StoreFixture,
	versionOf,
} from "../support/store.js";
import { begin, bytesOf, commitOf, none, put, putAll, putItem, putRequest, S } from "../support/transfers.js";

/** Repeated requests: the same one, late ones, and one with another content. */

let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

test("C31 begin, put, commit, abort, delete: the same effect and the same answer", async () => {
	const bytes = bytesOf(S + 1);
	const size: [bigint] = [BigInt(bytes.length)];
	const request = { id: newId(), key: "again/a", size, chunk_size: S };
	const { id } = request;
	expect(ok(await store.blobs_begin_upload(request))).toEqual(ok(await store.blobs_begin_upload(request)));
	await putAll(store, id, bytes);
	await putAll(store, id, bytes);
	const commit = commitOf(id, bytes);
	const manifest = ok(await store.blobs_commit_upload(commit));
	expect(ok(await store.blobs_commit_upload(commit))).toEqual(manifest);

	const deletion = { id: newId(), key: "again/a", precondition: { version: versionOf(manifest) } };
	const deleted = ok(await store.blobs_delete(deletion));
	expect(deleted.deleted).toBe(true);
	expect(ok(await store.blobs_delete(deletion))).toEqual(deleted);

	const given = await begin(store, "again/b", 5);
	ok(await store.blobs_abort_upload(given));
	ok(await store.blobs_abort_upload(given));
	expect(refusal(await store.blobs_put_chunk(given, 0, bytesOf(5)))).toEqual({
		upload_finished: { outcome: "aborted" },
	});
});

test("C33 a delayed duplicate of begin or delete brings nothing back and removes no successor", async () => {
	const bytes = bytesOf(5);
	const first = ok(await store.blobs_put_blob(putRequest("again/c", bytes), bytes));
	const deletion = { id: newId(), key: "again/c", precondition: { version: versionOf(first) } };
	ok(await store.blobs_delete(deletion));
	const second = ok(await store.blobs_put_blob(putRequest("again/c", bytes), bytes));
	ok(await store.blobs_delete(deletion));
	expect(held(await store.blobs_stat({ key: "again/c", ...none })).sequence).toBe(second.sequence);

	const id = await begin(store, "again/d", 0);
	ok(await store.blobs_commit_upload(commitOf(id, new Uint8Array(0))));
	const late = { id, key: "again/d", size: [0n] as [bigint], chunk_size: S };
	expect(refusal(await store.blobs_begin_upload(late))).toEqual({
		upload_finished: { outcome: "committed" },
	});
});

test("an id stands for one upload only", async () => {
	const id = await begin(store, "again/e", 5);
	const other = { id, key: "again/f", size: [5n] as [bigint], chunk_size: S };
	expect(refusal(await store.blobs_begin_upload(other))).toEqual({ upload_conflict: { field: "key" } });
});

test("C34 preconditions go by sequence number, so that A, B, A does not pass", async () => {
	const put = (text: string, parts: Parameters<typeof publication>[1] = {}) => {
		const bytes = new TextEncoder().encode(text);
		return store.blobs_put_blob(putRequest("again/p", bytes, parts), bytes);
	};
	const a = ok(await put("A", { precondition: { absent: null } }));
	ok(await put("B", { precondition: { version: versionOf(a) } }));
	const again = ok(await put("A"));
	expect(again.root).toEqual(a.root);
	for (const precondition of [{ version: versionOf(a) }, { absent: null }])
		expect(refusal(await put("C", { precondition }))).toEqual({
			precondition_failed: versionOf(again),
		});
});

test("C31 every other change, twice the same, has one effect and the same answer", async () => {
	const precondition = { none: null };
	await put(store, "twice/a", bytesOf(3));
	const many = { id: newId(), blobs: [putItem("twice/b", bytesOf(1)), putItem("twice/c", bytesOf(1))] };
	const move = { source: precondition, precondition };
	const change = {
		precondition,
		content_type: ["a/b"] as [string],
		visibility: [] as [],
		metadata: [] as [],
		expiry: [] as [],
	};
	const who = Ed25519KeyIdentity.generate().getPrincipal();
	const changes: (() => Promise<PlainResult<unknown>>)[] = [
		() => store.blobs_put_many(many),
		twice("blobs_update", { id: newId(), key: "twice/a", ...change }),
		twice("blobs_copy", { id: newId(), from: "twice/a", to: "twice/d", ...move }),
		twice("blobs_rename", { id: newId(), from: "twice/d", to: "twice/e", ...move }),
		twice("blobs_delete_many", { id: newId(), blobs: [{ key: "twice/b", precondition }] }),
		twice("blobs_grant_role", { id: newId(), who, role: { reader: null } }),
		twice("blobs_revoke_role", { id: newId(), who, role: { reader: null } }),
		twice("blobs_set_quota", { id: newId(), who: [who], quota: [] }),
	];
	for (const make of changes) {
		const first = ok(await make());
		const { last } = ok(await store.blobs_status());
		expect(ok(await make())).toEqual(first);
		expect(ok(await store.blobs_status()).last).toEqual(last);
	}
});

function twice<
	Name extends
		| "blobs_update"
		| "blobs_copy"
		| "blobs_rename"
		| "blobs_delete_many"
		| "blobs_grant_role"
		| "blobs_revoke_role"
		| "blobs_set_quota",
>(name: Name, request: MethodArgs<Name>[0]): () => Promise<PlainResult<unknown>> {
	const call = store[name] as (request: MethodArgs<Name>[0]) => Promise<PlainResult<unknown>>;
	return () => call(request);
}
