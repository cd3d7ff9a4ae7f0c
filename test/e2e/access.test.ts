import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import type { MethodName, WireAccounts, WireListAccounts, WireRole } from "../../src/protocol/index.js";
import { deployProxy, storeThrough } from "../support/proxy.js";
import { ALL, anonymous, outcome, send, UPDATES } from "../support/requests.js";
import {
	newId,
	ok,
	openStore,
	type PlainResult,
	refusal,
	type Store,
	type StoreFixture,
	versionOf,
} from "../support/store.js";
import {
	begin,
	bytesOf,
	commitOf,
	deletion,
	none,
	put,
	putRequest,
	readBack,
	S,
} from "../support/transfers.js";

/**
 * Permissions of each kind of caller: controller, admin, writer, reader, backup, a stranger, a canister, the anonymous
 * principal.
 */

const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let asController: Store;
let asWriter: Store;
let asReader: Store;
let asBackup: Store;
let asStranger: Store;
let asAnonymous: Store;

beforeAll(async () => {
	fixture = await openStore();
	asController = fixture.store;
	asWriter = await withRole({ writer: null }, writer);
	asReader = await withRole({ reader: null });
	asBackup = await withRole({ backup: null });
	asStranger = await fixture.storeFor(Ed25519KeyIdentity.generate());
	asAnonymous = await fixture.storeFor(anonymous);
});
afterAll(() => fixture.dispose());

async function withRole(role: WireRole, identity = Ed25519KeyIdentity.generate()): Promise<Store> {
	ok(await asController.blobs_grant_role({ id: newId(), who: identity.getPrincipal(), role }));
	return fixture.storeFor(identity);
}

const bytes = bytesOf(10);
const grantOf = (role: WireRole = { admin: null }) => ({
	id: newId(),
	who: Ed25519KeyIdentity.generate().getPrincipal(),
	role,
});
/** What is its own to change: what is kept for it. */
const LEASES: readonly MethodName[] = ["blobs_take_lease", "blobs_extend_lease", "blobs_release_lease"];
/** What anybody with a role may do about itself: let another act for it, and decline what nobody offered. */
const OWN: readonly MethodName[] = ["blobs_offer_link", "blobs_withdraw_offer"];
/** Queries about the caller, or about what only some may see: nobody in particular is answered. */
const OF_SOMEBODY: MethodName[] = [
	"blobs_upload_status",
	"blobs_list_uploads",
	"blobs_list_all_uploads",
	"blobs_changes",
	"blobs_account",
	"blobs_list_accounts",
	"blobs_list_grants",
	"blobs_list_deleted",
	"blobs_list_leases",
	"blobs_list_offers",
	"blobs_list_owned",
	"blobs_list_links",
	"blobs_list_leased",
	"blobs_staged_batch",
	"blobs_list_batches",
	"blobs_list_staged",
	"blobs_expiry_rules",
	"blobs_stats",
	"blobs_metrics",
];
const last = async () => ok(await asController.blobs_status()).last;

test("C01 every update guards itself in the method: a canister without roles is refused by each", async () => {
	const proxy = await deployProxy(fixture.agent);
	const asCanister = storeThrough(proxy, fixture.canisterId);
	await put(asController, "canister/a", bytes);
	const before = await last();
	for (const name of UPDATES)
		expect(refusal(await send(asCanister, name, "canister/a")), name).toHaveProperty("not_authorized");
	expect(await last()).toEqual(before);
	// With a role it may what anybody with that role may.
	ok(await asController.blobs_grant_role({ id: newId(), who: proxy.principal, role: { writer: null } }));
	await put(asCanister, "canister/b", bytes);
	expect(await readBack(asController, "canister/b")).toEqual(bytes);
});

test("C02 the anonymous principal can send no update, read nothing private, and hold no role", async () => {
	await put(asController, "anonymous/a", bytes);
	const before = await last();
	for (const name of UPDATES)
		await expect(send(asAnonymous, name, "anonymous/a"), name).rejects.toThrow("IC0406");
	for (const name of OF_SOMEBODY)
		expect(refusal(await send(asAnonymous, name)), name).toEqual({ anonymous: {} });
	const who = anonymous.getPrincipal();
	for (const result of [
		await asController.blobs_grant_role({ id: newId(), who, role: { writer: null } }),
		await asController.blobs_set_quota({ id: newId(), who: [who], quota: [] }),
	])
		expect(refusal(result)).toMatchObject({ invalid_argument: { field: "who" } });
	expect(await last()).toEqual(before);
});

