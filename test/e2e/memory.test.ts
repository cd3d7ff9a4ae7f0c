import { Actor } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { isLong } from "../support/long.js";
import { isNamed, newId, ok, openStore, type Store, type StoreFixture } from "../support/store.js";
import { bytesOf, commitOf, deletion, S } from "../support/transfers.js";

/** Growth of heap and stable memory over many uploads. */

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	if (isNamed) return;
	// The clock is the tests' own, so that cleaning, due a second later, need not be waited for.
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore();
	store = fixture.store;
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});
const localTest = test.skipIf(isNamed);

async function clean(): Promise<void> {
	while (ok(await store.blobs_stats()).cleaning > 0n) {
		vi.setSystemTime(Date.now() + 2_000);
		for (let block = 0; block < 3; block++) fixture.network.local!.tick();
	}
}

/** Bytes of Wasm and stable memory, as the management canister tells the controller. */
async function memory(): Promise<{ heap: bigint; stable: bigint }> {
	const Metrics = IDL.Record({ wasm_memory_size: IDL.Nat, stable_memory_size: IDL.Nat });
	const factory: IDL.InterfaceFactory = () =>
		IDL.Service({
			canister_status: IDL.Func(
				[IDL.Record({ canister_id: IDL.Principal })],
				[IDL.Record({ memory_metrics: Metrics })],
			),
		});
	const management = Actor.createActor(factory, {
		agent: fixture.agent,
		canisterId: Principal.managementCanister(),
		effectiveCanisterId: fixture.canisterId,
	} as Parameters<typeof Actor.createActor>[1]);
	const status = (await management.canister_status!({ canister_id: fixture.canisterId })) as {
		memory_metrics: { wasm_memory_size: bigint; stable_memory_size: bigint };
	};
	const { wasm_memory_size: heap, stable_memory_size: stable } = status.memory_metrics;
	return { heap, stable };
}

async function round(key: string, chunks: number, chunkSize = MAX_CHUNK_BYTES): Promise<void> {
	const bytes = bytesOf(chunks * chunkSize);
	const id = newId();
	const size: [bigint] = [BigInt(bytes.length)];
	ok(await store.blobs_begin_upload({ id, key, size, chunk_size: chunkSize }));
	for (let index = 0; index < chunks; index++) {
		const chunk = bytes.subarray(index * chunkSize, (index + 1) * chunkSize);
		ok(await store.blobs_put_chunk(id, index, chunk));
	}
	ok(await store.blobs_commit_upload(commitOf(id, bytes, {}, chunkSize)));
}

const ROUNDS = isLong ? 100 : 35;

localTest(
	`C21 what is deleted is reused: ${ROUNDS} times the same leaves stable memory where it was`,
	{ timeout: 300_000 },
	async () => {
		const pages = async () => ok(await store.blobs_stats()).stable_pages[0]!;
		let after: bigint | undefined;
		for (let i = 0; i < ROUNDS; i++) {
			// Were it not reused, each 16 of these would take one more bucket of 8 MiB.
			await round("reused", 2, 4 * S);
			ok(await store.blobs_delete(deletion("reused")));
			await clean();
			if (i === 1) after = await pages();
		}
		expect(await pages()).toBe(after);
		expect(BigInt((await memory()).stable)).toBe(after! * 65_536n);
	},
);

localTest("C20 the heap does not grow with what is uploaded", { timeout: 300_000 }, async () => {
	const chunks = isLong ? 32 : 12;
	await round("heap/first", chunks);
	const { heap } = await memory();
	for (let i = 0; i < 2; i++) await round(`heap/${i}`, chunks);
	expect((await memory()).heap).toBe(heap);
});
