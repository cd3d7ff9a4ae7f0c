import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MIN_CHUNK_BYTES } from "../../src/protocol/index.js";
import {
	held,
	isNamed,
	newId,
	ok,
	openStore,
	publication,
	rootOf,
	type StoreFixture,
} from "../support/store.js";

/**
 * A trap in the middle of a change takes all of it back. The store has no trap of its own to offer, so the network
 * makes one: a limit of instructions that a commit of a few chunks reaches half-way. Only the local network can.
 */

const S = MIN_CHUNK_BYTES;
const CHUNKS = 12;
let fixture: StoreFixture;

beforeAll(async () => {
	if (!isNamed) fixture = await openStore({ metering: true });
});
afterAll(() => fixture?.dispose());

test.skipIf(isNamed)("a commit that traps half-way leaves the upload as it was", async () => {
	const { store } = fixture;
	const bytes = new Uint8Array(randomBytes(CHUNKS * S));
	const id = newId();
	ok(await store.blobs_begin_upload({ id, key: "a", size: [BigInt(bytes.length)], chunk_size: S }));
	for (let index = 0; index < CHUNKS; index++)
		ok(await store.blobs_put_chunk(id, index, bytes.subarray(index * S, (index + 1) * S)));
	const commit = { id, size: BigInt(bytes.length), ...publication(rootOf(bytes, S)) };

	const { instructionLimits } = fixture.network.local!;
	let traps = 0;
	for (instructionLimits.update = 2_000_000n; ; instructionLimits.update += 300_000n) {
		const before = ok(await store.blobs_upload_status({ id, from: 0, limit: CHUNKS }));
		const answer = await store.blobs_commit_upload(commit).catch((error: Error) => error);
		if (!(answer instanceof Error)) break;
		expect(answer.message).toContain("IC0522");
		traps++;
		expect(ok(await store.blobs_upload_status({ id, from: 0, limit: CHUNKS }))).toEqual(before);
		expect(ok(await store.blobs_stat({ key: "a", min_version: [] })).manifest).toEqual([]);
		expect(
			ok(await store.blobs_list({ prefix: "", recursive: true, after: [], limit: 9, min_version: [] }))
				.entries,
		).toEqual([]);
	}
	expect(traps).toBeGreaterThan(5);
	expect(held(await store.blobs_stat({ key: "a", min_version: [] })).sequence).toBe(1n);
});
