import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chargeOf, chargeOfSession } from "../../src/canister/engine/accounts/charges.js";
import { MIN_CHARGE_BYTES, type WireQuota } from "../../src/protocol/index.js";
import { newId, ok, openStore, refusal, type Store, type StoreFixture } from "../support/store.js";
import {
	begin,
	bytesOf,
	commitOf,
	deletion,
	put,
	putAll,
	putItem,
	putRequest,
	S,
} from "../support/transfers.js";

/** Limits of a principal, and every attempt to evade them. */

let fixture: StoreFixture;
let admin: Store;
beforeAll(async () => {
	fixture = await openStore();
	admin = fixture.store;
});
afterAll(() => fixture.dispose());

const LARGE = 10n ** 12n;

async function writerWith(quota: Partial<WireQuota>) {
	const who = Ed25519KeyIdentity.generate();
	const principal = who.getPrincipal();
	ok(await admin.blobs_grant_role({ id: newId(), who: principal, role: { writer: null } }));
	const whole = {
		open_uploads: 100,
		blobs: LARGE,
		bytes: LARGE,
		received_per_day: LARGE,
		changes_per_day: LARGE,
		cycles_per_day: LARGE,
		...quota,
	};
	ok(await admin.blobs_set_quota({ id: newId(), who: [principal], quota: [whole] }));
	const store = await fixture.storeFor(who);
	return { store, usage: async () => ok(await store.blobs_account([])).usage };
}
const over = (quota: string, limit: number, used: number, needed: number) => ({
	quota_exceeded: { quota, limit: BigInt(limit), used: BigInt(used), needed: BigInt(needed) },
});
const beginOf = (key: string, size?: number) => ({
	id: newId(),
	key,
	size: (size === undefined ? [] : [BigInt(size)]) as [] | [bigint],
	chunk_size: S,
});

test("C12 open uploads: reserved at begin, free again at commit and abort, and once for the same begin", async () => {
	const { store, usage } = await writerWith({ open_uploads: 2 });
	const first = beginOf("uploads/a", 1);
	for (let i = 0; i < 3; i++) ok(await store.blobs_begin_upload(first));
	const second = await begin(store, "uploads/b", 0);
	expect(refusal(await store.blobs_begin_upload(beginOf("uploads/c")))).toEqual(
		over("open_uploads", 2, 2, 1),
	);
	ok(await store.blobs_commit_upload(commitOf(second, new Uint8Array(0))));
	const third = await begin(store, "uploads/c", undefined);
	expect(refusal(await store.blobs_begin_upload(beginOf("uploads/d")))).toHaveProperty("quota_exceeded");
	for (const id of [first.id, third]) ok(await store.blobs_abort_upload(id));
	// Aborting one that is not open frees nothing more.
	ok(await store.blobs_abort_upload(third));
	ok(await store.blobs_abort_upload(newId()));
	expect((await usage()).open_uploads).toBe(0);
});

test("C12 blobs: reserved at begin, and one key counts once, however it came to be", async () => {
	const { store, usage } = await writerWith({ blobs: 2n });
	const id = await begin(store, "blobs/d", 1);
	await put(store, "blobs/a", bytesOf(1));
	await put(store, "blobs/a", bytesOf(2));
	const copy = { id: newId(), from: "blobs/a", source: { none: null }, precondition: { none: null } };
	const exceeded = over("blobs", 2, 2, 1);
	expect((await usage()).blobs).toBe(2n);
	expect(refusal(await store.blobs_copy({ ...copy, id: newId(), to: "blobs/c" }))).toEqual(exceeded);
	expect(refusal(await store.blobs_put_blob(putRequest("blobs/c", bytesOf(1)), bytesOf(1)))).toEqual(
		exceeded,
	);
	expect(refusal(await store.blobs_begin_upload(beginOf("blobs/c")))).toEqual(exceeded);
	const many = ok(await store.blobs_put_many({ id: newId(), blobs: [putItem("blobs/c", bytesOf(1))] }));
	expect(many.results).toEqual([{ err: exceeded }]);
	// What is there may be replaced, by an upload too, and an upload that was begun finds its place at commit.
	const replacing = await begin(store, "blobs/a", 1);
	const byte = bytesOf(1);
	for (const upload of [id, replacing]) {
		ok(await store.blobs_put_chunk(upload, 0, byte));
		ok(await store.blobs_commit_upload(commitOf(upload, byte)));
	}
	ok(await store.blobs_rename({ ...copy, id: newId(), to: "blobs/e" }));
	expect((await usage()).blobs).toBe(2n);
	ok(await store.blobs_delete(deletion("blobs/e")));
	expect((await usage()).blobs).toBe(1n);
	// What is given up gives its place back, to be begun anew.
	for (let round = 0; round < 2; round++) {
		const given = await begin(store, "blobs/f", undefined);
		expect(refusal(await store.blobs_begin_upload(beginOf("blobs/g")))).toEqual(exceeded);
		ok(await store.blobs_abort_upload(given));
	}
	expect((await usage()).blobs).toBe(1n);
});