/** The same Wasm, whose inspect_message has a name that no network looks for: all that is sent reaches the methods. */
function withoutFilter(wasm: Uint8Array): Uint8Array {
	const name = "canister_inspect_message";
	const at = Buffer.from(wasm).indexOf(String.fromCharCode(name.length) + name, 0, "latin1");
	expect(at).toBeGreaterThan(0);
	const other = wasm.slice();
	other[at + 1] = "_".charCodeAt(0);
	return other;
}

test("C02 every method refuses the anonymous principal by itself; what is public it may read", async () => {
	const canisterId = await deployCanister(fixture.agent, withoutFilter(fixture.wasm));
	const open = fixture.storeAt(canisterId);
	const asNobody = await fixture.storeFor(anonymous, canisterId);
	const shown = await put(open, "shown", bytes);
	const hidden = await put(open, "hidden", bytes, { visibility: { private: null } });
	for (const name of [...UPDATES, ...OF_SOMEBODY])
		expect(refusal(await send(asNobody, name, "shown")), name).toEqual({ anonymous: {} });
	const { status, refusals, open_uploads } = ok(await open.blobs_stats());
	expect([status.last, status.mode, open_uploads]).toEqual([versionOf(hidden), "live", 0n]);
	// Each came as far as its method.
	expect(refusals).toContainEqual({ code: "anonymous", count: BigInt(UPDATES.length) });

	const ofVersion = ["blobs_leaves", "blobs_get_chunk"];
	const rest = ALL.filter((name) => ![...UPDATES, ...OF_SOMEBODY, ...ofVersion].includes(name));
	for (const name of rest) ok(await send(asNobody, name, "shown"));
	expect(await readBack(asNobody, "shown")).toEqual(bytes);
	ok(await asNobody.blobs_leaves({ key: "shown", version: versionOf(shown), from: 0, limit: 1 }));
	expect(ok(await asNobody.blobs_stat({ key: "hidden", ...none })).manifest).toEqual([]);
	const { entries } = ok(
		await asNobody.blobs_list({ prefix: "", recursive: true, after: [], limit: 9, ...none }),
	);
	expect(entries).toEqual([{ blob: shown }]);
	const version = { key: "hidden", version: versionOf(hidden), from: 0, limit: 1 };
	for (const result of [
		await asNobody.blobs_leaves(version),
		await asNobody.blobs_get_chunk("hidden", versionOf(hidden), 0),
	])
		expect(refusal(result)).toEqual({ blob_not_found: {} });
});

test("C03 an upload belongs to its creator", async () => {
	const id = await begin(asWriter, "who/mine", S);
	ok(await asWriter.blobs_put_chunk(id, 0, bytesOf(S)));
	for (const result of [
		await asController.blobs_put_chunk(id, 0, bytesOf(S)),
		await asController.blobs_link_chunks({ id, from: 0, leaves: bytesOf(32) }),
		await asController.blobs_commit_upload(commitOf(id, bytes)),
		await asController.blobs_upload_status({ id, from: 0, limit: 1 }),
	])
		expect(refusal<unknown>(result)).toEqual({ upload_not_found: {} });
	expect(ok(await asController.blobs_list_uploads({ key: [], after: [], limit: 100 })).uploads).toEqual([]);
	// Aborting what one has not is no error, and touches nobody else's.
	ok(await asController.blobs_abort_upload(id));
	expect(ok(await asWriter.blobs_upload_status({ id, from: 0, limit: 1 })).upload.received).toBe(1);
	// The same id is another upload for another principal.
	const other = { id: newId(), key: "who/theirs", size: [] as [], chunk_size: S };
	ok(await asWriter.blobs_begin_upload(other));
	ok(await asController.blobs_begin_upload({ ...other, key: "who/else" }));
	expect(ok(await asWriter.blobs_upload_status({ id: other.id, from: 0, limit: 1 })).upload.key).toBe(
		"who/theirs",
	);
	// Nor does anybody link chunks of another's: it is as if they were not there.
	const stolen = await begin(asController, "who/stolen", S);
	const { leaves } = ok(await asWriter.blobs_upload_status({ id, from: 0, limit: 1 }));
	const linked = ok(await asController.blobs_link_chunks({ id: stolen, from: 0, leaves }));
	expect(linked).toEqual(new Uint8Array(32));
});

