import { beforeEach, expect, test } from "vitest";
import { MAX_CHUNK_BYTES, type WirePublication, type WireStagedItem } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { commit, put, remove } from "../engine/staged-store.js";
import { type Ask, Gateway } from "./gateway.js";

/** What a gateway gets over the reveal of a staged batch, each answer taken by @dfinity/response-verification. */

const S = 65_536;
const OLD = new TextEncoder().encode("<h1>Before</h1>");
const NEW = new TextEncoder().encode("<h1>After, and longer</h1>");
const film = new Uint8Array(2 * S + 5).fill(7);
const otherFilm = new Uint8Array(3 * S).fill(8);
const HTML = { content_type: "text/html" };
const VIDEO = { content_type: "video/mp4" };

let gateway: Gateway;
let batch: Uint8Array;
beforeEach(() => {
	gateway = new Gateway();
	batch = newId();
	for (const key of ["replaced", "deleted", "hidden"]) whole(key, OLD, HTML);
	publish("film", film);
	gateway.settle();
});

function whole(key: string, body: Uint8Array, parts: Partial<WirePublication>): void {
	const request = { id: newId(), key, ...publication(rootOf(body, MAX_CHUNK_BYTES), parts) };
	ask(gateway.engine, "blobs_put_blob", request, body);
}

/** Its chunks, which are not committed. */
function upload(key: string, body: Uint8Array): Uint8Array {
	const id = newId();
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(body.length)], chunk_size: S });
	for (let at = 0; at < body.length; at += S)
		ask(gateway.engine, "blobs_put_chunk", id, at / S, body.subarray(at, at + S));
	return id;
}

function publish(key: string, body: Uint8Array): void {
	const id = upload(key, body);
	const parts = publication(rootOf(body, S), VIDEO);
	ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(body.length), ...parts });
}

const items = (): WireStagedItem[] => [
	put("new", NEW, HTML),
	put("replaced", NEW, HTML),
	remove("deleted"),
	put("hidden", NEW, { visibility: { private: null } }),
	commit(upload("film", otherFilm), otherFilm, VIDEO),
	commit(upload("film/2", film), film, VIDEO),
];

const fromSecond: Ask = { headers: { range: `bytes=${S}-` } };
type Expected = readonly [url: string, asked: Ask, status: number, body?: Uint8Array];
const BEFORE: readonly Expected[] = [
	["/new", {}, 404],
	["/replaced", {}, 200, OLD],
	["/deleted", {}, 200, OLD],
	["/hidden", {}, 200, OLD],
	["/film", {}, 206, film.subarray(0, S)],
	["/film", fromSecond, 206, film.subarray(S, 2 * S)],
	["/film/2", {}, 404],
	["/film/2", fromSecond, 404],
	["/never", {}, 404],
];
const AFTER: readonly Expected[] = [
	["/new", {}, 200, NEW],
	["/replaced", {}, 200, NEW],
	["/deleted", {}, 404],
	["/hidden", {}, 404],
	["/film", {}, 206, otherFilm.subarray(0, S)],
	["/film", fromSecond, 206, otherFilm.subarray(S, 2 * S)],
	["/film/2", {}, 206, film.subarray(0, S)],
	["/film/2", fromSecond, 206, film.subarray(S, 2 * S)],
	["/never", {}, 404],
];

/** `mayWait`: after an upgrade that changes answers some are 503, uncertified, until they are made anew. */
function isAs(expected: readonly Expected[], mayWait = false): boolean {
	return expected.every(([url, asked, status, body]) => {
		if (mayWait && gateway.ask(url, asked).status === 503) return true;
		const answer = gateway.get(url, asked);
		return answer.status === status && (body === undefined || Buffer.compare(answer.body, body) === 0);
	});
}

const stateOf = () => ask(gateway.engine, "blobs_staged_batch", { batch }).state;
const step = () => {
	gateway.host.time += 2_000;
	gateway.engine.clean();
};
/** Steps until it is revealed; before each of them everything is as before. */
function reveal(meanwhile: () => void = () => {}, mayWait = false): void {
	ask(gateway.engine, "blobs_reveal", { id: newId(), batch });
	for (let steps = 0; stateOf() !== "revealed"; steps++) {
		if (steps > 50) throw new Error("it comes to no end");
		expect(isAs(BEFORE, mayWait)).toBe(true);
		meanwhile();
		expect(isAs(BEFORE, mayWait)).toBe(true);
		step();
	}
}

test("C134 before the reveal what was there, certified, 404 included; after it what was staged, all of it at once", () => {
	ask(gateway.engine, "blobs_stage", { id: newId(), batch, items: items() });
	reveal();
	expect(isAs(AFTER)).toBe(true);
	// While what was there goes, and once it has gone.
	for (let steps = 0; steps < 3; steps++) {
		step();
		expect(isAs(AFTER)).toBe(true);
	}
	gateway.settle();
	gateway.upgrade();
	expect(isAs(AFTER)).toBe(true);
});

test("C134 answers are by the rules of the code that reveals, which came with an upgrade in the middle", () => {
	ask(gateway.engine, "blobs_stage", { id: newId(), batch, items: items() });
	gateway.settle();
	const origin = (url: string) => gateway.get(url).headers["access-control-allow-origin"];
	let upgraded = false;
	reveal(() => {
		if (stateOf() !== "preparing" || upgraded) return;
		upgraded = true;
		gateway.upgrade({ http: { allowOrigin: "*" } });
		expect(stateOf()).toBe("waiting");
	}, true);
	expect(upgraded).toBe(true);
	// Of what the batch has no answer is waited for.
	for (const its of AFTER) expect(isAs([its], its[2] === 404), its[0]).toBe(true);
	gateway.settle();
	expect(isAs(AFTER)).toBe(true);
	for (const [url] of AFTER) if (gateway.get(url).status < 300) expect(origin(url)).toBe("*");
});
