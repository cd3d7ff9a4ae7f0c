import { randomBytes } from "node:crypto";
import { Actor } from "@dfinity/agent";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { idlFactory } from "../../test/support/idl.js";
import { newId, publication, rootOf } from "../../test/support/published.js";
import type { Figures } from "../figures.js";
import { cpuOf } from "./cpu-of.js";
import { listShares } from "./lists.js";
import { NetworkProcess } from "./network-process.js";

/** The methods of the service that are called here. */
interface Store {
	blobs_begin_upload(request: object): Promise<unknown>;
	blobs_put_chunk(id: Uint8Array, index: number, bytes: Uint8Array): Promise<unknown>;
	blobs_put_blob(request: object, bytes: Uint8Array): Promise<unknown>;
}

const CHUNKS = 24;
const ACTOR_CHUNKS = 8;
const FILES = 1_000;
const ACTOR_FILES = 60;
const FILE_BYTES = 10_000;

/**
 * CPU time of the client for the same bytes with its own call path and with ordinary Actor calls, in one process, with
 * the network in another: per byte for a large blob, per file for small files.
 */
export async function cpuShares(
	wasm: Uint8Array,
	directory: string,
): Promise<
	Pick<
		Figures,
		"cpuVersusActor" | "smallFileCpuVersusActor" | "listDecodeVersusLibrary" | "listCpuVersusActor"
	>
> {
	const network = await NetworkProcess.start(directory);
	try {
		const { client, agent, canisterId } = await network.store(wasm);
		const actor = Actor.createActor<Store>(idlFactory as never, { agent, canisterId });
		const large = (chunks: number) => new Uint8Array(randomBytes(chunks * MAX_CHUNK_BYTES));
		const files = (count: number) =>
			Array.from({ length: count }, () => new Uint8Array(randomBytes(FILE_BYTES)));

		const byClient = async (bytes: Uint8Array) => client.upload(bytes, { key: "large", resume: false }).done;
		const byActor = async (bytes: Uint8Array) => {
			const id = newId();
			const size: [bigint] = [BigInt(bytes.length)];
			await actor.blobs_begin_upload({ id, key: "actor", size, chunk_size: MAX_CHUNK_BYTES });
			for (let i = 0; i * MAX_CHUNK_BYTES < bytes.length; i++)
				await actor.blobs_put_chunk(id, i, bytes.subarray(i * MAX_CHUNK_BYTES, (i + 1) * MAX_CHUNK_BYTES));
		};
		const packed = (all: Uint8Array[]) =>
			client.uploadMany(all.map((source, i) => ({ key: `packed/${i}`, source })));
		const oneByOne = async (all: Uint8Array[]) => {
			for (const [i, bytes] of all.entries()) {
				const root = rootOf(bytes, MAX_CHUNK_BYTES);
				await actor.blobs_put_blob({ id: newId(), key: `one/${i}`, ...publication(root) }, bytes);
			}
		};

		// Warm-up: compiles the code of both sides.
		await byClient(large(4));
		await byActor(large(2));
		await packed(files(100)).done;
		await oneByOne(files(5));

		const [a, b] = [large(CHUNKS), large(ACTOR_CHUNKS)];
		const client1 = (await cpuOf(() => byClient(a))) / CHUNKS;
		const actor1 = (await cpuOf(() => byActor(b))) / ACTOR_CHUNKS;
		const [c, d] = [files(FILES), files(ACTOR_FILES)];
		const client2 = (await cpuOf(async () => packed(c).done)) / FILES;
		const actor2 = (await cpuOf(() => oneByOne(d))) / ACTOR_FILES;
		const { client: other, agent: otherAgent, canisterId: otherStore } = await network.store(wasm);
		await other.uploadMany(files(FILES).map((source, i) => ({ key: `listed/${i}`, source }))).done;
		return {
			cpuVersusActor: client1 / actor1,
			smallFileCpuVersusActor: client2 / actor2,
			...(await listShares(other, otherAgent, otherStore)),
		};
	} finally {
		await network.stop();
	}
}
