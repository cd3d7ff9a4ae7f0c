import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Actor, type ActorMethod, AnonymousIdentity } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import type { MessageRecord } from "../../src/localnet/index.js";
import {
	MAX_CHUNK_BYTES,
	MAX_ITEMS,
	MAX_LINKED_CHUNKS,
	MAX_SINGLE_CALL_BYTES,
} from "../../src/protocol/index.js";
import { figure, readDocument } from "../docs/document.js";
import { idlFactory } from "../support/idl.js";
import { outcome, send } from "../support/requests.js";
import {
	isNamed,
	newId,
	ok,
	openStore,
	type PlainResult,
	plainly,
	publication,
	refusal,
	rootOf,
	type Store,
	type StoreFixture,
	sha256,
	updateIn,
	versionOf,
} from "../support/store.js";
import { begin, bytesOf, deletion, none, put, putItem, putRequest, S, upload } from "../support/transfers.js";

/** Cost of calls, in instructions of the metered local network. */

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	if (isNamed) return;
	fixture = await openStore({ metering: true });
	store = fixture.store;
});
afterAll(() => fixture?.dispose());

const costOf = async (run: () => Promise<unknown>) =>
	Number(updateIn(await fixture.measure(run)).instructions);
const queryCost = async (run: () => Promise<unknown>) => {
	const records: MessageRecord[] = await fixture.measure(run);
	return Number(records.find(({ kind }) => kind === "query")!.instructions);
};

