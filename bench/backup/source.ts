import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { BlobClient, type Manifest } from "canister-blobs/node";

/** Content of a key in a synthetic store. */
export interface MadeUp {
	readonly key: string;
	/** Bytes of a single chunk; undefined for an empty key. */
	readonly bytes: (() => Promise<Uint8Array>) | undefined;
	/** Its SHA-256 where it is known, as a store knows it; else the bytes are read for it. */
	readonly leaf?: Buffer;
	readonly size: number;
}

const CHUNK_BYTES = 2_080_768;
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
const OWNER = Principal.fromText("aaaaa-aa");
const HEADER = Buffer.from("canister-blobs root1");

function rootOf(size: number, leaves: readonly Buffer[]): Buffer {
	const numbers = Buffer.alloc(12);
	numbers.writeBigUInt64BE(BigInt(size));
	numbers.writeUInt32BE(CHUNK_BYTES, 8);
	return sha256(Buffer.concat([HEADER, numbers, ...leaves]));
}

/** Asked for nothing. */
const NOWHERE = HttpAgent.createSync({ host: "http://127.0.0.1:1" });

/**
 * Replaces the call interface: a client whose feed and chunks come from this process, so that only the backup's work is
 * measured.
 */
export function madeUpClient(blobs: () => AsyncIterable<MadeUp> | Iterable<MadeUp>): BlobClient {
	/** Only a hash is kept between the feed and the backup. */
	const madeUp = new Map<string, { readonly leaf: Buffer; readonly bytes: () => Promise<Uint8Array> }>();
	const client = new BlobClient({ agent: NOWHERE, canisterId: "aaaaa-aa" });
	const at = new Date(0);
	async function* changes() {
		let sequence = 0n;
		for await (const { key, bytes, size, leaf: known } of blobs()) {
			sequence++;
			const leaf = known ?? (bytes && sha256(await bytes()));
			if (bytes && leaf) madeUp.set(key, { leaf, bytes });
			const manifest = {
				...{ key, size, chunkBytes: CHUNK_BYTES, root: rootOf(size, leaf ? [leaf] : []), sequence },
				...{ canisterVersion: sequence, contentType: "application/octet-stream", visibility: "private" },
				...{ owner: OWNER.toText(), createdAt: at, modifiedAt: at, metadata: {} },
			};
			yield { type: "published", manifest, sequence, cursor: { sequence, head: "01".repeat(32) } };
		}
	}
	const download = ({ key, size }: Manifest) => ({
		openProven: async () => {
			const found = madeUp.get(key);
			madeUp.delete(key);
			if (!found) throw new Error(`nothing was made up of ${key}`);
			// Held against its leaf, as the client does.
			const chunk = async () => {
				const bytes = await found.bytes();
				if (!sha256(bytes).equals(found.leaf)) throw new Error(`${key} has changed`);
				return bytes;
			};
			return { count: 1, leaf: () => found.leaf, range: () => ({ start: 0, end: size }), chunk };
		},
	});
	return Object.assign(client, { changes, download }) as never;
}

/** Local files as blobs, each of one chunk at the most. */
export async function fileBlobs(paths: readonly string[]): Promise<MadeUp[]> {
	const blobs: MadeUp[] = [];
	for (const path of paths) {
		const bytes = () => readFile(path);
		const content = await bytes();
		blobs.push({ key: path.slice(1), size: content.length, bytes, leaf: sha256(content) });
	}
	return blobs;
}
