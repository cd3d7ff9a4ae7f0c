/**
 * The seam between socket and network. Latency, errors, lost and repeated messages are middlewares (conditions/,
 * faults/); what handles requests does nothing of the kind.
 */

/** An HTTP request, read to its end. */
export interface WireRequest {
	/** `GET`, `POST` and so on. */
	readonly method: string;
	/** Path and query, as it came. */
	readonly url: string;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	/** Empty where there is none. */
	readonly body: Uint8Array;
}

/** A body that is sent as it comes. */
export interface WireStream {
	/** Bytes of all pieces together. */
	readonly length: number;
	/** One after the other, each taken when the one before was sent. */
	readonly pieces: AsyncIterable<Uint8Array>;
}

/** An HTTP reply. */
export interface WireReply {
	/** Of HTTP, such as 200. */
	readonly status: number;
	/** Content-Length is added when it is sent. */
	readonly headers: Readonly<Record<string, string>>;
	/** Empty where there is none. */
	readonly body: Uint8Array;
	/** A body in pieces, in the place of `body`: so many bytes, or the connection is closed. Of a canister's site alone. */
	readonly stream?: WireStream;
	/** Sends so many bytes of the body, less than all, and closes the connection. */
	readonly breakAfter?: number;
}

/** Hands a request on; may be called any number of times. */
export type Handler = (request: WireRequest) => Promise<WireReply>;

/** Answers a request itself or through `next`; `"drop"` closes the connection without an answer. */
export type Middleware = (request: WireRequest, next: Handler) => Promise<WireReply | "drop">;
