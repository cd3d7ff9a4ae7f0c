import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_CHUNK_BYTES, type WirePublication } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { type Answer, type Ask, Gateway } from "./gateway.js";

/** The response to each request: @dfinity/response-verification accepts it, and no response with one byte changed. */

const S = 65_536;
const gateway = new Gateway();
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const picture = bytesOf(1_000);
const clip = bytesOf(5_000);
const page = new TextEncoder().encode("<h1>Hello</h1>");
const video = bytesOf(3 * S + 100);
const SIZE = video.length;
const HOUR_MS = 3_600_000;

function put(key: string, body: Uint8Array, parts: Partial<WirePublication> = {}): void {
	const root = rootOf(body, MAX_CHUNK_BYTES);
	ask(gateway.engine, "blobs_put_blob", { id: newId(), key, ...publication(root, parts) }, body);
}

function upload(key: string, body: Uint8Array, parts: Partial<WirePublication> = {}): void {
	const id = newId();
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(body.length)], chunk_size: S });
	for (let at = 0; at < body.length; at += S)
		ask(gateway.engine, "blobs_put_chunk", id, at / S, body.subarray(at, at + S));
	ask(gateway.engine, "blobs_commit_upload", {
		id,
		size: BigInt(body.length),
		...publication(rootOf(body, S), parts),
	});
}

beforeAll(() => {
	put("a/picture.png", picture, { content_type: "image/png" });
	put("a/clip.mp4", clip, { content_type: "video/mp4" });
	put("page.html", page, { content_type: "text/html" });
	put("empty", new Uint8Array(0));
	put("secret", picture, { visibility: { private: null } });
	upload("video.mp4", video, { content_type: "video/mp4" });
	gateway.settle();
	put("ends", picture, { expires_at: [BigInt(gateway.host.time + HOUR_MS) * 1_000_000n] });
	put("gone", picture);
	ask(gateway.engine, "blobs_delete", { id: newId(), key: "gone", precondition: { none: null } });
	upload("fresh", video);
});

const range = (range: string, more: Record<string, string> = {}): Ask => ({ headers: { range, ...more } });
const tagOf = (url: string) => gateway.get(url).headers.etag!;

type Expected = [status: number, body?: Uint8Array | undefined, range?: string];
const all = (bytes: Uint8Array): Expected => [200, bytes];
const part = (bytes: Uint8Array, from: number, to: number): Expected => [
	206,
	bytes.subarray(from, to + 1),
	`bytes ${from}-${to}/${bytes.length}`,
];

