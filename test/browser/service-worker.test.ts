import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Middleware } from "../../src/localnet/index.js";
import { MAX_CHUNK_BYTES, rootPreimage } from "../../src/protocol/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { answered, cellOf, headersOf, rowsOf, type Validators, written } from "../http/rows.js";
import { CHUNK, openScene, type Scene } from "../http/served.js";
import { bundleForPage } from "../support/bundle.js";
import { filmOf, seekFilm, showFilm } from "../support/film.js";
import { openChromium, type Served, servePage } from "../support/page.js";
import { newId, ok, publication } from "../support/store.js";
import type { Asked, Init } from "./worker/page.js";

/** Blobs on an application's own origin, answered by its service worker, in a real Chromium. */

const PIXEL =
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const picture = Buffer.from(PIXEL, "base64");
const large = pseudoBytes(20 * CHUNK + 4_321, 7);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let scene: Scene;
/** Faults between worker and network. */
let between: Middleware = (request, next) => next(request);
let site: Served;
let folder: string;
let browser: BrowserContext;
/** The page of an anonymous visitor. */
let page: Page;
const alice = Ed25519KeyIdentity.generate();
const bob = Ed25519KeyIdentity.generate();
let base: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-worker-"));
	await writeFile(join(folder, "index.html"), `<!doctype html><script type="module" src="page.js"></script>`);
	const sources = join(import.meta.dirname, "worker");
	await writeFile(join(folder, "page.js"), await bundleForPage({ path: join(sources, "page.ts") }));
	await writeFile(
		join(folder, "sw.js"),
		await bundleForPage({ path: join(sources, "sw.ts") }, { format: "iife" }),
	);
	site = await servePage(folder, {});
	scene = await openScene({ middleware: (request, next) => between(request, next) });
	await scene.put("large.bin", large);
	await scene.put("picture.png", picture, { contentType: "image/png" });
	for (const [user, name] of [
		[alice, "alice"],
		[bob, "bob"],
	] as const) {
		const { store } = scene.fixture;
		ok(await store.blobs_grant_role({ id: newId(), who: user.getPrincipal(), role: { writer: null } }));
		const client = await scene.client(user);
		await client.upload(picture, { key: `${name}.png`, visibility: "private", contentType: "image/png" })
			.done;
		await client.upload(large, { key: `${name}.bin`, visibility: "private" }).done;
	}
	base = `/blobs/${scene.fixture.canisterId}/`;
	browser = await openChromium(join(folder, "profile"));
	page = await open();
}, 120_000);
afterAll(async () => {
	await browser?.close();
	await site?.stop();
	await scene?.dispose();
	await rm(folder, { recursive: true, force: true });
});

/** A page of the application, controlled by its worker. */
async function open(user?: Ed25519KeyIdentity, isDelegated = false): Promise<Page> {
	const opened = await browser.newPage();
	const query = new URLSearchParams({
		canister: scene.fixture.canisterId.toText(),
		host: scene.fixture.network.url,
		worker: "yes",
	});
	await opened.goto(`http://127.0.0.1:${site.port}/?${query}`);
	await opened.waitForFunction(() => "lab" in window);
	const { via } = await opened.evaluate(() => window.lab.blobs.blobUrl("picture.png"));
	expect(via).toBe("worker");
	if (user)
		await opened.evaluate(
			async ([json, delegated]) => window.lab.blobs.signIn(await window.lab.identity(json, delegated)),
			[JSON.stringify(user.toJSON()), isDelegated] as const,
		);
	return opened;
}

const ask = (on: Page, key: string, init?: Init): Promise<Asked> =>
	on.evaluate(([url, options]) => window.lab.ask(url, options), [base + key, init] as const);

/** Ends the worker, as a browser does with one that has nothing to do. */
async function stopWorker(): Promise<void> {
	const session = await browser.newCDPSession(page);
	// The command answers before the worker has stopped, which would end what is asked for next.
	const stopped = new Promise<void>((resolve) => {
		session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
			if (versions.some(({ runningStatus }) => runningStatus === "stopped")) resolve();
		});
	});
	await session.send("ServiceWorker.enable");
	await session.send("ServiceWorker.stopAllWorkers");
	await stopped;
	await session.detach();
}

