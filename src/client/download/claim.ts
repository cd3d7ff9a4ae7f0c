import { checkChunking, type WireManifest } from "../../protocol/index.js";
import type { BlobRef, Manifest } from "../types.js";

/** The part of a manifest that tells where a blob's bytes are and what they must be. */
export type Claim = Pick<Manifest, "key" | "root" | "sequence" | "size" | "chunkBytes">;

/** The claim that a reference makes: that of a manifest, which is one as well. */
export function claimOf(ref: BlobRef): Claim | undefined {
	const { sequence, size, chunkBytes } = ref as Partial<Manifest>;
	if (typeof sequence !== "bigint" || typeof size !== "number" || typeof chunkBytes !== "number")
		return undefined;
	return { key: ref.key, root: ref.root, sequence, size, chunkBytes };
}

/** The claim that one node makes: nothing about it is checked. */
export const claimOfNode = ({ key, root, sequence, size, chunk_size }: WireManifest): Claim => ({
	key,
	root,
	sequence,
	size: Number(size),
	chunkBytes: chunk_size,
});

/** Whether a blob can be as it is claimed. */
export const isPossible = ({ size, chunkBytes }: Claim): boolean =>
	Number.isSafeInteger(size) &&
	size >= 0 &&
	Number.isInteger(chunkBytes) &&
	checkChunking(chunkBytes, BigInt(size)) === undefined;
