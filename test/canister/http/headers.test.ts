import { describe, expect, test } from "vitest";
import { Refusal, type Settings } from "../../../src/canister/engine/index.js";
import { MAX_CHUNK_BYTES, type WirePublication } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { type Ask, controller, Gateway } from "./gateway.js";

/** Headers of answers: from metadata, type and settings; and what becomes of all answers where these change. */

const S = 65_536;
const small = new TextEncoder().encode("<h1>Hello</h1>");
const large = new Uint8Array(2 * S + 5).fill(7);

function put(gateway: Gateway, key: string, body: Uint8Array, parts: Partial<WirePublication> = {}): void {
	const root = rootOf(body, MAX_CHUNK_BYTES);
	ask(gateway.engine, "blobs_put_blob", { id: newId(), key, ...publication(root, parts), as: [] }, body);
}

function upload(gateway: Gateway, key: string, parts: Partial<WirePublication> = {}): void {
	const id = newId();
	const size = BigInt(large.length);
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [size], chunk_size: S });
	for (let at = 0; at < large.length; at += S)
		ask(gateway.engine, "blobs_put_chunk", id, at / S, large.subarray(at, at + S));
	ask(gateway.engine, "blobs_commit_upload", { id, size, ...publication(rootOf(large, S), parts), as: [] });
}

function storeWith(settings: Settings = {}): Gateway {
	const gateway = new Gateway(settings);
	gateway.host.sender = controller;
	return gateway;
}

const CHOSEN: [string, string][] = [
	["cache-control", "public, max-age=31536000, immutable"],
	["content-disposition", "attachment; filename=\"a b.html\"; filename*=UTF-8''%e2%82%ac.html"],
	["content-encoding", "gzip"],
	["content-language", "en, de-CH"],
	["by", "anna"],
];

describe("C89 headers of an answer", () => {
	test("are what the metadata say, certified, of the whole and of the first part; later parts have what copies share", () => {
		const gateway = storeWith();
		put(gateway, "page", small, { content_type: "text/html", metadata: CHOSEN });
		upload(gateway, "film", { content_type: "video/mp4", metadata: CHOSEN });
		gateway.settle();
		const headers = Object.fromEntries(CHOSEN.slice(0, 4));
		for (const url of ["/page", "/film"]) {
			const answer = gateway.get(url);
			expect(answer.headers).toMatchObject(headers);
			expect(answer.headers).not.toHaveProperty("by");
			expect(answer.headers["last-modified"]).toBe("Fri, 15 Jan 2027 08:00:00 GMT");
		}
		const tag = gateway.get("/page").headers.etag!;
		expect(gateway.get("/page", { headers: { "if-none-match": tag } }).headers).toMatchObject({
			"cache-control": headers["cache-control"],
			etag: tag,
		});
		const later = gateway.get("/film", { headers: { range: `bytes=${S}-` } });
		expect(later.headers).toMatchObject({ "cache-control": "no-cache", "content-type": "video/mp4" });
		for (const name of ["content-disposition", "content-language", "last-modified"])
			expect(later.headers).not.toHaveProperty(name);
	});

	test("change with an update, at once, also of several chunks", () => {
		const gateway = storeWith();
		upload(gateway, "film");
		gateway.settle();
		const none = { none: null };
		ask(gateway.engine, "blobs_update", {
			id: newId(),
			key: "film",
			precondition: none,
			content_type: [],
			visibility: [],
			metadata: [[["content-disposition", "attachment"]]],
			expiry: [],
		});
		expect(gateway.get("/film").headers["content-disposition"]).toBe("attachment");
	});

	test.each([
		["cache-control", "no cache"],
		["cache-control", "max-age=1,"],
		["content-disposition", "evil"],
		["content-disposition", 'attachment; filename="a'],
		["content-encoding", ""],
		["content-language", "en_GB"],
		["content-language", "ünï"],
	])("%s may not be %j", (name, value) => {
		const gateway = storeWith();
		const act = () => put(gateway, "a", small, { metadata: [[name, value]] });
		expect(act).toThrow(Refusal);
	});

	test.each([
		["text/html", "sandbox"],
		["image/svg+xml", "sandbox"],
		["application/xhtml+xml", "sandbox"],
		["text/xml", "sandbox"],
		["multipart/x-mixed-replace", "sandbox"],
		["application/x-anything", "sandbox"],
		["image/png", undefined],
		["video/mp4", undefined],
		["application/pdf", undefined],
		["text/plain; charset=utf-8", undefined],
		["application/octet-stream", undefined],
	])("of the type %s: a policy of %s", (type, policy) => {
		const gateway = storeWith();
		put(gateway, "a", small, { content_type: type });
		expect(gateway.get("/a").headers["content-security-policy"]).toBe(policy);
	});
});

