import { randomBytes } from "node:crypto";
import { AnonymousIdentity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
	MAX_CHUNK_BYTES,
	MIN_CHUNK_BYTES,
	type WireAccounts,
	type WireListAccounts,
} from "../../src/protocol/index.js";
import {
	newId,
	ok,
	openStore,
	publication,
	refusal,
	rootOf,
	type Store,
	type StoreFixture,
	sha256,
} from "../support/store.js";

/** Who may do what: controller, writer, reader, a stranger with an identity, and the anonymous principal. */

const S = MIN_CHUNK_BYTES;
const writer = Ed25519KeyIdentity.generate();
const reader = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let asController: Store;
let asWriter: Store;
let asReader: Store;
let asStranger: Store;
let asAnonymous: Store;

beforeAll(async () => {
	fixture = await openStore();
	asController = fixture.store;
	for (const [identity, role] of [
		[writer, { writer: null }],
		[reader, { reader: null }],
	] as const)
		ok(await asController.blobs_grant_role({ id: newId(), who: identity.getPrincipal(), role }));
	asWriter = await fixture.storeFor(writer);
	asReader = await fixture.storeFor(reader);
	asStranger = await fixture.storeFor(Ed25519KeyIdentity.generate());
	asAnonymous = await fixture.storeFor(new AnonymousIdentity());
});
afterAll(() => fixture.dispose());

const bytes = new Uint8Array(randomBytes(10));
const beginOf = (key: string) => ({ id: newId(), key, size: [] as [], chunk_size: S });
const putOf = (key: string, parts: Parameters<typeof publication>[1] = {}) => ({
	id: newId(),
	key,
	...publication(rootOf(bytes, MAX_CHUNK_BYTES), parts),
});
const deleteOf = (key: string) => ({ id: newId(), key, precondition: { none: null } });
const grantOf = () => ({
	id: newId(),
	who: Ed25519KeyIdentity.generate().getPrincipal(),
	role: { admin: null },
});

test("C02 the anonymous principal changes nothing and holds no role", async () => {
	const id = newId();
	for (const result of [
		await asAnonymous.blobs_begin_upload(beginOf("a")),
		await asAnonymous.blobs_put_chunk(id, 0, bytes),
		await asAnonymous.blobs_commit_upload({ id, size: 0n, ...publication(sha256(bytes)) }),
		await asAnonymous.blobs_abort_upload(id),
		await asAnonymous.blobs_put_blob(putOf("a"), bytes),
		await asAnonymous.blobs_delete(deleteOf("a")),
		await asAnonymous.blobs_grant_role(grantOf()),
		await asAnonymous.blobs_revoke_role(grantOf()),
	])
		expect(refusal<unknown>(result)).toEqual({ anonymous: {} });
	const who = new AnonymousIdentity().getPrincipal();
	const grant = { id: newId(), who, role: { writer: null } };
	expect(refusal(await asController.blobs_grant_role(grant))).toMatchObject({
		invalid_argument: { field: "who" },
	});
});

test("a reader or a stranger writes nothing, and nobody but an admin grants", async () => {
	for (const who of [asReader, asStranger]) {
		expect(refusal(await who.blobs_begin_upload(beginOf("a")))).toHaveProperty("not_authorized");
		expect(refusal(await who.blobs_put_blob(putOf("a"), bytes))).toHaveProperty("not_authorized");
	}
	for (const who of [asReader, asStranger, asWriter]) {
		expect(refusal(await who.blobs_grant_role(grantOf()))).toHaveProperty("not_authorized");
		expect(refusal(await who.blobs_list_accounts({ after: [], limit: 1 }))).toHaveProperty("not_authorized");
	}
});

test("an admin that was granted the role may do what the controller may", async () => {
	const admin = Ed25519KeyIdentity.generate();
	ok(await asController.blobs_grant_role({ ...grantOf(), who: admin.getPrincipal() }));
	const asAdmin = await fixture.storeFor(admin);
	ok(await asAdmin.blobs_grant_role(grantOf()));
	ok(await asWriter.blobs_put_blob(putOf("admin/x"), bytes));
	expect(ok(await asAdmin.blobs_delete(deleteOf("admin/x"))).deleted).toBe(true);
});

