import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BlobHandler, type BlobHandlerOptions, BlobLinks } from "../../src/http/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { CHUNK, openScene, type Scene, until } from "./served.js";

/** Requests and responses of the web, and what headers a blob has. */

const bytes = Buffer.from(pseudoBytes(3 * CHUNK + 1));
let scene: Scene;
beforeAll(async () => {
	scene = await openScene();
	await scene.put("blob", bytes, { contentType: "image/png" });
});
afterAll(() => scene.dispose());

const handlerOf = (options: Partial<BlobHandlerOptions> = {}) =>
	new BlobHandler({ client: scene.anonymous, ...options });
const get = (path: string, init?: RequestInit) => new Request(`https://blobs.example${path}`, init);

describe("a web Request", () => {
	test("has the whole, a part, its head and no body", async () => {
		const handler = handlerOf();
		const whole = await handler.fetch(get("/blob"));
		expect([whole.status, whole.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
		expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
		const part = await handler.fetch(get("/blob", { headers: { Range: "bytes=-3" } }));
		expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(-3))).toBe(true);
		for (const [init, status] of [
			[{ method: "HEAD" }, 200],
			[{ headers: { "If-None-Match": whole.headers.get("etag")! } }, 304],
		] as const) {
			const { status: got, body } = await handler.fetch(get("/blob", init));
			expect([got, body]).toEqual([status, null]);
		}
		const absent = await handler.fetch(get("/absent"));
		expect([absent.status, await absent.text()]).toEqual([
			404,
			"There is no such blob, or it is not for you.\n",
		]);
		expect((await handler.fetch(get("/blob", { method: "DELETE" }))).headers.get("allow")).toBe("GET, HEAD");
		expect(handler.readers).toBe(0);
	});

	test("is read no further ahead than it may be, and gives back what it held where it is cancelled or aborted", async () => {
		const handler = handlerOf({ readAhead: 1 });
		scene.queries();
		const cancelled = await handler.fetch(get("/blob"));
		await new Promise((resolve) => setTimeout(resolve, 50));
		// The lookup, the hashes, and two chunks of four.
		expect(scene.queries()).toBe(4);
		expect(handler.readers).toBe(1);
		await cancelled.body!.cancel();
		expect(handler.readers).toBe(0);
		const controller = new AbortController();
		const aborted = await handler.fetch(get("/blob", { signal: controller.signal }));
		const reading = aborted.arrayBuffer();
		controller.abort();
		await expect(reading).rejects.toThrow();
		expect(handler.readers).toBe(0);
	});

	test("whose body nobody reads is cut", async () => {
		const handler = handlerOf({ stallMs: 100 });
		const { body } = await handler.fetch(get("/blob"));
		await until(() => handler.readers === 0);
		await expect(body!.getReader().read()).rejects.toThrow("stalled");
	});
});

describe("headers", () => {
	const headersOf = async (key: string, options: Partial<BlobHandlerOptions> = {}) =>
		(await handlerOf(options).fetch(get(`/${key}`, { method: "HEAD" }))).headers;

	test.each([
		["text/html", true],
		["text/html; charset=utf-8", true],
		["TEXT/HTML", true],
		["application/xhtml+xml", true],
		["image/svg+xml", true],
		["image/x+xml", true],
		["application/xml", true],
		["text/xml", true],
		["application/x-unknown", true],
		["multipart/related", true],
		["application/pdf", false],
		["image/png", false],
		["video/mp4", false],
		["audio/mpeg", false],
		["text/plain; charset=utf-8", false],
		["application/octet-stream", false],
	])("C99 %s has a sandbox: %s", async (contentType, isSandboxed) => {
		const key = `types/${contentType.replace(/\W+/g, "-")}`;
		await scene.put(key, bytes.subarray(0, 10), { contentType });
		const headers = await headersOf(key);
		expect(headers.get("content-type")).toBe(contentType);
		expect(headers.get("x-content-type-options")).toBe("nosniff");
		expect(headers.get("content-security-policy")).toBe(isSandboxed ? "sandbox" : null);
		expect((await headersOf(key, { site: true })).get("content-security-policy")).toBeNull();
	});

	test("C99 come from metadata where they are headers, and are left out where they are none", async () => {
		const metadata = {
			"cache-control": "public, max-age=31536000, immutable",
			"content-disposition": 'attachment; filename="a.txt"',
			"content-encoding": "gzip",
			"content-language": "de-CH",
			"x-own": "not a header",
		};
		await scene.put("with", bytes, { metadata });
		const headers = await headersOf("with");
		for (const [name, value] of Object.entries(metadata))
			expect(headers.get(name)).toBe(name === "x-own" ? null : value);
		expect((await headersOf("blob", { cacheControl: "no-cache" })).get("cache-control")).toBe("no-cache");
	});

	test("for pages of another origin, where one is named", async () => {
		const cors = { corsOrigin: "https://app.example" };
		const headers = await headersOf("blob", cors);
		expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
		expect(headers.get("access-control-expose-headers")).toContain("Content-Range");
		const preflight = await handlerOf(cors).fetch(get("/blob", { method: "OPTIONS" }));
		expect(preflight.status).toBe(204);
		expect(preflight.headers.get("access-control-allow-headers")).toContain("If-Range");
		expect((await headersOf("blob")).get("access-control-allow-origin")).toBeNull();
	});

	test("stand for keys under a prefix, and for none beside it", async () => {
		const handler = handlerOf({ prefix: "/files/" });
		expect((await handler.fetch(get("/files/blob"))).status).toBe(200);
		for (const path of ["/blob", "/files", "/files/", "/FILES/blob"])
			expect((await handler.fetch(get(path))).status, path).toBe(404);
	});
});

test("C99 options that cannot be are refused", () => {
	const links = new BlobLinks({ canisterId: "aaaaa-aa", secrets: ["x".repeat(32)] });
	for (const [name, options] of Object.entries({
		client: { client: {} as never },
		prefix: { prefix: "files" },
		cacheControl: { cacheControl: "a\nb" },
		corsOrigin: { corsOrigin: "app.example" },
		memoryBytes: { memoryBytes: 0 },
		readAhead: { readAhead: 1.5 },
		stallMs: { stallMs: 2 ** 31 },
		links: { links },
		mayRead: { mayRead: () => true },
	}))
		expect(() => handlerOf(options), name).toThrow(`The option or argument ${name} is not valid`);
});