test("only administrators see and end the uploads of others", async () => {
	const id = await begin(asWriter, "who/ended", S);
	const name = { owner: writer.getPrincipal(), id };
	for (const who of [asReader, asStranger, asBackup, asWriter]) {
		expect(refusal(await who.blobs_list_all_uploads({ after: [], limit: 9 }))).toHaveProperty(
			"not_authorized",
		);
		expect(refusal(await who.blobs_abort_any_upload(name))).toHaveProperty("not_authorized");
	}
	const { uploads } = ok(await asController.blobs_list_all_uploads({ after: [], limit: 100 }));
	expect(uploads.map(({ upload }) => upload.key)).toContain("who/ended");
	ok(await asController.blobs_abort_any_upload(name));
	expect(refusal(await asWriter.blobs_put_chunk(id, 0, bytesOf(S)))).toHaveProperty("upload_finished");
});

test("C04 the backup role reads everything and changes nothing", async () => {
	const manifest = await put(asWriter, "backup/a", bytes, { visibility: { private: null } });
	expect(await readBack(asBackup, "backup/a")).toEqual(bytes);
	ok(await asBackup.blobs_leaves({ key: "backup/a", version: versionOf(manifest), from: 0, limit: 1 }));
	ok(await asBackup.blobs_changes({ after: [], limit: 1, ...none }));
	const page = ok(
		await asBackup.blobs_list({ prefix: "backup/", recursive: true, after: [], limit: 9, ...none }),
	);
	expect(page.entries).toHaveLength(1);
	const { accounts } = ok(await asBackup.blobs_list_accounts({ after: [], limit: 100 }));
	expect(accounts.map(({ who }) => who.toText())).toContain(writer.getPrincipal().toText());
	ok(await asBackup.blobs_account([writer.getPrincipal()]));
	const before = await last();
	for (const name of UPDATES.filter((name) => ![...LEASES, ...OWN].includes(name)))
		expect(refusal(outcome(await send(asBackup, name, "backup/a"))), name).toHaveProperty("not_authorized");
	expect(await last()).toEqual(before);
});

test("a reader or a stranger changes nothing, and nobody but an admin grants", async () => {
	const before = await last();
	for (const who of [asReader, asStranger])
		for (const name of UPDATES.filter((name) => who === asStranger || !OWN.includes(name)))
			expect(refusal(outcome(await send(who, name))), name).toHaveProperty("not_authorized");
	for (const name of ["blobs_grant_role", "blobs_revoke_role", "blobs_set_quota", "blobs_set_mode"] as const)
		expect(refusal(await send(asWriter, name)), name).toHaveProperty("not_authorized");
	expect(await last()).toEqual(before);
});

test("an admin that was granted the role may do what the controller may", async () => {
	const asAdmin = await withRole({ admin: null });
	ok(await asAdmin.blobs_grant_role(grantOf()));
	await put(asWriter, "admin/x", bytes);
	expect(ok(await asAdmin.blobs_delete(deletion("admin/x"))).deleted).toBe(true);
});

test("only its owner and admins replace, change, move or delete a key", async () => {
	await put(asController, "who/owned", bytes);
	const results: PlainResult<unknown>[] = [
		await asWriter.blobs_put_blob(putRequest("who/owned", bytes), bytes),
		await asWriter.blobs_begin_upload({ id: newId(), key: "who/owned", size: [], chunk_size: S }),
	];
	for (const name of ["blobs_put_many", "blobs_delete", "blobs_delete_many", "blobs_update"] as const)
		results.push(outcome(await send(asWriter, name, "who/owned")));
	results.push(await send(asWriter, "blobs_rename", "who/owned"));
	for (const result of results) expect(refusal(result)).toHaveProperty("not_authorized");
});

test("roles are listed in pages, and a revoked one is gone", async () => {
	const names: [string, unknown][] = [];
	let after: WireListAccounts["after"] = [];
	do {
		const page: WireAccounts = ok(await asController.blobs_list_accounts({ after, limit: 1 }));
		for (const { who, roles } of page.accounts) names.push([who.toText(), roles]);
		after = page.next;
	} while (after.length > 0);
	expect(names).toContainEqual([writer.getPrincipal().toText(), ["writer"]]);

	const late = Ed25519KeyIdentity.generate();
	const grant = { id: newId(), who: late.getPrincipal(), role: { writer: null } };
	ok(await asController.blobs_grant_role(grant));
	ok(await asController.blobs_revoke_role({ ...grant, id: newId() }));
	// A delayed duplicate of the grant brings nothing back.
	ok(await asController.blobs_grant_role(grant));
	const asLate = await fixture.storeFor(late);
	expect(refusal(await send(asLate, "blobs_begin_upload"))).toHaveProperty("not_authorized");
});
