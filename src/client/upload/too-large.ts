import { MIN_CHUNK_BYTES } from "../../protocol/index.js";
import { isBlobError } from "../errors/errors.js";
import type { ChunkReader } from "../source/types.js";

/** How many bytes a message may carry on the way to this network, as far as refusals have shown. */
export interface SendLimit {
	bytes: number;
}

/** The message was refused for its size: by a proxy on the way, or before it was sent. */
export const isTooLarge = (error: unknown): boolean =>
	isBlobError(error, "message_too_large") || (isBlobError(error, "http") && error.details.status === 413);

/**
 * Notes that this many bytes were too many: half of them may pass.
 * @returns whether there is anything smaller to try
 */
export function lowerLimit(limit: SendLimit, refusedBytes: number): boolean {
	if (refusedBytes <= MIN_CHUNK_BYTES) return false;
	limit.bytes = Math.min(limit.bytes, Math.max(MIN_CHUNK_BYTES, Math.floor(refusedBytes / 2)));
	return true;
}

/** Chunks of a stream that were refused for their size, all of them from its beginning: they are cut again. */
export class Refused extends Error {
	readonly chunks: readonly Uint8Array[];

	constructor(chunks: readonly Uint8Array[], cause: unknown) {
		super("chunks were refused for their size", { cause });
		this.chunks = chunks;
	}
}

/** Chunks that were read, and those that follow, cut into shorter ones. */
export function recut(chunks: readonly Uint8Array[], reader: ChunkReader, chunkBytes: number): ChunkReader {
	const read = [...chunks];
	let rest = new Uint8Array(0);
	const next = async (): Promise<Uint8Array | undefined> => {
		const chunk = new Uint8Array(chunkBytes);
		let filled = 0;
		while (filled < chunkBytes) {
			if (rest.length === 0) {
				const more = read.shift() ?? (await reader.next());
				if (!more) break;
				rest = more as Uint8Array<ArrayBuffer>;
			}
			const taken = rest.subarray(0, chunkBytes - filled);
			chunk.set(taken, filled);
			filled += taken.length;
			rest = rest.subarray(taken.length);
		}
		return filled === 0 ? undefined : chunk.subarray(0, filled);
	};
	return { next, close: () => reader.close() };
}
