import { createHash } from "node:crypto";
import type { VerifiedBlob } from "../client/node/index.js";
import type { ChunkSource } from "./core/reader.js";
import type { DiskCache } from "./disk-cache.js";
import type { Metrics } from "./metrics.js";

/**
 * Name of a chunk among the chunks of all blobs: its leaf, so that equal bytes are held once. Names of private chunks
 * include the owner, so that the speed of a response reveals nothing about other owners' chunks.
 */
function nameOf(blob: VerifiedBlob, isPrivate: boolean, index: number): string {
	// The leaf is over sealed bytes, which may be public elsewhere in that form.
	if (blob.isOpened) return `o${hexOf(blob.manifest.root)}-${isPrivate ? "p" : ""}${index}`;
	const leaf = blob.leaf(index);
	if (!isPrivate) return hexOf(leaf);
	// Differs from the name of every public chunk, whose bytes any owner can choose.
	return `p${createHash("sha256").update(blob.manifest.owner).update(leaf).digest("hex")}`;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Caches to use beside the network. */
export interface Places {
	readonly metrics: Metrics;
	readonly cache: DiskCache | undefined;
}

/**
 * The chunks of a blob, from cache or network. A caller with a `VerifiedBlob` has its hashes, and so the right to read
 * it.
 */
export function chunksOf(blob: VerifiedBlob, isPrivate: boolean, { metrics, cache }: Places): ChunkSource {
	// Bytes that are sealed in the store are never written to disk unsealed.
	const kept = blob.isOpened || (isPrivate && !cache?.private) ? undefined : cache;
	return {
		blob,
		nameOf: (index) => nameOf(blob, isPrivate, index),
		load: async (index, signal) => {
			const name = nameOf(blob, isPrivate, index);
			const { start, end } = blob.range(index);
			const found = await kept?.read(name, end - start);
			if (found && (await blob.matches(index, found))) {
				metrics.chunk("cache");
				return found;
			}
			if (found) {
				metrics.damaged();
				kept?.recycle(found);
				await kept?.remove(name);
			}
			const bytes = await blob.chunk(index, signal);
			metrics.chunk("network");
			kept?.write(name, bytes);
			return bytes;
		},
	};
}