test("C12 blobs: a deletion or a rename under an upload is no way round", async () => {
	const { store, usage } = await writerWith({ blobs: 1n });
	await put(store, "under/a", bytesOf(1));
	const id = await begin(store, "under/a", 1);
	const rename = { id: newId(), from: "under/a", source: { none: null }, precondition: { none: null } };
	expect(refusal(await store.blobs_rename({ ...rename, to: "under/b" }))).toEqual(over("blobs", 1, 1, 1));
	ok(await store.blobs_delete(deletion("under/a")));
	expect(refusal(await store.blobs_put_blob(putRequest("under/b", bytesOf(1)), bytesOf(1)))).toEqual(
		over("blobs", 1, 1, 1),
	);
	const byte = bytesOf(1);
	ok(await store.blobs_put_chunk(id, 0, byte));
	ok(await store.blobs_commit_upload(commitOf(id, byte)));
	expect((await usage()).blobs).toBe(1n);
});

test("C12 bytes: reserved at begin, or by each put, and by every holder of a chunk", async () => {
	// What is stored about blobs and uploads counts too, and is not what this is about.
	const session = (key: string) => chargeOfSession(key);
	const about = (key: string) =>
		chargeOf(key, 0, S, true, commitOf(newId(), new Uint8Array(0))) - MIN_CHARGE_BYTES;
	const both = session("bytes/a") + session("bytes/linked");
	const limit = 4 * S + both;
	const { store, usage } = await writerWith({ bytes: BigInt(limit) });
	const bytes = bytesOf(3 * S);
	const id = await begin(store, "bytes/a", bytes.length);
	expect((await usage()).bytes).toBe(BigInt(3 * S + session("bytes/a")));
	expect(refusal(await store.blobs_begin_upload(beginOf("bytes/b", 2 * S)))).toEqual(
		over("bytes", limit, 3 * S + session("bytes/a"), 2 * S + session("bytes/b")),
	);
	await putAll(store, id, bytes);
	// By linking: chunks that are stored already are charged to the upload that takes them over.
	const linking = await begin(store, "bytes/linked", undefined);
	const { leaves } = ok(await store.blobs_upload_status({ id, from: 0, limit: 3 }));
	expect(refusal(await store.blobs_link_chunks({ id: linking, from: 0, leaves }))).toEqual(
		over("bytes", limit, 3 * S + both, 3 * S),
	);
	ok(await store.blobs_link_chunks({ id: linking, from: 0, leaves: leaves.subarray(0, 32) }));
	ok(await store.blobs_link_chunks({ id: linking, from: 0, leaves: leaves.subarray(0, 32) }));
	expect((await usage()).bytes).toBe(BigInt(limit));
	expect(refusal(await store.blobs_put_chunk(linking, 1, bytesOf(S)))).toEqual(
		over("bytes", limit, limit, S),
	);
	// By repeating: the same put again is charged once.
	ok(await store.blobs_put_chunk(id, 0, bytes.subarray(0, S)));
	expect((await usage()).bytes).toBe(BigInt(limit));
	// By committing: what was charged stays charged; by copying it is charged again.
	ok(await store.blobs_commit_upload(commitOf(id, bytes)));
	const copy = {
		id: newId(),
		from: "bytes/a",
		source: { none: null },
		to: "bytes/c",
		precondition: { none: null },
	};
	const used = 4 * S + about("bytes/a") + session("bytes/linked");
	expect(refusal(await store.blobs_copy(copy))).toEqual(over("bytes", limit, used, 3 * S + about("bytes/c")));
	expect((await usage()).bytes).toBe(BigInt(used));
	// By aborting: free when the space is, not before.
	const aborted = await admin.blobs_set_mode({ id: newId(), mode: { draining: null }, generation: 0n });
	expect(ok(aborted).generation).toBe(1n);
	ok(await store.blobs_abort_upload(linking));
	ok(await admin.blobs_set_mode({ id: newId(), mode: { live: null }, generation: 1n }));
	await expect
		.poll(async () => (await usage()).bytes, { timeout: 20_000 })
		.toBe(BigInt(3 * S + about("bytes/a")));
	ok(await store.blobs_delete(deletion("bytes/a")));
	await expect.poll(async () => (await usage()).bytes, { timeout: 20_000 }).toBe(0n);
});