describe.skipIf(isNamed)("instructions", () => {
	test("C15 a chunk is refused before it is hashed or written", async () => {
		const chunk = bytesOf(MAX_CHUNK_BYTES);
		const id = newId();
		const whole: [bigint] = [BigInt(chunk.length)];
		ok(await store.blobs_begin_upload({ id, key: "refused", size: whole, chunk_size: MAX_CHUNK_BYTES }));
		const small = await begin(store, "small", undefined);
		const puts: [string, () => Promise<unknown>][] = [
			["upload_not_found", async () => refusal(await store.blobs_put_chunk(newId(), 0, chunk))],
			["chunk_out_of_range", async () => refusal(await store.blobs_put_chunk(id, 1, chunk))],
			["chunk_too_large", async () => refusal(await store.blobs_put_chunk(small, 0, chunk))],
			[
				"precondition_failed",
				async () => {
					const bytes = chunk.subarray(0, 2_000_000);
					const parts = publication(rootOf(bytes, MAX_CHUNK_BYTES), {
						precondition: { version: { sequence: 9n, canister_version: 9n } },
					});
					return refusal(await store.blobs_put_blob({ id: newId(), key: "k", ...parts }, bytes));
				},
			],
		];
		for (const [code, run] of puts) {
			let error: unknown;
			const cost = await costOf(async () => {
				error = await run();
			});
			expect(error).toHaveProperty(code);
			// Azle copies the argument from the system, at 2.6 a byte.
			expect(cost - 2.6 * chunk.length, code).toBeLessThan(5_000_000);
		}
	});

	test("C16 a commit of 10,000 chunks is one message, under 2 B", { timeout: 300_000 }, async () => {
		const COUNT = 10_000;
		const chunk = bytesOf(S);
		const leaf = sha256(chunk);
		await upload(store, "chunk", chunk);
		const size = COUNT * S;
		const id = await begin(store, "large", size);
		const leaves = Buffer.concat(Array<Uint8Array>(MAX_LINKED_CHUNKS).fill(leaf));
		for (let from = 0; from < COUNT; from += MAX_LINKED_CHUNKS) {
			const held = ok(await store.blobs_link_chunks({ id, from, leaves }));
			expect(Buffer.compare(held, leaves)).toBe(0);
		}
		const header = Buffer.alloc(32, "canister-blobs root1");
		header.writeBigUInt64BE(BigInt(size), 20);
		header.writeUInt32BE(S, 28);
		const root = sha256(Buffer.concat([header, ...Array<Uint8Array>(COUNT).fill(leaf)]));
		const commit = { id, size: BigInt(size), ...publication(root) };
		const cost = await costOf(async () => ok(await store.blobs_commit_upload(commit)));
		expect(cost).toBeLessThan(2_000_000_000);
		const { manifest } = ok(await store.blobs_stat({ key: "large", ...none }));
		expect(manifest[0]!.root).toEqual(root);
		expect(ok(await store.blobs_get_chunk("large", versionOf(manifest[0]!), COUNT - 1))).toEqual(chunk);
	});

	test("C17 a page at the end of a list costs what one at its start does", { timeout: 300_000 }, async () => {
		const COUNT = 3_000;
		const key = (i: number) => `listed/${String(i).padStart(6, "0")}`;
		for (let from = 0; from < COUNT; from += MAX_ITEMS) {
			const blobs = Array.from({ length: MAX_ITEMS }, (_, i) => putItem(key(from + i), new Uint8Array(1)));
			const { results } = ok(await store.blobs_put_many({ id: newId(), blobs }));
			expect(results.every((result) => "ok" in result)).toBe(true);
		}
		const page = async (after: [] | [string]) => {
			let names: string[] = [];
			const cost = await queryCost(async () => {
				const request = { prefix: "listed/", recursive: true, after, limit: 100, ...none };
				const { entries } = ok(await store.blobs_list(request));
				names = entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));
			});
			return { cost, names };
		};
		const first = await page([]);
		const last = await page([key(COUNT - 101)]);
		expect(first.names).toEqual(Array.from({ length: 100 }, (_, i) => key(i)));
		expect(last.names).toEqual(Array.from({ length: 100 }, (_, i) => key(COUNT - 100 + i)));
		expect(last.cost / first.cost).toBeLessThan(1.1);
	});

	test("C22 the proof of a page of 1,000 keys, or of folded directories, takes a tenth of what a query may", {
		timeout: 300_000,
	}, async () => {
		const stranger = await fixture.storeFor(new AnonymousIdentity());
		const prefixes = ["proven", "folded"];
		const keys: Record<string, (i: number) => string> = {
			proven: (i) => `proven/${String(i).padStart(6, "0")}`,
			folded: (i) => `folded/${String(i).padStart(6, "0")}/x`,
		};
		for (const prefix of prefixes) {
			const blobs = Array.from({ length: MAX_ITEMS }, (_, i) =>
				putItem(keys[prefix]!(i), new Uint8Array(1), { visibility: { public: null } }),
			);
			const { results } = ok(await store.blobs_put_many({ id: newId(), blobs }));
			expect(results.every((result) => "ok" in result)).toBe(true);
		}
		const page = async (of: Store, prefix: string, recursive: boolean) => {
			let shown: { entries: number; witness: number } | undefined;
			const cost = await queryCost(async () => {
				const request = { prefix: `${prefix}/`, recursive, after: [] as [], limit: 1_000, ...none };
				const { entries, witness } = ok(await of.blobs_list(request));
				shown = { entries: entries.length, witness: witness[0]?.length ?? 0 };
			});
			return { cost, ...shown! };
		};
		const plain = await page(store, "proven", true);
		const proven = await page(stranger, "proven", true);
		const folded = await page(stranger, "folded", false);
		expect(plain).toMatchObject({ entries: 1_000, witness: 0 });
		expect(proven.entries).toBe(1_000);
		expect(proven.witness).toBeLessThan(200_000);
		expect(proven.cost - plain.cost).toBeLessThan(500_000_000);
		expect(folded.entries).toBeGreaterThan(400);
		expect(folded.cost).toBeLessThan(500_000_000);
	});

	test("C22 what a caller may ask for at once stays far below what a message may take", {
		timeout: 300_000,
	}, async () => {
		const QUERY_LIMIT = 5e9;
		const everything = 2 ** 32 - 1;
		const list = { prefix: "", recursive: true, after: [] as [], limit: everything, ...none };
		expect(await queryCost(() => store.blobs_list(list))).toBeLessThan(QUERY_LIMIT / 5);
		expect(
			await queryCost(() => store.blobs_changes({ after: [], limit: everything, ...none })),
		).toBeLessThan(QUERY_LIMIT / 5);
		expect(await queryCost(() => store.blobs_stats())).toBeLessThan(QUERY_LIMIT / 5);
		const version = versionOf(ok(await store.blobs_stat({ key: "large", ...none })).manifest[0]!);
		const leaves = { key: "large", version, from: 0, limit: everything };
		expect(await queryCost(() => store.blobs_leaves(leaves))).toBeLessThan(QUERY_LIMIT / 5);

		const UPDATE_LIMIT = 40e9;
		const many = (count: number) => ({
			id: newId(),
			blobs: Array.from({ length: count }, (_, i) =>
				putItem(`many/${i}/${randomBytes(40).toString("hex")}`, bytesOf(100)),
			),
		});
		expect(await costOf(() => store.blobs_put_many(many(MAX_ITEMS)))).toBeLessThan(UPDATE_LIMIT / 5);
		await expect(store.blobs_put_many(many(MAX_ITEMS + 1))).rejects.toThrow("IC0406");
		const id = await begin(store, "linked", undefined);
		const offered = bytesOf(32 * (MAX_LINKED_CHUNKS + 1));
		expect(refusal(await store.blobs_link_chunks({ id, from: 0, leaves: offered }))).toMatchObject({
			invalid_argument: { field: "leaves", limit: BigInt(MAX_LINKED_CHUNKS) },
		});
		const most = offered.subarray(32);
		expect(await costOf(() => store.blobs_link_chunks({ id, from: 0, leaves: most }))).toBeLessThan(
			UPDATE_LIMIT / 5,
		);
	});

	test("C22 cleaning goes on in bounded steps", { timeout: 300_000 }, async () => {
		ok(await store.blobs_delete({ id: newId(), key: "large", precondition: { none: null } }));
		const steps: bigint[] = [];
		vi.useFakeTimers({ toFake: ["Date"] });
		while (ok(await store.blobs_stats()).cleaning > 0n) {
			const records = await fixture.measure(async () => {
				vi.setSystemTime(Date.now() + 2_000);
				for (let block = 0; block < 3; block++) fixture.network.local!.tick();
			});
			for (const { kind, instructions, error } of records) {
				if (kind !== "timer" && kind !== "callback" && kind !== "update") continue;
				expect(error).toBeUndefined();
				steps.push(instructions);
			}
		}
		vi.useRealTimers();
		expect(steps.length).toBeGreaterThan(10);
		for (const step of steps) expect(Number(step)).toBeLessThan(2e9);
	});

	test("C19 the documented price of an upload is what is metered", { timeout: 300_000 }, async () => {
		const [, price] = readDocument("STORAGE.md").match(/([\d.]+) T cycles a GiB/)!;
		const COUNT = 24;
		const id = newId();
		const size = COUNT * MAX_CHUNK_BYTES;
		const records = await fixture.measure(async () => {
			ok(
				await store.blobs_begin_upload({
					id,
					key: "priced",
					size: [BigInt(size)],
					chunk_size: MAX_CHUNK_BYTES,
				}),
			);
			const leaves: Uint8Array[] = [];
			for (let index = 0; index < COUNT; index++) {
				const chunk = bytesOf(MAX_CHUNK_BYTES);
				leaves.push(ok(await store.blobs_put_chunk(id, index, chunk)));
			}
			const header = Buffer.alloc(32, "canister-blobs root1");
			header.writeBigUInt64BE(BigInt(size), 20);
			header.writeUInt32BE(MAX_CHUNK_BYTES, 28);
			const root = sha256(Buffer.concat([header, ...leaves]));
			ok(await store.blobs_commit_upload({ id, size: BigInt(size), ...publication(root) }));
		});
		const cycles = records.reduce((sum, record) => sum + record.cycles, 0n);
		const perGib = (Number(cycles) / size) * 2 ** 30;
		expect(perGib / (figure(price!) * 1e12)).toBeGreaterThan(0.97);
		expect(perGib / (figure(price!) * 1e12)).toBeLessThan(1.03);
	});
});