describe("C89 Accept-Ranges", () => {
	const exactly = (cyclesPerDay: number): Settings => ({ http: { exactRanges: { cyclesPerDay } } });
	const start = { headers: { range: `bytes=${S}-` } };
	const first = { headers: { range: "bytes=0-" } };
	const two = { headers: { range: "bytes=0-1" } };
	const accepted = (gateway: Gateway, url: string, asks: Ask[]) =>
		asks.map((ask) => {
			const { status, headers } = gateway.get(url, ask);
			return [status, headers["accept-ranges"]];
		});
	const store = (settings?: Settings) => {
		const gateway = storeWith(settings);
		put(gateway, "note", small);
		put(gateway, "clip", small, { content_type: "video/mp4" });
		upload(gateway, "film", { content_type: "video/mp4" });
		gateway.settle();
		return gateway;
	};
	const all: Ask[] = [{}, { method: "HEAD" }, first, two, start];

	test("is none for several chunks, of which starts of chunks are answered all the same", () => {
		const none = [200, "none"];
		expect(accepted(store(), "/note", [{}, { method: "HEAD" }, first])).toEqual([none, none, none]);
		const clip = [
			[200, "bytes"],
			[206, "bytes"],
			[206, "bytes"],
		];
		expect(accepted(store(), "/clip", [{}, first, two])).toEqual(clip);
		expect(accepted(store(), "/film", all)).toEqual(all.map(() => [206, "none"]));
		const tag = store().get("/film").headers.etag!;
		expect(accepted(store(), "/film", [{ headers: { "if-none-match": tag } }])).toEqual([[304, undefined]]);
	});

	test("is bytes for several chunks with exact ranges, unless they may cost nothing", () => {
		expect(accepted(store(exactly(1_000_000_000)), "/film", all)).toEqual(all.map(() => [206, "bytes"]));
		expect(accepted(store(exactly(0)), "/film", all)).toEqual(all.map(() => [206, "none"]));
	});

	test("changes with the setting, also of parts that copies share; another amount a day renews nothing", () => {
		const gateway = store();
		gateway.upgrade(exactly(1_000_000_000));
		expect(gateway.ask("/film").status).toBe(503);
		gateway.settle();
		expect(accepted(gateway, "/film", all)).toEqual(all.map(() => [206, "bytes"]));
		gateway.upgrade(exactly(2_000_000_000));
		expect(gateway.get("/film").status).toBe(206);
		gateway.upgrade({});
		gateway.settle();
		expect(accepted(gateway, "/film", all)).toEqual(all.map(() => [206, "none"]));
	});

	test("is bytes under a raw name, where any range is answered and nothing is certified", () => {
		const host = "abcde-cai.raw.icp0.io";
		const asks: Ask[] = [...all, { headers: { range: "bytes=5-9" } }];
		for (const ask of asks) {
			const { status, headers } = store().ask("/film", { ...ask, headers: { ...ask.headers, host } });
			const names = headers.map(([name]) => name.toLowerCase());
			expect([status, Object.fromEntries(headers)["accept-ranges"]]).toEqual([206, "bytes"]);
			expect(names).not.toContain("ic-certificate");
		}
		expect(Object.fromEntries(store().ask("/note", { headers: { host } }).headers)["accept-ranges"]).toBe(
			"none",
		);
	});
});

describe("C90 settings of answers", () => {
	test("a site has no sandbox, and an origin may read; both on every answer", () => {
		const gateway = storeWith({ http: { site: true, allowOrigin: "https://example.org" } });
		put(gateway, "a", small, { content_type: "text/html" });
		expect(gateway.get("/a").headers).not.toHaveProperty("content-security-policy");
		for (const answer of [gateway.get("/a"), gateway.get("/none"), gateway.get("/a", { method: "PUT" })])
			expect(answer.headers["access-control-allow-origin"]).toBe("https://example.org");
	});

	test.each([{ allowOrigin: "example.org" }, { allowOrigin: "https://a.b/" }, { site: "yes" }])(
		"%j is refused",
		(http) => {
			expect(() => new Gateway({ http: http as never })).toThrow(RangeError);
		},
	);

	test("changed by an upgrade: all answers are made anew, by steps, and none is given meanwhile that does not verify", () => {
		const gateway = storeWith();
		for (let n = 0; n < 450; n++) put(gateway, `pages/${n}`, small, { content_type: "text/html" });
		put(gateway, "clip", large.subarray(0, 50_000), { content_type: "video/mp4" });
		upload(gateway, "film");
		ask(gateway.engine, "blobs_copy", {
			id: newId(),
			from: "film",
			source: { none: null },
			to: "copy",
			precondition: { none: null },
		});
		gateway.settle();
		const urls = ["/pages/0", "/pages/449", "/clip", "/film", "/copy"];
		const parts = { headers: { range: `bytes=${S}-` } };
		gateway.upgrade({ http: { allowOrigin: "*" } });
		expect(gateway.get("/none").headers["access-control-allow-origin"]).toBe("*");
		expect(gateway.ask("/film").status).toBe(503);
		put(gateway, "new", small);
		expect(gateway.get("/new").headers["access-control-allow-origin"]).toBe("*");
		const rename = (from: string, to: string) =>
			ask(gateway.engine, "blobs_rename", {
				id: newId(),
				from,
				source: { none: null },
				to,
				precondition: { none: null },
			});
		rename("pages/1", "renamed");
		expect(gateway.get("/renamed").headers["access-control-allow-origin"]).toBe("*");
		gateway.engine.clean();
		expect(urls.map((url) => gateway.ask(url).status)).toContain(503);
		gateway.settle();
		for (const url of urls) expect(gateway.get(url).headers["access-control-allow-origin"], url).toBe("*");
		for (const url of ["/film", "/copy"]) expect(gateway.get(url, parts).status).toBe(206);
		rename("pages/2", "renamed");
		rename("clip", "clips/renamed");
		for (const url of ["/renamed", "/clips/renamed"])
			expect(gateway.get(url).headers["access-control-allow-origin"], url).toBe("*");
		// Nothing is left of what was made by the other rules.
		gateway.upgrade({ http: { allowOrigin: "*" } });
		expect(gateway.get("/film").status).toBe(206);
	});
});
