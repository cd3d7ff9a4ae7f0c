import { sourceInvalid } from "../errors/errors.js";
import { sourceErrors } from "./failure.js";

/** What Node's streams say of themselves; they are known by it, since a browser has no such class. */
interface NodeStream {
	readonly readableDidRead?: boolean;
	readonly readableEnded?: boolean;
	readonly destroyed?: boolean;
}

/**
 * Refuses a stream of Node of which something was read before: what is left is not the whole, and nothing at all
 * would look like an empty blob.
 * @throws ClientError `source_invalid`
 */
export function checkUnread(stream: object): void {
	const { readableDidRead, readableEnded, destroyed } = stream as NodeStream;
	if (readableDidRead === true || readableEnded === true)
		throw sourceInvalid("a stream that was read from before");
	if (destroyed === true) throw sourceInvalid("a stream that is closed");
}

/** @throws ClientError `source_invalid` for a stream that another reader has, or had */
function checkUndisturbed(stream: ReadableStream): void {
	if (stream.locked) throw sourceInvalid("a ReadableStream that is locked to another reader");
	try {
		// The one place where the web platform tells: a body must not have been read from.
		if (typeof Response === "function") new Response(stream);
	} catch (error) {
		const got = "a ReadableStream that was read from before";
		throw sourceInvalid(got, error);
	}
}

/**
 * The parts of a web stream. Not every browser's is an async iterable. Nor is a generator used here: to end one waits
 * for what it is waiting for, while to cancel a reader ends a read that is under way.
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

/** The parts of an iterable, which is begun when the first one is asked for. */
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
			// A stream of Node that nobody began to read would stay open.
			parts ??= iterable[Symbol.asyncIterator]();
			await parts.return?.();
			return { done: true, value: undefined };
		},
	};
}
