import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Network } from "../../src/localnet/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { CHUNK, openScene, type Scene, type ServedBlobs, until } from "./served.js";

/** Limits of a server: memory, queries, connections and time, for every kind of request. */

const SMALL = Buffer.from(pseudoBytes(4 * CHUNK - 3));
/** More than the buffers of the system hold between the server and a reader that reads nothing. */
const LARGE_CHUNK = 1 << 20;
const LARGE = Buffer.alloc(40 * LARGE_CHUNK, pseudoBytes(4_099));

let scene: Scene;
let network: Network;
beforeAll(async () => {
	scene = await openScene();
	network = scene.fixture.network.local!;
	await scene.put("small", SMALL);
	for (let i = 0; i < 8; i++) await scene.put(`own/${i}`, pseudoBytes(4 * CHUNK, i + 2));
	const { owner } = scene;
	const options = { visibility: "public", chunkBytes: LARGE_CHUNK } as const;
	await owner.upload(LARGE, { key: "large", ...options }).done;
	await owner.upload(LARGE.subarray(0, 6 * LARGE_CHUNK), { key: "other", ...options }).done;
});
afterAll(() => scene.dispose());

describe("C97 many at once", () => {
	test("a rush on one blob asks the network as one request does", async () => {
		const served = await scene.serve({ freshMs: 60_000 });
		using _late = network.faults.every(1, { delayMs: 100 }, { kind: "query" });
		const answers = await Promise.all(Array.from({ length: 100 }, () => served.ask("GET", "/small")));
		for (const { status, body } of answers) expect([status, body.equals(SMALL)]).toEqual([200, true]);
		expect(await served.metric("chunks_total", "network")).toBe(4);
		expect(await served.metric("lookups_total")).toBe(1);
	});

	test("absent keys wait in a line of their own, of bounded length", async () => {
		const served = await scene.serve({ maxLookups: 1, freshMs: 0 });
		expect((await served.ask("HEAD", "/small")).status).toBe(200);
		const late = network.faults.every(1, { delayMs: 400 }, { kind: "query" });
		const absent = Array.from({ length: 60 }, (_, i) => served.ask("HEAD", `/absent/${i}`));
		await until(async () => (await served.metric("failures_total", "busy_lookups")) > 20);
		// It need not wait for any of them.
		expect((await served.ask("HEAD", "/small")).status).toBe(200);
		late.remove();
		const answers = await Promise.all(absent);
		const refused = answers.filter(({ status }) => status === 503);
		expect(refused.length).toBeGreaterThan(20);
		for (const { headers } of refused) expect(headers["retry-after"]).toBe("1");
		// One was under way, 16 waited.
		expect(answers.filter(({ status }) => status === 404).length).toBeGreaterThanOrEqual(17);
		expect(refused.length + answers.filter(({ status }) => status === 404).length).toBe(60);
		expect((await served.ask("HEAD", "/absent/59")).status).toBe(404);
	});

	test("readers of different blobs share a memory of two chunks, and each gets its bytes", async () => {
		const served = await scene.serve({ memoryBytes: 2 * CHUNK });
		const answers = Array.from({ length: 8 }, (_, i) => served.ask("GET", `/own/${i}`));
		let most = 0;
		const watch = setInterval(async () => {
			most = Math.max(most, await served.metric("memory_bytes"));
		}, 1);
		for (const [i, answer] of answers.entries())
			expect((await answer).body.equals(Buffer.from(pseudoBytes(4 * CHUNK, i + 2))), `own/${i}`).toBe(true);
		clearInterval(watch);
		expect(most).toBe(2 * CHUNK);
		expect(await served.metric("memory_idle_bytes")).toBe(2 * CHUNK);
	});

	test("what memory still has is not fetched again", async () => {
		const served = await scene.serve({ freshMs: 60_000 });
		await served.ask("GET", "/small");
		scene.queries();
		expect((await served.ask("GET", "/small")).body.equals(SMALL)).toBe(true);
		expect(scene.queries()).toBe(0);
	});

	test("more readers than there may be get 503, and HEAD all the same", async () => {
		const served = await scene.serve({ maxReaders: 1 });
		const reader = await stalled(served, "/large");
		const refused = await served.ask("GET", "/small");
		expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
		expect((await served.ask("HEAD", "/small")).status).toBe(200);
		reader.destroy();
		await until(async () => (await served.ask("GET", "/small")).status === 200);
	});
});