test("C12 small chunks count as the space that they take at the least", async () => {
	const small = chargeOf("small/a", 1, S, true, commitOf(newId(), new Uint8Array(0)));
	const { store, usage } = await writerWith({ bytes: BigInt(2 * small) });
	await put(store, "small/a", bytesOf(1));
	await put(store, "small/b", new Uint8Array(0));
	expect((await usage()).bytes).toBe(BigInt(2 * small));
	expect(refusal(await store.blobs_put_blob(putRequest("small/c", bytesOf(1)), bytesOf(1)))).toEqual(
		over("bytes", 2 * small, 2 * small, small),
	);
});

test("C12 bytes received a day: what was sent counts, kept or not, new or again", async () => {
	const { store, usage } = await writerWith({ received_per_day: BigInt(3 * S) });
	const id = await begin(store, "received/a", undefined);
	const bytes = bytesOf(S);
	ok(await store.blobs_put_chunk(id, 0, bytes));
	ok(await store.blobs_put_chunk(id, 0, bytes));
	ok(await store.blobs_abort_upload(id));
	ok(await store.blobs_put_blob(putRequest("received/b", bytes), bytes));
	expect((await usage()).received_today).toBe(BigInt(3 * S));
	const again = await begin(store, "received/c", undefined);
	expect(refusal(await store.blobs_put_chunk(again, 0, bytesOf(1)))).toEqual(
		over("received_per_day", 3 * S, 3 * S, 1),
	);
	expect(refusal(await store.blobs_put_blob(putRequest("received/d", bytes), bytes))).toEqual(
		over("received_per_day", 3 * S, 3 * S + 1, S),
	);
	// What was refused was received: it is paid for.
	expect((await usage()).received_today).toBe(BigInt(4 * S + 1));
});

test("C12 who has no quota of its own has everybody's", async () => {
	const { store } = await writerWith({});
	const everybodys = {
		open_uploads: 1,
		blobs: 1n,
		bytes: 1n,
		received_per_day: 1n,
		changes_per_day: 9n,
		cycles_per_day: LARGE,
	};
	ok(await admin.blobs_set_quota({ id: newId(), who: [], quota: [everybodys] }));
	await begin(store, "everybody/a", S);
	const me = ok(await store.blobs_account([])).who;
	ok(await admin.blobs_set_quota({ id: newId(), who: [me], quota: [] }));
	expect(refusal(await store.blobs_begin_upload(beginOf("everybody/b", 1)))).toHaveProperty(
		"quota_exceeded.limit",
		1n,
	);
	expect(ok(await store.blobs_account([]))).toMatchObject({ has_own_quota: false, quota: everybodys });
});
