import { encodeUtf8, fromUnits } from "./codec/utf8.js";
import { SHA256_BYTES } from "./limits.js";

/**
 * root = SHA-256( "canister-blobs root1" | u64 size | u32 chunk size | leaf 0 | leaf 1 | … ), big-endian.
 * The tag has 20 bytes, so that the header is 32 bytes long and leaves stay aligned to SHA-256 blocks.
 */
export const ROOT_TAG = "canister-blobs root1";
export const ROOT_HEADER_BYTES = 32;

const TAG = encodeUtf8(ROOT_TAG);

/** What a root is the SHA-256 of, before the leaves: the binding of length and chunk size. */
export function rootHeader(size: bigint, chunkSize: number): Uint8Array {
	const header = new Uint8Array(ROOT_HEADER_BYTES);
	header.set(TAG);
	const view = new DataView(header.buffer);
	view.setBigUint64(20, size);
	view.setUint32(28, chunkSize);
	return header;
}

/** The whole preimage of a root: header and leaves, 32 bytes each. */
export function rootPreimage(size: bigint, chunkSize: number, leaves: Uint8Array): Uint8Array {
	const preimage = new Uint8Array(ROOT_HEADER_BYTES + leaves.length);
	preimage.set(rootHeader(size, chunkSize));
	preimage.set(leaves, ROOT_HEADER_BYTES);
	return preimage;
}

/** How many chunks a blob has. An empty blob has none. */
export function chunkCount(size: bigint, chunkSize: number): number {
	const step = BigInt(chunkSize);
	return Number((size + step - 1n) / step);
}

/** How many bytes chunk `index` has. */
export function chunkLength(size: bigint, chunkSize: number, index: number): number {
	const rest = size - BigInt(index) * BigInt(chunkSize);
	return rest < BigInt(chunkSize) ? Number(rest) : chunkSize;
}

/** Leaf `index` out of packed leaves. */
export function leafAt(leaves: Uint8Array, index: number): Uint8Array {
	return leaves.subarray(index * SHA256_BYTES, (index + 1) * SHA256_BYTES);
}

/** Short ones: as texts the engine compares them itself, which in a canister costs a fifth of a loop. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && fromUnits(a) === fromUnits(b);
}
