import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pseudoBytes } from "../client/support/memory-store.js";
import { CHUNK, openScene, type Scene } from "../http/served.js";
import { bundleForPage } from "../support/bundle.js";
import { filmOf, seekFilm, showFilm } from "../support/film.js";
import { openChromium, type Served, servePage } from "../support/page.js";
import { newId, ok } from "../support/store.js";
import type { Asked, Init } from "./worker/page.js";

/** Blobs on an application's own origin, answered by its service worker, in a real Chromium. */

const PIXEL =
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const picture = Buffer.from(PIXEL, "base64");
const large = pseudoBytes(20 * CHUNK + 4_321, 7);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let scene: Scene;
let site: Served;
let folder: string;
let browser: BrowserContext;
/** Nobody's page. */
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
	scene = await openScene();
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

test("C131 the first byte takes two requests one after the other, a seek at most two chunks before it", async () => {
	const { requests, faults } = scene.fixture.network.local!;
	const fresh = pseudoBytes(20 * CHUNK, 17);
	await scene.put("fresh.bin", fresh);
	const firstByte = (range: string) =>
		page.evaluate(
			async ([url, wanted]) => {
				const controller = new AbortController();
				const begun = performance.now();
				const response = await fetch(url, { headers: { range: wanted }, signal: controller.signal });
				await response.body!.getReader().read();
				const took = performance.now() - begun;
				controller.abort();
				return { status: response.status, took };
			},
			[`${base}fresh.bin`, range] as const,
		);
	const DELAY = 700;
	{
		using _far = faults.every(1, { delayMs: DELAY }, { kind: "query" });
		const { took } = await firstByte(`bytes=${9 * CHUNK + 1}-`);
		expect(took).toBeGreaterThanOrEqual(2 * DELAY);
		expect(took).toBeLessThan(3 * DELAY);
	}
	await new Promise((resolve) => setTimeout(resolve, 1_200));
	requests.clear();
	using _held = faults.every(1, { delayMs: 1_500 }, { kind: "query", method: "blobs_get_chunk" });
	const sought = firstByte(`bytes=${15 * CHUNK + 1}-`);
	await expect.poll(() => requests.count({ method: "blobs_get_chunk" })).toBeGreaterThan(0);
	await new Promise((resolve) => setTimeout(resolve, 500));
	expect(requests.count({ method: "blobs_get_chunk" })).toBeLessThanOrEqual(2);
	expect((await sought).status).toBe(206);
});

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
