import { randomBytes } from "node:crypto";
import { installWasm } from "../../examples/support/deploy.js";
import { Catalog, HTTP_EXPR } from "../../src/canister/catalog/index.js";
import { hashingOf } from "../../src/canister/host/hashing.js";
import { MEMORY } from "../../src/canister/host/memory.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { newId, publication, rootOf, sha256 } from "../../test/support/published.js";
import type { Figures } from "../figures.js";
import { ask } from "../http.js";
import { MeteredStore } from "../metered.js";
import { buildFiller, callRaw, fill, HeapMap } from "./filler.js";

const THOUSAND = 1_000;
const MILLION = 1_000_000;
const PREFIX = "many/";
const BATCH = 1_000;
/** Records of blobs without bytes, which nothing reads here: only their number matters. */
const RECORD_BYTES = 330;
const RECORDS_A_CALL = 50_000;

type Million = Pick<
	Figures,
	| "statWithWitnessInstructions1000"
	| "statWithWitnessInstructionsMillion"
	| "putBlobAtMillionOverThousand"
	| "http404InstructionsMillion"
>;

/**
 * Stat and put in stores of 1,000 and of 1,000,000 public keys in one directory. The stores are filled below the call
 * interface, with catalog nodes that the same code made in this process, and as many records of blobs. The maps of
 * chunks, slots and feed stay small. A million puts would take hours.
 */
export async function measureMillion(workplace: string): Promise<Million> {
	const wasm = await buildFiller(workplace);
	const thousand = await measureAt(wasm, THOUSAND);
	const million = await measureAt(wasm, MILLION);
	return {
		statWithWitnessInstructions1000: thousand.stat,
		statWithWitnessInstructionsMillion: million.stat,
		putBlobAtMillionOverThousand: million.put / thousand.put,
		http404InstructionsMillion: million.notFound,
	};
}

async function measureAt(
	wasm: Uint8Array,
	keys: number,
): Promise<{ put: number; stat: number; notFound: number }> {
	const store = await MeteredStore.deploy(wasm);
	try {
		await fillCatalog(store, keys);
		for (let from = 0; from < keys; from += RECORDS_A_CALL)
			await fillRecords(store, from, Math.min(keys, from + RECORDS_A_CALL));
		// An upgrade certifies the filled-in content.
		await installWasm(store.agent, store.canisterId, wasm, "upgrade");
		await store.quiet();
		const bytes = new Uint8Array(randomBytes(1_000));
		// In the middle of the other keys, and twice, since the first put creates records that later ones reuse.
		const keysOf = [1, 3].map((part) => `${PREFIX}${digits(Math.floor((keys * part) / 4))}b`);
		let put = 0;
		for (const key of keysOf) {
			const request = { id: newId(), key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES)) };
			put = Number((await store.costOf("blobs_put_blob", request, bytes)).instructions);
		}
		const stat = await store.costOfQuery("blobs_stat", { key: keysOf[0]!, min_version: [] });
		const { answer, instructions } = await ask(store, `/${keysOf[0]}x`);
		if (answer.status_code !== 404) throw new Error(`nothing is answered ${answer.status_code}`);
		return { put, stat, notFound: instructions };
	} finally {
		await store.dispose();
	}
}

const digits = (n: number): string => String(n).padStart(9, "0");

/** A catalog with all keys, built here and copied node by node. */
async function fillCatalog(store: MeteredStore, keys: number): Promise<void> {
	const hashing = hashingOf(sha256);
	const nodes = new HeapMap();
	const catalog = new Catalog(nodes, hashing);
	const content = hashing.sha256(new Uint8Array(0));
	for (let from = 0; from < keys; from += BATCH)
		catalog.change(
			HTTP_EXPR,
			Array.from({ length: BATCH }, (_, i) => ({ key: PREFIX + digits(from + i), content })),
		);
	await fill(store, MEMORY.catalog, nodes.records());
}

async function fillRecords(store: MeteredStore, from: number, to: number): Promise<void> {
	const head = Buffer.alloc(10);
	head[0] = MEMORY.blobs;
	head.writeUInt32BE(from, 1);
	head.writeUInt32BE(to, 5);
	head[9] = PREFIX.length;
	await callRaw(store, "repeat", Buffer.concat([head, Buffer.from(PREFIX), Buffer.alloc(RECORD_BYTES, 1)]));
}
