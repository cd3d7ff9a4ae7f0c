import { createHash } from "node:crypto";
import type { VerifiedBlob } from "../client/node/index.js";
import type { ChunkSource } from "./core/reader.js";
import type { DiskCache } from "./disk-cache.js";
import type { Metrics } from "./metrics.js";

/**
 * Names a chunk among those of all blobs: by its leaf, so that the same bytes are held once. Chunks of private blobs have
 * names of their owner's own: how fast one is answered says nothing about what somebody else keeps.
 */
function nameOf(blob: VerifiedBlob, isPrivate: boolean, index: number): string {
	// The leaf is that of sealed bytes, which others may have as they are.
	if (blob.isOpened) return `o${hexOf(blob.manifest.root)}-${isPrivate ? "p" : ""}${index}`;
	const leaf = blob.leaf(index);
	if (!isPrivate) return hexOf(leaf);
	// Never the name of a public chunk, whose bytes anybody may choose.
	return `p${createHash("sha256").update(blob.manifest.owner).update(leaf).digest("hex")}`;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Where chunks may be, beside the network. */
export interface Places {
	readonly metrics: Metrics;
	readonly cache: DiskCache | undefined;
}

/** The chunks of a blob, from wherever they are. Who has one of these has the blob's hashes, and so a right to it. */
export function chunksOf(blob: VerifiedBlob, isPrivate: boolean, { metrics, cache }: Places): ChunkSource {
	// What is sealed in the store is never written to disk in the open.
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
