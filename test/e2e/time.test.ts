import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { chargeOfSession } from "../../src/canister/engine/accounts/charges.js";
import { UPLOAD_EXPIRY_MS } from "../../src/protocol/index.js";
import { passTime } from "../support/clock.js";
import { isNamed, newId, ok, openStore, refusal, type Store, type StoreFixture } from "../support/store.js";
import { begin, bytesOf, none, put, S, upload } from "../support/transfers.js";

/** Clocks: the network's and the agents' are the one that the tests move. */

const HOUR = 3_600_000;
const MINUTE = 60_000;
let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	if (isNamed) return;
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore();
	store = fixture.store;
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});
const localTest = test.skipIf(isNamed);

const pass = (ms: number) => passTime(fixture, ms);
const openUploads = async () => ok(await store.blobs_stats()).open_uploads;

localTest(
	"C28 timers are armed again by an upgrade: uploads expire after it, and what was freed is cleaned",
	async () => {
		await upload(store, "upgraded", bytesOf(3 * S));
		await begin(store, "expires", S);
		ok(await store.blobs_delete({ id: newId(), key: "upgraded", precondition: { none: null } }));
		await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
		const before = ok(await store.blobs_stats());
		expect(before.open_uploads).toBe(1n);
		pass(2_000);
		pass(2_000);
		const cleaned = ok(await store.blobs_stats());
		expect(cleaned.cleaning).toBe(0n);
		expect(cleaned.bytes).toBe(BigInt(S + chargeOfSession("expires")));
		pass(UPLOAD_EXPIRY_MS + MINUTE);
		pass(2_000);
		pass(2_000);
		expect(await openUploads()).toBe(0n);
		expect(ok(await store.blobs_stats()).bytes).toBe(0n);
	},
);

localTest("C40 an upload that expired is refused even before it is cleaned away", async () => {
	const id = await begin(store, "late", 2 * S);
	// Cleaning looks when the upload was first to expire, finds that a put moved it, and comes again a life later.
	pass(HOUR);
	ok(await store.blobs_put_chunk(id, 0, bytesOf(S)));
	pass(UPLOAD_EXPIRY_MS - HOUR / 2);
	ok(await store.blobs_upload_status({ id, from: 0, limit: 1 }));
	pass(HOUR);
	expect(await openUploads()).toBe(1n);
	const expired = { upload_finished: { outcome: "given up: it expired" } };
	const commit = {
		id,
		size: BigInt(2 * S),
		root: new Uint8Array(32),
		content_type: "a/b",
		metadata: [],
		sha256: [] as [],
		expires_at: [] as [],
		as: [] as [],
	};
	for (const result of [
		await store.blobs_put_chunk(id, 1, bytesOf(S)),
		await store.blobs_link_chunks({ id, from: 1, leaves: new Uint8Array(32) }),
		await store.blobs_commit_upload({
			...commit,
			visibility: { public: null },
			precondition: { none: null },
		}),
		await store.blobs_upload_status({ id, from: 0, limit: 1 }),
		await store.blobs_begin_upload({ id, key: "late", size: [BigInt(2 * S)], chunk_size: S }),
	])
		expect(refusal<unknown>(result)).toEqual(expired);
	expect(ok(await store.blobs_list_uploads({ key: [], after: [], limit: 9 })).uploads).toEqual([]);
	expect(await openUploads()).toBe(1n);
});

localTest("C39 order is by sequence number, also where the clock stands still or steps back", async () => {
	const sequences: bigint[] = [];
	for (const [i, step] of [0, 0, -2_000, 1_000].entries()) {
		vi.setSystemTime(Date.now() + step);
		sequences.push((await put(store, `ordered/${i}`, bytesOf(1))).sequence);
	}
	expect(sequences).toEqual([0n, 1n, 2n, 3n].map((n) => n + sequences[0]!));
	const { changes, last } = ok(await store.blobs_changes({ after: [], limit: 1_000, ...none }));
	expect(changes.map(({ sequence }) => sequence)).toEqual(
		changes.map((_, i) => last.sequence - BigInt(changes.length - 1 - i)),
	);
	// Two with the same time: what replaces the other is the later change.
	const first = await put(store, "ordered/same", bytesOf(1));
	const second = await put(store, "ordered/same", bytesOf(1));
	expect(second.modified_at - first.modified_at).toBeLessThan(1_000_000n);
	expect(ok(await store.blobs_stat({ key: "ordered/same", ...none })).manifest[0]).toEqual(second);
});
