import type { Body } from "../http/core/reader.js";

export interface StreamOptions {
	/** Ends it, with an error. */
	readonly signal: AbortSignal;
	/** Called once, when nothing is read any longer. */
	end(): void;
	/** Keeps the worker running. */
	until(done: Promise<void>): void;
}

/** A body as it is taken: no further ahead than it is read. */
export function streamOf(
	body: Body,
	{ signal, end, until }: StreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
	let finished = () => {};
	until(
		new Promise<void>((resolve) => {
			finished = resolve;
		}),
	);
	let onAbort = () => {};
	const finish = () => {
		signal.removeEventListener("abort", onAbort);
		end();
		finished();
	};
	return new ReadableStream<Uint8Array<ArrayBuffer>>(
		{
			start: (sink) => {
				const fail = (reason: unknown) => {
					finish();
					sink.error(reason);
				};
				onAbort = () => fail(signal.reason);
				signal.addEventListener("abort", onAbort);
				body.onCut(() => fail(new DOMException("The reader is stalled.", "AbortError")));
			},
			pull: async (sink) => {
				try {
					const part = await body.next();
					// A cut while it was waited for has ended the stream already.
					if (body.closed) return;
					if (part !== undefined) return sink.enqueue(part as Uint8Array<ArrayBuffer>);
					finish();
					sink.close();
				} catch (error) {
					if (body.closed) return;
					finish();
					throw error;
				}
			},
			cancel: finish,
		},
		{ highWaterMark: 0 },
	);
}
