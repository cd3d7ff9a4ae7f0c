import { randomBytes } from "node:crypto";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import type { Conditions } from "canister-blobs/localnet";
import { BlobClient } from "canister-blobs/node";
import { type Block, NetworkProcess } from "./network-process.js";

/** Ingress bytes per block (limits of the local network's profile `mainnet`). */
const BLOCK_BYTES = 4 * 2 ** 20;
const LARGE_BYTES = 300_000_000;
const FILES = 10_000;
const FILE_BYTES = 10_000;

/** Size with lost requests: enough for an upload to recover its speed. */
const LOSSY_BYTES = 100_000_000;
/** Size with random refusals: with 100 MB the delay of the last chunk would decide about a tenth. */
const THROTTLED_BYTES = 200_000_000;

/** Chunk size of which a block holds many, so that only the node bounds the number in flight. */
const SHORT_CHUNK_BYTES = 262_144;
const OVERLOADED_CHUNKS = 400;
const CALLS_AT_ONCE = 8;

/**
 * Shares of a subnet's throughput under the profile `mainnet` that uploads reach: one large blob, and many small ones.
 */
export function undisturbedShares(
	wasm: Uint8Array,
	directory: string,
): Promise<{ ceilingShareLarge: number; ceilingShareSmall: number }> {
	return under({ profile: "mainnet" }, wasm, directory, async ({ client, share }) => {
		await upload(client, LARGE_BYTES);
		const ceilingShareLarge = await share("blobs_put_chunk");
		const source = new Uint8Array(FILE_BYTES).map((_, i) => i);
		const items = Array.from({ length: FILES }, (_, i) => ({
			key: `small/${i}`,
			source: () => new Uint8Array([...source.subarray(4), i & 255, (i >> 8) & 255, 0, 0]),
			size: FILE_BYTES,
		}));
		const { failed } = await client.uploadMany(items).done;
		if (failed > 0) throw new Error(`${failed} small files failed`);
		return { ceilingShareLarge, ceilingShareSmall: await share("blobs_put_many") };
	});
}

/** The share with lost requests and replies. */
export const lossyShare = (wasm: Uint8Array, directory: string) =>
	under({ profile: "lossy" }, wasm, directory, async ({ client, share }) => {
		await upload(client, LOSSY_BYTES);
		return { ceilingShareLossy: await share("blobs_put_chunk") };
	});

/** The share with three in ten requests refused. */
export const throttledShare = (wasm: Uint8Array, directory: string) =>
	under({ profile: "throttled" }, wasm, directory, async ({ client, share }) => {
		await upload(client, THROTTLED_BYTES);
		return { ceilingShareThrottled: await share("blobs_put_chunk") };
	});

/** The share with a node that processes only 8 calls at once and refuses others. */
export const overloadedShare = (wasm: Uint8Array, directory: string) =>
	under(
		{ profile: "mainnet", callsAtOnce: CALLS_AT_ONCE },
		wasm,
		directory,
		async ({ network, client, canisterId }) => {
			let calls = 0;
			let refused = 0;
			const counting: typeof fetch = async (url, init) => {
				const response = await fetch(url, init);
				if (String(url).endsWith("/call")) calls++;
				if (response.status === 429) refused++;
				return response;
			};
			const identity = Ed25519KeyIdentity.generate();
			await client.admin.grantRole(identity.getPrincipal(), "writer");
			const { url: host } = network;
			const counted = await HttpAgent.create({ host, rootKey: network.rootKey, identity, fetch: counting });
			const concurrency = { uploads: 40 };
			const options = { agent: counted, canisterId, chunkBytes: SHORT_CHUNK_BYTES, concurrency };
			await upload(new BlobClient(options), OVERLOADED_CHUNKS * SHORT_CHUNK_BYTES);
			return { refusedShareOverloaded: refused / calls };
		},
	);

/** A store on a network of its own. */
interface Scene {
	readonly network: NetworkProcess;
	readonly client: BlobClient;
	readonly canisterId: Principal;
	/** Throughput of the blocks from the first to the last that contains a call of this method. */
	readonly share: (method: string) => Promise<number>;
}

async function under<T>(
	conditions: Conditions,
	wasm: Uint8Array,
	directory: string,
	run: (scene: Scene) => Promise<T>,
): Promise<T> {
	const network = await NetworkProcess.start(directory, conditions);
	try {
		const { client, canisterId } = await network.store(wasm);
		const share = async (method: string) => shareOf(await network.blocks(), method);
		return await run({ network, client, canisterId, share });
	} finally {
		await network.stop();
	}
}

/** Bytes that need no memory: one random block, repeated for each chunk with the chunk's number. */
async function upload(client: BlobClient, size: number): Promise<void> {
	const random = new Uint8Array(randomBytes(1 << 22));
	const read = (start: number, end: number) => {
		const bytes = random.slice(0, end - start);
		new DataView(bytes.buffer).setBigUint64(0, BigInt(start));
		return bytes;
	};
	await client.upload({ size, read }, { key: "large" }).done;
}

function shareOf(blocks: readonly Block[], method: string): number {
	const isPut = ({ ingress }: Block) => ingress.some((message) => message.method === method);
	const span = blocks.slice(blocks.findIndex(isPut), blocks.map(isPut).lastIndexOf(true) + 1);
	return span.reduce((sum, { ingressBytes }) => sum + ingressBytes, 0) / (span.length * BLOCK_BYTES);
}
