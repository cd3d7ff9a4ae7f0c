import { beforeEach, describe, expect, test } from "vitest";
import type { ServedAnswer, Settings } from "../../../src/canister/engine/index.js";
import { MAX_CHUNK_BYTES } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { put as stagedPut } from "../engine/staged-store.js";
import { type Ask, Gateway } from "./gateway.js";

/** Responses of an application at its own paths, verified with @dfinity/response-verification. */

const utf8 = (text: string) => new TextEncoder().encode(text);
const blob = utf8("a picture");
const HTML = { "content-type": "text/html; charset=utf-8" };
const page = (body: string): ServedAnswer => ({ headers: HTML, body });
const SETTINGS: Settings = { http: { prefix: "/files" } };

let gateway: Gateway;
beforeEach(() => {
	gateway = new Gateway(SETTINGS);
	for (const key of ["a", "about", "app/main", "app"]) put(key);
});

function put(key: string): void {
	const request = { id: newId(), key, ...publication(rootOf(blob, MAX_CHUNK_BYTES)) };
	ask(gateway.engine, "blobs_put_blob", request, blob);
}
const serve = (path: string, answer: ServedAnswer | undefined) => gateway.engine.serve(path, answer);
const textAt = (url: string, asked: Ask = {}) => new TextDecoder().decode(gateway.get(url, asked).body);
/** As an application's own http_request is answered. */
const ownAt = (url: string, method = "GET") =>
	gateway.engine.http({ method, url, header: () => undefined }, false);

