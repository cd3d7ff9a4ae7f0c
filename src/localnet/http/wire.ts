/**
 * The seam between socket and network. Latency, errors, lost and repeated messages are middlewares (conditions/,
 * faults/); what handles requests does nothing of the kind.
 */

export interface WireRequest {
	readonly method: string;
	/** Path and query, as it came. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: Uint8Array;
}

export interface WireReply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Uint8Array;
	/** Sends so many bytes of the body, less than all, and closes the connection. */
	readonly breakAfter?: number;
}

/** Hands a request on; may be called any number of times. */
export type Handler = (request: WireRequest) => Promise<WireReply>;

/** Answers a request itself or through `next`; `"drop"` closes the connection without an answer. */
export type Middleware = (request: WireRequest, next: Handler) => Promise<WireReply | "drop">;