test("C03 an upload belongs to its creator", async () => {
	const request = beginOf("who/mine");
	const { id } = request;
	ok(await asController.blobs_begin_upload(request));
	ok(await asController.blobs_put_chunk(id, 0, bytes));
	for (const result of [
		await asWriter.blobs_put_chunk(id, 0, bytes),
		await asWriter.blobs_upload_status({ id, from: 0, limit: 1 }),
		await asWriter.blobs_commit_upload({ id, size: 10n, ...publication(sha256(bytes)) }),
	])
		expect(refusal<unknown>(result)).toEqual({ upload_not_found: {} });
	expect(ok(await asWriter.blobs_list_uploads({ key: [], after: [], limit: 10 })).uploads).toEqual([]);
	// The same id is another upload for another principal.
	ok(await asWriter.blobs_begin_upload({ ...request, key: "who/theirs" }));
	const status = ok(await asController.blobs_upload_status({ id, from: 0, limit: 1 }));
	expect(status.upload.key).toBe("who/mine");
});

test("C05 private blobs are there only for their owner, readers and admins", async () => {
	const key = "who/secret/x";
	const request = putOf(key, { visibility: { private: null } });
	const { sequence } = ok(await asWriter.blobs_put_blob(request, bytes));
	for (const who of [asWriter, asReader, asController]) {
		expect(ok(await who.blobs_get_chunk(key, sequence, 0))).toEqual(bytes);
		expect(await listed(who, "who/secret/", true)).toEqual([key]);
		expect(await listed(who, "who/", false)).toContain("who/secret/");
	}
	for (const who of [asStranger, asAnonymous]) {
		expect(ok(await who.blobs_stat({ key, min_sequence: [] })).manifest).toEqual([]);
		for (const result of [
			await who.blobs_get_chunk(key, sequence, 0),
			await who.blobs_leaves({ key, sequence, from: 0, limit: 1 }),
		])
			expect(refusal<unknown>(result)).toEqual({ blob_not_found: {} });
		expect(await listed(who, "who/secret/", true)).toEqual([]);
		expect(await listed(who, "who/", false)).not.toContain("who/secret/");
	}
	// Another writer is a stranger to it.
	const other = Ed25519KeyIdentity.generate();
	ok(await asController.blobs_grant_role({ id: newId(), who: other.getPrincipal(), role: { writer: null } }));
	expect(await listed(await fixture.storeFor(other), "who/secret/", true)).toEqual([]);
});

test("only its owner and admins replace or delete a key", async () => {
	ok(await asController.blobs_put_blob(putOf("who/owned"), bytes));
	for (const result of [
		await asWriter.blobs_put_blob(putOf("who/owned"), bytes),
		await asWriter.blobs_begin_upload(beginOf("who/owned")),
		await asWriter.blobs_delete(deleteOf("who/owned")),
	])
		expect(refusal<unknown>(result)).toHaveProperty("not_authorized");
});

test("roles are listed in pages, and a revoked one is gone", async () => {
	const names: [string, unknown][] = [];
	let after: WireListAccounts["after"] = [];
	do {
		const page: WireAccounts = ok(await asController.blobs_list_accounts({ after, limit: 1 }));
		for (const { who, roles } of page.accounts) names.push([who.toText(), roles]);
		after = page.next;
	} while (after.length > 0);
	expect(names).toContainEqual([writer.getPrincipal().toText(), [{ writer: null }]]);
	expect(names).toContainEqual([reader.getPrincipal().toText(), [{ reader: null }]]);

	const late = Ed25519KeyIdentity.generate();
	const grant = { id: newId(), who: late.getPrincipal(), role: { writer: null } };
	ok(await asController.blobs_grant_role(grant));
	ok(await asController.blobs_revoke_role({ ...grant, id: newId() }));
	// A delayed duplicate of the grant brings nothing back.
	ok(await asController.blobs_grant_role(grant));
	const asLate = await fixture.storeFor(late);
	expect(refusal(await asLate.blobs_begin_upload(beginOf("a")))).toHaveProperty("not_authorized");
});

async function listed(who: Store, prefix: string, recursive: boolean): Promise<string[]> {
	const page = ok(await who.blobs_list({ prefix, recursive, after: [], limit: 100, min_sequence: [] }));
	return page.entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));
}
