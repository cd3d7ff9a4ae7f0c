import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { writeRandomFile } from "../../examples/support/random-file.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { bundleTrial, choose, type Opened, ready, type Trial } from "./trial.js";
import { newWriter } from "./writer.js";

/** A file of 200 MB through a real browser, with typical interruptions, and back as a stream. */

const SIZE = 200_000_000;
const CHUNKS = Math.ceil(SIZE / MAX_CHUNK_BYTES);
const KEY = "films/holiday.mp4";
/**
 * What a page may hold at a time, after a collection of garbage: the 16 MiB of the source that an upload may have in
 * hand exist up to three times (docs/CONCURRENCY.md), and as much may have been loaded just now; page, agent and
 * client without a transfer take 5 MB. Two fifths of the file.
 */
const MOST_HELD = 4 * 16 * 2 ** 20 + 10_000_000;

let trial: Trial;
let fixture: StoreFixture;
let opened: Opened;
let page: Page;
let puts = 0;
let path: string;

beforeAll(async () => {
	trial = await bundleTrial(inject("run"));
	fixture = await openStore({
		signatures: "bls",
		onMessage: ({ method, kind, error }) => {
			if (method === "blobs_put_chunk" && kind === "update" && !error) puts++;
		},
	});
	path = join(trial.folder, "holiday.mp4");
	await writeRandomFile(path, SIZE);
	opened = await trial.open(await newWriter(fixture));
	page = opened.page;
});
afterAll(async () => {
	await opened?.close();
	await fixture?.dispose();
	await trial?.remove();
});

const report = () => page.evaluate(() => window.trial.report());

/** Waits until the client reports this part of the file as stored. */
async function arrived(share: number): Promise<void> {
	await page.waitForFunction(
		(least) => {
			const { progress, error } = window.trial.report();
			if (error) throw new Error(error);
			return progress.loaded >= least;
		},
		share * SIZE,
		{ polling: 20 },
	);
}

/** Waits until nothing is under way. @returns bytes that have arrived */
async function settled(): Promise<number> {
	await page.waitForFunction(() => {
		const { progress } = window.trial.report();
		return progress.sent + progress.reused === progress.loaded;
	});
	return (await report()).progress.loaded;
}

/** Nothing arrives while the page does some other things. */
async function standsStill(at: number): Promise<void> {
	for (let i = 0; i < 20; i++) await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 25)));
	expect((await report()).progress.loaded).toBe(at);
}

/** The most that the page holds while something is under way. */
async function mostHeld<T>(work: Promise<T>): Promise<{ result: T; bytes: number }> {
	const session = await opened.context.newCDPSession(page);
	let isOver = false;
	const watched = work.finally(() => {
		isOver = true;
	});
	let bytes = 0;
	while (!isOver) {
		bytes = Math.max(bytes, await held(session));
		// A collection takes as long as it takes to send a chunk: the page shall come to that, too.
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
	await session.detach();
	return { result: await watched, bytes };
}

async function held(session: CDPSession): Promise<number> {
	await session.send("HeapProfiler.collectGarbage");
	const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
	return usedSize + backingStorageSize;
}

test("goes up through pause, reload and offline, each chunk sent once, and comes back the same", async () => {
	await choose(page, path);
	await page.evaluate((key) => window.trial.upload(key), KEY);
	const first = await mostHeld(arrived(0.25));
	await page.evaluate(() => window.trial.pause());
	await standsStill(await settled());
	expect((await report()).state).toBe("paused");

	await page.evaluate((bytes) => {
		window.trial.resume();
		return window.trial.pauseAt(bytes);
	}, 0.4 * SIZE);
	const before = await settled();
	expect(before).toBeLessThan(0.8 * SIZE);
	expect(await page.evaluate(() => window.trial.noted())).toEqual([KEY]);
	await page.reload();
	await ready(page);

	await choose(page, path);
	await page.evaluate((key) => window.trial.upload(key), KEY);
	await arrived(before / SIZE + 0.05);
	await opened.context.setOffline(true);
	await page.waitForFunction(() => window.trial.report().progress.retries > 0);
	await standsStill((await report()).progress.loaded);
	expect((await report()).state).toBe("running");
	await opened.context.setOffline(false);
	const last = await mostHeld(page.waitForFunction(() => window.trial.report().state !== "running"));

	const { state, error, progress } = await report();
	expect({ state, error }).toEqual({ state: "done", error: undefined });
	expect(progress).toMatchObject({ reused: before, sent: SIZE - before, loaded: SIZE, total: SIZE });
	expect(puts).toBe(CHUNKS);
	expect(await page.evaluate(() => window.trial.noted())).toEqual([]);

	const back = await mostHeld(page.evaluate((key) => window.trial.download(key), KEY));
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash);
	expect(back.result).toEqual({ sha256: hash.digest("hex"), bytes: SIZE });

	for (const { bytes } of [first, last, back]) expect(bytes).toBeLessThan(MOST_HELD);
	expect(opened.problems).toEqual([]);
}, 150_000);
