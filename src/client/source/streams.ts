import { sourceInvalid } from "../errors/errors.js";
import { sourceErrors } from "./failure.js";

/** Properties by which Node's streams are recognised, since browsers have no such class. */
interface NodeStream {
	readonly readableDidRead?: boolean;
	readonly readableEnded?: boolean;
	readonly destroyed?: boolean;
}

/**
 * Rejects a Node stream that was already read from: the remaining bytes are incomplete, and an empty rest would look
 * like an empty blob.
 * @throws ClientError `source_invalid`
 */
export function checkUnread(stream: object): void {
	const { readableDidRead, readableEnded, destroyed } = stream as NodeStream;
	if (readableDidRead === true || readableEnded === true)
		throw sourceInvalid("a stream that was read from before");
	if (destroyed === true) throw sourceInvalid("a stream that is closed");
}

/** @throws ClientError `source_invalid` for a stream that has or had another reader */
function checkUndisturbed(stream: ReadableStream): void {
	if (stream.locked) throw sourceInvalid("a ReadableStream that is locked to another reader");
	try {
		// The Response constructor is the only web API that detects a stream that was read from.
		if (typeof Response === "function") new Response(stream);
	} catch (error) {
		const got = "a ReadableStream that was read from before";
		throw sourceInvalid(got, error);
	}
}

/**
 * The parts of a web stream. Not every browser's stream is async iterable. A generator would not do: ending it waits
 * for its pending read, while cancelling a reader ends the read.
 */
export function partsOfStream(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
	checkUndisturbed(stream);
	const reader = stream.getReader();
	return {
		next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
		return: async () => {
			await reader.cancel().catch(() => {});
			return { done: true, value: undefined };
		},
	};
}

/** The parts of an iterable; iteration begins when the first part is requested. */
export function partsOfIterable(iterable: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> {
	checkUnread(iterable);
	let parts: AsyncIterator<Uint8Array> | undefined;
	return {
		next: () =>
			sourceErrors(async () => {
				parts ??= iterable[Symbol.asyncIterator]();
				return parts.next();
			}),
		return: async () => {
			// An unread Node stream would otherwise stay open.
			parts ??= iterable[Symbol.asyncIterator]();
			await parts.return?.();
			return { done: true, value: undefined };
		},
	};
}
