import { fromUnits } from "../../protocol/codec/utf8.js";
import type { HttpQuery, HttpReply } from "../engine/index.js";

/** An HTTP gateway's request, as the Candid of `http_request` reads in JavaScript. */
export interface HttpRequest {
	/** `GET` and so on. */
	readonly method: string;
	/** Path and query, escaped. */
	readonly url: string;
	/** As the client sent them. */
	readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What `http_request` answers; `body` is a `vec nat8`. */
export interface HttpResponse {
	/** Of HTTP, such as 200. */
	status_code: number;
	/** With the proof of the answer. */
	headers: [name: string, value: string][];
	/** Empty where there is none. */
	body: Uint8Array;
	/** True: the gateway is to ask `http_request_update` for the same (setting `http.exactRanges`). Else absent. */
	upgrade: [] | [boolean];
}

export const queryOf = ({ method, url, headers }: HttpRequest): HttpQuery => ({
	method,
	url,
	header: (wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1],
});

export const responseOf = ({ status, headers, body, upgrade }: HttpReply): HttpResponse => ({
	status_code: status,
	headers: headers.map(([name, value]) => [name, typeof value === "string" ? value : fromUnits(value)]),
	body,
	upgrade: upgrade ? [true] : [],
});
