import { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { fromVersion } from "../../src/client/wire-map.js";
import { MAX_CHUNK_BYTES, METHODS, type MethodArgs } from "../../src/protocol/index.js";
import { idlsOf } from "../../test/support/idl.js";
import { NetworkProcess } from "./network-process.js";

/** 200 MB: large enough that the pairing of its one proof hardly counts. */
const CHUNKS = 96;
const ROUNDS = 3;
const CONCURRENCY = 5;

/** Milliseconds that `work` takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
	const begun = performance.now();
	await work();
	return performance.now() - begun;
}

/**
 * Speed of a verified download relative to an agent that requests the same chunks, with the same concurrency and
 * without verification. Both are timed in turns, so that other load affects both.
 */
export async function downloadShare(
	wasm: Uint8Array,
	directory: string,
): Promise<{ downloadVersusBareQuery: number }> {
	const network = await NetworkProcess.start(directory);
	try {
		const { client, canisterId } = await network.store(wasm);
		const bytes = new Uint8Array(CHUNKS * MAX_CHUNK_BYTES);
		for (let chunk = 0; chunk < CHUNKS; chunk++) bytes[chunk * MAX_CHUNK_BYTES] = chunk;
		const blob = await client.upload(bytes, { key: "blob", visibility: "public" }).done;
		const agent = await HttpAgent.create({
			host: network.url,
			rootKey: network.rootKey,
			identity: Ed25519KeyIdentity.generate(),
			verifyQuerySignatures: false,
		});

		const verified = async () => {
			let received = 0;
			for await (const part of client.download(blob, { concurrency: CONCURRENCY })) received += part.length;
			if (received !== bytes.length) throw new Error(`${received} bytes came`);
		};
		const bare = async () => {
			let next = 0;
			const one = async () => {
				while (next < CHUNKS) {
					const args: MethodArgs<"blobs_get_chunk"> = ["blob", fromVersion(blob), next++];
					const arg = IDL.encode(idlsOf(METHODS.blobs_get_chunk.args), args);
					const answer = await agent.query(canisterId, { methodName: "blobs_get_chunk", arg });
					if (answer.status !== "replied" || answer.reply.arg.length < MAX_CHUNK_BYTES)
						throw new Error("a chunk did not come");
				}
			};
			await Promise.all(Array.from({ length: CONCURRENCY }, one));
		};

		// Warm-up: compiles the code of both sides.
		await verified();
		await bare();
		let ofVerified = 0;
		let ofBare = 0;
		for (let round = 0; round < ROUNDS; round++) {
			ofBare += await timeOf(bare);
			ofVerified += await timeOf(verified);
		}
		return { downloadVersusBareQuery: ofBare / ofVerified };
	} finally {
		await network.stop();
	}
}
