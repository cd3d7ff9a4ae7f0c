import type { Body } from "../http/core/reader.js";

export interface StreamOptions {
	/** Aborts the stream with an error. */
	readonly signal: AbortSignal;
	/** Called once, when reading has ended. */
	end(): void;
	/** Keeps the worker running. */
	until(done: Promise<void>): void;
}

/** A body as a stream, read at the pace of its consumer. */
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
					// The reader was cut while it waited, which has ended the stream.
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
