import { BlobClient } from "canister-blobs/node";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { shareOfLink } from "../../test/client/support/virtual-link.js";
import { NetworkProcess } from "./network-process.js";

/** 200 Mbit/s, 200 ms from a request to the first byte of its reply. */
const BYTES_PER_SECOND = 25_000_000;
const ROUND_TRIP_MS = 200;
const CHUNKS = 96;
/** Fixed number of chunks, in flight and waiting, of downloads without adaptation. */
const FIXED = {
	concurrency: { downloads: 5 },
	minConcurrency: { downloads: 5 },
	memoryBytes: 5 * MAX_CHUNK_BYTES,
};

const GIGABIT_CHUNKS = 480;
const GIGABIT_CHUNKS_PER_SECOND = 125_000_000 / MAX_CHUNK_BYTES;

type Shares = Record<`downloadShareOf${"Link" | "LinkByFive" | "Gigabit"}`, number>;

/**
 * Shares of the bandwidth, or of the limit by `memoryBytes`, that verified downloads reach from call to last byte: over
 * 200 Mbit/s with a client's defaults and with 5 chunks at a time, and in virtual time over 1 Gbit/s with 48 MiB.
 */
export async function linkShares(wasm: Uint8Array, directory: string): Promise<Shares> {
	const line = { latencyMs: ROUND_TRIP_MS / 2, downlinkBytesPerSecond: BYTES_PER_SECOND };
	const network = await NetworkProcess.start(directory, line);
	try {
		const { client, agent, canisterId } = await network.store(wasm);
		const bytes = new Uint8Array(CHUNKS * MAX_CHUNK_BYTES);
		for (let chunk = 0; chunk < CHUNKS; chunk++) bytes[chunk * MAX_CHUNK_BYTES] = chunk;
		const blob = await client.upload(bytes, { key: "blob", visibility: "public" }).done;
		const share = async (options: object) => {
			// A new client, which has not adapted to the link yet.
			const reader = new BlobClient({ agent, canisterId, ...options });
			const begun = performance.now();
			let received = 0;
			for await (const part of reader.download(blob)) received += part.length;
			if (received !== bytes.length) throw new Error(`${received} bytes came`);
			return received / BYTES_PER_SECOND / ((performance.now() - begun) / 1_000);
		};
		// Warm-up: compiles the code.
		await share({});
		return {
			downloadShareOfLinkByFive: await share(FIXED),
			downloadShareOfLink: await share({}),
			downloadShareOfGigabit: await shareOfLink({
				chunks: GIGABIT_CHUNKS,
				chunksPerSecond: GIGABIT_CHUNKS_PER_SECOND,
				roundTripMs: ROUND_TRIP_MS,
				memoryChunks: Math.floor((48 * 2 ** 20) / MAX_CHUNK_BYTES),
			}),
		};
	} finally {
		await network.stop();
	}
}
