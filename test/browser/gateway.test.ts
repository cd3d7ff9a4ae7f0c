import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openChromium } from "../support/page.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { bytesOf, put, S, upload } from "../support/transfers.js";

/** Blobs by their URLs in a real Chromium, through the local network's gateway. */

/** Eight bits, mono, 8 kHz: a minute of it is one chunk. */
function sound(seconds: number): Uint8Array {
	const rate = 8_000;
	const samples = seconds * rate;
	const file = Buffer.alloc(44 + samples, 128);
	file.write("RIFF", 0);
	file.writeUInt32LE(36 + samples, 4);
	file.write("WAVEfmt ", 8);
	file.writeUInt32LE(16, 16);
	file.writeUInt16LE(1, 20);
	file.writeUInt16LE(1, 22);
	file.writeUInt32LE(rate, 24);
	file.writeUInt32LE(rate, 28);
	file.writeUInt16LE(1, 32);
	file.writeUInt16LE(8, 34);
	file.write("data", 36);
	file.writeUInt32LE(samples, 40);
	for (let i = 0; i < samples; i++) file[44 + i] = 128 + 60 * Math.sin(i / 4);
	return new Uint8Array(file);
}

const TEXT = "Twice as short where it is packed, twice as short where it is packed.";
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20"/></svg>`;
const large = bytesOf(40 * S + 1_000);
let fixture: StoreFixture;
let context: BrowserContext;
let page: Page;
let profile: string;
let site: string;

beforeAll(async () => {
	fixture = await openStore({ signatures: "bls" });
	const { store, network, canisterId } = fixture;
	site = `http://${canisterId}.localhost:${new URL(network.url).port}`;
	await put(store, "picture.svg", new TextEncoder().encode(PICTURE), { content_type: "image/svg+xml" });
	await put(store, "packed.txt", new Uint8Array(gzipSync(TEXT)), {
		content_type: "text/plain",
		metadata: [["content-encoding", "gzip"]],
	});
	await put(store, "short.wav", sound(60), { content_type: "audio/wav" });
	await put(store, "secret", bytesOf(10), { visibility: { private: null } });
	const script = "<script>document.title = 'ran ' + origin</script>";
	await put(store, "page.html", new TextEncoder().encode(script), { content_type: "text/html" });
	await upload(store, "large", large);
	await upload(store, "long.wav", sound(40), { content_type: "audio/wav" });
	profile = await mkdtemp(join(tmpdir(), "canister-blobs-gateway-"));
	context = await openChromium(profile);
	page = await context.newPage();
	await page.goto(`${site}/none`);
	const isThere = (url: string) => page.evaluate(async (its) => (await fetch(its)).status !== 503, url);
	while (!(await isThere("/large")) || !(await isThere("/long.wav")))
		await new Promise((resolve) => setTimeout(resolve, 300));
}, 120_000);
afterAll(async () => {
	await context?.close();
	await fixture?.dispose();
	await rm(profile, { recursive: true, force: true });
});

/** Plays a sound to the end, or from a place to which it seeks; where it came to. */
const played = (url: string, seek: number | undefined) =>
	page.evaluate(
		({ url, seek }) =>
			new Promise<{ at: number; duration: number; error: string | undefined }>((resolve) => {
				const audio = new Audio(url);
				audio.muted = true;
				audio.playbackRate = 16;
				const end = () =>
					resolve({ at: audio.currentTime, duration: audio.duration, error: audio.error?.message });
				audio.onerror = end;
				if (seek === undefined) audio.onended = end;
				else {
					audio.onseeked = end;
					audio.onloadedmetadata = () => {
						audio.currentTime = seek;
					};
				}
				if (seek === undefined) void audio.play();
			}),
		{ url, seek },
	);

describe("C91 by its URL Chromium", () => {
	test("shows a picture", async () => {
		const size = await page.evaluate(async () => {
			const image = new Image();
			image.src = "/picture.svg";
			await image.decode();
			return [image.naturalWidth, image.naturalHeight];
		});
		expect(size).toEqual([30, 20]);
	});

	test("gets all of a blob of many chunks", async () => {
		const sha256 = await page.evaluate(async () => {
			const bytes = await (await fetch("/large")).arrayBuffer();
			return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
		});
		expect(Buffer.from(sha256)).toEqual(createHash("sha256").update(large).digest());
	});

	test("plays what has one chunk, and seeks in it", async () => {
		for (const seek of [10, 50, 30]) {
			const { at, duration, error } = await played("/short.wav", seek);
			expect([error, Math.round(duration)]).toEqual([undefined, 60]);
			expect(at).toBeCloseTo(seek, 1);
		}
	});

	test("plays what has several from its start to its end", async () => {
		const { at, duration, error } = await played("/long.wav", undefined);
		expect([error, Math.round(duration)]).toEqual([undefined, 40]);
		expect(at).toBeCloseTo(duration, 1);
	});

	test("decodes what is stored encoded", async () => {
		const { text, encoding } = await page.evaluate(async () => {
			const response = await fetch("/packed.txt");
			return { text: await response.text(), encoding: response.headers.get("content-encoding") };
		});
		expect([text, encoding]).toEqual([TEXT, "gzip"]);
	});

	test("asks again, and is told that nothing has changed", async () => {
		const statuses = await page.evaluate(async () => {
			const tag = (await fetch("/picture.svg")).headers.get("etag")!;
			const again = await fetch("/picture.svg", { headers: { "if-none-match": tag }, cache: "no-store" });
			return [again.status, (await fetch("/none")).status, (await fetch("/secret")).status];
		});
		expect(statuses).toEqual([304, 404, 404]);
	});

	test("runs no stranger's page as one of the canister's", async () => {
		const other = await context.newPage();
		await other.goto(`${site}/page.html`);
		expect(await other.title()).toBe("");
		await other.close();
	});
});