test("C124 every byte, range and condition is that of the blob", async () => {
	expect(await page.evaluate((url) => window.lab.width(url), `${base}picture.png`)).toBe(1);
	const whole = await ask(page, "large.bin");
	expect([whole.status, whole.length, whole.sha256]).toEqual([200, large.length, sha256(large)]);
	expect(whole.headers).toMatchObject({
		"accept-ranges": "bytes",
		"content-length": String(large.length),
		"content-security-policy": "default-src 'none'; sandbox",
		"x-content-type-options": "nosniff",
	});
	const at = async (range: string, from: number, to: number) => {
		const part = await ask(page, "large.bin", { headers: { range } });
		expect([range, part.status, part.sha256], range).toEqual([range, 206, sha256(large.subarray(from, to))]);
		expect(part.headers["content-range"]).toBe(`bytes ${from}-${to - 1}/${large.length}`);
	};
	await at("bytes=0-1", 0, 2);
	await at(`bytes=${CHUNK - 1}-${CHUNK}`, CHUNK - 1, CHUNK + 1);
	await at(`bytes=${5 * CHUNK + 77}-`, 5 * CHUNK + 77, large.length);
	await at("bytes=-5000", large.length - 5_000, large.length);
	const { headers: given } = whole;
	const statuses: [Init, string, number][] = [
		[{ method: "HEAD" }, "large.bin", 200],
		[{ headers: { "if-none-match": given.etag! } }, "large.bin", 304],
		[{ headers: { "if-match": '"other"' } }, "large.bin", 412],
		[{ headers: { range: `bytes=${large.length}-` } }, "large.bin", 416],
		[{ method: "POST" }, "large.bin", 405],
		[{}, "absent.bin", 404],
		[{}, "alice.bin", 404],
	];
	for (const [init, key, status] of statuses)
		expect((await ask(page, key, init)).status, JSON.stringify([key, init])).toBe(status);
	const other = `/blobs/aaaaa-aa/large.bin`;
	expect((await page.evaluate((url) => window.lab.ask(url), other)).status).toBe(404);
});

test("C124 the table of docs/SERVE.md holds here too", async () => {
	const sizes = [0, 1, CHUNK, 3 * CHUNK + 7];
	const contents = sizes.map((size) => Buffer.from(pseudoBytes(size)));
	const validators: Validators[] = [];
	for (const [i, bytes] of contents.entries()) {
		const { root, createdAt } = await scene.put(`of/${i}`, bytes, { contentType: "video/mp4" });
		validators.push({ tag: `"${Buffer.from(root).toString("hex")}"`, date: createdAt });
	}
	// Within the second of its publication a blob may change once more: dates are no validators yet.
	const last = Math.max(...validators.map(({ date }) => date.getTime()));
	await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(last + 1_000);
	const rows = rowsOf("SERVE.md", "What is answered to what");
	const found = await answered(rows, async (method, headers, i) => {
		const answer = await ask(page, `of/${i}`, { method, headers: headersOf(headers, validators[i]!) });
		expect(answer.error).toBeUndefined();
		const range = /^bytes (\d+)-(\d+)\//.exec(answer.headers["content-range"] ?? "");
		if (method === "HEAD") expect(answer.length).toBe(0);
		else if (answer.status === 200) expect(answer.sha256).toBe(sha256(contents[i]!));
		else if (range) {
			const part = contents[i]!.subarray(Number(range[1]), Number(range[2]) + 1);
			expect(answer.sha256).toBe(sha256(part));
		}
		return cellOf(answer.status, answer.headers);
	});
	expect(written(found)).toEqual(written(rows));
});

test("C124 what is stored encoded is decoded by the worker, and has no ranges", async () => {
	const text = Buffer.from("Twice as short where it is packed, twice as short where it is packed.");
	for (const [encoding, packed] of [
		["gzip", gzipSync(text)],
		["deflate", deflateSync(text)],
	] as const) {
		await scene.put(`packed.${encoding}`, packed, { metadata: { "content-encoding": encoding } });
		const whole = await ask(page, `packed.${encoding}`, { headers: { range: "bytes=0-9" } });
		expect([whole.status, whole.sha256, whole.length]).toEqual([200, sha256(text), text.length]);
		expect(whole.headers).toMatchObject({ "accept-ranges": "none" });
		expect(whole.headers).not.toHaveProperty("content-encoding");
	}
});