/** A reader that takes nothing of a large blob, from when the server has noticed. */
async function stalled(served: ServedBlobs, path: string): Promise<Socket> {
	const before = await served.metric("readers");
	const socket = await served.raw(path);
	socket.on("error", () => {});
	await until(async () => (await served.metric("readers")) > before);
	let held = -1;
	// Its buffers and the system's are full.
	await until(async () => {
		const now = await served.metric("chunks_total");
		const isSame = now === held;
		held = now;
		await new Promise((resolve) => setTimeout(resolve, 50));
		return isSame && now > 0;
	});
	return socket;
}

describe("C97 a reader", () => {
	test("that leaves gives back what it held, and nothing more is fetched for it", async () => {
		const served = await scene.serve();
		const socket = await stalled(served, "/large");
		const loaded = await served.metric("chunks_total");
		expect(loaded).toBeLessThan(40);
		socket.destroy();
		await until(async () => (await served.metric("readers")) === 0);
		expect(await served.metric("memory_bytes")).toBe(await served.metric("memory_idle_bytes"));
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(await served.metric("chunks_total")).toBe(loaded);
		expect(served.log.at(-1)).toMatchObject({ end: "gone", status: 200 });
	});

	test("that leaves before the first byte ends the fetching", async () => {
		const served = await scene.serve();
		await served.ask("HEAD", "/other");
		const held = network.faults.every(1, { delayMs: 2_000 }, { kind: "query", method: "blobs_get_chunk" });
		const socket = await served.raw("/other");
		await until(async () => (await served.metric("readers")) === 1);
		socket.destroy();
		await until(async () => (await served.metric("readers")) === 0);
		held.remove();
		await until(async () => (await served.metric("memory_bytes")) === 0);
		expect(await served.metric("chunks_total")).toBe(0);
		expect(served.log.at(-1)).toMatchObject({ end: "gone", status: 499, bytes: 0 });
		expect(await served.metric("requests_total", '"499"')).toBe(1);
		expect(await served.metric("failures_total")).toBe(0);
	});

	test("that takes nothing is cut in the end", async () => {
		const served = await scene.serve({ stallMs: 300 });
		await stalled(served, "/large");
		await until(async () => (await served.metric("readers")) === 0);
		expect(served.log.at(-1)).toMatchObject({ end: "stalled" });
		expect(await served.metric("bodies_total", "stalled")).toBe(1);
	});

	test("that takes nothing is cut sooner where others wait for its memory", async () => {
		const served = await scene.serve({ memoryBytes: 2 * LARGE_CHUNK, pressedStallMs: 200 });
		await stalled(served, "/large");
		await stalled(served, "/large?again");
		expect((await served.ask("GET", "/other", { Range: "bytes=5242880-5242889" })).body).toHaveLength(10);
		expect(served.log.filter(({ end }) => end === "stalled").length).toBeGreaterThan(0);
	});

	test("that is slow gets all of it", async () => {
		const served = await scene.serve({ stallMs: 2_000, memoryBytes: 4 * LARGE_CHUNK });
		const socket = await stalled(served, "/large");
		let received = 0;
		for await (const part of socket) {
			received += (part as Buffer).length;
			if (received >= LARGE.length) break;
		}
		expect(received).toBeGreaterThanOrEqual(LARGE.length);
	});
});

