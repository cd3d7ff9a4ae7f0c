import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, type WirePublication } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { type Answer, Gateway } from "./gateway.js";

/** Responses over HTTP, verified with @dfinity/response-verification, which gateways use. */

const S = MIN_CHUNK_BYTES;
const COUNT = 5;
const gateway = new Gateway();
const text = (content: string) => new TextEncoder().encode(content);
const small = text("<script>alert(1)</script>");
const large = new Uint8Array(
	Buffer.concat(Array.from({ length: COUNT }, (_, i) => Buffer.alloc(i === COUNT - 1 ? 100 : S, `${i}`))),
);
const chunkOf = (index: number) => large.subarray(index * S, (index + 1) * S);

function put(key: string, body: Uint8Array, parts: Partial<WirePublication> = {}): void {
	const root = rootOf(body, MAX_CHUNK_BYTES);
	ask(gateway.engine, "blobs_put_blob", { id: newId(), key, ...publication(root, parts) }, body);
}

function upload(key: string, body: Uint8Array): void {
	const id = newId();
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(body.length)], chunk_size: S });
	for (let index = 0; index * S < body.length; index++)
		ask(gateway.engine, "blobs_put_chunk", id, index, body.subarray(index * S, (index + 1) * S));
	const parts = publication(rootOf(body, S), { content_type: "video/mp4" });
	ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(body.length), ...parts });
}

/** Keys, and the paths at which a browser asks for them. */
const KEYS: [key: string, ...urls: string[]][] = [
	["page", "/page", "/page?version=2", "//page"],
	["page/below", "/page/below", "/page%2Fbelow", "/page//below"],
	["with space/and+plus", "/with%20space/and+plus", "/with%20space/and%2Bplus"],
	["ünï/ключ/☃/🙂", `/${["ünï", "ключ", "☃", "🙂"].map(encodeURIComponent).join("/")}`],
	["100%", "/100%25", "/100%"],
	["a%20b", "/a%2520b"],
	["what?#now", "/what%3F%23now"],
	["empty", "/empty"],
];
const bodyOf = (key: string) => (key === "empty" ? new Uint8Array(0) : small);

beforeAll(() => {
	for (const [key] of KEYS) put(key, bodyOf(key), { content_type: "text/html" });
	upload("large", large);
	upload("large/below", large.subarray(0, 2 * S));
	put("secret", small, { visibility: { private: null } });
	gateway.settle();
});

const rangeAt = (index: number) => ({ headers: { range: `bytes=${index * S}-` } });
const whole = () => gateway.ask("/page");
const part = (index: number) => gateway.ask("/large", rangeAt(index));
const withHeader = (answer: Answer, name: string, value: string): Answer => ({
	...answer,
	headers: answer.headers.map(([header, before]) => [header, header === name ? value : before]),
});

