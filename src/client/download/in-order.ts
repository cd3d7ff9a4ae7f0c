import { follow } from "../util/abort.js";
import { type Span, within } from "./range.js";
import type { VerifiedBlob } from "./verified-blob.js";

/**
 * The bytes of a span from first to last, chunk by chunk. At most `window` chunks are asked for or wait to be taken, so
 * memory stays bounded however slowly they are taken; the next one is asked for as soon as one is taken.
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
	const fill = () => {
		while (ahead.length < window && next < span.endChunk) {
			const part = fetch(next++);
			// Taken in its turn; that it failed meanwhile must not count as unhandled.
			part.catch(() => {});
			ahead.push(part);
		}
	};
	try {
		for (fill(); ahead.length > 0; ) {
			const first = await (ahead[0] as Promise<Uint8Array>);
			ahead.shift();
			fill();
			yield first;
		}
	} finally {
		controller.abort();
		blob.endEarly();
		release();
	}
}