test("C125 what was uploaded does not run on the origin, and cannot read its storage", async () => {
	const steal = "document.title = 'ran'; parent.postMessage(localStorage.secret, '*')";
	await scene.put("page.html", Buffer.from(`<script>${steal}</script>`), { contentType: "text/html" });
	await scene.put("script.js", Buffer.from("self.ran = true"), { contentType: "text/javascript" });
	await scene.put("style.css", Buffer.from("body { color: red }"), { contentType: "text/css" });
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>${steal}</script></svg>`;
	await scene.put("drawing.svg", Buffer.from(svg), { contentType: "image/svg+xml" });
	const found = await page.evaluate(async (blobs) => {
		localStorage.secret = "of the application";
		const seen: unknown[] = [];
		window.addEventListener("message", ({ data }) => seen.push(data));
		const loaded = (name: string, set: Record<string, string>) =>
			new Promise<string>((resolve) => {
				const element = Object.assign(document.createElement(name), set);
				element.addEventListener("load", () => resolve("loaded"));
				element.addEventListener("error", () => resolve("refused"));
				document.body.append(element);
				// An embed that was refused says nothing.
				setTimeout(() => resolve("silent"), 1_000);
			});
		const tried: Record<string, string> = {
			script: await loaded("script", { src: `${blobs}script.js` }),
			module: await loaded("script", { src: `${blobs}script.js`, type: "module" }),
			style: await loaded("link", { rel: "stylesheet", href: `${blobs}style.css` }),
			object: await loaded("object", { data: `${blobs}page.html` }),
			worker: await new Promise((resolve) => {
				const worker = new Worker(`${blobs}script.js`);
				worker.onerror = () => resolve("refused");
				setTimeout(() => resolve("loaded"), 1_000);
			}),
			imported: await new Function("url", "return import(url)")(`${blobs}script.js`).then(
				() => "loaded",
				() => "refused",
			),
			picture: await loaded("img", { src: `${blobs}drawing.svg` }),
		};
		const texts: string[] = [];
		for (const name of ["iframe", "embed"]) {
			await loaded(name, { src: `${blobs}page.html` });
			const inner = (document.body.lastElementChild as HTMLIFrameElement).contentDocument;
			texts.push(inner?.body?.textContent ?? "");
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
		return { tried, texts, seen, hasRun: "ran" in window };
	}, base);
	const { picture: shown, ...others } = found.tried;
	expect(shown).toBe("loaded");
	expect(new Set(Object.values(others)), JSON.stringify(others)).toEqual(new Set(["refused"]));
	expect(found.hasRun).toBe(false);
	expect(found.seen).toEqual([]);
	for (const text of found.texts) expect(text).not.toContain("ran");
	// Followed as a link it is saved, as it was uploaded.
	const download = page.waitForEvent("download");
	await page.evaluate((url) => {
		location.href = url;
	}, `${base}page.html`);
	expect((await download).suggestedFilename()).toBe("page.html");
	expect(page.url()).toContain("/?");
});

test("C126 two pages with two users stay apart", async () => {
	const [hers, his] = [await open(alice, true), await open(bob)];
	for (const [on, own, foreign] of [
		[hers, "alice", "bob"],
		[his, "bob", "alice"],
		[hers, "alice", "bob"],
	] as const) {
		const mine = await ask(on, `${own}.bin`);
		expect([mine.status, mine.sha256]).toEqual([200, sha256(large)]);
		expect(mine.headers["cache-control"]).toBe("private, no-store");
		expect((await ask(on, `${foreign}.bin`)).status).toBe(404);
		expect(await on.evaluate((url) => window.lab.width(url), `${base}${own}.png`)).toBe(1);
		expect(await on.evaluate((url) => window.lab.width(url), `${base}${foreign}.png`)).toBe(0);
	}
	expect((await ask(page, "alice.bin")).status).toBe(404);
	// A link that is followed asks for its page's user, and is saved.
	const download = hers.waitForEvent("download");
	await hers.evaluate(
		(url) => Object.assign(document.createElement("a"), { href: url }).click(),
		`${base}alice.bin`,
	);
	expect(sha256(await readFile(await (await download).path()))).toBe(sha256(large));
	await hers.close();
	await his.close();
});

test("C126 a delegation is renewed when it ends within a minute, and not before", async () => {
	const hers = await open();
	await hers.evaluate(() => {
		const { now } = Date;
		const clock = Object.assign(window, { asked: 0, now });
		navigator.serviceWorker.addEventListener("message", ({ data }) => {
			if (data?.canisterBlobs === "identify") clock.asked++;
		});
		// The page lets the worker read for 15 minutes from its own time on: 50 seconds are left of them.
		Date.now = () => now() - 850_000;
	});
	const user = JSON.stringify(alice.toJSON());
	await hers.evaluate(async (json) => window.lab.blobs.signIn(await window.lab.identity(json, false)), user);
	const asked = async (key: string) => {
		expect((await ask(hers, key)).status).toBe(404);
		return hers.evaluate(() => (window as unknown as { asked: number }).asked);
	};
	expect((await ask(hers, "alice.bin")).sha256).toBe(sha256(large));
	const before = await asked("absent.1");
	expect(await asked("absent.2")).toBeGreaterThan(before);
	await hers.evaluate(() => {
		Date.now = (window as unknown as { now: () => number }).now;
	});
	const renewed = await asked("absent.3");
	expect(await asked("absent.4")).toBe(renewed);
	expect((await ask(hers, "alice.png")).status).toBe(200);
	await hers.close();
});

test("C127 after the sign-out nothing private is answered, and what is read ends", async () => {
	const hers = await open(alice);
	const ended = await hers.evaluate(async (url) => {
		const { body } = await fetch(url);
		const reader = body!.getReader();
		await reader.read();
		await window.lab.blobs.signOut();
		for (;;) {
			const part = await reader.read().catch(() => "failed");
			if (part === "failed") return "failed";
			if ((part as ReadableStreamReadResult<unknown>).done) return "whole";
		}
	}, `${base}alice.bin`);
	expect(ended).toBe("failed");
	expect((await ask(hers, "alice.bin")).status).toBe(404);
	expect((await ask(hers, "large.bin")).status).toBe(200);
	await hers.close();
});

test("C128 a private film plays and seeks, also when the worker was stopped in its middle", async () => {
	const film = await filmOf(page, { seconds: 30, width: 64, padding: 400_000 });
	const client = await scene.client(alice);
	const options = { key: "film.webm", contentType: "video/webm", chunkBytes: 1 << 20 } as const;
	await client.upload(film, { ...options, visibility: "private" }).done;
	const hers = await open(alice);
	expect(await showFilm(hers, `${base}film.webm`)).toBe(30);
	expect(await seekFilm(hers, 28.5)).toEqual([28.5, 28]);
	await stopWorker();
	expect(await seekFilm(hers, 10.5)).toEqual([10.5, 10]);
	expect(await seekFilm(hers, 20.5)).toEqual([20.5, 20]);
	expect(await ask(hers, "film.webm")).toMatchObject({ status: 200, error: undefined, sha256: sha256(film) });
	expect((await ask(page, "film.webm")).status).toBe(404);
	await hers.close();
});

test("C129 a node that lies is a network error, before the first byte and after it", async () => {
	const { faults } = scene.fixture.network.local!;
	const lies = pseudoBytes(8 * CHUNK, 9);
	await scene.put("lies.bin", lies);
	{
		using _lie = faults.every(1, "certificate-byte", { kind: "query", method: "blobs_get_chunk" });
		expect(await ask(page, "lies.bin")).toMatchObject({ status: 0, error: "TypeError: Failed to fetch" });
	}
	let chunks = 0;
	using _lie = faults.when(({ method }) =>
		method === "blobs_get_chunk" && ++chunks > 4 ? "certificate-byte" : undefined,
	);
	const cut = await ask(page, "lies.bin");
	expect(cut.status).toBe(200);
	expect(cut.error).toContain("TypeError");
});

test("C130 public chunks are kept within a bound and only used after a proof, private ones never", async () => {
	const kept = pseudoBytes(6 * CHUNK, 11);
	await scene.put("kept.bin", kept);
	const cached = () =>
		page.evaluate(async () => {
			const cache = await caches.open("canister-blobs");
			const names = (await cache.keys()).map(({ url }) => url);
			return { names, all: await caches.keys() };
		});
	for (const [from, to] of [
		[0, 4],
		[4, 6],
	] as const)
		await ask(page, "kept.bin", { headers: { range: `bytes=${from * CHUNK}-${to * CHUNK - 1}` } });
	const root = Buffer.from((await scene.owner.stat("kept.bin")).root).toString("hex");
	await expect.poll(async () => (await cached()).names.filter((name) => name.includes(root)).length).toBe(6);
	await stopWorker();
	await page.evaluate(async (its) => {
		const cache = await caches.open("canister-blobs");
		const [first] = (await cache.keys()).filter(({ url }) => url.includes(`${its}-0-`));
		await cache.put(first!, new Response(new Uint8Array(65_536)));
	}, root);
	const { requests } = scene.fixture.network.local!;
	requests.clear();
	const again = await ask(page, "kept.bin");
	expect([again.status, again.sha256]).toEqual([200, sha256(kept)]);
	expect(requests.count({ method: "blobs_stat" })).toBe(1);
	expect(requests.count({ method: "blobs_get_chunk" })).toBeLessThanOrEqual(2);
	await scene.owner.delete("kept.bin");
	await expect.poll(async () => (await ask(page, "kept.bin")).status).toBe(404);

	expect((await cached()).all).toEqual(["canister-blobs"]);
	const secret = pseudoBytes(2 * CHUNK, 13);
	const { root: hidden } = await (await scene.client(alice)).upload(secret, {
		key: "hidden.bin",
		visibility: "private",
	}).done;
	const hers = await open(alice);
	expect((await ask(hers, "hidden.bin")).sha256).toBe(sha256(secret));
	const name = Buffer.from(hidden).toString("hex");
	expect((await cached()).names.filter((each) => each.includes(name))).toEqual([]);
	await hers.close();
});

test("C130 the cache takes no more than its bound, and what was read longest ago goes", async () => {
	const bound = 2 ** 21;
	/** Bytes that are kept of each root, by what their names say. */
	const kept = async () => {
		const names = await page.evaluate(async () => {
			const cache = await caches.open("canister-blobs");
			return (await cache.keys()).map(({ url }) => url.split("/").at(-1)!);
		});
		const bytes = { all: 0 } as Record<string, number>;
		for (const [root = "", , size] of names.map((name) => name.split("-"))) {
			bytes[root] = (bytes[root] ?? 0) + Number(size);
			bytes.all! += Number(size);
		}
		return bytes;
	};
	const rootOf = async (key: string) => Buffer.from((await scene.owner.stat(key)).root).toString("hex");
	await scene.put("first.bin", pseudoBytes(2 * CHUNK, 31));
	await scene.put("more.bin", pseudoBytes(40 * CHUNK, 32));
	const [first, more] = [await rootOf("first.bin"), await rootOf("more.bin")];
	await ask(page, "first.bin");
	await expect.poll(async () => (await kept())[first]).toBe(2 * CHUNK);
	// What is read while others are written is not kept: so it is read again until the room is taken.
	const fill = async () => {
		await ask(page, "more.bin");
		return (await kept())[more];
	};
	await expect.poll(fill, { timeout: 20_000 }).toBeGreaterThan(bound - 4 * CHUNK);
	await expect.poll(async () => (await kept()).all).toBeLessThanOrEqual(bound);
	expect((await kept())[first]).toBeUndefined();
});

test("C131 a seek into 1 GiB takes two requests one after the other, and at most two chunks", async () => {
	const film = await gigabyte();
	const at = 300 * MAX_CHUNK_BYTES + 5;
	const held: { readonly method: string; readonly release: () => void }[] = [];
	const methods = ["blobs_stat", "blobs_leaves", "blobs_get_chunk"];
	const holding: Middleware = async (request, next) => {
		const method = methods.find((name) => Buffer.from(request.body).includes(name));
		if (method) await new Promise<void>((release) => held.push({ method, release }));
		return next(request);
	};
	between = holding;
	try {
		const sought = page.evaluate(
			async ([url, from]) => {
				const controller = new AbortController();
				const response = await fetch(url, {
					headers: { range: `bytes=${from}-` },
					signal: controller.signal,
				});
				const { value } = await response.body!.getReader().read();
				controller.abort();
				return { status: response.status, first: Array.from(value!.subarray(0, 8)) };
			},
			[`${base}film.1g`, at] as const,
		);
		const count = (name: string) => held.filter(({ method }) => method === name).length;
		await expect.poll(() => count("blobs_stat")).toBe(1);
		expect(held).toHaveLength(1);
		held[0]!.release();
		await expect.poll(() => count("blobs_leaves") * count("blobs_get_chunk")).toBeGreaterThan(0);
		// While no chunk comes, no more than these are asked for: a longer wait could only show more.
		for (const { method, release } of held) if (method === "blobs_leaves") release();
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(count("blobs_get_chunk")).toBeLessThanOrEqual(2);
		// What comes from now on waits without end: the first byte must not need it.
		for (const { release } of [...held]) release();
		expect(await sought).toEqual({ status: 206, first: Array.from(film(at, 8)) });
	} finally {
		between = (request, next) => next(request);
		for (const { release } of held) release();
	}
});

/** As many as 1 GiB has, the last one whole. */
const GIB_CHUNKS = Math.ceil(2 ** 30 / MAX_CHUNK_BYTES);

/** Stores more than 1 GiB by links to three chunks. @returns what its bytes are */
async function gigabyte(): Promise<(from: number, length: number) => Uint8Array> {
	const { store } = scene.fixture;
	const chunks = [21, 22, 23].map((seed) => pseudoBytes(MAX_CHUNK_BYTES, seed));
	for (const [i, chunk] of chunks.entries())
		await scene.put(`part.${i}`, chunk, { chunkBytes: MAX_CHUNK_BYTES });
	const hashes = chunks.map((chunk) => createHash("sha256").update(chunk).digest());
	const leaves = new Uint8Array(Buffer.concat(Array.from({ length: GIB_CHUNKS }, (_, i) => hashes[i % 3]!)));
	const size = BigInt(GIB_CHUNKS * MAX_CHUNK_BYTES);
	const id = newId();
	ok(await store.blobs_begin_upload({ id, key: "film.1g", size: [size], chunk_size: MAX_CHUNK_BYTES }));
	ok(await store.blobs_link_chunks({ id, from: 0, leaves }));
	const root = createHash("sha256")
		.update(rootPreimage(size, MAX_CHUNK_BYTES, leaves))
		.digest();
	ok(await store.blobs_commit_upload({ id, size, ...publication(new Uint8Array(root)) }));
	return (from, length) => {
		const chunk = chunks[Math.floor(from / MAX_CHUNK_BYTES) % 3]!;
		return chunk.subarray(from % MAX_CHUNK_BYTES, (from % MAX_CHUNK_BYTES) + length);
	};
}

test("without a worker the URL is the gateway's, or one of all the bytes, and says so", async () => {
	const bare = await browser.newPage();
	const { canisterId, network } = scene.fixture;
	const query = new URLSearchParams({ canister: canisterId.toText(), host: network.url });
	// Another origin, which has no worker.
	await bare.goto(`http://localhost:${site.port}/?${query}`);
	await bare.waitForFunction(() => "lab" in window);
	const without = (key: string, gateway?: string) =>
		bare.evaluate(([name, at]) => window.lab.without(name, at), [key, gateway] as const);
	expect(await without("picture.png", "https://gate.example/")).toEqual({
		via: "gateway",
		url: "https://gate.example/picture.png",
		type: "",
	});
	expect(await without("picture.png")).toMatchObject({ via: "object", type: "image/png" });
	expect(await without("page.html")).toMatchObject({ via: "object", type: "application/octet-stream" });
	await bare.close();
});
