import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { MAX_CHUNK_BYTES, METHODS, type MethodName } from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";

const bytes = IDL.Vec(IDL.Nat8);
const large = new Uint8Array(2_000_000);
const NAMES = Object.keys(METHODS) as MethodName[];

/** Valid queries that only holders of a role may send as updates. */
function* closedQueries(store: MeteredStore): Generator<readonly [string, Uint8Array]> {
	const page = { after: [] as [], limit: 1_000 };
	const latest = { min_version: [] as [] };
	const version = { sequence: 1n, canister_version: 1n };
	yield ["blobs_list", store.argument("blobs_list", { prefix: "", recursive: true, ...page, ...latest })];
	yield ["blobs_leaves", store.argument("blobs_leaves", { key: "a", version, from: 0, limit: 1 })];
	yield ["blobs_get_chunk", store.argument("blobs_get_chunk", "a", version, 0)];
	yield ["blobs_changes", store.argument("blobs_changes", { ...page, ...latest })];
	yield ["blobs_upload_status", store.argument("blobs_upload_status", { id: newId(), from: 0, limit: 1 })];
	yield ["blobs_list_uploads", store.argument("blobs_list_uploads", { key: [], ...page })];
	yield ["blobs_list_all_uploads", store.argument("blobs_list_all_uploads", page)];
	yield ["blobs_list_accounts", store.argument("blobs_list_accounts", page)];
	for (const name of ["blobs_status", "blobs_stats", "blobs_metrics"] as const)
		yield [name, store.argument(name)];
}

/** Useless messages by a principal without a role. */
function* useless(store: MeteredStore): Generator<readonly [string, Uint8Array]> {
	const empty = new Uint8Array(IDL.encode([], []));
	const surplus = new Uint8Array(IDL.encode([bytes], [large]));
	for (const name of [
		"nothing",
		"blobs_nothing",
		"_azle_chunk",
		"_azle_heap_allocation",
		"http_request_update",
	])
		yield [name, empty];
	yield* closedQueries(store);
	for (const name of NAMES) {
		yield [name, Uint8Array.of(1, 2, 3)];
		// Valid Candid for the method, followed by 2 MB that no method accepts.
		yield [name, surplus];
	}
	yield ["blobs_put_chunk", store.argument("blobs_put_chunk", newId(), 0, large)];
	const parts = publication(rootOf(large, MAX_CHUNK_BYTES));
	yield ["blobs_put_blob", store.argument("blobs_put_blob", { id: newId(), key: "a", ...parts }, large)];
}

/** Cycles that the canister pays on average for a useless message of a stranger. */
export async function strangersCycles(store: MeteredStore): Promise<number> {
	const agent = await store.agentOf(Ed25519KeyIdentity.generate());
	let sent = 0;
	let cycles = 0;
	for (const [name, argument] of useless(store)) {
		cycles += await store.cyclesOfUpdate(agent, name, argument);
		sent++;
	}
	return cycles / sent;
}

/** Cycles for a certified stat by a stranger, of the longest key with the most metadata. */
export async function openStatCycles(store: MeteredStore): Promise<number> {
	const key = Array.from({ length: 32 }, (_, n) => `${n}`.padEnd(31, "x")).join("/");
	const content = Uint8Array.of(1);
	const metadata = Array.from({ length: 32 }, (_, n): [string, string] => [`name-${n}`, "v".repeat(100)]);
	const parts = publication(rootOf(content, MAX_CHUNK_BYTES), { metadata });
	await store.call("blobs_put_blob", { id: newId(), key, ...parts }, content);
	const agent = await store.agentOf(Ed25519KeyIdentity.generate());
	return store.cyclesOfUpdate(agent, "blobs_stat", store.argument("blobs_stat", { key, min_version: [] }));
}
