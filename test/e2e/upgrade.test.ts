import { afterAll, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { isLong } from "../support/long.js";
import { held, isNamed, newId, ok, openStore, type Store, type StoreFixture } from "../support/store.js";
import { begin, bytesOf, commitOf, none, readBack, S, upload } from "../support/transfers.js";

/** Cost of an upgrade, and its effects. (C28 is in time.test.ts, C55 in observation.test.ts.) */

/** So much that whatever reads all of it is noticed: at 60 instructions a byte its hash takes 2.4 B. */
const STORED = isLong ? 100_000_000 : 40_000_000;

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	fixture = await openStore({ metering: true });
	store = fixture.store;
});
afterAll(() => fixture.dispose());

const upgrade = () => installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");

test("C25 an upload cut by an upgrade goes on and commits; what is stored stays", async () => {
	const bytes = bytesOf(2 * S);
	const before = await upload(store, "upgrade/before", bytesOf(100));
	const id = await begin(store, "upgrade/across", bytes.length);
	ok(await store.blobs_put_chunk(id, 0, bytes.subarray(0, S)));
	await upgrade();
	ok(await store.blobs_put_chunk(id, 1, bytes.subarray(S)));
	ok(await store.blobs_commit_upload(commitOf(id, bytes)));
	expect(Buffer.compare(await readBack(store, "upgrade/across"), bytes)).toBe(0);
	expect(held(await store.blobs_stat({ key: "upgrade/before", ...none }))).toEqual(before);
});

test.skipIf(isNamed)("C24 an upgrade costs the same whatever is stored", { timeout: 300_000 }, async () => {
	const install = async () => {
		const records = (await fixture.measure(upgrade)).filter(({ kind }) => kind === "install");
		return {
			instructions: Number(records.reduce((sum, { instructions }) => sum + instructions, 0n)),
			written: records.reduce((sum, { stableBytesWritten }) => sum + stableBytesWritten, 0),
		};
	};
	const empty = await install();
	const id = newId();
	const size: [bigint] = [BigInt(STORED)];
	ok(await store.blobs_begin_upload({ id, key: "upgrade/large", size, chunk_size: MAX_CHUNK_BYTES }));
	for (let index = 0, at = 0; at < STORED; index++, at += MAX_CHUNK_BYTES)
		ok(await store.blobs_put_chunk(id, index, bytesOf(Math.min(MAX_CHUNK_BYTES, STORED - at))));
	const full = await install();
	expect(full.instructions / empty.instructions).toBeLessThan(1.1);
	expect(full.written).toBeLessThan(10_000);
});
