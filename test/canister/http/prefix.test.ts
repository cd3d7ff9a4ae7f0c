import { describe, expect, test } from "vitest";
import type { Settings } from "../../../src/canister/engine/index.js";
import { checkSettings } from "../../../src/canister/engine/settings.js";
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, type WirePublication } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { put as stagedPut } from "../engine/staged-store.js";
import { Gateway } from "./gateway.js";

/** Blobs whose URLs begin with a prefix, verified with @dfinity/response-verification. */

const S = MIN_CHUNK_BYTES;
const small = new TextEncoder().encode("a picture");
const film = new Uint8Array(2 * S + 5).fill(7);

function put(gateway: Gateway, key: string, parts: Partial<WirePublication> = {}): void {
	const request = { id: newId(), key, ...publication(rootOf(small, MAX_CHUNK_BYTES), parts) };
	ask(gateway.engine, "blobs_put_blob", request, small);
}

function upload(gateway: Gateway, key: string): void {
	const id = newId();
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(film.length)], chunk_size: S });
	for (let at = 0; at < film.length; at += S)
		ask(gateway.engine, "blobs_put_chunk", id, at / S, film.subarray(at, at + S));
	const parts = publication(rootOf(film, S), { content_type: "video/mp4" });
	ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(film.length), ...parts });
}

const settingsOf = (prefix: string | undefined): Settings => ({
	http: prefix === undefined ? {} : { prefix },
});

function filled(prefix: string | undefined): Gateway {
	const gateway = new Gateway(settingsOf(prefix));
	for (const key of ["a", "a/b", "files", "files/a", "with space"]) put(gateway, key);
	put(gateway, "secret", { visibility: { private: null } });
	upload(gateway, "film");
	gateway.settle();
	return gateway;
}

/** Every kind of answer below a prefix, each verified. */
function expectServed(gateway: Gateway, prefix: string): void {
	for (const key of ["a", "a/b", "files", "files/a", "with%20space"])
		expect(gateway.get(`${prefix}/${key}`), key).toMatchObject({ status: 200, body: small });
	expect(gateway.get(`${prefix}/film`)).toMatchObject({ status: 206, body: film.subarray(0, S) });
	const part = { headers: { range: `bytes=${S}-` } };
	expect(gateway.get(`${prefix}/film`, part)).toMatchObject({ status: 206, body: film.subarray(S, 2 * S) });
	const tag = gateway.get(`${prefix}/a`).headers.etag!;
	expect(gateway.get(`${prefix}/a`, { headers: { "if-none-match": tag } }).status).toBe(304);
	expect(gateway.get(`${prefix}/a`, { method: "POST" }).status).toBe(405);
	const beyond = { headers: { range: `bytes=${film.length}-` } };
	expect(gateway.get(`${prefix}/film`, beyond).status).toBe(416);
	for (const path of ["none", "secret", "a/b/c", "film/", "", "a//", "%2F", "%C3%A9"])
		expect(gateway.get(`${prefix}/${path}`), path).toMatchObject({ status: 404 });
}

const OUTSIDE = ["/", "/a", "/a/b", "/none", "/a/", "/film", "/file", "/files2/a"];

describe("C146 with a prefix blobs are served below it", () => {
	test.each(["/files", "/api/v1/files", "/a", "/über uns"])("%s, and nowhere else", (prefix) => {
		const gateway = filled(prefix);
		const url = prefix.split("/").map(encodeURIComponent).join("/");
		expectServed(gateway, url);
		expect(gateway.get(url).status).toBe(404);
		for (const path of OUTSIDE.filter((each) => !`${each}/`.startsWith(`${prefix}/`)))
			expect(gateway.get(path), path).toMatchObject({ status: 404 });
	});

	test("an answer of one place does not verify at another", () => {
		const gateway = filled("/files");
		const inside = gateway.ask("/files/a");
		expect(() => gateway.verify("/a", inside)).toThrow();
		expect(() => gateway.verify("/files/files/a", inside)).toThrow();
		expect(() => gateway.verify("/files/a", { ...inside, body: film })).toThrow();
		const nothing = gateway.ask("/files/none");
		for (const path of ["/files/a", "/none", "/"]) expect(() => gateway.verify(path, nothing)).toThrow();
		const outside = gateway.ask("/none");
		for (const path of ["/files/none", "/files/a"]) expect(() => gateway.verify(path, outside)).toThrow();
	});

	test("what is outside belongs to the application: undefined, where it has an http_request of its own", () => {
		const gateway = filled("/files");
		const asked = (url: string) =>
			gateway.engine.http({ method: "GET", url, header: () => undefined }, false);
		for (const path of OUTSIDE) expect(asked(path), path).toBeUndefined();
		for (const path of ["/files", "/files/", "/files/none", "/files/a"])
			expect(asked(path), path).toBeDefined();
	});

	test("keys of the greatest depth and length", () => {
		const gateway = new Gateway(settingsOf("/some/where"));
		const deep = Array(32).fill("d").join("/");
		const long = "k".repeat(1_024);
		for (const key of [deep, long]) put(gateway, key);
		for (const key of [deep, long]) expect(gateway.get(`/some/where/${key}`).status).toBe(200);
		for (const key of [`${deep}/e`, `${long}k`, `${deep}/e/f/g`])
			expect(gateway.get(`/some/where/${key}`).status).toBe(404);
	});
});