describe("C147 an application's answers", () => {
	test("with status, headers and body as they were given, beside the blobs", () => {
		serve("/", { headers: { "Content-Type": "text/html", "X-Own": "yes" }, body: "<h1>Hello</h1>" });
		serve("/about", page("about"));
		serve("/a b/ü", page("escaped"));
		serve("/dir/", page("directory"));
		serve("/old", { status: 308, headers: { location: "/about" } });
		serve("/bytes", { body: Uint8Array.of(0, 1, 255) });
		const home = gateway.get("/");
		expect(home).toEqual({
			status: 200,
			headers: expect.objectContaining({ "content-type": "text/html", "x-own": "yes" }),
			body: utf8("<h1>Hello</h1>"),
		});
		expect(home.headers.etag).toMatch(/^"[0-9a-f]{16}"$/);
		expect(textAt("/about")).toBe("about");
		expect(textAt("/about?page=2")).toBe("about");
		expect(textAt("/a%20b/%C3%BC")).toBe("escaped");
		expect(textAt("/dir/")).toBe("directory");
		expect(gateway.get("/old")).toMatchObject({ status: 308, headers: { location: "/about" } });
		expect(gateway.get("/bytes").body).toEqual(Uint8Array.of(0, 1, 255));
		for (const url of ["/dir", "/about/", "/a", "/a%20b", "/none"])
			expect(gateway.get(url).status, url).toBe(404);
		for (const key of ["a", "about", "app/main"]) expect(gateway.get(`/files/${key}`).body).toEqual(blob);
		expect(ownAt("/about")?.status).toBe(200);
		expect(ownAt("/none")).toBeUndefined();
	});

	test("HEAD, If-None-Match, and other methods", () => {
		serve("/about", { headers: { ...HTML, "cache-control": "max-age=60" }, body: "about" });
		serve("/tagged", { headers: { etag: '"v1"' }, body: "tagged" });
		serve("/gone", { status: 410, body: "gone" });
		expect(textAt("/about", { method: "HEAD" })).toBe("about");
		const tag = gateway.get("/about").headers.etag!;
		for (const tags of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
			const same = gateway.get("/about", { headers: { "if-none-match": tags } });
			expect(same).toMatchObject({ status: 304, headers: { etag: tag, "cache-control": "max-age=60" } });
			expect(same.body).toHaveLength(0);
		}
		expect(gateway.get("/about", { headers: { "if-none-match": '"x"' } }).status).toBe(200);
		expect(gateway.get("/tagged", { headers: { "if-none-match": '"v1"' } }).status).toBe(304);
		expect(gateway.get("/gone", { headers: { "if-none-match": "*" } }).status).toBe(410);
		expect(gateway.get("/about", { method: "POST" })).toMatchObject({
			status: 405,
			headers: { allow: "GET, HEAD" },
		});
		expect(ownAt("/about", "POST")).toBeUndefined();
	});

	test.each(['W/"v1"', '"v1"'])("If-None-Match names a given ETag of %s weakly", (etag) => {
		serve("/tagged", { headers: { etag }, body: "tagged" });
		expect(gateway.get("/tagged")).toMatchObject({ status: 200, headers: { etag } });
		for (const tags of ['"v1"', 'W/"v1"', 'W/"v0", W/"v1"', "*"])
			expect(gateway.get("/tagged", { headers: { "if-none-match": tags } }), tags).toMatchObject({
				status: 304,
				headers: { etag },
			});
		expect(gateway.get("/tagged", { headers: { "if-none-match": 'W/"v2"' } }).status).toBe(200);
	});

	test("without a body where a status has none; a percent sign and a star that mean themselves", () => {
		serve("/empty", { status: 204 });
		serve("/100%", page("percent"));
		serve("/a*b", page("star"));
		serve("/pair", { body: "\u{1f600}" });
		serve("/bare", Object.assign(Object.create(null), { headers: Object.create(null), body: "bare" }));
		expect(gateway.get("/empty")).toMatchObject({ status: 204, body: new Uint8Array(0) });
		expect(textAt("/100%25")).toBe("percent");
		expect(textAt("/a*b")).toBe("star");
		expect(textAt("/pair")).toBe("\u{1f600}");
		expect(textAt("/bare")).toBe("bare");
	});

	test("the nearest wildcard answers what nothing else does, and a path of its own wins", () => {
		serve("/*", page("app"));
		serve("/admin/*", page("admin"));
		serve("/admin/help", page("help"));
		serve("/admin/*", page("admin"));
		serve("/deep/er/*", page("deeper"));
		for (const url of ["/", "/x", "/x/y/z", "/about", "/app/main", "/deep", "/deep/x", "/a/", "/%3C*%3E"])
			expect(textAt(url), url).toBe("app");
		for (const url of ["/admin/", "/admin/x", "/admin/help/x", "/admin/help/"])
			expect(textAt(url), url).toBe("admin");
		expect(textAt("/admin")).toBe("admin");
		expect(textAt("/admin/help")).toBe("help");
		expect(textAt("/deep/er/x")).toBe("deeper");
		// What is below the prefix stays the store's.
		expect(textAt("/files/none")).toBe("There is nothing here.\n");
		expect(gateway.get("/files/a").body).toEqual(blob);
		serve("/*", undefined);
		expect(gateway.get("/x").status).toBe(404);
		expect(textAt("/admin/x")).toBe("admin");
		serve("/*", { status: 404, ...page("nothing of mine") });
		expect(gateway.get("/x")).toMatchObject({ status: 404, body: utf8("nothing of mine") });
	});

	test("above a prefix of several segments, and beside it", () => {
		gateway = new Gateway({ http: { prefix: "/api/v1/files" } });
		put("a");
		serve("/api", page("api"));
		serve("/api/*", page("any"));
		serve("/api/v1/docs", page("docs"));
		expect(textAt("/api")).toBe("api");
		for (const url of ["/api/x", "/api/v1", "/api/v1/file", "/api/v1/docs/x"])
			expect(textAt(url), url).toBe("any");
		expect(textAt("/api/v1/docs")).toBe("docs");
		expect(gateway.get("/api/v1/files/a").body).toEqual(blob);
		expect(gateway.get("/api/v1/files/b").status).toBe(404);
	});

	test("as many as there may be, each by a short proof", () => {
		const paths = Array.from({ length: 256 }, (_, i) => (i % 2 ? `/p${i}` : `/d${i % 7}/p${i}`));
		for (const path of paths) serve(path, page(path));
		for (const path of paths) expect(textAt(path)).toBe(path);
		for (const url of ["/", "/p", "/p0", "/d0", "/d0/p", "/zz"]) {
			const answer = gateway.ask(url);
			gateway.verify(url, answer);
			expect(answer.status).toBe(404);
			const [, proof] = answer.headers.find(([name]) => name === "ic-certificate")!;
			expect(proof.length).toBeLessThan(6_000);
		}
		expect(() => serve("/more", page(""))).toThrow(/at most 256 paths/);
		serve("/p1", undefined);
		serve("/more", page("more"));
		expect(textAt("/more")).toBe("more");
		expect(gateway.get("/p1").status).toBe(404);
	});

	test("of one path do not verify at another, nor with a byte, a header or a status changed", () => {
		serve("/about", page("about"));
		serve("/other", page("about"));
		serve("/app/*", page("app"));
		const about = gateway.ask("/about");
		const any = gateway.ask("/app/x");
		gateway.verify("/about", about);
		gateway.verify("/app/y", any);
		for (const url of ["/other", "/", "/files/about", "/about/"])
			expect(() => gateway.verify(url, about), url).toThrow();
		for (const url of ["/x", "/about", "/files/x"]) expect(() => gateway.verify(url, any), url).toThrow();
		expect(() => gateway.verify("/about", { ...about, body: utf8("abouT") })).toThrow();
		expect(() => gateway.verify("/about", { ...about, status: 201 })).toThrow();
		const headers = about.headers.map(([name, value]): [string, string] => [
			name,
			name === "content-type" ? "text/plain" : value,
		]);
		expect(() => gateway.verify("/about", { ...about, headers })).toThrow();
		// The answer of a wildcard where a path has its own.
		serve("/app/z", page("z"));
		expect(() => gateway.verify("/app/z", gateway.ask("/app/y"))).toThrow();
	});

	test("end with an upgrade, whose code gives them again; blobs and a reveal leave them as they are", () => {
		serve("/", page("first"));
		const batch = newId();
		ask(gateway.engine, "blobs_stage", { id: newId(), batch, items: [stagedPut("new", blob)] });
		ask(gateway.engine, "blobs_reveal", { id: newId(), batch });
		for (let steps = 0; gateway.get("/files/new").status === 404; steps++) {
			if (steps === 50) throw new Error("the batch comes to no end");
			gateway.engine.clean();
			serve("/", page(`step ${steps}`));
			expect(textAt("/")).toBe(`step ${steps}`);
		}
		put("later");
		expect(textAt("/")).toMatch(/^step/);
		gateway.upgrade();
		expect(gateway.get("/").status).toBe(404);
		serve("/", page("second"));
		expect(textAt("/")).toBe("second");
		expect(gateway.get("/files/later").body).toEqual(blob);
	});
});

