/** HTTPS interface: the forms of responses. CBOR for results, plain text for 4xx and 5xx. */
import { type Encodable, encodeCbor } from "../encoding/cbor-encode.js";
import type { WireReply } from "./wire.js";

export function cborReply(status: number, value: Encodable): WireReply {
	return cborBytes(status, encodeCbor(value));
}

export function cborBytes(status: number, body: Uint8Array): WireReply {
	return { status, headers: { "content-type": "application/cbor" }, body };
}

export function textReply(status: number, text: string): WireReply {
	return {
		status,
		headers: { "content-type": "text/plain; charset=utf-8" },
		body: Buffer.from(text, "utf8"),
	};
}

/** Ends a request with a plain text response. */
export class HttpError extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}

	get reply(): WireReply {
		return textReply(this.status, this.message);
	}
}

/** The boundary's text, which says 4 MiB for any limit. */
export function tooLarge(): HttpError {
	return new HttpError(
		413,
		"error: payload_too_large\ndetails: Payload is too large: maximum body size is 4194304 bytes.",
	);
}

/** The replica's texts for too many concurrent calls, and for a full ingress pool. */
export const BUSY = {
	429: "The service is overloaded.",
	503: "Service is overloaded, try again later.",
} as const;
