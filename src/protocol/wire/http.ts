import { bool, bytes, nat16, opt, pair, record, text, textOf, vec } from "../candid.js";
import { bytesShape, type CandidType, textShape } from "../codec/shape.js";
import { writeBytes, writeText } from "../codec/write.js";

/** The interface of HTTP gateways (HTTP Gateway Protocol Specification), as far as a store needs it. */

/** Longer URLs no gateway takes in. */
const MAX_URL_BYTES = 65_536;
const MAX_HEADERS = 256;

/** A text that stays bytes: of most headers a store looks at the name's length and no more. */
const view: CandidType<Uint8Array> = {
	...textShape(MAX_URL_BYTES),
	read: bytesShape(MAX_URL_BYTES).read,
	write: bytesShape(MAX_URL_BYTES).write,
};

/** As it is read in a canister. */
export interface WireHttpRequest {
	method: string;
	/** Path and query, escaped. */
	url: string;
	headers: [name: Uint8Array, value: Uint8Array][];
	body: Uint8Array;
	certificate_version: [] | [number];
}
export const HttpRequest = record<WireHttpRequest>({
	method: textOf(64),
	url: textOf(MAX_URL_BYTES),
	headers: vec(pair(view, view), MAX_HEADERS),
	body: bytes,
	certificate_version: opt(nat16),
});

/** A text that may be given in UTF-8: what is long is made as bytes. */
const written: CandidType<string | Uint8Array> = {
	...textShape(Infinity),
	write: (value) => (typeof value === "string" ? writeText(value) : writeBytes(value)),
};

/** As it is written by a canister. */
export interface WireHttpResponse {
	status_code: number;
	headers: [name: string, value: string | Uint8Array][];
	body: Uint8Array;
	/** True: the same is to be asked by an update. */
	upgrade: [] | [boolean];
}
export const HttpResponse = record<WireHttpResponse>({
	status_code: nat16,
	headers: vec(pair(text, written)),
	body: bytes,
	upgrade: opt(bool),
});

export const HTTP_METHODS = {
	/** What an HTTP gateway asks for. Its answer is certified (docs/HTTP.md). */
	http_request: { kind: "query", args: [HttpRequest], result: HttpResponse },
} as const;
