import { beforeAll, describe, expect, test } from "vitest";
import { BAD_REQUEST, type HttpQuery, type Settings } from "../../../src/canister/engine/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { type Ask, Gateway } from "./gateway.js";

/** Ranges that begin within a chunk: each takes an update, as long as the cycles for them last. */

const S = 65_536;
const video = Uint8Array.from({ length: 3 * S + 100 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const SIZE = video.length;
const PER_DAY = 100_000_000;
const DAY_MS = 86_400_000;

function storeWith(settings: Settings): Gateway {
	const gateway = new Gateway(settings);
	const id = newId();
	const size = BigInt(SIZE);
	ask(gateway.engine, "blobs_begin_upload", { id, key: "video.mp4", size: [size], chunk_size: S });
	for (let at = 0; at < SIZE; at += S)
		ask(gateway.engine, "blobs_put_chunk", id, at / S, video.subarray(at, at + S));
	ask(gateway.engine, "blobs_commit_upload", { id, size, ...publication(rootOf(video, S)) });
	gateway.settle();
	return gateway;
}

const asked = (url: string, { method = "GET", headers = {} }: Ask = {}): HttpQuery => ({
	method,
	url,
	header: (name) => headers[name],
});
const range = (range: string, more: Record<string, string> = {}): Ask => ({ headers: { range, ...more } });
const byQuery = ({ engine }: Gateway, what: Ask, url = "/video.mp4") => engine.http(asked(url, what), true)!;
/** As an update, in which there is no certificate to give. */
function byUpdate({ engine, host }: Gateway, what: Ask, url = "/video.mp4") {
	const certificate = host.certificate;
	host.certificate = () => undefined;
	try {
		return engine.httpUpdate(() => asked(url, what), 1_000, true)!;
	} finally {
		host.certificate = certificate;
	}
}

describe("C93 a range that begins within a chunk", () => {
	let gateway: Gateway;
	beforeAll(() => {
		gateway = storeWith({ http: { exactRanges: { cyclesPerDay: Number.POSITIVE_INFINITY } } });
	});

	test.each([
		["to a byte", `bytes=5-${S + 9}`, 5, S - 1],
		["to a byte of the same chunk", "bytes=7-8", 7, 8],
		["open", `bytes=${2 * S + 1}-`, 2 * S + 1, 3 * S - 1],
		["of the last bytes", "bytes=-50", SIZE - 50, SIZE - 1],
	])("%s is answered by an update, to the end of its chunk", (_, header, from, to) => {
		expect(byQuery(gateway, range(header))).toMatchObject({ upgrade: true });
		const { status, headers, body, upgrade } = byUpdate(gateway, range(header));
		expect([status, upgrade]).toEqual([206, undefined]);
		expect(Buffer.compare(body, video.subarray(from, to + 1))).toBe(0);
		expect(Object.fromEntries(headers)).toMatchObject({ "content-range": `bytes ${from}-${to}/${SIZE}` });
	});

	test.each<[string, Ask, number]>([
		["what begins where a chunk does", range(`bytes=${S}-`), 206],
		["the whole", {}, 206],
		["several ranges", range("bytes=1-2,5-6"), 501],
		["a range of another version", range("bytes=5-", { "if-range": '"another"' }), 501],
		["a range past the end", range(`bytes=${SIZE}-`), 416],
		["what is not read", { method: "PUT", ...range("bytes=5-") }, 405],
	])("is the only one: %s is certified", (_, what, status) => {
		expect(gateway.get("/video.mp4", what).status).toBe(status);
	});

	test("as an update all else is answered too, and what is no request", () => {
		expect(byUpdate(gateway, {}, "/nothing").status).toBe(404);
		expect(byUpdate(gateway, range(`bytes=${S}-`)).status).toBe(206);
		expect(gateway.engine.httpUpdate(() => undefined, 10, true)).toBe(BAD_REQUEST);
	});

	test("is none in maintenance", () => {
		ask(gateway.engine, "blobs_set_mode", { id: newId(), mode: { maintenance: null }, generation: 0n });
		expect(byQuery(gateway, range("bytes=5-")).status).toBe(501);
		expect(byUpdate(gateway, range("bytes=5-")).status).toBe(503);
		ask(gateway.engine, "blobs_set_mode", { id: newId(), mode: { live: null }, generation: 1n });
		expect(byQuery(gateway, range("bytes=5-")).upgrade).toBe(true);
	});
});

test("C93 exact ranges take no more cycles in a day than they may, and are refused unread after that", () => {
	const gateway = storeWith({ http: { exactRanges: { cyclesPerDay: PER_DAY } } });
	let answered = 0;
	while (byQuery(gateway, range("bytes=5-")).upgrade) {
		expect(gateway.engine.letsHttp(1_000)).toBe(true);
		expect(byUpdate(gateway, range("bytes=5-")).status).toBe(206);
		answered++;
	}
	// Each is worth more than 7.2 M and what its 1,000 bytes cost.
	expect(answered).toBeGreaterThan(3);
	expect(answered).toBeLessThan(PER_DAY / 9_000_000);
	gateway.verify("/video.mp4", gateway.ask("/video.mp4", range("bytes=5-")), range("bytes=5-"));
	expect(gateway.engine.letsHttp(1_000)).toBe(false);
	const unread = () => {
		throw new Error("it was read");
	};
	expect(gateway.engine.httpUpdate(unread, 1_000, true)).toMatchObject({ status: 503 });
	gateway.upgrade();
	expect(gateway.engine.letsHttp(1_000)).toBe(false);
	gateway.host.time += DAY_MS;
	expect(gateway.engine.letsHttp(1_000)).toBe(true);
	expect(gateway.engine.letsHttp(16_385)).toBe(false);
	expect(byQuery(gateway, range("bytes=5-")).upgrade).toBe(true);
});

test("C93 by default there are none, and no update of a gateway's is let in", () => {
	const gateway = storeWith({});
	expect(gateway.engine.letsHttp(100)).toBe(false);
	expect(byUpdate(gateway, range("bytes=5-")).status).toBe(503);
	expect(gateway.get("/video.mp4", range("bytes=5-")).status).toBe(501);
});

test.each([-1, 0.5, Number.NaN, "many", undefined])("C93 %s cycles a day are no bound", (cyclesPerDay) => {
	expect(() => new Gateway({ http: { exactRanges: { cyclesPerDay } as never } })).toThrow(RangeError);
});
