import type { RandomAccessSource } from "../../client/index.js";
import type { Items } from "../repository/items.js";
import type { BlobEntry } from "../tree/entry.js";
import { chunkOf, leavesOf } from "./blob-reader.js";

/** The bytes of a blob in a repository, as the source of an upload, which reads chunk by chunk. */
export function sourceOf(items: Items, entry: BlobEntry): RandomAccessSource {
	let leaves: Promise<readonly string[]> | undefined;
	return {
		size: entry.size,
		read: async (start, end) => {
			leaves ??= leavesOf(items, entry);
			const known = await leaves;
			const { chunkBytes } = entry;
			const parts: Uint8Array[] = [];
			for (let index = Math.floor(start / chunkBytes); index * chunkBytes < end; index++) {
				const chunk = await chunkOf(items, entry, known, index);
				const at = index * chunkBytes;
				parts.push(chunk.subarray(Math.max(0, start - at), Math.min(chunk.length, end - at)));
			}
			const [only] = parts;
			return parts.length === 1 && only ? only : Buffer.concat(parts);
		},
	};
}
