/**
 * The interface between socket and network. Latency, errors, lost and repeated messages are middlewares (conditions/,
 * faults/); handlers of requests contain none of that.
 */

/** A complete HTTP request. */
export interface WireRequest {
	/** HTTP method. */
	readonly method: string;
	/** Path and query, unmodified. */
	readonly url: string;
	/** Header values by lower-case name. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	/** Body; empty if there is none. */
	readonly body: Uint8Array;
}

/** A body that is sent in pieces. */
export interface WireStream {
	/** Total size in bytes. */
	readonly length: number;
	/** The pieces; each is requested after the one before was sent. */
	readonly pieces: AsyncIterable<Uint8Array>;
}

/** An HTTP reply. */
export interface WireReply {
	/** HTTP status, such as 200. */
	readonly status: number;
	/** Headers without Content-Length, which the server adds. */
	readonly headers: Readonly<Record<string, string>>;
	/** Body; empty if there is none. */
	readonly body: Uint8Array;
	/**
	 * A streamed body instead of `body`. If it yields fewer bytes than its length, the connection is closed. Only for a
	 * canister's site.
	 */
	readonly stream?: WireStream;
	/** Sends only this many bytes of the body, and closes the connection. */
	readonly breakAfter?: number;
}

/** Passes a request on. May be called any number of times. */
export type Handler = (request: WireRequest) => Promise<WireReply>;

/** Responds itself or through `next`; `"drop"` closes the connection without a response. */
export type Middleware = (request: WireRequest, next: Handler) => Promise<WireReply | "drop">;
