import type { Asked } from "./answer.js";
import type { Answering } from "./answering.js";
import { Body } from "./core/reader.js";
import type { LogRecord } from "./log.js";
import { Observed } from "./observing.js";

/** Answers a Request with a Response. */
export async function webResponse(
	answering: Answering,
	log: ((record: LogRecord) => void) | undefined,
	request: Request,
): Promise<Response> {
	const asked: Asked = {
		method: request.method,
		target: request.url,
		header: (name) => request.headers.get(name) ?? undefined,
	};
	const observed = new Observed(asked, undefined, answering.metrics, log);
	const answer = await answering.answer(asked, request.signal);
	if (request.signal.aborted) observed.ended("gone");
	observed.answered(answer);
	const { status, headers, body } = answer;
	const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) };
	if (body instanceof Body) return new Response(streamOf(body, answering, request.signal, observed), init);
	const isHead = request.method === "HEAD";
	if (body !== undefined && !isHead) observed.sent(body.length);
	observed.ended("done");
	return new Response(isHead ? null : ((body as Uint8Array<ArrayBuffer> | undefined) ?? null), init);
}

/** The body as a stream, read at the pace of its consumer. */
function streamOf(
	body: Body,
	answering: Answering,
	signal: AbortSignal,
	observed: Observed,
): ReadableStream<Uint8Array> {
	const end = (how: LogRecord["end"]) => {
		answering.readers.remove(body);
		observed.ended(how);
	};
	return new ReadableStream<Uint8Array>(
		{
			start: (sink) => {
				const fail = (how: LogRecord["end"]) => {
					end(how);
					sink.error(new DOMException(`The reader is ${how}.`, "AbortError"));
				};
				body.onCut(() => fail("stalled"));
				signal.addEventListener("abort", () => body.closed ?? fail("gone"));
			},
			pull: async (sink) => {
				try {
					const part = await body.next();
					if (part !== undefined) {
						observed.sent(part.length);
						// Copied: the consumer may keep it, while the memory here is reused.
						return sink.enqueue(new Uint8Array(part));
					}
					end("done");
					sink.close();
				} catch (error) {
					if (body.closed) return;
					observed.failed(error);
					answering.readers.remove(body);
					throw error;
				}
			},
			cancel: () => end("gone"),
		},
		{ highWaterMark: 0 },
	);
}