describe("C146 an upgrade moves all URLs at once", () => {
	test("sets a prefix, changes it and takes it away; no answer is made anew", () => {
		const gateway = filled(undefined);
		expectServed(gateway, "");
		let before = "";
		for (const prefix of ["/files", "/other/place", "/files", undefined, "/files"]) {
			const { writes } = gateway.storage;
			gateway.upgrade(settingsOf(prefix));
			expect(gateway.storage.writes - writes).toBeLessThan(30);
			// Without a step of cleaning.
			expectServed(gateway, prefix ?? "");
			if (before !== (prefix ?? "")) expect(gateway.get(`${before}/film`).status).toBe(404);
			before = prefix ?? "";
			const key = `put under ${before.slice(1).replace("/", " ")}`;
			put(gateway, key);
			expect(gateway.get(`${before}/${encodeURIComponent(key)}`).status).toBe(200);
			ask(gateway.engine, "blobs_delete", { id: newId(), key, precondition: { none: null } });
			expect(gateway.get(`${before}/${encodeURIComponent(key)}`).status).toBe(404);
		}
	});

	test("of an empty store, too, and of what an application has certified beside it", () => {
		const gateway = new Gateway(settingsOf(undefined));
		gateway.engine.mount("held", { value: small });
		gateway.upgrade(settingsOf("/files"));
		expect(gateway.get("/files/a").status).toBe(404);
		put(gateway, "a");
		expect(gateway.get("/files/a").status).toBe(200);
		gateway.upgrade(settingsOf(undefined));
		expect(gateway.get("/a").status).toBe(200);
		expect(gateway.get("/files/a").status).toBe(404);
		expect(gateway.engine.proofOf([{ label: "held", value: small }]).witness).toHaveLength(1);
	});

	test.each([
		["before", "/files", "/files"],
		["while it is got ready, with another", "/files", "/other"],
		["while it is got ready, with the first", undefined, "/files"],
		["while it is got ready, with none any more", "/files", undefined],
	])("a staged batch is revealed where the prefix was set %s", (_, first, second) => {
		const gateway = filled(first);
		const batch = newId();
		const items = [stagedPut("new", small), stagedPut("a", film.subarray(0, 100))];
		ask(gateway.engine, "blobs_stage", { id: newId(), batch, items });
		ask(gateway.engine, "blobs_reveal", { id: newId(), batch });
		gateway.engine.clean();
		put(gateway, "meanwhile");
		if (second !== first) gateway.upgrade(settingsOf(second));
		const prefix = second ?? "";
		const revealed = () => ask(gateway.engine, "blobs_staged_batch", { batch }).state === "revealed";
		for (let steps = 0; !revealed(); steps++) {
			if (steps === 100) throw new Error("the batch comes to no end");
			expect(gateway.get(`${prefix}/a`).body).toEqual(small);
			gateway.engine.clean();
		}
		expect(gateway.get(`${prefix}/a`).body).toEqual(film.subarray(0, 100));
		for (const key of ["new", "meanwhile", "a/b"])
			expect(gateway.get(`${prefix}/${key}`).body).toEqual(small);
		for (let steps = 0; steps < 20; steps++) gateway.engine.clean();
		put(gateway, "after");
		expect(gateway.get(`${prefix}/after`).status).toBe(200);
	});
});

test.each(["files", "/", "/files/", "//files", "/a/../b", "/<*>", "/a\n", `/${"x".repeat(256)}`, 7, ""])(
	"C146 %j is no prefix",
	(prefix) => {
		expect(() => checkSettings({ http: { prefix: prefix as string } })).toThrow(RangeError);
	},
);

test.each([
	["/a%20b", /not escaped/],
	["/files%2F", /not escaped/],
	["/*", /no wildcard/],
	["/a/*", /no wildcard/],
	["/*/a", /no wildcard/],
	["/a?b", /ends before/],
	["/a#b", /ends before/],
])("%j is hardly meant as a prefix", (prefix, reason) => {
	expect(() => checkSettings({ http: { prefix } })).toThrow(RangeError);
	expect(() => checkSettings({ http: { prefix } })).toThrow(reason);
});

test("a prefix may have a percent sign that escapes nothing, and a star within a segment", () => {
	for (const prefix of ["/100%", "/a%zz", "/a*b"]) checkSettings({ http: { prefix } });
});
