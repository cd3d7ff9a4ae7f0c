import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { checkKey, KEY_END_LABEL, OTHERS_LABEL } from "../../../protocol/index.js";
import { isWellFormed } from "../base/well-formed.js";
import type { Header } from "../http/headers.js";
import type { PageContent } from "../http/pages.js";
import { misreadOf } from "../http/path-text.js";
import type { State } from "../state.js";

/** What an application answers over HTTP at paths of its own, beside the blobs of its store. */

/** A certified answer to GET and HEAD. */
export interface ServedAnswer {
	/** Of HTTP: 200 to 599, but for 206 and 304. 204 and 205 have no body, redirects a `location`. @default 200 */
	readonly status?: number;
	/**
	 * A plain object: at most 32, of 4,096 bytes together. An answer of status 200 has an ETag, made of its body unless it is
	 * given here (`"v1"` or `W/"v1"`), and If-None-Match is answered with 304.
	 */
	readonly headers?: Readonly<Record<string, string>>;
	/** At most 2,000,000 bytes; a text as UTF-8, without half a surrogate pair. @default empty */
	readonly body?: string | Uint8Array;
}

const MOST_PATHS = 256;
const MAX_PATH_BYTES = 256;
const MAX_BODY_BYTES = 2_000_000;
const MAX_BYTES = 16_777_216;
const MOST_HEADERS = 32;
const MAX_HEADERS_BYTES = 4_096;
const SELF = fromUnits(KEY_END_LABEL);
const OTHERS = fromUnits(OTHERS_LABEL);

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/** An entity-tag (RFC 9110, 8.8.3). */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
/** Headers that gateways set or read themselves; and cookies, which all readers of a cache would share. */
const RESERVED = /^(?:ic-|x-ic-|content-length$|content-range$|set-cookie$)/;
/** Headers of one connection, which a proxy must not forward (RFC 9110, 7.6.1). */
const HOP_BY_HOP = /^(?:connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/;
const BODILESS = new Set([204, 205]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Answers GET and HEAD at a path from now on, until the next upgrade; undefined: nothing. @throws RangeError */
export function serve(state: State, path: string, answer: ServedAnswer | undefined): void {
	const { certified, pages } = state;
	if (pages === undefined)
		throw new RangeError("an application has paths of its own where the setting http.prefix is given");
	const labels = labelsOf(path);
	if (pages.isInside(labels.slice(0, -1))) throw new RangeError(`the path ${shown(path)} is the store's`);
	if (answer === undefined) {
		if (!pages.has(labels)) return;
		pages.set(labels, undefined);
	} else {
		const content = contentOf(answer);
		if (!pages.has(labels) && pages.count >= MOST_PATHS)
			throw new RangeError(`an application has at most ${MOST_PATHS} paths`);
		if (pages.bytesBeside(labels) + content.body.length > MAX_BYTES)
			throw new RangeError(`the answers of an application have at most ${MAX_BYTES} bytes together`);
		pages.set(labels, content);
	}
	certified.certify();
}

const shown = (path: unknown): string => JSON.stringify(path) ?? String(path);

/** `/` is the segment of nothing, as a slash at the end is; `*` as the last one stands for all that is below. */
function labelsOf(path: string): string[] {
	const isPath =
		typeof path === "string" && path.startsWith("/") && encodeUtf8(path).length <= MAX_PATH_BYTES;
	if (!isPath)
		throw new RangeError(`a path is a text that begins with "/", of at most ${MAX_PATH_BYTES} bytes`);
	const misread = misreadOf(path);
	if (misread !== undefined) throw new RangeError(`the path ${shown(path)}: ${misread}`);
	const segments = path.slice(1).split("/");
	const last = segments.pop()!;
	const named = last === "" || last === "*" ? segments : [...segments, last];
	// What a segment may be is what one of a key may be; so a URL has one way to say it.
	if (named.includes("*") || (named.length > 0 && checkKey(named.join("/")) !== undefined))
		throw new RangeError(`the path ${shown(path)} has a segment that no URL or key has`);
	return last === "*" ? [...segments, OTHERS] : [...segments, last, SELF];
}

/** Not a Map or an instance of Headers, whose content is no property. */
function isPlain(value: unknown): value is object {
	if (typeof value !== "object" || value === null) return false;
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}

function contentOf(answer: ServedAnswer): PageContent {
	if (!isPlain(answer))
		throw new RangeError("what is served is a plain object { status, headers, body }, or undefined");
	const { status = 200, headers = {}, body = "", ...rest } = answer;
	if (!isPlain(headers))
		throw new RangeError("headers are a plain object of texts by their names, not a Map or Headers");
	for (const name of Object.keys(rest)) throw new RangeError(`an answer has no ${name}`);
	if (!Number.isInteger(status) || status < 200 || status > 599 || status === 206 || status === 304)
		throw new RangeError("a status is a whole number from 200 to 599, and neither 206 nor 304");
	const bytes = bytesOf(body);
	if (BODILESS.has(status) && bytes.length > 0)
		throw new RangeError(`an answer of status ${status} has no body`);
	const read = headersOf(headers);
	if (REDIRECTS.has(status) && !read.some(([name]) => name === "location"))
		throw new RangeError(`an answer of status ${status} has a header location`);
	return { status, headers: read, body: bytes };
}

function bytesOf(body: string | Uint8Array): Uint8Array {
	const isText = typeof body === "string";
	// A text has at least as many bytes as units.
	if ((isText || body instanceof Uint8Array) && body.length <= MAX_BODY_BYTES) {
		if (isText && !isWellFormed(body)) throw new RangeError("a body has half a surrogate pair");
		const bytes = isText ? encodeUtf8(body) : body;
		if (bytes.length <= MAX_BODY_BYTES) return bytes.slice();
	}
	throw new RangeError(`a body is a text or a Uint8Array of at most ${MAX_BODY_BYTES} bytes`);
}

function headersOf(given: Readonly<Record<string, string>>): Header[] {
	const headers = Object.entries(given).map(([name, value]): Header => [name.toLowerCase(), value]);
	let bytes = 0;
	for (const [name, value] of headers) {
		checkHeader(name, value);
		bytes += name.length + value.length;
	}
	if (new Set(headers.map(([name]) => name)).size < headers.length)
		throw new RangeError("an answer has each header once");
	if (headers.length > MOST_HEADERS || bytes > MAX_HEADERS_BYTES)
		throw new RangeError(
			`an answer has at most ${MOST_HEADERS} headers of ${MAX_HEADERS_BYTES} bytes together`,
		);
	return headers;
}

function checkHeader(name: string, value: unknown): void {
	if (!NAME.test(name)) throw new RangeError(`${shown(name)} is no name of a header`);
	if (HOP_BY_HOP.test(name))
		throw new RangeError(`the header ${name} is of one connection, and is no part of an answer`);
	if (RESERVED.test(name)) throw new RangeError(`${shown(name)} is no header of an answer`);
	if (value === "") throw new RangeError(`the header ${name} has no value: leave it out`);
	if (typeof value !== "string" || !VALUE.test(value))
		throw new RangeError(`the header ${name} must be a text of printable ASCII, without space around it`);
	if (name === "etag" && !ENTITY_TAG.test(value))
		throw new RangeError(`the header etag must be an entity-tag such as "v1" or W/"v1", in its quotes`);
}
