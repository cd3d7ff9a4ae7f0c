import { follow } from "../util/abort.js";
import { type Span, within } from "./range.js";
import type { VerifiedBlob } from "./verified-blob.js";

/**
 * The bytes of a span from first to last, chunk by chunk. At most `window` chunks are fetched or wait to be taken, so
 * memory stays bounded however slowly they are taken.
 */
export async function* chunksInOrder(
	blob: VerifiedBlob,
	span: Span,
	window: number,
	onArrived: (bytes: number) => void,
	signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
	const { controller, release } = follow(signal);
	const ahead: Promise<Uint8Array>[] = [];
	let next = span.firstChunk;
	const fetch = async (index: number) => {
		const part = within(span, blob.range(index).start, await blob.chunk(index, controller.signal));
		onArrived(part.length);
		return part;
	};
	try {
		for (;;) {
			while (ahead.length < window && next < span.endChunk) {
				const part = fetch(next++);
				// Taken in its turn; that it failed meanwhile must not count as nobody's.
				part.catch(() => {});
				ahead.push(part);
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