describe("C97 a hostile request", () => {
	test.each([
		["/%zz"],
		["/%ff"],
		["/%C0%AF"],
		["//small"],
		["/./small"],
		["/x/../small"],
		["/%2e%2e/small"],
		["/small%00"],
		["/small%0d%0aX-Own:%201"],
		["/small/"],
		["/"],
		["/?small"],
		["/%3C*%3E"],
		[`/${"%e2%82%ac".repeat(400)}`],
		[`/${"a/".repeat(40)}a`],
	])("for %s is 404", async (path) => {
		const served = await scene.serve();
		const { status, body } = await served.ask("GET", path);
		expect([status, body.toString()]).toEqual([404, "There is no such blob, or it is not for you.\n"]);
		await served.stop();
	});

	test("is read as percent-decoding has it, once", async () => {
		const served = await scene.serve();
		for (const path of ["/%73mall", "/own%2F1", "http://elsewhere/small", "/small?x=1#y"])
			expect((await served.ask("HEAD", path)).status, path).toBe(200);
		expect((await served.ask("HEAD", "/%2573mall")).status).toBe(404);
	});

	test("of too long a path is 414, and its key takes 1,024 bytes, however they are written", async () => {
		const served = await scene.serve();
		const key = `${"é".repeat(500)}/${"k".repeat(23)}`;
		await scene.put(key, SMALL);
		const written = [...Buffer.from(key)].map((byte) => `%${byte.toString(16)}`).join("");
		expect((await served.ask("HEAD", `/${written}`)).status).toBe(200);
		expect((await served.ask("GET", `/${"a".repeat(5_000)}`)).status).toBe(414);
	});

	test("with a body that nobody reads ends its connection", async () => {
		const served = await scene.serve();
		const { status, headers } = await served.ask("POST", "/small", { "Content-Length": "0" });
		expect([status, headers.connection]).toEqual([405, "close"]);
		const socket = await served.raw("/small", "Content-Length: 1000000000\r\n");
		let text = "";
		for await (const part of socket) text += (part as Buffer).toString("latin1");
		expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n/);
	});
});

describe("what the network does", () => {
	const retry = { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 };

	test("C98 no byte that does not verify is sent", async () => {
		const client = await scene.client(undefined, { retry });
		const served = await scene.serve({ client });
		using _lie = network.faults.every(1, "certificate-byte", { kind: "query", method: "blobs_get_chunk" });
		const { status, body, headers } = await served.ask("GET", "/small");
		expect([status, body.toString()]).toEqual([502, "What the network answered cannot be used.\n"]);
		expect(headers["cache-control"]).toBe("no-store");
		expect(served.log.at(-1)).toMatchObject({ end: "failed", status: 502, bytes: body.length });
	});

	test("C98 a body whose later chunk does not verify breaks off, short of its length", async () => {
		const client = await scene.client(undefined, { retry });
		const served = await scene.serve({ client, readAhead: 1 });
		let chunks = 0;
		using _lie = network.faults.when(({ method }) =>
			method === "blobs_get_chunk" && ++chunks > 2 ? "certificate-byte" : undefined,
		);
		await expect(served.ask("GET", "/small")).rejects.toThrow("aborted");
		expect(served.log.at(-1)).toMatchObject({ end: "failed", status: 200, bytes: 2 * CHUNK });
		expect(await served.metric("bodies_total", "failed")).toBe(1);
	});

	test("answers 503 as the network does, and 504 where it says nothing", async () => {
		const client = await scene.client(undefined, { retry });
		const served = await scene.serve({ client, firstByteMs: 300 });
		const busy = network.faults.every(1, { status: 503, retryAfter: 0 }, { kind: "query" });
		expect((await served.ask("GET", "/small")).status).toBe(503);
		busy.remove();
		using _slow = network.faults.every(1, { delayMs: 1_000 }, { kind: "query" });
		expect((await served.ask("GET", "/small")).status).toBe(504);
	});

	test("a blob replaced while it is remembered is read as what it is now", async () => {
		const served = await scene.serve({ freshMs: 60_000, memoryBytes: CHUNK });
		const put = (seed: number) => scene.put("replaced", pseudoBytes(2 * CHUNK, seed));
		await put(50);
		await served.ask("GET", "/replaced");
		await put(51);
		const { status, body } = await served.ask("GET", "/replaced", { Range: `bytes=0-${CHUNK - 1}` });
		expect(status).toBe(206);
		expect(body.equals(Buffer.from(pseudoBytes(2 * CHUNK, 51).subarray(0, CHUNK)))).toBe(true);
	});
});
