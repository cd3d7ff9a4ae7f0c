import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Principal } from "@dfinity/principal";
import { type AgentLike, BlobClient, type Manifest } from "canister-blobs/node";

/** Content of a key in a synthetic store. */
export interface MadeUp {
	readonly key: string;
	/** Bytes of a single chunk; undefined for an empty key. */
	readonly bytes: (() => Promise<Uint8Array>) | undefined;
	readonly size: number;
}

const CHUNK_BYTES = 2_080_768;
const OWNER = Principal.fromText("aaaaa-aa");
const HEADER = Buffer.from("canister-blobs root1");

function rootOf(size: number, leaves: readonly Buffer[]): Buffer {
	const numbers = Buffer.alloc(12);
	numbers.writeBigUInt64BE(BigInt(size));
	numbers.writeUInt32BE(CHUNK_BYTES, 8);
	return createHash("sha256")
		.update(Buffer.concat([HEADER, numbers, ...leaves]))
		.digest();
}

const NOWHERE = { host: new URL("http://127.0.0.1:1") } as AgentLike;

/**
 * Replaces the call interface: a client whose feed and chunks come from this process, so that only the backup's work is
 * measured.
 */
export function madeUpClient(blobs: () => AsyncIterable<MadeUp> | Iterable<MadeUp>): BlobClient {
	/** The changes are read twice, for the feed and for the backup; only hashes are kept in between. */
	const madeUp = new Map<string, { readonly leaf: Buffer; readonly bytes: () => Promise<Uint8Array> }>();
	const client = new BlobClient({ agent: NOWHERE, canisterId: "aaaaa-aa" });
	const at = new Date(0);
	async function* changes() {
		let sequence = 0n;
		for await (const { key, bytes, size } of blobs()) {
			sequence++;
			const content = await bytes?.();
			const leaf = content && createHash("sha256").update(content).digest();
			if (bytes && leaf) madeUp.set(key, { leaf, bytes });
			const manifest = {
				...{ key, size, chunkBytes: CHUNK_BYTES, root: rootOf(size, leaf ? [leaf] : []), sequence },
				...{ canisterVersion: sequence, contentType: "application/octet-stream", visibility: "private" },
				...{ owner: OWNER.toText(), createdAt: at, modifiedAt: at, metadata: {} },
			};
			yield { type: "published", manifest, sequence, cursor: { sequence, head: new Uint8Array(32).fill(1) } };
		}
	}
	const download = ({ key, size }: Manifest) => ({
		openProven: async () => {
			const found = madeUp.get(key);
			madeUp.delete(key);
			if (!found) throw new Error(`nothing was made up of ${key}`);
			return { count: 1, leaf: () => found.leaf, range: () => ({ start: 0, end: size }), chunk: found.bytes };
		},
	});
	return Object.assign(client, { changes, download }) as never;
}

/** Local files as blobs of at most one chunk. */
export const fileBlobs = (files: readonly { readonly path: string; readonly size: number }[]): MadeUp[] =>
	files.map(({ path, size }) => ({ key: path.slice(1), size, bytes: () => readFile(path) }));
