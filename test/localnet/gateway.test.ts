import { get as httpGet, type IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Middleware } from "../../src/localnet/index.js";
import { answered, cellOf, headersOf, rowsOf, type Validators, written } from "../http/rows.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { bytesOf, put, S, upload } from "../support/transfers.js";

/** A canister's site on the local network, as an HTTP client sees it, verified with an independent library. */

let fixture: StoreFixture;
let port: number;
/** Faults between gateway and canister. */
let between: Middleware = (request, next) => next(request);
const picture = bytesOf(1_000);
const video = bytesOf(3 * S + 100);

beforeAll(async () => {
	fixture = await openStore({ signatures: "bls", middleware: (request, next) => between(request, next) });
	port = Number(new URL(fixture.network.url).port);
	await put(fixture.store, "a b/picture.png", picture, { content_type: "image/png" });
	await put(fixture.store, "secret", bytesOf(10), { visibility: { private: null } });
	await upload(fixture.store, "video.mp4", video, { content_type: "video/mp4" });
	while ((await get("/video.mp4")).status === 503) await new Promise((resolve) => setTimeout(resolve, 200));
});
afterAll(() => fixture.dispose());

interface Got {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	body: Buffer;
	isCut: boolean;
}

/** By node:http, which says what came, and lets the Host be any. */
function get(
	path: string,
	{ host = `${fixture.canisterId}.localhost:${port}`, method = "GET", headers = {} } = {},
): Promise<Got> {
	return new Promise((resolve, reject) => {
		const request = httpGet({ port, path, method, headers: { host, ...headers } }, (response) => {
			const pieces: Buffer[] = [];
			const end = (isCut: boolean) =>
				resolve({
					status: response.statusCode!,
					headers: response.headers,
					body: Buffer.concat(pieces),
					isCut,
				});
			response.on("data", (piece: Buffer) => pieces.push(piece));
			response.on("end", () => end(false));
			response.on("error", () => end(true));
		});
		request.on("error", reject);
	});
}

describe("C88 a canister's site", () => {
	test("gives the whole, with the headers that are certified and the gateway's own", async () => {
		const { status, headers, body } = await get("/a%20b/picture.png?v=2");
		expect([status, body.equals(picture)]).toEqual([200, true]);
		expect(headers).toMatchObject({
			"content-type": "image/png",
			"content-length": "1000",
			"x-content-type-options": "nosniff",
			"access-control-allow-origin": "*",
			"x-ic-canister-id": fixture.canisterId.toText(),
		});
		expect(headers["last-modified"]).toMatch(/GMT$/);
	});

	test("joins parts to one body, and answers HEAD with its length", async () => {
		const { status, headers, body } = await get("/video.mp4");
		expect([status, headers["content-length"], body.equals(video)]).toEqual([200, `${video.length}`, true]);
		expect(headers["content-range"]).toBeUndefined();
		const head = await get("/video.mp4", { method: "HEAD" });
		expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
			200,
			`${video.length}`,
			0,
		]);
	});

	test("hands a range on as it is answered", async () => {
		const { status, headers, body } = await get("/video.mp4", { headers: { range: `bytes=${S}-` } });
		expect([status, headers["content-range"]]).toEqual([206, `bytes ${S}-${2 * S - 1}/${video.length}`]);
		expect(body.equals(video.subarray(S, 2 * S))).toBe(true);
		const one = await get("/video.mp4", { headers: { range: "bytes=0-1" } });
		expect([one.status, one.body.length]).toEqual([206, 2]);
	});

	test("answers 304, 404, 405 and 416 as they are certified", async () => {
		const { etag } = (await get("/video.mp4", { method: "HEAD" })).headers;
		expect((await get("/video.mp4", { headers: { "if-none-match": String(etag) } })).status).toBe(304);
		for (const path of ["/secret", "/nothing", "/"]) expect((await get(path)).status).toBe(404);
		expect(await get("/video.mp4", { method: "PUT" })).toMatchObject({
			status: 405,
			headers: { allow: "GET, HEAD" },
		});
		expect((await get("/video.mp4", { headers: { range: "bytes=9999999-" } })).status).toBe(416);
	});

	test("is found by canisterId in the query, and without verification under its raw name", async () => {
		const host = `localhost:${port}`;
		expect((await get(`/a%20b/picture.png?canisterId=${fixture.canisterId}`, { host })).status).toBe(200);
		const raw = `${fixture.canisterId}.raw.localhost:${port}`;
		expect((await get("/a%20b/picture.png", { host: raw })).status).toBe(200);
		expect((await get("/a%20b/picture.png", { host })).status).toBe(404);
		expect((await get("/", { host: `aaaaa-aa.localhost:${port}` })).status).toBeGreaterThanOrEqual(400);
	});

	test("answers a preflight request", async () => {
		const { status, headers } = await get("/video.mp4", {
			method: "OPTIONS",
			headers: { origin: "http://a.test" },
		});
		expect([status, headers["access-control-allow-origin"]]).toEqual([204, "*"]);
		expect(headers["access-control-allow-methods"]).toContain("GET");
	});
});

