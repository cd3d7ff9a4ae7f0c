import { fromUnits } from "../../protocol/codec/utf8.js";
import {
	ArgumentsReader,
	HTTP_METHODS,
	Malformed,
	ReplyWriter,
	Unsupported,
	type WireHttpRequest,
} from "../../protocol/index.js";
import type { HttpQuery, HttpReply } from "../engine/index.js";

/** The Candid of HTTP gateways. Anybody may send what they like: what it takes to read is bounded as of all requests. */

const { args, result } = HTTP_METHODS.http_request;
const MOST_TEXT = 0x2_0000;
/** As much as certificate and witness of an answer take as a header, and some. */
const HEADERS_BYTES = 16_384;
/** Headers that mean anything here are shorter. */
const MOST_OF_HEADER = 4_096;
const reader = new ArgumentsReader(args, {
	text: MOST_TEXT,
	texts: 16,
	longTexts: true,
	listsOfTexts: true,
	values: 1_024,
	effort: 720,
	isStrict: false,
});
const writer = new ReplyWriter(result);

/** Undefined where the message is no request. */
export function decodeHttpRequest(message: Uint8Array): HttpQuery | undefined {
	try {
		const [request] = reader.read(message) as [WireHttpRequest];
		return { method: request.method, url: request.url, header: headersIn(request.headers) };
	} catch (error) {
		if (error instanceof Malformed || error instanceof Unsupported) return undefined;
		throw error;
	}
}

/** Headers are looked for by their lengths first: a request has 30 that no store asks for. */
function headersIn(headers: WireHttpRequest["headers"]): HttpQuery["header"] {
	return (name) => {
		for (const [its, value] of headers)
			if (its.length === name.length && latin(its).toLowerCase() === name) return latin(value);
		return undefined;
	};
}

const latin = (bytes: Uint8Array): string => fromUnits(bytes.subarray(0, MOST_OF_HEADER));

/** As a view that is valid until the next one is encoded. */
export const encodeHttpReply = ({ status, headers, body, upgrade }: HttpReply): Uint8Array =>
	writer.write(
		{ status_code: status, headers, body, upgrade: upgrade ? [true] : [] },
		body.length + HEADERS_BYTES,
	);
