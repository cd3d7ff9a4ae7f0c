/** HTTPS interface: the shapes of replies. CBOR for answers, plain text for everything that is 4xx or 5xx. */
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

/** Ends a request with a plain text answer. */
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
