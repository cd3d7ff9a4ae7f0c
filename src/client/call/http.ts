import { ClientError, replyInvalid } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { abortError, follow } from "../util/abort.js";
import { concat } from "../util/bytes.js";

export interface HttpAnswer {
	readonly status: number;
	readonly body: Uint8Array;
}

/**
 * Longest answer that is read. The largest one is a query's: a replica refuses a reply of more than 3 MiB
 * (MAX_NON_REPLICATED_QUERY_REPLY_SIZE of the IC source). The rest is for signatures, certificate and delegation.
 */
export const MAX_ANSWER_BYTES = 3 * 1_048_576 + 524_288;
/** Of an answer that is an error, only the beginning is of use. */
const MAX_ERROR_BYTES = 4_096;
const MAX_EXCERPT_BYTES = 300;

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
	if (header === null) return undefined;
	const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
	return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The sender's clock, where it is shown: a date beside it is right though ours is not. */
function sentAt({ headers }: Response): number | undefined {
	const ms = Date.parse(headers.get("date") ?? "");
	return Number.isFinite(ms) ? ms : undefined;
}

/** An error's text is for people: one line, no bytes that are no text. */
const excerpt = (body: Uint8Array): string =>
	new TextDecoder().decode(body.subarray(0, MAX_EXCERPT_BYTES)).replace(/\s+/g, " ").trim();

/** Whether a body is a page of HTML, which neither a replica nor a boundary node sends. */
export const isPage = (text: string): boolean => text.startsWith("<");

/** How CBOR maps begin, and the self-described tag before them: nothing else is a 200 of this protocol. */
const isMap = ([first = 0]: Uint8Array): boolean => first === 0xd9 || (first >= 0xa0 && first <= 0xbf);

/** A captive portal, a login page or a page of a proxy: the request never reached the network. */
function isFromElsewhere({ status, body }: HttpAnswer): boolean {
	// Status 0 is how a browser shows a redirect that was not followed. A replica never redirects.
	if (status === 0 || (status >= 300 && status < 400) || status === 511) return true;
	return status < 300 && (isPage(excerpt(body)) || (status === 200 && body.length > 0 && !isMap(body)));
}

const hasSucceeded = (status: number): boolean => status === 200 || status === 202;

export interface ExchangeOptions {
	readonly timeoutMs: number;
	readonly ports: Pick<Ports, "now">;
	readonly signal?: AbortSignal | undefined;
}

/**
 * One HTTP exchange, its answer read to the end, or to the most that a replica answers.
 * @throws ClientError `network`, `timeout` or `aborted` where there is no answer of the Internet Computer, `http` where
 *   it is not 200 or 202, `reply_invalid` where it is longer than any
 */
export async function exchange(
	fetch: typeof globalThis.fetch,
	url: URL,
	init: RequestInit,
	{ timeoutMs, signal, ports }: ExchangeOptions,
): Promise<HttpAnswer> {
	const { controller, release } = follow(signal);
	let isWhole = false;
	let timedOut = false;
	const timer = setTimeout(() => {
		timedOut = true;
		controller.abort();
	}, timeoutMs);
	try {
		const response = await fetch(url, { ...init, redirect: "manual", signal: controller.signal });
		const { status } = response;
		const answer = { status, body: await read(response, url) };
		isWhole = hasSucceeded(status);
		if (isFromElsewhere(answer)) {
			const text = excerpt(answer.body);
			const reason = `something else than the Internet Computer answered, with HTTP ${status}${text && `: ${text}`}`;
			throw new ClientError("network", { url: url.origin, reason, status });
		}
		if (hasSucceeded(status)) return answer;
		const retryAfterMs = parseRetryAfter(
			response.headers.get("retry-after"),
			sentAt(response) ?? ports.now(),
		);
		throw new ClientError("http", { status, body: excerpt(answer.body), retryAfterMs });
	} catch (error) {
		if (signal?.aborted) throw abortError(signal);
		if (error instanceof ClientError) throw error;
		if (timedOut) throw new ClientError("timeout", { waitedMs: timeoutMs, waitedFor: "HTTP answer" }, error);
		throw new ClientError("network", { url: url.origin, reason: causeOf(error) }, error);
	} finally {
		clearTimeout(timer);
		release();
		// Ends a response that was not read whole. After a whole one it would only cost an error that nobody sees.
		if (!isWhole) controller.abort();
	}
}

/** Why a fetch failed: Node has the reason in the cause of an error that only says "fetch failed". */
function causeOf(error: unknown): string {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	const { code, message } = cause as { code?: unknown; message?: unknown };
	return (
		[code, message].filter((part) => typeof part === "string" && part !== "").join(": ") || String(cause)
	);
}

async function read(response: Response, url: URL): Promise<Uint8Array> {
	const isError = !hasSucceeded(response.status);
	const limit = isError ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
	const tooLong = () =>
		replyInvalid(url.pathname, `the answer has more than the ${limit} bytes that a replica sends`);
	if (!isError && Number(response.headers.get("content-length")) > limit) throw tooLong();
	const parts: Uint8Array[] = [];
	let length = 0;
	for await (const part of partsOf(response)) {
		parts.push(part);
		length += part.length;
		if (length <= limit) continue;
		if (isError) break;
		throw tooLong();
	}
	return parts.length === 1 ? (parts[0] as Uint8Array) : concat(...parts);
}

async function* partsOf({ body }: Response): AsyncGenerator<Uint8Array> {
	const reader = body?.getReader();
	if (!reader) return;
	for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
		if (value) yield value;
}
