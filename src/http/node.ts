import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, Asked } from "./answer.js";
import type { Answering } from "./answering.js";
import { Body } from "./core/reader.js";
import type { LogRecord } from "./log.js";
import { Observed } from "./observing.js";

/** A request listener for a server of node:http. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export function nodeListener(
	answering: Answering,
	log: ((record: LogRecord) => void) | undefined,
	isClosing: () => boolean,
): Listener {
	return (request, response) => {
		const asked = askedBy(request);
		const observed = new Observed(asked, request.socket.remoteAddress, answering.metrics, log);
		void serve(answering, asked, request, response, observed, isClosing).catch((error) => {
			observed.failed(error);
			response.destroy();
		});
	};
}

function askedBy({ method = "GET", url = "/", headers }: IncomingMessage): Asked {
	return {
		method,
		target: url,
		header: (name) => {
			const value = headers[name];
			return Array.isArray(value) ? value.join(", ") : value;
		},
	};
}

async function serve(
	answering: Answering,
	asked: Asked,
	request: IncomingMessage,
	response: ServerResponse,
	observed: Observed,
	isClosing: () => boolean,
): Promise<void> {
	const gone = new AbortController();
	response.on("error", () => {});
	response.on("close", () => {
		gone.abort();
		// A body that was sent whole is closed, too.
		observed.ended(response.writableFinished ? "done" : "gone");
	});
	const answer = await answering.answer(asked, gone.signal);
	observed.answered(answer);
	const { body } = answer;
	try {
		if (gone.signal.aborted) return;
		writeHead(request, response, answer, isClosing());
		if (body instanceof Body) await pump(body, response, gone.signal, observed);
		else {
			// For HEAD Node sends the head only.
			if (body !== undefined && asked.method !== "HEAD") observed.sent(body.length);
			response.end(body);
		}
		// Ends when the system has accepted all of it, or the reader is gone.
		if (!response.writableFinished) await finished(response);
		if (response.writableFinished) observed.ended("done");
	} finally {
		if (body instanceof Body) answering.readers.remove(body);
	}
}

function writeHead(
	{ headers }: IncomingMessage,
	response: ServerResponse,
	{ status, headers: own }: Answer,
	isClosing: boolean,
): void {
	// Request bodies are not read, so the connection is not reused.
	const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
	if (hasBody || isClosing) response.setHeader("Connection", "close");
	for (const [name, value] of own) response.setHeader(name, value);
	response.writeHead(status);
}

/** Sends the body at the reader's pace. */
async function pump(
	body: Body,
	response: ServerResponse,
	gone: AbortSignal,
	observed: Observed,
): Promise<void> {
	body.onCut(() => {
		observed.ended("stalled");
		response.destroy();
	});
	gone.addEventListener("abort", () => body.close());
	try {
		for (let part = await body.next(); part !== undefined; part = await body.next()) {
			observed.sent(part.length);
			await written(response, part);
			if (gone.aborted) return;
		}
		response.end();
	} catch (error) {
		// Fewer bytes than declared: the reader sees a broken connection.
		if (body.closed === undefined) observed.failed(error);
		response.destroy();
	}
}

/** Resolves when the system has accepted the bytes, whose memory is then reused, or when the connection is closed. */
function written(response: ServerResponse, part: Uint8Array): Promise<void> {
	return settled(response, (end) => response.write(part, end));
}

const finished = (response: ServerResponse): Promise<void> =>
	settled(response, (end) => response.on("finish", end));

/** Resolves when `begin` calls its argument, or when the connection is closed. */
function settled(response: ServerResponse, begin: (end: () => void) => void): Promise<void> {
	return new Promise((resolve) => {
		if (response.closed || response.destroyed) return resolve();
		const end = () => {
			response.off("close", end);
			resolve();
		};
		response.on("close", end);
		begin(end);
	});
}
