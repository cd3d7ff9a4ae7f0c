import { randomBytes } from "node:crypto";
import { MAX_CHUNK_BYTES, MAX_LINKED_CHUNKS, MIN_CHUNK_BYTES, rootPreimage } from "../src/protocol/index.js";
import { newId, publication, rootOf, sha256 } from "../test/support/published.js";
import type { Figures } from "./figures.js";
import { MeteredStore } from "./metered.js";

const S = MIN_CHUNK_BYTES;
/** Number of slots that the first refill of a new store makes. */
const FIRST_SLOTS = 128;

type Calls = Pick<
	Figures,
	| "beginInstructions"
	| "refillInstructionsPerSlot"
	| "commitInstructions1000"
	| "commitInstructions10000"
	| "putBlob1KBInstructions"
	| "stableBytesWrittenPerByteUnknownSize"
>;

/** Cost of single calls in an almost empty store. */
export async function measureCalls(wasm: Uint8Array): Promise<Calls> {
	const store = await MeteredStore.deploy(wasm);
	try {
		const begin = { key: "a/first", size: [BigInt(S)] as [bigint], chunk_size: S };
		// A timer fills the pool of slots before and after this: measured is a begin without a refill.
		const refill = (await store.timersUntil((made) => made >= FIRST_SLOTS)).at(-1);
		await store.call("blobs_begin_upload", { id: newId(), ...begin });
		const beginnings: number[] = [];
		for (let n = 0; n < 3; n++)
			beginnings.push(
				Number((await store.costOf("blobs_begin_upload", { id: newId(), ...begin })).instructions),
			);
		const bytes = new Uint8Array(randomBytes(1_000));
		const put = { id: newId(), key: "small/one", ...publication(rootOf(bytes, MAX_CHUNK_BYTES)) };
		await store.call("blobs_put_blob", put, bytes);
		const small = await store.costOf("blobs_put_blob", { ...put, id: newId(), key: "small/two" }, bytes);
		return {
			// One of them may include a garbage collection of the engine.
			beginInstructions: beginnings.sort((a, b) => a - b)[1]!,
			refillInstructionsPerSlot: Number(refill!.instructions) / FIRST_SLOTS,
			commitInstructions1000: await commitOf(store, 1_000),
			commitInstructions10000: await commitOf(store, 10_000),
			putBlob1KBInstructions: Number(small.instructions),
			stableBytesWrittenPerByteUnknownSize: await writtenWithoutSize(store),
		};
	} finally {
		await store.dispose();
	}
}

/** A commit of this many chunks. All are one linked chunk: a commit reads leaves, not bytes. */
async function commitOf(store: MeteredStore, count: number): Promise<number> {
	const chunk = new Uint8Array(randomBytes(S));
	const leaf = sha256(chunk);
	const id = newId();
	const size = BigInt(count * S);
	await store.call("blobs_begin_upload", { id, key: `commit/${count}`, size: [size], chunk_size: S });
	await store.call("blobs_put_chunk", id, 0, chunk);
	for (let from = 1; from < count; from += MAX_LINKED_CHUNKS) {
		const some = Math.min(MAX_LINKED_CHUNKS, count - from);
		await store.call("blobs_link_chunks", { id, from, leaves: repeat(leaf, some) });
	}
	const root = sha256(rootPreimage(size, S, repeat(leaf, count)));
	const { instructions } = await store.costOf("blobs_commit_upload", { id, size, ...publication(root) });
	return Number(instructions);
}

function repeat(leaf: Uint8Array, count: number): Uint8Array {
	const leaves = new Uint8Array(count * leaf.length);
	for (let i = 0; i < count; i++) leaves.set(leaf, i * leaf.length);
	return leaves;
}

/** Bytes written to stable memory for each byte of an upload that does not declare its size at begin. */
async function writtenWithoutSize(store: MeteredStore): Promise<number> {
	const chunks = 100;
	const id = newId();
	await store.call("blobs_begin_upload", { id, key: "stream", size: [], chunk_size: MAX_CHUNK_BYTES });
	const leaves: Uint8Array[] = [];
	// Certify the earlier commits first, or their work would be counted here.
	await store.quiet();
	store.messages.length = 0;
	for (let index = 0; index < chunks; index++) {
		const bytes = new Uint8Array(randomBytes(MAX_CHUNK_BYTES));
		leaves.push(sha256(bytes));
		await store.call("blobs_put_chunk", id, index, bytes);
	}
	const size = BigInt(chunks * MAX_CHUNK_BYTES);
	const root = sha256(rootPreimage(size, MAX_CHUNK_BYTES, Buffer.concat(leaves)));
	await store.call("blobs_commit_upload", { id, size, ...publication(root) });
	return store.messages.reduce((sum, message) => sum + message.stableBytesWritten, 0) / Number(size);
}
