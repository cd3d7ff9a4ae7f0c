import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { isNamed, newId, ok, openStore, publication, rootOf, type StoreFixture } from "../support/store.js";

/** A store on a network that charges no cycles (a cloud engine), where canisters hold none. */

let fixture: StoreFixture;
beforeAll(async () => {
	if (!isNamed) fixture = await openStore({ costSchedule: "free", cycles: 0n });
});
afterAll(() => fixture?.dispose());

test.skipIf(isNamed)("takes blobs in without cycles, and says that it pays nothing", async () => {
	const { store } = fixture;
	const bytes = new Uint8Array(100_000).fill(1);
	const root = rootOf(bytes, MAX_CHUNK_BYTES);
	ok(await store.blobs_put_blob({ id: newId(), key: "a", ...publication(root) }, bytes));
	ok(
		await store.blobs_begin_upload({ id: newId(), key: "b", size: [10n ** 9n], chunk_size: MAX_CHUNK_BYTES }),
	);
	expect(ok(await store.blobs_stats())).toMatchObject({
		cycles: 0n,
		cost_schedule: "free",
		storage_cycles_per_day: 0n,
		days_left: BigInt(Number.MAX_SAFE_INTEGER),
	});
});