test.skipIf(isNamed)("C19 the documented price of storing is what the stats reckon with", async () => {
	const document = readDocument("STORAGE.md");
	const [, perSecond] = document.match(/Keeping a GiB costs ([\d,]+) cycles a second/)!;
	const [, perYear] = document.match(/cycles a second, ([\d.]+) T a year/)!;
	const ratio = (figure(perSecond!) * 31_536_000) / (figure(perYear!) * 1e12);
	expect(Math.abs(ratio - 1)).toBeLessThan(0.03);
	const { stable_pages, storage_cycles_per_day } = ok(await store.blobs_stats());
	// Beside stable memory heap and Wasm are stored: about 128 MiB.
	const bytes = Number(stable_pages[0]!) * 65_536 + 128 * 2 ** 20;
	const price = (bytes / 2 ** 30) * figure(perSecond!) * 86_400;
	expect(Math.abs(Number(storage_cycles_per_day) / price - 1)).toBeLessThan(0.001);
});

describe.skipIf(isNamed)("C18 below a balance", () => {
	async function storeWith(cycles: bigint): Promise<Store> {
		const canisterId = await deployCanister(fixture.agent, fixture.wasm, cycles);
		return plainly(Actor.createActor(idlFactory, { agent: fixture.agent, canisterId }));
	}

	test("writes are refused, saying how much is missing, and reads go on", { timeout: 300_000 }, async () => {
		const poor = await storeWith(3_000_000_000_000n);
		const bytes = bytesOf(100);
		await put(poor, "kept", bytes);
		const begin = (size: bigint) =>
			poor.blobs_begin_upload({ id: newId(), key: "large", size: [size], chunk_size: MAX_CHUNK_BYTES });
		const error = refusal(await begin(100n * 2n ** 30n));
		expect(error).toHaveProperty("low_cycles");
		const { missing } = (error as { low_cycles: { missing: bigint } }).low_cycles;
		expect(missing).toBeGreaterThan(200_000_000_000_000n);
		expect(missing).toBeLessThan(300_000_000_000_000n);
		const version = versionOf(ok(await poor.blobs_stat({ key: "kept", ...none })).manifest[0]!);
		expect(ok(await poor.blobs_get_chunk("kept", version, 0))).toEqual(bytes);
		ok(await poor.blobs_delete({ id: newId(), key: "kept", precondition: { none: null } }));
		ok(await begin(2n ** 20n));
	});

	test("that the application set: what is missing is named, and once it is there the same call is done", {
		timeout: 300_000,
	}, async () => {
		// examples/beside leaves a trillion to its guestbook, ten times what is left by default.
		const FLOOR = 1_000_000_000_000n;
		// What calls and timers take meanwhile: making room for 64 chunks takes 54 M instructions.
		const MEANWHILE = 500_000_000n;
		const wasm = await readFile(inject("wasm").guestbook);
		const canisterId = await deployCanister(fixture.agent, wasm, FLOOR);
		const poor = fixture.storeAt(canisterId);
		const cycles = async () => ok(await poor.blobs_stats()).cycles;
		const missingOf = (result: PlainResult<unknown>) => {
			const error = refusal(result);
			expect(error).toHaveProperty("low_cycles");
			return (error as { low_cycles: { missing: bigint } }).low_cycles.missing;
		};
		const bytes = bytesOf(100);
		const request = putRequest("kept", bytes);
		const before = await cycles();
		const missing = missingOf(await poor.blobs_put_blob(request, bytes));
		// Beside the floor the call needs what its 4 KiB cost to keep; it was itself paid for meanwhile.
		expect(missing).toBeGreaterThan(FLOOR - before);
		expect(missing).toBeLessThan(FLOOR - (await cycles()) + MEANWHILE);
		await topUp(canisterId, missing / 2n);
		expect(missingOf(await poor.blobs_put_blob(request, bytes))).toBeGreaterThan(missing / 2n - MEANWHILE);
		await topUp(canisterId, missing / 2n + MEANWHILE);
		const kept = ok(await poor.blobs_put_blob(request, bytes));

		// Once more below the floor, by calls that were paid for and refused: reads, deletes, administrators go on.
		const large = bytesOf(MAX_SINGLE_CALL_BYTES);
		missingOf(await poor.blobs_put_blob(putRequest("large", large), large));
		expect(await cycles()).toBeLessThan(FLOOR);
		for (const name of ["blobs_begin_upload", "blobs_put_many", "blobs_update", "blobs_copy"] as const)
			missingOf(outcome(await send(poor, name, "kept")));
		expect(ok(await poor.blobs_get_chunk("kept", versionOf(kept), 0))).toEqual(bytes);
		ok(await send(poor, "blobs_grant_role"));
		expect(ok(await poor.blobs_delete(deletion("kept"))).deleted).toBe(true);
	});

	/** Cycles from nowhere, which only a test network has. */
	async function topUp(canisterId: Principal, amount: bigint): Promise<void> {
		const request = IDL.Record({ canister_id: IDL.Principal, amount: IDL.Nat });
		const management = Actor.createActor<{ provisional_top_up_canister: ActorMethod }>(
			() => IDL.Service({ provisional_top_up_canister: IDL.Func([request], []) }),
			{
				agent: fixture.agent,
				canisterId: Principal.managementCanister(),
				effectiveCanisterId: canisterId,
			} as Parameters<typeof Actor.createActor>[1],
		);
		await management.provisional_top_up_canister({ canister_id: canisterId, amount });
	}
});