describe("C85 every answer verifies, and is", () => {
	test.each<[string, string, Ask, Expected]>([
		["the whole", "/a/picture.png", {}, all(picture)],
		["the whole, for HEAD", "/a/picture.png", { method: "HEAD" }, all(picture)],
		["the whole of what has no ranges", "/a/picture.png", range("bytes=5-10"), all(picture)],
		["the whole of nothing", "/empty", range("bytes=0-"), all(new Uint8Array(0))],
		["all as a range", "/a/clip.mp4", range("bytes=0-"), part(clip, 0, 4_999)],
		["all by its end", "/a/clip.mp4", range("bytes=0-99999"), part(clip, 0, 4_999)],
		["all by its length", "/a/clip.mp4", range("bytes=-5000"), part(clip, 0, 4_999)],
		["what Safari asks for", "/a/clip.mp4", range("bytes=0-1"), part(clip, 0, 1)],
		["the whole for another range", "/a/clip.mp4", range("bytes=7-8"), all(clip)],
		["the whole for several", "/a/clip.mp4", range("bytes=0-1,5-6"), all(clip)],
		["the whole for another unit", "/a/clip.mp4", range("lines=0-1"), all(clip)],
		["the whole for a broken range", "/a/clip.mp4", range("bytes=5-2"), all(clip)],
		["no range past the end", "/a/clip.mp4", range("bytes=5000-"), [416, undefined, "bytes */5000"]],
		["no last zero bytes", "/a/clip.mp4", range("bytes=-0"), [416, undefined, "bytes */5000"]],
		["no range of HEAD", "/a/clip.mp4", { method: "HEAD", ...range("bytes=0-1") }, all(clip)],
		["the first part", "/video.mp4", {}, part(video, 0, S - 1)],
		["the first part, for HEAD", "/video.mp4", { method: "HEAD" }, part(video, 0, S - 1)],
		["the first part, for a player", "/video.mp4", range("bytes=0-"), part(video, 0, S - 1)],
		["what Safari asks for, of many", "/video.mp4", range("bytes=0-1"), part(video, 0, 1)],
		["a part", "/video.mp4", range(`bytes=${S}-`), part(video, S, 2 * S - 1)],
		[
			"a part, though less is asked for",
			"/video.mp4",
			range(`bytes=${2 * S}-${2 * S + 9}`),
			part(video, 2 * S, 3 * S - 1),
		],
		["the last part", "/video.mp4", range("bytes=-100"), part(video, 3 * S, SIZE - 1)],
		["no byte within a part", "/video.mp4", range("bytes=1-"), [501]],
		["no several parts", "/video.mp4", range(`bytes=0-9,${S}-`), [501]],
		["no part past the end", "/video.mp4", range(`bytes=${SIZE}-`), [416, undefined, `bytes */${SIZE}`]],
		["nothing to wait for long", "/fresh", {}, [503]],
		["what may be done", "/video.mp4", { method: "PUT" }, [405]],
		["what may be done with one", "/a/picture.png", { method: "POST" }, [405]],
		["nothing", "/nothing", {}, [404]],
		["nothing, whatever is asked", "/nothing", { method: "DELETE", ...range("bytes=0-1") }, [404]],
	])("%s", (_, url, asked, [status, body, contentRange]) => {
		const answer = gateway.get(url, asked);
		expect(answer.status).toBe(status);
		if (body !== undefined) expect(Buffer.compare(answer.body, body)).toBe(0);
		expect(answer.headers["content-range"]).toBe(contentRange);
	});

	test.each([
		["the tag", (tag: string) => tag],
		["weakly", (tag: string) => `W/${tag}`],
		["one of a list", (tag: string) => `"other", W/"x" ,${tag}`],
		["anything", () => "*"],
	])("304 for %s, of one chunk and of several", (_, header) => {
		for (const url of ["/a/picture.png", "/a/clip.mp4", "/video.mp4"]) {
			const tag = tagOf(url);
			const asked = range("bytes=0-1", { "If-None-Match": header(tag) });
			expect(gateway.get(url, asked)).toMatchObject({
				status: 304,
				body: new Uint8Array(0),
				headers: { etag: tag },
			});
			expect(gateway.get(url, { headers: { "if-none-match": '"another"' } }).status).not.toBe(304);
		}
	});

	test("304 by date, where no tag is given", () => {
		const modified = gateway.get("/a/picture.png").headers["last-modified"]!;
		const since = (date: string, more = {}) =>
			gateway.get("/a/picture.png", { headers: { "if-modified-since": date, ...more } }).status;
		expect(since(modified)).toBe(304);
		expect(since(new Date(Date.parse(modified) - 1_000).toUTCString())).toBe(200);
		for (const noDate of ["yesterday", "2030", "2030-01-01T00:00:00Z"]) expect(since(noDate)).toBe(200);
		expect(since(modified, { "if-none-match": '"another"' })).toBe(200);
	});

	test("a range of another version is none: If-Range", () => {
		const tag = tagOf("/a/clip.mp4");
		expect(gateway.get("/a/clip.mp4", range("bytes=0-1", { "if-range": tag })).status).toBe(206);
		for (const other of ['"another"', `W/${tag}`, "Mon, 30 Nov 2026 12:00:00 GMT"])
			expect(gateway.get("/a/clip.mp4", range("bytes=0-1", { "if-range": other })).body).toEqual(clip);
		expect(gateway.get("/video.mp4", range(`bytes=${S}-`, { "if-range": '"another"' })).status).toBe(501);
	});
});

test("C92 under a raw name, where nobody verifies, a range is what was asked for, within a chunk", () => {
	const raw = (url: string, range: string, more = {}) =>
		gateway.ask(url, { headers: { host: "abcde-cai.raw.icp0.io", range, ...more } });
	const within = raw("/video.mp4", `bytes=${S + 5}-${S + 9}`);
	expect(within).toMatchObject({ status: 206, body: video.slice(S + 5, S + 10) });
	expect(within.headers).toContainEqual(["content-range", `bytes ${S + 5}-${S + 9}/${SIZE}`]);
	const across = raw("/video.mp4", `bytes=${S + 5}-`);
	expect(across.headers).toContainEqual(["content-range", `bytes ${S + 5}-${2 * S - 1}/${SIZE}`]);
	expect(across.body).toEqual(video.slice(S + 5, 2 * S));
	expect(raw("/a/clip.mp4", "bytes=7-8").body).toEqual(clip.slice(7, 9));
	expect(raw("/video.mp4", "bytes=7-8", { "if-none-match": "*" }).status).toBe(304);
	expect(raw("/video.mp4", `bytes=${SIZE}-`).status).toBe(416);
	expect(raw("/fresh", "bytes=7-8").status).toBe(503);
	expect(
		gateway.ask("/video.mp4", { headers: { host: "abcde-cai.icp0.io", range: "bytes=7-8" } }).status,
	).toBe(501);
});

/** What all answers of a kind have that anybody can see, but for their proofs. */
const seen = ({ status, headers, body }: Answer) => ({
	status,
	headers: headers.filter(([name]) => name !== "ic-certificate"),
	body,
});