describe("C38 what a gateway accepts", () => {
	test.each(KEYS)("the whole of %s", (key, ...urls) => {
		for (const url of urls) expect(gateway.get(url)).toMatchObject({ status: 200, body: bodyOf(key) });
	});

	test("each chunk of a large blob, also where its key is a directory", () => {
		for (let index = 0; index < COUNT; index++)
			expect(gateway.get("/large", rangeAt(index))).toMatchObject({ status: 206, body: chunkOf(index) });
		for (const index of [0, 1])
			expect(gateway.get("/large/below", rangeAt(index))).toMatchObject({
				status: 206,
				body: chunkOf(index),
			});
	});

	test("each of some thousand chunks", () => {
		const count = 2_500;
		const id = newId();
		const chunk = new Uint8Array(S);
		const leaf = new Uint8Array(createHash("sha256").update(chunk).digest());
		ask(gateway.engine, "blobs_put_blob", putOf("zeros", chunk), chunk);
		const size = count * S;
		ask(gateway.engine, "blobs_begin_upload", { id, key: "many", size: [BigInt(size)], chunk_size: S });
		for (let from = 0; from < count; from += 500) {
			const leaves = new Uint8Array(Buffer.concat(Array<Uint8Array>(500).fill(leaf)));
			ask(gateway.engine, "blobs_link_chunks", { id, from, leaves });
		}
		const header = Buffer.alloc(32, "canister-blobs root1");
		header.writeBigUInt64BE(BigInt(size), 20);
		header.writeUInt32BE(S, 28);
		const hash = createHash("sha256").update(header);
		for (let i = 0; i < count; i++) hash.update(leaf);
		const root = new Uint8Array(hash.digest());
		ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(size), ...publication(root) });
		gateway.settle();
		for (const index of [0, 1, 999, 1_000, 1_001, 2_000, count - 1])
			expect(gateway.get("/many", rangeAt(index))).toMatchObject({
				status: 206,
				headers: { "content-range": `bytes ${index * S}-${(index + 1) * S - 1}/${size}` },
			});
		// A gateway joins 1,000 parts, and cuts the rest without a word.
		const refused = gateway.ask("/many");
		gateway.verify("/many", refused);
		expect(refused.status).toBe(501);
		const other = refused.body.slice();
		other[0]! ^= 1;
		expect(() => gateway.verify("/many", { ...refused, body: other })).toThrow();
		expect(() => gateway.verify("/many", { ...refused, status: 200 })).toThrow();
	});

	test("a blob as it is after a change of its type, a copy, a new name", () => {
		const none = { none: null };
		put("moved/a", small);
		const change = {
			id: newId(),
			key: "moved/a",
			precondition: none,
			visibility: [] as [],
			metadata: [] as [],
			expiry: [] as [],
		};
		ask(gateway.engine, "blobs_update", { ...change, content_type: ["image/png"] });
		expect(gateway.get("/moved/a").headers["content-type"]).toBe("image/png");
		const move = { source: none, precondition: none };
		ask(gateway.engine, "blobs_copy", { ...move, id: newId(), from: "large", to: "moved/copy" });
		ask(gateway.engine, "blobs_rename", { ...move, id: newId(), from: "moved/copy", to: "moved/large" });
		gateway.settle();
		for (let index = 0; index < COUNT; index++)
			expect(gateway.get("/moved/large", rangeAt(index)).body).toEqual(chunkOf(index));
		expect(gateway.get("/large", rangeAt(0)).body).toEqual(chunkOf(0));
	});
});

const putOf = (key: string, body: Uint8Array) => ({
	id: newId(),
	key,
	...publication(rootOf(body, MAX_CHUNK_BYTES)),
});

describe("C38 what a gateway refuses", () => {
	test.each<[string, string, () => Answer]>([
		["another body", "/page", () => ({ ...whole(), body: text("other") })],
		["another path", "/other", whole],
		["a path below", "/page/below", whole],
		["a path with a slash at its end", "/page/", whole],
		["another status", "/page", () => ({ ...whole(), status: 404 })],
		["another type", "/page", () => withHeader(whole(), "content-type", "text/plain")],
		["no sandbox", "/page", () => withHeader(whole(), "content-security-policy", "none")],
		["another tag", "/page", () => withHeader(whole(), "etag", '"0123456789abcdef"')],
		["a part as the whole", "/large", () => ({ ...part(1), status: 200 })],
		["another part's body", "/large", () => ({ ...part(1), body: chunkOf(2) })],
		[
			"another part's range",
			"/large",
			() => withHeader(part(1), "content-range", `bytes ${2 * S}-${3 * S - 1}/${large.length}`),
		],
		[
			"another size in the range",
			"/large",
			() => withHeader(part(1), "content-range", `bytes ${S}-${2 * S - 1}/${large.length + 1}`),
		],
		["another blob's proof", "/large", whole],
	])("%s", (_, url, answer) => {
		expect(() => gateway.verify(url, answer())).toThrow();
	});

	test("an answer that is too old", () => {
		const answer = whole();
		gateway.host.time += 6 * 60_000;
		expect(() => gateway.verify("/page", answer)).toThrow();
		gateway.verify("/page", whole());
	});

	test("what was replaced, made private or deleted", () => {
		put("gone", small);
		const before = gateway.ask("/gone");
		gateway.verify("/gone", before);
		put("gone", text("new"));
		const after = gateway.ask("/gone");
		gateway.verify("/gone", after);
		const proof = before.headers.find(([name]) => name === "ic-certificate")![1];
		expect(() => gateway.verify("/gone", withHeader(after, "ic-certificate", proof))).toThrow();
	});
});

test("C13 every answer forbids guessing its type, and what can run as a page does so in a sandbox", () => {
	for (const { headers } of [whole(), part(0), part(1)])
		expect(headers).toContainEqual(["x-content-type-options", "nosniff"]);
	expect(whole().headers).toContainEqual(["content-security-policy", "sandbox"]);
});
