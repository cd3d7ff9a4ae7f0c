import { fromUnits } from "../../protocol/codec/utf8.js";
import type { HttpQuery, HttpReply } from "../engine/index.js";

/** An HTTP gateway's request, as the Candid of `http_request` reads in JavaScript. */
export interface HttpRequest {
	readonly method: string;
	/** Path and query, escaped. */
	readonly url: string;
	readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What `http_request` answers; `body` is a `vec nat8`. */
export interface HttpResponse {
	status_code: number;
	headers: [name: string, value: string][];
	body: Uint8Array;
	upgrade: [] | [boolean];
}

export const queryOf = ({ method, url, headers }: HttpRequest): HttpQuery => ({
	method,
	url,
	header: (wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1],
});

export const responseOf = ({ status, headers, body }: HttpReply): HttpResponse => ({
	status_code: status,
	headers: headers.map(([name, value]) => [name, typeof value === "string" ? value : fromUnits(value)]),
	body,
	upgrade: [],
});