describe("C86 what is not there for everybody", () => {
	const paths = [
		"/secret",
		"/gone",
		"/nothing",
		"/",
		"/a",
		"/a/",
		"/a/picture.png/",
		"/a/picture.png/below",
		"/a/none/deeper/still",
		"/zzz",
		"/!",
		"/%3C%24%3E",
		"/%3C*%3E",
		"/a/../b",
		`/${"x".repeat(3_000)}`,
		`/${"deep/".repeat(300)}`,
		`/a/${"%F0%9F%99%82".repeat(400)}`,
		"//",
		"/a//none",
	];
	test("is answered alike, and certified: private, deleted, never there, or no key at all", () => {
		const first = seen(gateway.ask("/nothing"));
		for (const path of paths) {
			gateway.get(path);
			expect(seen(gateway.ask(path)), path).toEqual(first);
		}
	});

	test("also what is over, before it is cleaned away", () => {
		expect(gateway.get("/ends").status).toBe(200);
		const { time } = gateway.host;
		gateway.host.time += HOUR_MS;
		expect(seen(gateway.ask("/ends"))).toEqual(seen(gateway.ask("/nothing")));
		expect(gateway.get("/ends").status).toBe(404);
		gateway.host.time = time;
	});

	test("in an empty store, too", () => {
		const empty = new Gateway();
		for (const path of paths) expect(empty.get(path).status, path).toBe(404);
	});

	test("a path that is not UTF-8 has no answer that verifies, and an answer", () => {
		expect(gateway.ask("/%FF%FE").status).toBe(400);
		expect(() => gateway.get("/%FF%FE")).toThrow();
	});

	test("cannot be said of what is there", () => {
		const nothing = gateway.ask("/nothing");
		for (const path of ["/a/picture.png", "/video.mp4", "/page.html"])
			expect(() => gateway.verify(path, nothing)).toThrow();
	});
});

describe("C87 nothing verifies that is another", () => {
	const kinds: [string, string, Ask][] = [
		["200", "/a/picture.png", {}],
		["206 with all", "/a/clip.mp4", range("bytes=0-")],
		["206 with two bytes", "/a/clip.mp4", range("bytes=0-1")],
		["206 with the first part", "/video.mp4", {}],
		["206 with a part", "/video.mp4", range(`bytes=${S}-`)],
		["304", "/a/picture.png", { headers: { "if-none-match": "*" } }],
		["404", "/nothing", {}],
		["405", "/a/picture.png", { method: "PUT" }],
		["416", "/video.mp4", range("bytes=99999999-")],
		["501", "/video.mp4", range("bytes=1-")],
		["503", "/fresh", {}],
		["200 to HEAD", "/a/picture.png", { method: "HEAD" }],
		["200 of nothing", "/empty", {}],
		["200 in a sandbox", "/page.html", {}],
		["206 with two bytes of several parts", "/video.mp4", range("bytes=0-1")],
		["206 with the last part", "/video.mp4", range(`bytes=${3 * S}-`)],
		["304 of several parts", "/video.mp4", { headers: { "if-none-match": "*" } }],
		["405 of several parts", "/video.mp4", { method: "PUT" }],
		["416 of one chunk", "/a/clip.mp4", range("bytes=5000-")],
		["404 of what is over", "/ends", {}],
	];
	let time: number;
	beforeAll(() => {
		({ time } = gateway.host);
		gateway.host.time += HOUR_MS;
	});
	afterAll(() => {
		gateway.host.time = time;
	});
	test.each(kinds)("than %s, by a byte", (_, url, asked) => {
		const answer = gateway.ask(url, asked);
		gateway.verify(url, answer, asked);
		const refused = (other: Answer, what: string) =>
			expect(() => gateway.verify(url, other, asked), what).toThrow();
		for (const status of [answer.status + 1, answer.status === 200 ? 206 : 200])
			refused({ ...answer, status }, `status ${status}`);
		const { body } = answer;
		for (const at of [0, body.length >> 1, body.length - 1]) {
			if (body.length === 0) continue;
			const other = body.slice();
			other[at]! ^= 1;
			refused({ ...answer, body: other }, `body at ${at}`);
		}
		refused({ ...answer, body: new Uint8Array([...body, 0]) }, "a byte more");
		for (const [index, [name, value]] of answer.headers.entries()) {
			const replaced = (text: string): Answer => ({
				...answer,
				headers: answer.headers.map((header, i) => (i === index ? [name, text] : header)),
			});
			// Within certificate and witness, past what only says that CBOR follows.
			const places =
				name === "ic-certificate"
					? [20, 400, value.indexOf("tree=") + 60, value.indexOf("expr_path=") + 20]
					: [0, value.length - 1];
			for (const at of places) {
				const character = value[at] === "a" ? "b" : "a";
				refused(replaced(value.slice(0, at) + character + value.slice(at + 1)), `${name} at ${at}`);
			}
			const without = { ...answer, headers: answer.headers.filter((_, i) => i !== index) };
			refused(without, `no ${name}`);
		}
		for (const name of [
			"content-range",
			"content-encoding",
			"content-disposition",
			"etag",
			"retry-after",
			"allow",
		])
			if (!answer.headers.some(([its]) => its === name))
				refused({ ...answer, headers: [...answer.headers, [name, "x"]] }, `${name} added`);
		for (const other of ["/page.html", "/a/picture.png/below", "/zzz"]) {
			if (other === url || (answer.status === 404 && other !== "/page.html")) continue;
			expect(() => gateway.verify(other, answer, asked), other).toThrow();
		}
	});
});
