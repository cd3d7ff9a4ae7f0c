import { checkChunking, sameBytes, type WireManifest } from "../../protocol/index.js";
import type { BlobRef, Manifest, Version } from "../types.js";
import { toVersion } from "../wire-map.js";

/** The part of a manifest that tells where a blob's bytes are and what they must be. */
export type Claim = Pick<Manifest, "key" | "root" | keyof Version | "size" | "chunkBytes">;

/** The claim that a reference makes: that of a manifest, which is one as well. */
export function claimOf(ref: BlobRef): Claim | undefined {
	const { sequence, canisterVersion, size, chunkBytes } = ref as Partial<Manifest>;
	if (typeof sequence !== "bigint" || typeof canisterVersion !== "bigint") return undefined;
	if (typeof size !== "number" || typeof chunkBytes !== "number") return undefined;
	return { key: ref.key, root: ref.root, sequence, canisterVersion, size, chunkBytes };
}

/** The claim that one node makes: nothing about it is checked. */
export const claimOfNode = (wire: WireManifest): Claim => ({
	key: wire.key,
	root: wire.root,
	...toVersion(wire),
	size: Number(wire.size),
	chunkBytes: wire.chunk_size,
});

/** Whether a manifest is what was claimed. */
export const isClaimOf = (claim: Claim, manifest: Manifest): boolean =>
	sameBytes(claim.root, manifest.root) &&
	claim.sequence === manifest.sequence &&
	claim.canisterVersion === manifest.canisterVersion &&
	claim.size === manifest.size &&
	claim.chunkBytes === manifest.chunkBytes;

/** Whether a blob can be as it is claimed. */
export const isPossible = ({ size, chunkBytes }: Claim): boolean =>
	Number.isSafeInteger(size) &&
	size >= 0 &&
	Number.isInteger(chunkBytes) &&
	checkChunking(chunkBytes, BigInt(size)) === undefined;