describe("C91 docs/HTTP.md", () => {
	const sizes = [0, 1, S, 3 * S + 7];
	const contents = sizes.map(bytesOf);
	const rows = rowsOf("HTTP.md", "Every request, tried");

	test("has the rows of docs/SERVE.md", () => {
		const asked = (all: string[][]) => all.map((row) => row.slice(0, 2));
		expect(asked(rows)).toEqual(asked(rowsOf("SERVE.md", "What is answered to what")));
	});

	test("says what is answered to each request, and all bytes are the blob's", async () => {
		const paths = sizes.map((size) => `/of/${size}`);
		const parts = { content_type: "video/mp4" };
		for (const [i, bytes] of contents.entries())
			await (bytes.length > S ? upload : put)(fixture.store, paths[i]!.slice(1), bytes, parts);
		while ((await get(paths[3]!)).status === 503) await new Promise((resolve) => setTimeout(resolve, 200));
		const validators: Validators[] = [];
		for (const path of paths) {
			const { headers } = await get(path, { method: "HEAD" });
			validators.push({ tag: String(headers.etag), date: new Date(String(headers["last-modified"])) });
		}
		const found = await answered(rows, async (method, headers, i) => {
			const answer = await get(paths[i]!, { method, headers: headersOf(headers, validators[i]!) });
			holdsWhatItSays(answer, method, contents[i]!);
			if (answer.status === 200 || answer.status === 206)
				expect(answer.headers["accept-ranges"]).toBe(["none", "bytes", "bytes", "none"][i]);
			return cellOf(answer.status, answer.headers as IncomingHttpHeaders);
		});
		expect(written(found)).toEqual(written(rows));
	});

	function holdsWhatItSays({ status, headers, body, isCut }: Got, method: string, bytes: Uint8Array): void {
		expect(isCut).toBe(false);
		if (status === 405) expect(headers.allow).toBe("GET, HEAD");
		if (status === 304 || method === "HEAD") expect(body).toHaveLength(0);
		else if (status === 200) expect(body.equals(bytes)).toBe(true);
		else if (status === 206) {
			const [, from, to] = /^bytes (\d+)-(\d+)\//.exec(String(headers["content-range"]))!;
			expect(body.equals(bytes.subarray(Number(from), Number(to) + 1))).toBe(true);
		}
	}
});

/** Changes a byte of the body in the reply to a query, as a node would that lies. */
function lies(from: number): Middleware {
	let queries = 0;
	return async (request, next) => {
		const reply = await next(request);
		if (!request.url.endsWith("/query") || queries++ < from) return reply;
		const body = Buffer.from(reply.body);
		const at =
			body.indexOf(video.subarray(S, S + 32)) < 0
				? body.indexOf(video.subarray(0, 32))
				: body.indexOf(video.subarray(S, S + 32));
		body[at]! ^= 1;
		return { ...reply, body };
	};
}

describe("C88 a node that lies", () => {
	test("is an error page from the first byte on, and a cut body past it", async () => {
		try {
			between = lies(0);
			const page = await get("/video.mp4");
			expect([page.status, page.body.toString().includes("verification")]).toEqual([503, true]);
			between = lies(1);
			const cut = await get("/video.mp4");
			expect([cut.status, cut.isCut, cut.body.equals(video.subarray(0, S))]).toEqual([200, true, true]);
			between = lies(0);
			const raw = await get("/video.mp4", { host: `${fixture.canisterId}.raw.localhost:${port}` });
			expect(raw.status).toBe(200);
		} finally {
			between = (request, next) => next(request);
		}
	});
});
