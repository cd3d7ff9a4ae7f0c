import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	isNamed,
	newId,
	ok,
	openStore,
	refusal,
	type Store,
	type StoreFixture,
	sha256,
} from "../support/store.js";
import { begin, bytesOf, commitOf, none, putRequest, readBack, S } from "../support/transfers.js";

/** Two calls in one block. */

let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

/** Two calls in one block, in this order: blocks are made when the test says so. */
async function inOneBlock<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
	const network = fixture.network.local!;
	network.setConditions({ blockIntervalMs: 3_600_000 });
	const before = network.requests.count({ kind: "call" });
	const arrived = (count: number) =>
		expect.poll(() => network.requests.count({ kind: "call" }), { interval: 10 }).toBe(before + count);
	const one = first();
	await arrived(1);
	const other = second();
	await arrived(2);
	// Seen is not taken in yet: inspect_message and the signature are looked at first.
	await new Promise((resolve) => setTimeout(resolve, 300));
	network.tick();
	const answers = await Promise.all([one, other]);
	const { ingress } = network.blocks.at(-1)!;
	network.setConditions({});
	expect(ingress).toHaveLength(2);
	return answers;
}

describe.skipIf(isNamed)("in one block", () => {
	test("C32 put, then commit: both are done", async () => {
		const bytes = bytesOf(S + 1);
		const id = await begin(store, "block/a", bytes.length);
		ok(await store.blobs_put_chunk(id, 0, bytes.subarray(0, S)));
		const [put, commit] = await inOneBlock(
			() => store.blobs_put_chunk(id, 1, bytes.subarray(S)),
			() => store.blobs_commit_upload(commitOf(id, bytes)),
		);
		expect(ok(put)).toEqual(sha256(bytes.subarray(S)));
		expect(ok(commit).key).toBe("block/a");
	});

	test("C32 commit, then put: the commit says what is missing, and keeps what is there", async () => {
		const bytes = bytesOf(S + 1);
		const id = await begin(store, "block/b", bytes.length);
		ok(await store.blobs_put_chunk(id, 0, bytes.subarray(0, S)));
		const [commit, put] = await inOneBlock(
			() => store.blobs_commit_upload(commitOf(id, bytes)),
			() => store.blobs_put_chunk(id, 1, bytes.subarray(S)),
		);
		expect(refusal(commit)).toEqual({ missing_chunks: { count: 1, first: 1 } });
		ok(put);
		ok(await store.blobs_commit_upload(commitOf(id, bytes)));
	});

	test("C32 a put after the commit that it belongs to changes nothing of what was published", async () => {
		const bytes = bytesOf(S);
		const id = await begin(store, "block/c", bytes.length);
		ok(await store.blobs_put_chunk(id, 0, bytes));
		const [commit, put] = await inOneBlock(
			() => store.blobs_commit_upload(commitOf(id, bytes)),
			() => store.blobs_put_chunk(id, 0, bytesOf(S)),
		);
		ok(commit);
		expect(refusal(put)).toEqual({ upload_finished: { outcome: "committed" } });
		expect(Buffer.compare(await readBack(store, "block/c"), bytes)).toBe(0);
	});

	test("C33 commit and abort race: the first wins, and the other says so", async () => {
		const bytes = bytesOf(5);
		const one = await begin(store, "block/d", 5);
		ok(await store.blobs_put_chunk(one, 0, bytes));
		const [committed, late] = await inOneBlock(
			() => store.blobs_commit_upload(commitOf(one, bytes)),
			() => store.blobs_abort_upload(one),
		);
		ok(committed);
		expect(refusal(late)).toEqual({ upload_finished: { outcome: "committed" } });

		const other = await begin(store, "block/e", 5);
		ok(await store.blobs_put_chunk(other, 0, bytes));
		const [aborted, tooLate] = await inOneBlock(
			() => store.blobs_abort_upload(other),
			() => store.blobs_commit_upload(commitOf(other, bytes)),
		);
		ok(aborted);
		expect(refusal(tooLate)).toEqual({ upload_finished: { outcome: "aborted" } });
		expect(ok(await store.blobs_stat({ key: "block/e", ...none })).manifest).toEqual([]);
	});

	test("C34 two principals race for a key: the precondition decides, and both are told", async () => {
		const rival = Ed25519KeyIdentity.generate();
		const grant = { id: newId(), who: rival.getPrincipal(), role: { admin: null } };
		ok(await store.blobs_grant_role(grant));
		const asRival = await fixture.storeFor(rival);
		const bytes = bytesOf(5);
		const request = () => putRequest("block/f", bytes, { precondition: { absent: null } });
		const [first, second] = await inOneBlock(
			() => asRival.blobs_put_blob(request(), bytes),
			() => store.blobs_put_blob(request(), bytes),
		);
		const { sequence, canister_version, owner } = ok(first);
		expect(owner.toText()).toBe(rival.getPrincipal().toText());
		expect(refusal(second)).toEqual({ precondition_failed: { sequence, canister_version } });
	});
});
