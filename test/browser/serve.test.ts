import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlobLinks } from "../../src/http/index.js";
import { openScene, type Scene, type ServedBlobs } from "../http/served.js";
import { filmOf } from "../support/film.js";
import { openChromium, type Served, servePage } from "../support/page.js";

/** Blobs from a server in a page of another origin: pictures and a film are shown, active content is not. */

const SECONDS = 30;
const WIDTH = 64;
/** 42 MB, so that a browser asks for another range rather than wait for the bytes between. */
const PADDING = 1_400_000;

let scene: Scene;
let served: ServedBlobs;
let site: Served;
let folder: string;
let browser: BrowserContext;
let page: Page;
let links: BlobLinks;
let film: Buffer;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-serve-"));
	await writeFile(join(folder, "index.html"), "<!doctype html><title>page</title>");
	site = await servePage(folder, {});
	browser = await openChromium(join(folder, "profile"));
	page = await browser.newPage();
	await page.goto(`http://127.0.0.1:${site.port}/`);

	scene = await openScene();
	links = new BlobLinks({
		canisterId: scene.fixture.canisterId,
		secrets: ["of the browser's test, 32 bytes long"],
	});
	served = await scene.serve({ corsOrigin: "*", links, privateClient: scene.owner });
	const picture = Buffer.from(await page.evaluate(png), "base64");
	await scene.put("picture.png", picture, { contentType: "image/png" });
	await scene.put("private.png", picture, { contentType: "image/png", visibility: "private" });
	const script = "<!doctype html><title>quiet</title><script>document.title = 'ran'</script>";
	await scene.put("page.html", Buffer.from(script), { contentType: "text/html" });
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>document.documentElement.id = "ran"</script></svg>`;
	await scene.put("drawing.svg", Buffer.from(svg), { contentType: "image/svg+xml" });
	film = await filmOf(page, { seconds: SECONDS, width: WIDTH, padding: PADDING });
	await scene.owner.upload(film, {
		key: "film.webm",
		visibility: "public",
		contentType: "video/webm",
		chunkBytes: 1 << 20,
	}).done;
});
afterAll(async () => {
	await browser?.close();
	await site?.stop();
	await scene?.dispose();
	await rm(folder, { recursive: true, force: true });
});

/** In the page: a small picture. */
async function png(): Promise<string> {
	const canvas = document.createElement("canvas");
	canvas.width = 20;
	canvas.height = 10;
	return canvas.toDataURL("image/png").split(",")[1]!;
}

/** In the page: the width of a picture, 0 where it cannot be shown. */
const widthOf = (url: string) =>
	page.evaluate(
		(source) =>
			new Promise<number>((resolve) => {
				const image = new Image();
				image.onload = () => resolve(image.naturalWidth);
				image.onerror = () => resolve(0);
				image.src = source;
			}),
		url,
	);

test("a picture shows, one that is not there or private does not, and by a link it does", async () => {
	expect(await widthOf(`${served.url}/picture.png`)).toBe(20);
	for (const key of ["absent.png", "private.png"]) {
		expect(await widthOf(`${served.url}/${key}`), key).toBe(0);
		expect(await page.evaluate(async (url) => (await fetch(url)).status, `${served.url}/${key}`)).toBe(404);
	}
	const link = links.linkFor("private.png", { until: new Date(Date.now() + 60_000), base: `${served.url}/` });
	expect(await widthOf(link)).toBe(20);
});

test("a film plays, and seeks to where it is asked to by ranges", async () => {
	served.log.length = 0;
	const shown = await page.evaluate(
		async ([url, places]) => {
			const video = document.createElement("video");
			video.crossOrigin = "anonymous";
			video.muted = true;
			video.preload = "metadata";
			video.src = url;
			const event = (name: string) =>
				new Promise<void>((resolve, reject) => {
					video.addEventListener(name, () => resolve(), { once: true });
					video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true });
				});
			await event("loadeddata");
			const canvas = document.createElement("canvas");
			const context = canvas.getContext("2d")!;
			const found: [at: number, second: number][] = [];
			for (const place of places) {
				const sought = event("seeked");
				// The picture may come after the event.
				const painted = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
				video.currentTime = place;
				await Promise.all([sought, painted]);
				context.drawImage(video, 0, 0);
				let second = 0;
				for (let bit = 0; bit < 5; bit++)
					if (context.getImageData(bit * 12 + 6, 30, 1, 1).data[0]! > 127) second += 1 << bit;
				found.push([video.currentTime, second]);
			}
			video.currentTime = 0;
			await event("seeked");
			await video.play();
			await event("timeupdate");
			const { duration } = video;
			video.removeAttribute("src");
			video.load();
			return { duration, found };
		},
		[`${served.url}/film.webm`, [28.5, 10.5, 20.5]] as const,
	);
	expect(shown.duration).toBe(SECONDS);
	expect(shown.found).toEqual([
		[28.5, 28],
		[10.5, 10],
		[20.5, 20],
	]);
	await expect.poll(() => served.handler.readers, { timeout: 20_000 }).toBe(0);
	expect(served.log.filter(({ status }) => status === 206).length).toBeGreaterThanOrEqual(3);
	for (const { status, path } of served.log)
		expect([path, [200, 206, 304, 499].includes(status) || status]).toEqual(["/film.webm", true]);
});

test("all bytes of the film are its own", async () => {
	const digest = await page.evaluate(async (url) => {
		const bytes = await (await fetch(url)).arrayBuffer();
		return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))];
	}, `${served.url}/film.webm`);
	expect(Buffer.from(digest).toString("hex")).toBe(createHash("sha256").update(film).digest("hex"));
});

test("C99 what is uploaded runs no script, opened as a page", async () => {
	const opened = await browser.newPage();
	const refused: string[] = [];
	opened.on("console", (message) => refused.push(message.text()));
	await opened.goto(`${served.url}/page.html`);
	expect(await opened.title()).toBe("quiet");
	await opened.goto(`${served.url}/drawing.svg`);
	expect(await opened.locator("#ran").count()).toBe(0);
	expect(refused.filter((text) => /sandboxed/.test(text))).toHaveLength(2);
	await opened.close();
});
