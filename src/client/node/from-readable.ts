import type { Readable } from "node:stream";
import { checkArgument } from "../arguments.js";
import { checkUnread } from "../source/streams.js";

/**
 * A stream of Node as a source. It is one by itself, too, being an async iterable; but the iterator of a stream that
 * has nothing to give does not end before it gets something. Here the stream is destroyed when the transfer ends,
 * however that ends, so that neither it nor the process waits for anything. One that was read from before fails the
 * upload with `source_invalid`.
 */
export function fromReadable(readable: Readable): AsyncIterable<Uint8Array> {
	checkArgument("readable", readable, {
		expected: "a stream of Node",
		accepts: (value) => typeof (value as Readable | null)?.iterator === "function",
	});
	const { path } = readable as { readonly path?: unknown };
	return {
		// By which its media type is guessed.
		...(path !== undefined && { path }),
		[Symbol.asyncIterator]: () => {
			checkUnread(readable);
			const parts = readable.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
			return {
				next: () => parts.next(),
				return: async () => {
					readable.destroy();
					return { done: true, value: undefined };
				},
			};
		},
	};
}

/** What is piped into this process, to its end. */
export const fromStdin = (): AsyncIterable<Uint8Array> => fromReadable(process.stdin);
