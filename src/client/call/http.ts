import { ClientError } from "../errors.js";
import type { Ports } from "../ports.js";
import { abortError, follow } from "../util/abort.js";

export interface HttpAnswer {
	readonly status: number;
	readonly body: Uint8Array;
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
	if (header === null) return undefined;
	const seconds = Number(header);
	const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1_000;
	return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** An error's text is for people: no page of HTML, no bytes that are no text. */
const excerpt = (body: Uint8Array): string =>
	new TextDecoder().decode(body.subarray(0, 300)).replace(/\s+/g, " ").trim();

/**
 * One HTTP exchange, its answer read to the end.
 * @throws ClientError `network`, `timeout` or `aborted` where there is no answer, `http` where it is not 200 or 202.
 */
export async function exchange(
	fetch: typeof globalThis.fetch,
	url: URL,
	init: RequestInit,
	options: { timeoutMs: number; ports: Ports; signal?: AbortSignal | undefined },
): Promise<HttpAnswer> {
	const { timeoutMs, signal, ports } = options;
	const { controller, release } = follow(signal);
	let timedOut = false;
	const timer = setTimeout(() => {
		timedOut = true;
		controller.abort();
	}, timeoutMs);
	try {
		const response = await fetch(url, { ...init, signal: controller.signal });
		const body = new Uint8Array(await response.arrayBuffer());
		if (response.status === 200 || response.status === 202) return { status: response.status, body };
		const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), ports.now());
		throw new ClientError("http", { status: response.status, body: excerpt(body), retryAfterMs });
	} catch (error) {
		if (error instanceof ClientError) throw error;
		if (signal?.aborted) throw abortError(signal);
		if (timedOut) throw new ClientError("timeout", { waitedMs: timeoutMs, waitedFor: "HTTP answer" }, error);
		throw new ClientError("network", { url: url.origin }, error);
	} finally {
		clearTimeout(timer);
		release();
	}
}