describe("C147 what is refused changes nothing", () => {
	const OK = page("x");
	test.each<[string, ServedAnswer]>([
		["/files", OK],
		["/files/", OK],
		["/files/a", OK],
		["/files/*", OK],
		["about", OK],
		["", OK],
		["//", OK],
		["/a//b", OK],
		["/a/../b", OK],
		["/<$>", OK],
		["/*/a", OK],
		["/a\n", OK],
		[`/${"x".repeat(256)}`, OK],
		[7 as never, OK],
		["/x", { status: 199 }],
		["/x", { status: 206 }],
		["/x", { status: 304 }],
		["/x", { status: 600 }],
		["/x", { status: 200.5 }],
		["/x", { body: 7 as never }],
		["/x", { body: new Uint8Array(2_000_001) }],
		["/x", { headers: { "Content-Length": "5" } }],
		["/x", { headers: { "set-cookie": "a=b" } }],
		["/x", { headers: { "IC-Certificate": "x" } }],
		["/x", { headers: { "a b": "x" } }],
		["/x", { headers: { a: "x", A: "y" } }],
		["/x", { headers: { a: "x\r\nb: y" } }],
		["/x", { headers: { a: "ü" } }],
		["/x", { headers: { a: " x" } }],
		["/x", { headers: { a: "x".repeat(4_096) } }],
		["/x", { headers: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`h${i}`, "x"])) }],
		["/x", { bdy: "x" } as never],
		["/x", null as never],
		["/x", "page" as never],
		["/x", { headers: "a: b" as never }],
		["/x", { headers: null as never }],
		["/\ud800", OK],
	])("%j with %o", (path, answer) => {
		const before = gateway.host.certified;
		expect(() => serve(path, answer)).toThrow(RangeError);
		expect(gateway.host.certified).toEqual(before);
		expect(gateway.get("/x").status).toBe(404);
	});

	test.each<[string, ServedAnswer, RegExp]>([
		["/x", { headers: new Map([["a", "b"]]) as never }, /plain object/],
		["/x", { headers: new Headers({ a: "b" }) as never }, /plain object/],
		["/x", { headers: [["a", "b"]] as never }, /plain object/],
		["/x", new Map([["body", "x"]]) as never, /plain object/],
		["/x", { headers: { etag: "v1" } }, /entity-tag/],
		["/x", { headers: { etag: 'w/"v1"' } }, /entity-tag/],
		["/x", { headers: { ETag: '"a" "b"' } }, /entity-tag/],
		["/x", { status: 404, headers: { etag: "v1" } }, /entity-tag/],
		["/x", { status: 204, body: "x" }, /status 204 has no body/],
		["/x", { status: 205, body: Uint8Array.of(1) }, /status 205 has no body/],
		...[301, 302, 303, 307, 308].map((status): [string, ServedAnswer, RegExp] => [
			"/x",
			{ status },
			/has a header location/,
		]),
		...["Connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "Upgrade"].map(
			(name): [string, ServedAnswer, RegExp] => ["/x", { headers: { [name]: "x" } }, /of one connection/],
		),
		["/x", { headers: { a: "" } }, /header a has no value/],
		["/x", { headers: { a: 7 as never } }, /printable ASCII/],
		["/x", { body: "a\ud800b" }, /half a surrogate pair/],
		["/x", { body: "\udc00" }, /half a surrogate pair/],
		["/x", { body: "x".repeat(2_000_001) }, /2000000 bytes/],
		["/x", { body: "ü".repeat(1_000_001) }, /2000000 bytes/],
		["/x%20y", OK, /not escaped/],
		["/%C3%BC", OK, /not escaped/],
		["/x?y", OK, /ends before/],
		["/x#y", OK, /ends before/],
	])("%j with %o: says why", (path, answer, reason) => {
		const before = gateway.host.certified;
		expect(() => serve(path, answer)).toThrow(RangeError);
		expect(() => serve(path, answer)).toThrow(reason);
		expect(gateway.host.certified).toEqual(before);
	});

	test("answers of more than 16 MiB together, and paths without a prefix", () => {
		const body = new Uint8Array(2_000_000);
		for (let i = 0; i < 8; i++) serve(`/${i}`, { body });
		expect(() => serve("/8", { body })).toThrow(/16777216 bytes/);
		serve("/7", { body: body.subarray(1) });
		const without = new Gateway();
		expect(() => without.engine.serve("/", page(""))).toThrow(/http\.prefix/);
		// Nothing was there.
		serve("/none", undefined);
	});
});
