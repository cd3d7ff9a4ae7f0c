import { afterAll, beforeAll, expect, test } from "vitest";
import type { MethodName, WireMode } from "../../src/protocol/index.js";
import { deployProxy, storeThrough } from "../support/proxy.js";
import { send, UPDATES } from "../support/requests.js";
import { newId, ok, openStore, refusal, type Store, type StoreFixture } from "../support/store.js";
import { begin, bytesOf, commitOf, none, put, putAll, readBack, S } from "../support/transfers.js";

/** Live, draining, maintenance. */

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

const bytes = bytesOf(S + 1);

async function setMode(mode: WireMode): Promise<void> {
	const { generation } = ok(await store.blobs_status());
	ok(await store.blobs_set_mode({ id: newId(), mode, generation }));
}
const openUploads = async () => ok(await store.blobs_stats()).open_uploads;

/** What takes an empty store, a lease or a link that is offered, in no mode more than in others. */
const OF_ANOTHER_STORE: MethodName[] = [
	"blobs_begin_import",
	"blobs_end_import",
	"blobs_extend_lease",
	"blobs_accept_link",
];
/** What administrators may do whatever the mode. */
const ADMINISTRATION: MethodName[] = [
	"blobs_grant_role",
	"blobs_revoke_role",
	"blobs_set_quota",
	"blobs_set_mode",
	"blobs_abort_any_upload",
	"blobs_give_grant",
	"blobs_revoke_grant",
	"blobs_withdraw_offer",
	"blobs_offer_link",
	"blobs_end_link",
	"blobs_take_lease",
	"blobs_release_lease",
	"blobs_set_keep_deleted",
	"blobs_set_expiry_rules",
];

test("C41 maintenance refuses every update but administration, from users and from canisters", async () => {
	await put(store, "kept", bytes);
	const proxy = await deployProxy(fixture.agent);
	ok(await store.blobs_grant_role({ id: newId(), who: proxy.principal, role: { admin: null } }));
	await setMode({ maintenance: null });
	const through = storeThrough(proxy, fixture.canisterId);
	for (const who of [store, through]) {
		const { generation } = ok(await store.blobs_status());
		for (const name of UPDATES)
			if (![...ADMINISTRATION, ...OF_ANOTHER_STORE].includes(name))
				expect(refusal(await send(who, name, "kept")), name).toEqual({
					not_live: { mode: "maintenance", generation },
				});
		for (const name of ADMINISTRATION.filter((name) => name !== "blobs_set_mode")) ok(await send(who, name));
		expect(refusal(await send(who, "blobs_set_mode"))).toEqual({ mode_changed: { generation } });
		expect(await readBack(who, "kept")).toEqual(bytes);
		ok(await who.blobs_changes({ after: [], limit: 9, ...none }));
	}
	await setMode({ live: null });
	await put(store, "again", bytes);
});

test("maintenance cleans nothing, and what waits is cleaned when it is over", async () => {
	const id = await begin(store, "cleaned", bytes.length);
	await putAll(store, id, bytes);
	await setMode({ maintenance: null });
	const name = { owner: await fixture.agent.getPrincipal(), id };
	ok(await store.blobs_abort_any_upload(name));
	const waiting = ok(await store.blobs_stats()).cleaning;
	expect(waiting).toBeGreaterThan(0n);
	await new Promise((resolve) => setTimeout(resolve, 2_500));
	expect(ok(await store.blobs_stats()).cleaning).toBe(waiting);
	await setMode({ live: null });
	await expect.poll(async () => ok(await store.blobs_stats()).cleaning, { timeout: 20_000 }).toBe(0n);
});

test("C42 draining lets open uploads finish and none begin, down to exactly none", async () => {
	const ids = [];
	for (const key of ["a", "b", "c"]) ids.push(await begin(store, `drained/${key}`, bytes.length));
	await setMode({ draining: null });
	for (const name of ["blobs_begin_upload", "blobs_put_blob", "blobs_put_many"] as const)
		expect(refusal(await send(store, name)), name).toHaveProperty("not_live.mode", "draining");
	expect(await openUploads()).toBe(3n);
	await putAll(store, ids[0]!, bytes);
	ok(await store.blobs_commit_upload(commitOf(ids[0]!, bytes)));
	ok(await store.blobs_commit_upload(commitOf(ids[0]!, bytes)));
	expect(await openUploads()).toBe(2n);
	ok(await store.blobs_abort_upload(ids[1]!));
	ok(await store.blobs_abort_upload(ids[1]!));
	expect(await openUploads()).toBe(1n);
	ok(await store.blobs_abort_any_upload({ owner: await fixture.agent.getPrincipal(), id: ids[2]! }));
	expect(await openUploads()).toBe(0n);
	expect(await readBack(store, "drained/a")).toEqual(bytes);
	await setMode({ live: null });
});

test("C43 a stale switch back is refused; the same switch again is the same", async () => {
	const { generation } = ok(await store.blobs_status());
	const first = { id: newId(), mode: { maintenance: null }, generation };
	const status = ok(await store.blobs_set_mode(first));
	expect(status).toMatchObject({ mode: "maintenance", generation: generation + 1n });
	expect(ok(await store.blobs_set_mode(first))).toEqual(status);
	const stale = { id: newId(), mode: { live: null }, generation };
	expect(refusal(await store.blobs_set_mode(stale))).toEqual({
		mode_changed: { generation: generation + 1n },
	});
	expect(ok(await store.blobs_status())).toEqual(status);
	await setMode({ live: null });
	// A duplicate of the first switch that comes now changes nothing back.
	ok(await store.blobs_set_mode(first));
	expect(ok(await store.blobs_status()).mode).toBe("live");
});
