import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Principal } from "@dfinity/principal";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BlobClient } from "../../src/client/node/index.js";
import { filmOf, seekFilm } from "../support/film.js";
import { bundlePage, openChromium, type Served, servePage } from "../support/page.js";
import { newId, ok, openStore, type StoreFixture } from "../support/store.js";

/** The browser example as deployed: bundled for production, served as files, in a real Chromium. */

const example = join(import.meta.dirname, "../../examples/browser");

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-browser-"));
	await bundlePage(example, join(folder, "page"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the page", () => {
	let fixture: StoreFixture;
	let served: Served;
	let context: BrowserContext;
	let page: Page;
	const problems: string[] = [];

	beforeAll(async () => {
		fixture = await openStore({ signatures: "bls" });
		served = await servePage(join(folder, "page"), {
			canisterId: fixture.canisterId.toText(),
			host: fixture.network.url,
			local: true,
		});
		context = await openChromium(join(folder, "profile"));
		page = context.pages()[0] ?? (await context.newPage());
		page.on("pageerror", (error) => problems.push(error.message));
		await page.goto(`http://127.0.0.1:${served.port}/`);
		await page.getByText("Nothing yet.").waitFor();
	});
	afterEach(() => expect(problems.splice(0)).toEqual([]));
	afterAll(async () => {
		await context?.close();
		await served?.stop();
		await fixture?.dispose();
	});

	test("says what to do to whom an administrator has given no role yet", async () => {
		await choose("early.bin", randomBytes(1_000));
		await page.getByRole("alert").filter({ hasText: "Ask an administrator" }).waitFor();
	});

	test("uploads by a grant under its prefix, and says how much of it is used and until when", async () => {
		const who = Principal.fromText((await page.locator("#principal").textContent()) ?? "");
		const blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
		const endsAt = new Date(Date.now() + 3_600_000);
		const terms = { role: "writer", prefix: "guests/1/", bytes: 20e6, endsAt, publicOnly: true } as const;
		const grant = await blobs.admin.grant(who, terms);
		const bytes = randomBytes(3_000_000);
		await choose("gift.bin", bytes);
		await page.getByText("gift.bin is stored: 3.0 MB.").waitFor();
		await page.getByText("You may upload under guests/1/ · 3.0 MB of 20.0 MB used · until").waitFor();
		expect(await download("guests/1/gift.bin")).toBe(sha256(bytes));
		expect((await blobs.stat("guests/1/gift.bin")).visibility).toBe("public");
		await blobs.admin.revokeGrant(grant);
		await choose("late.bin", bytes);
		await page.getByRole("alert").filter({ hasText: "Ask an administrator" }).waitFor();
		await blobs.delete("guests/1/gift.bin");
		ok(await fixture.store.blobs_grant_role({ id: newId(), who, role: { writer: null } }));
	});

	test("uploads a file of four chunks with progress that only grows, and gives the same bytes back", async () => {
		const bytes = randomBytes(7_000_000);
		await recordProgress();
		await choose("sunset.bin", bytes);
		await page.getByText("sunset.bin is stored: 7.0 MB.").waitFor();
		const values = await recordedProgress();
		expect(values.length).toBeGreaterThan(2);
		expect(values).toEqual([...values].sort((a, b) => a - b));
		expect(values.at(-1)).toBe(1);
		expect(await download("sunset.bin")).toBe(sha256(bytes));
		await keepScreenshot("stored");
	});

	test("takes an empty file, and one with a name of every kind", async () => {
		for (const [name, bytes] of [
			["empty", randomBytes(0)],
			["Übergröße 漢字 & <b>.txt", randomBytes(12_345)],
		] as const) {
			await choose(name, bytes);
			await page.getByText(`${name} is stored`).waitFor();
			expect(await download(name)).toBe(sha256(bytes));
		}
	});

	test("goes on after a reload in the middle: what had arrived is not sent again", async () => {
		const bytes = randomBytes(9_000_000);
		// Of the four full chunks two get through, whenever the short one comes; the others wait for an answer that never comes.
		let letThrough = 2;
		await page.route("**/call", async (route) => {
			const { length } = route.request().postDataBuffer() ?? [];
			const isFull = length > 2_000_000;
			if (length < 500_000 || (isFull && letThrough-- > 0)) await route.continue();
		});
		await choose("long.bin", bytes);
		await page.getByText(/^46 % · 4\.2 MB of 9\.0 MB/).waitFor();
		await keepScreenshot("uploading");
		// In this order: what is held back must die with the page, not be let go.
		await page.reload();
		await page.unrouteAll({ behavior: "ignoreErrors" });

		await page.getByText("long.bin: 4.2 MB of 9.0 MB arrived.").waitFor();
		await choose("long.bin", bytes);
		await page.getByText("long.bin is stored: 9.0 MB (4.2 MB were there already).").waitFor();
		await expect.poll(() => page.getByText("arrived.").count()).toBe(0);
		expect(await download("long.bin")).toBe(sha256(bytes));
	});

	test("says that it is paused, and that it is offline and goes on by itself", async () => {
		await page.route("**/call", async (route) => {
			const isChunk = (route.request().postDataBuffer()?.length ?? 0) > 500_000;
			if (!isChunk) await route.continue();
		});
		await choose("waiting.bin", randomBytes(5_000_000));
		await page.getByText("0 % · 0 B of 5.0 MB").waitFor();
		await page.getByRole("button", { name: "Pause" }).click();
		await page.getByText("0 % · 0 B of 5.0 MB · paused").waitFor();
		await keepScreenshot("paused");
		await page.getByRole("button", { name: "Resume" }).click();
		await context.setOffline(true);
		await page.getByText("0 % · 0 B of 5.0 MB · offline, goes on when there is a connection").waitFor();
		await keepScreenshot("offline");
		// What was held back until now is lost, as on a line that broke.
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await context.setOffline(false);
		await page.getByText("waiting.bin is stored: 5.0 MB.").waitFor();
	});

	test("stops when asked to, and throws away what had arrived when asked to", async () => {
		const held = new Promise<void>((resolve) => {
			void page.route("**/call", async (route) => {
				const isChunk = (route.request().postDataBuffer()?.length ?? 0) > 500_000;
				return isChunk ? resolve() : route.continue();
			});
		});
		await choose("stopped.bin", randomBytes(5_000_000));
		await held;
		await page.getByRole("button", { name: "Cancel" }).click();
		await page.getByText("stopped.bin was cancelled.").waitFor();
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await page.getByRole("button", { name: "Discard the unfinished upload of stopped.bin" }).click();
		await expect.poll(() => page.getByText("arrived.").count()).toBe(0);
	});

	test("shows a private picture and plays a private film, and seeks in it to three places", async () => {
		const picture = Buffer.from(await page.evaluate(drawPicture), "base64");
		await choose("red.png", picture);
		await page.getByText("red.png is stored").waitFor();
		const image = page.getByRole("img", { name: "red.png" });
		await expect.poll(() => image.evaluate((its: HTMLImageElement) => its.naturalWidth)).toBe(7);
		const film = await filmOf(page, { seconds: 30, width: 64, padding: 300_000 });
		await choose("film.webm", film);
		await page.getByText("film.webm · private").waitFor();
		await page.getByRole("button", { name: "Play film.webm" }).click();
		const player = page.locator("#player");
		await expect.poll(() => player.evaluate((its: HTMLVideoElement) => its.duration)).toBe(30);
		for (const second of [21, 4, 28])
			expect(await seekFilm(page, second + 0.5)).toEqual([second + 0.5, second]);
		await player.evaluate((its: HTMLVideoElement) => {
			its.muted = true;
			its.playbackRate = 4;
			return its.play();
		});
		await expect.poll(() => player.evaluate((its: HTMLVideoElement) => its.ended)).toBe(true);
		await keepScreenshot("gallery");
		const url = await player.evaluate((its: HTMLVideoElement) => its.currentSrc);
		expect(new URL(url).origin).toBe(`http://127.0.0.1:${served.port}`);
		expect(await page.evaluate(hashOf, url)).toBe(sha256(film));
		// Whoever opens the page as somebody else does not get it.
		const stranger = await context.newPage();
		await stranger.addInitScript(() => localStorage.clear());
		await stranger.goto(`http://127.0.0.1:${served.port}/`);
		await stranger.getByText("No pictures and films yet.").waitFor();
		expect(await stranger.evaluate(async (its) => (await fetch(its)).status, url)).toBe(404);
		await stranger.close();
	});

	/** Chooses a real file, from disk as a person would, and uploads it. */
	async function choose(name: string, bytes: Buffer): Promise<void> {
		await writeFile(join(folder, name), bytes);
		await page.getByLabel("File").setInputFiles(join(folder, name));
		await page.getByRole("button", { name: "Upload", exact: true }).click();
	}

	/** SHA-256 of the file that the page's own download button puts on disk. */
	async function download(name: string): Promise<string> {
		const event = page.waitForEvent("download");
		await page.getByRole("button", { name: `Download ${name}`, exact: true }).click();
		return sha256(await readFile(await (await event).path()));
	}

	/** For a person to look at, where BLOBS_SCREENSHOTS names a directory. */
	async function keepScreenshot(name: string): Promise<void> {
		const directory = process.env.BLOBS_SCREENSHOTS;
		if (directory) await page.screenshot({ path: join(directory, `${name}.png`) });
	}

	async function recordProgress(): Promise<void> {
		await page.evaluate(() => {
			const bar = document.querySelector("progress")!;
			const values: number[] = [];
			Object.assign(window, { progressValues: values });
			new MutationObserver(() => values.push(bar.value)).observe(bar, { attributeFilter: ["value"] });
		});
	}
	const recordedProgress = () =>
		page.evaluate(() => (window as unknown as { progressValues: number[] }).progressValues);
});

/** In a page: a picture of 7 pixels by 5, as a PNG in Base64. */
function drawPicture(): string {
	const canvas = Object.assign(document.createElement("canvas"), { width: 7, height: 5 });
	const context = canvas.getContext("2d")!;
	context.fillStyle = "red";
	context.fillRect(0, 0, 7, 5);
	return canvas.toDataURL("image/png").split(",")[1]!;
}

/** In a page: SHA-256 of what its `fetch` gets. */
async function hashOf(url: string): Promise<string> {
	const bytes = await (await fetch(url)).arrayBuffer();
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
