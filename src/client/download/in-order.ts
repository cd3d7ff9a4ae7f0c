import { follow } from "../util/abort.js";
import type { VerifiedBlob } from "./verified-blob.js";

/**
 * The chunks of a blob from first to last. At most `window` of them are fetched or wait to be taken, so memory stays
 * bounded however slowly they are taken.
 */
export async function* chunksInOrder(
	blob: VerifiedBlob,
	window: number,
	signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
	const { controller, release } = follow(signal);
	const ahead: Promise<Uint8Array>[] = [];
	let next = 0;
	try {
		for (;;) {
			while (ahead.length < window && next < blob.count) {
				const chunk = blob.chunk(next++, controller.signal);
				// Taken in its turn; that it failed meanwhile must not count as nobody's.
				chunk.catch(() => {});
				ahead.push(chunk);
			}
			const first = ahead.shift();
			if (!first) return;
			yield await first;
		}
	} finally {
		controller.abort();
		release();
	}
}
