import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs/node";
import { buildCanister } from "../../examples/support/build.js";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork } from "../../examples/support/network.js";
import type {} from "../browser/worker/page.js";
import { bundleForPage } from "../support/bundle.js";
import { openChromium, servePage } from "../support/page.js";
import { type Browser, openBrowser, type Program } from "./webdriver.js";

/**
 * npm run test:browsers: blobs by their URLs in browsers that `npm test` has not, Firefox ESR and WebKitGTK, by WebDriver,
 * and in Chromium; 100 MB and films of many chunks, through all three doors: the local network's gateway, the service worker, `canister-blobs serve`. Debian:
 * firefox-esr, webkit2gtk-driver, xvfb (`xvfb-run -a npm run test:browsers`), gstreamer1.0-plugins-good, ffmpeg; and
 * geckodriver on the PATH, or where GECKODRIVER says. BLOBS_SCREENSHOTS names a folder for pictures of what is shown.
 */

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const LARGE = 100_000_000;
const SECONDS = 30;
const CHUNK = 65_536;
/** All, where none is named: chromium, firefox, webkit. */
const WANTED = process.argv.slice(2);
const { GECKODRIVER = "geckodriver", BLOBS_SCREENSHOTS } = process.env;

const MINI_BROWSERS = ["4.1", "4.0", "6.0"].map(
	(api) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${api}/MiniBrowser`,
);
const FIREFOX: Program = {
	name: "Firefox ESR",
	command: GECKODRIVER,
	args: (port) => ["--port", String(port)],
	capabilities: {
		"moz:firefoxOptions": {
			binary: "/usr/bin/firefox-esr",
			args: ["-headless"],
			prefs: { "media.autoplay.default": 0 },
		},
	},
};
const WEBKIT: Program = {
	name: "WebKitGTK",
	command: "WebKitWebDriver",
	args: (port) => [`--port=${port}`],
	// There is no user's session to confine it in.
	env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", LIBGL_ALWAYS_SOFTWARE: "1" },
	capabilities: {
		"webkitgtk:browserOptions": {
			binary: MINI_BROWSERS.find((path) => existsSync(path)) ?? "MiniBrowser",
			args: ["--automation"],
		},
	},
};

/** Chromium as the other browsers are driven: in `npm test` it has smaller blobs. */
async function chromium(profile: string): Promise<Browser> {
	const context = await openChromium(profile);
	const page = await context.newPage();
	await page.addInitScript("globalThis.__name = (value) => value");
	return {
		name: `Chromium ${context.browser()?.version()}`,
		open: async (url) => void (await page.goto(url)),
		run: (work, ...given) => page.evaluate(`(${work})(...${JSON.stringify(given)})`) as never,
		screenshot: () => page.screenshot(),
		close: () => context.close(),
	};
}

/** What is known not to work: docs/HTTP.md says so. */
const CANNOT = [
	"gateway: a film of many chunks plays to its end",
	"worker: a film of many chunks plays to its end",
	"worker: a film of many chunks seeks to three places",
	"worker: a private film seeks",
].map((what) => ({ browser: "WebKitGTK", what }));

/** The byte at a place of the large blob: a page can tell by itself whether it got that one. */
const large = new Uint8Array(LARGE);
for (let i = 0; i < LARGE; i++) large[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255;

/** Here and below: run in a page. */
async function compareLarge(url: string): Promise<string> {
	const response = await fetch(url);
	const reader = response.body!.getReader();
	let at = 0;
	for (let part = await reader.read(); !part.done; part = await reader.read())
		for (const byte of part.value) {
			if (byte !== ((at * 31 + (at >> 8) * 7 + (at >> 16)) & 255)) return `byte ${at} is another`;
			at++;
		}
	return `${response.status}, ${at} bytes`;
}

const widthOf = (url: string) =>
	new Promise<number>((resolve) => {
		const image = new Image();
		image.onload = () => resolve(image.naturalWidth);
		image.onerror = () => resolve(0);
		image.src = url;
	});

const statusOf = async (url: string) => (await fetch(url)).status;

/** Seeks in a film. @returns for each place where it came to, and which second the picture says */
async function seek(
	url: string,
	places: readonly number[],
): Promise<(readonly [at: number, second: number])[]> {
	const video = Object.assign(document.createElement("video"), { muted: true, preload: "auto" });
	const until = (name: string) =>
		new Promise<void>((resolve, reject) => {
			video.addEventListener(name, () => resolve(), { once: true });
			video.addEventListener("error", () => reject(new Error(`${name}: ${video.error?.message}`)), {
				once: true,
			});
			setTimeout(() => reject(new Error(`${name} does not come`)), 30_000);
		});
	const loaded = until("loadeddata");
	video.src = url;
	document.body.replaceChildren(video);
	await loaded;
	const found: (readonly [number, number])[] = [];
	for (const place of places) {
		const sought = until("seeked");
		video.currentTime = place;
		await sought;
		// The picture may come after the event.
		let second = -1;
		for (let tries = 0; tries < 50 && second !== Math.floor(place); tries++) {
			await new Promise((resolve) => setTimeout(resolve, 100));
			const context = document.createElement("canvas").getContext("2d")!;
			context.drawImage(video, 0, 0);
			second = 0;
			for (let bit = 0; bit < 5; bit++)
				if (context.getImageData(bit * 60 + 30, 90, 1, 1).data[0]! > 127) second += 1 << bit;
		}
		found.push([video.currentTime, second]);
	}
	return found;
}

/** Plays a film from its start. @returns where it ended */
async function play(url: string): Promise<number> {
	const video = Object.assign(document.createElement("video"), { muted: true });
	document.body.replaceChildren(video);
	return new Promise((resolve, reject) => {
		video.addEventListener("ended", () => resolve(Math.round(video.currentTime)));
		video.addEventListener("error", () => reject(new Error(video.error?.message)));
		setTimeout(() => reject(new Error(`it stands at ${video.currentTime}`)), 90_000);
		video.src = url;
		video.playbackRate = 4;
		video.play().catch(reject);
	});
}

const folder = await mkdtemp(join(tmpdir(), "canister-blobs-browsers-"));
const path = (name: string) => join(folder, name);
let failed = 0;

async function check(
	browser: Browser,
	what: string,
	expected: unknown,
	work: () => Promise<unknown>,
): Promise<void> {
	const found = await work().catch((error: Error) => error.message);
	const isRight = JSON.stringify(found) === JSON.stringify(expected);
	const isKnown = CANNOT.some((known) => known.what === what && browser.name.startsWith(known.browser));
	if (!isRight && !isKnown) failed++;
	const outcome = isRight ? "ok    " : isKnown ? "cannot" : "FAILED";
	console.log(`${outcome} ${browser.name}: ${what}${isRight ? "" : `: ${JSON.stringify(found)}`}`);
}

/** A film whose pictures say which second it is, as stripes; large enough to be of several chunks. */
async function makeFilm(name: string, bitrate: string): Promise<Buffer> {
	const stripes = "255*mod(floor(T/pow(2,floor(X/12))),2)";
	const filter = `color=black:s=64x36:r=5:d=${SECONDS},geq=lum='${stripes}':cb=128:cr=128,scale=320:180:flags=neighbor,noise=alls=30:allf=t`;
	const codec = ["-c:v", "libvpx", "-b:v", bitrate, "-minrate", bitrate, "-maxrate", bitrate, "-g", "5"];
	await run("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", filter, ...codec, path(name)]);
	return readFile(path(name));
}

async function listening(child: ChildProcess): Promise<string> {
	const lines = createInterface({ input: child.stdout! });
	const [first] = (await once(lines, "line")) as [string];
	lines.on("line", () => {});
	return JSON.parse(first).url;
}

const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 41>>stream
BT /F 24 Tf 20 40 Td (Shown as PDF) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
`;

const network = await openNetwork();
let server: ChildProcess | undefined;
let site: Awaited<ReturnType<typeof servePage>> | undefined;
try {
	const identity = Ed25519KeyIdentity.generate();
	const agent = await network.agent(identity);
	const canisterId = await deployCanister(agent, await buildCanister(join(root, "examples/store"), "store"));
	const client = new BlobClient({ agent, canisterId });
	await client.admin.grantRole(await agent.getPrincipal(), "writer");
	const picture = new TextEncoder().encode(
		`<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20"/></svg>`,
	);
	const put = (key: string, bytes: Uint8Array, contentType: string, options = {}) =>
		client.upload(bytes, { key, contentType, visibility: "public", ...options }).done;
	await put("large", large, "application/octet-stream");
	await put("picture.svg", picture, "image/svg+xml");
	await put("secret.svg", picture, "image/svg+xml", { visibility: "private" });
	await put("paper.pdf", new TextEncoder().encode(PDF), "application/pdf");
	await put("short.webm", await makeFilm("short.webm", "300k"), "video/webm");
	const film = await makeFilm("long.webm", "1M");
	await put("long.webm", film, "video/webm", { chunkBytes: CHUNK });
	await put("hidden.webm", film, "video/webm", { chunkBytes: CHUNK, visibility: "private" });

	const sources = join(root, "test/browser/worker");
	await writeFile(path("index.html"), `<!doctype html><script type="module" src="page.js"></script>`);
	await writeFile(path("page.js"), await bundleForPage({ path: join(sources, "page.ts") }));
	await writeFile(path("sw.js"), await bundleForPage({ path: join(sources, "sw.ts") }, { format: "iife" }));
	site = await servePage(folder, {});
	const args = ["serve", "-l", "0", "--canister", canisterId.toText(), "--host", network.url, "--local"];
	server = spawn(process.execPath, [join(root, "dist/bin/main.js"), ...args], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const served = await listening(server);
	const gateway = `http://${canisterId}.localhost:${new URL(network.url).port}`;
	const keep = async (browser: Browser, name: string) => {
		if (BLOBS_SCREENSHOTS)
			await writeFile(join(BLOBS_SCREENSHOTS, `${name}.png`), await browser.screenshot());
	};

	const openings = {
		chromium: () => chromium(path("profile")),
		firefox: () => openBrowser(FIREFOX),
		webkit: () => openBrowser(WEBKIT),
	};
	for (const [called, open] of Object.entries(openings)) {
		if (WANTED.length > 0 && !WANTED.includes(called)) continue;
		const browser = await open().catch((error: Error) => {
			failed++;
			console.log(`FAILED ${called} cannot be driven: ${error.message}`);
			return undefined;
		});
		if (!browser) continue;
		try {
			const door = async (name: string, base: string, isSeeking: boolean) => {
				const all = `${LARGE}`;
				await check(browser, `${name}: a picture`, 30, () => browser.run(widthOf, `${base}/picture.svg`));
				await check(browser, `${name}: 100 MB, byte by byte`, `200, ${all} bytes`, () =>
					browser.run(compareLarge, `${base}/large`),
				);
				await check(browser, `${name}: 404`, 404, () => browser.run(statusOf, `${base}/nothing`));
				const places = [21.5, 4.5, 28.5];
				const right = places.map((place) => [place, Math.floor(place)]);
				await check(browser, `${name}: a film of one chunk seeks to three places`, right, () =>
					browser.run(seek, `${base}/short.webm`, places),
				);
				await check(browser, `${name}: a film of many chunks plays to its end`, SECONDS, () =>
					browser.run(play, `${base}/long.webm`),
				);
				if (isSeeking)
					await check(browser, `${name}: a film of many chunks seeks to three places`, right, () =>
						browser.run(seek, `${base}/long.webm`, places),
					);
			};
			await browser.open(`${gateway}/nothing`);
			await door("gateway", gateway, false);
			await check(browser, "gateway: a private blob is not there", 404, () =>
				browser.run(statusOf, `${gateway}/secret.svg`),
			);
			await browser.open(`${served}/nothing`);
			await door("serve", served, true);
			await check(browser, "serve: a private blob is not there", 404, () =>
				browser.run(statusOf, `${served}/secret.svg`),
			);

			const query = new URLSearchParams({ canister: canisterId.toText(), host: network.url, worker: "yes" });
			await browser.open(`http://127.0.0.1:${site.port}/?${query}`);
			await check(browser, "worker: controls the page", "worker", () =>
				browser.run(async () => {
					while (!("lab" in window)) await new Promise((resolve) => setTimeout(resolve, 50));
					return (await window.lab.blobs.blobUrl("picture.svg")).via;
				}),
			);
			const base = `http://127.0.0.1:${site.port}/blobs/${canisterId}`;
			await door("worker", base, true);
			await check(browser, "worker: nobody's page has no private blob", 404, () =>
				browser.run(statusOf, `${base}/secret.svg`),
			);
			await browser.run(
				async (json) => window.lab.blobs.signIn(await window.lab.identity(json, false)),
				JSON.stringify(identity.toJSON()),
			);
			await check(browser, "worker: a private picture, signed in", 30, () =>
				browser.run(widthOf, `${base}/secret.svg`),
			);
			await check(browser, "worker: a private film seeks", [[17.5, 17]], () =>
				browser.run(seek, `${base}/hidden.webm`, [17.5]),
			);
			await keep(browser, `film-${called}`);
			await check(browser, "worker: nothing private after the sign-out", 404, () =>
				browser.run(async (url) => {
					await window.lab.blobs.signOut();
					return (await fetch(url)).status;
				}, `${base}/secret.svg`),
			);
			for (const [name, door] of [
				["gateway", gateway],
				["serve", served],
			] as const) {
				await browser.open(`${door}/paper.pdf`).catch(() => {});
				await new Promise((resolve) => setTimeout(resolve, 3_000));
				await keep(browser, `pdf-${name}-${called}`);
			}
		} finally {
			await browser.close();
		}
	}
} finally {
	server?.kill("SIGTERM");
	if (server) await once(server, "close");
	await site?.stop();
	await network.dispose();
	await rm(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
