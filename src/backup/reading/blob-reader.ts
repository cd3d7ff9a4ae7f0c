import { ROOT_HEADER_BYTES, rootPreimage } from "../../protocol/hash.js";
import { damaged } from "../errors.js";
import { hex, sha256, unhex } from "../format/names.js";
import { inOrder } from "../in-order.js";
import type { Items } from "../repository/items.js";
import type { BlobEntry } from "../tree/entry.js";

const SHA256_BYTES = 32;

/** SHA-256 of each chunk of a blob, verified against its root. */
export async function leavesOf(items: Pick<Items, "get">, entry: BlobEntry): Promise<readonly string[]> {
	const { root, size, chunkBytes } = entry;
	if (entry.leaves) {
		const packed = Buffer.concat(entry.leaves.map(unhex));
		if (hex(sha256(rootPreimage(BigInt(size), chunkBytes, packed))) !== root)
			throw damaged(entry.key, "its leaves do not have its root");
		return entry.leaves;
	}
	// The hash of this item is the root, so its leaves belong to this blob.
	const preimage = await items.get(root);
	const packed = Buffer.from(preimage.subarray(ROOT_HEADER_BYTES));
	const count = Math.ceil(size / chunkBytes);
	if (
		packed.length !== count * SHA256_BYTES ||
		Buffer.compare(rootPreimage(BigInt(size), chunkBytes, packed), preimage) !== 0
	)
		throw damaged(entry.key, "its leaves do not fit its size");
	return Array.from({ length: count }, (_, index) =>
		hex(packed.subarray(index * SHA256_BYTES, (index + 1) * SHA256_BYTES)),
	);
}

/** Length of chunk `index`. */
export const lengthOf = ({ size, chunkBytes }: BlobEntry, index: number): number =>
	Math.min(chunkBytes, size - index * chunkBytes);

/** Chunks read ahead. */
const AHEAD = 4;

/** The bytes of a blob, chunk by chunk, each verified. */
export async function* bytesOf(items: Pick<Items, "get">, entry: BlobEntry): AsyncGenerator<Uint8Array> {
	const leaves = await leavesOf(items, entry);
	yield* inOrder(leaves.keys(), AHEAD, (index) => chunkOf(items, entry, leaves, index));
}

/** One chunk of a blob, of exactly its length. */
export async function chunkOf(
	items: Pick<Items, "get">,
	entry: BlobEntry,
	leaves: readonly string[],
	index: number,
): Promise<Uint8Array> {
	const bytes = await items.get(leaves[index] as string);
	if (bytes.length !== lengthOf(entry, index)) throw damaged(entry.key, `chunk ${index} has another length`);
	return bytes;
}
