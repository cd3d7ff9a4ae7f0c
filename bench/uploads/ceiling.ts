import { randomBytes } from "node:crypto";
import type { BlobClient } from "canister-blobs/node";
import { type Block, NetworkProcess } from "./network-process.js";

/** Ingress bytes that a block takes (limits of the local network's profile `mainnet`). */
const BLOCK_BYTES = 4 * 2 ** 20;
const LARGE_BYTES = 300_000_000;
const FILES = 10_000;
const FILE_BYTES = 10_000;

/** Where requests are lost or turned away: enough to show that an upload goes on and comes back to its pace. */
const TROUBLED_BYTES = 100_000_000;

type Shares = Record<`ceilingShare${"Large" | "Small" | "Lossy" | "Throttled"}`, number>;

/**
 * Shares of what a subnet takes in that uploads reach, from the first block that carries a put to the last: under the
 * profile `mainnet`, and of a large one under `lossy` and `throttled`.
 */
export async function ceilingShares(wasm: Uint8Array, directory: string): Promise<Shares> {
	const undisturbed = await under("mainnet", wasm, directory, async (client, share) => {
		await upload(client, LARGE_BYTES);
		const ceilingShareLarge = await share("blobs_put_chunk");
		const source = new Uint8Array(FILE_BYTES).map((_, i) => i);
		const items = Array.from({ length: FILES }, (_, i) => ({
			key: `small/${i}`,
			source: () => new Uint8Array([...source.subarray(4), i & 255, (i >> 8) & 255, 0, 0]),
			size: FILE_BYTES,
		}));
		const { failed } = await client.uploadAll(items);
		if (failed > 0) throw new Error(`${failed} small files failed`);
		return { ceilingShareLarge, ceilingShareSmall: await share("blobs_put_many") };
	});
	const troubled = (profile: string) =>
		under(profile, wasm, directory, async (client, share) => {
			await upload(client, TROUBLED_BYTES);
			return share("blobs_put_chunk");
		});
	return {
		...undisturbed,
		ceilingShareLossy: await troubled("lossy"),
		ceilingShareThrottled: await troubled("throttled"),
	};
}

async function under<T>(
	profile: string,
	wasm: Uint8Array,
	directory: string,
	run: (client: BlobClient, share: (method: string) => Promise<number>) => Promise<T>,
): Promise<T> {
	const network = await NetworkProcess.start(directory, profile);
	try {
		const { client } = await network.store(wasm);
		return await run(client, async (method) => shareOf(await network.blocks(), method));
	} finally {
		await network.stop();
	}
}

/** Bytes that nobody has to hold: a stretch of random ones, begun anew at each chunk with its number. */
async function upload(client: BlobClient, size: number): Promise<void> {
	const random = new Uint8Array(randomBytes(1 << 22));
	const read = (start: number, end: number) => {
		const bytes = random.slice(0, end - start);
		new DataView(bytes.buffer).setBigUint64(0, BigInt(start));
		return bytes;
	};
	await client.upload({ size, read }, { key: "large" });
}

function shareOf(blocks: readonly Block[], method: string): number {
	const isPut = ({ ingress }: Block) => ingress.some((message) => message.method === method);
	const span = blocks.slice(blocks.findIndex(isPut), blocks.map(isPut).lastIndexOf(true) + 1);
	return span.reduce((sum, { ingressBytes }) => sum + ingressBytes, 0) / (span.length * BLOCK_BYTES);
}
