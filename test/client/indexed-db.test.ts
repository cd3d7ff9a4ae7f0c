import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as IndexedDbModule from "../../src/client/sessions/indexed-db.js";
import { bundleForPage } from "../support/bundle.js";

/** Notes of uploads where they are kept: in the database of a real browser. */

const root = join(import.meta.dirname, "../..");
const ORIGIN = "https://page.test/";

let folder: string;
let context: BrowserContext;
let script: string;

beforeAll(async () => {
	const path = join(root, "src/client/sessions/indexed-db.ts");
	script = await bundleForPage({ path }, { format: "iife", globalName: "Sessions" });
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-indexed-db-"));
	const executablePath = execFileSync("node", [join(root, "scripts/chromium.mjs")], { encoding: "utf8" });
	context = await chromium.launchPersistentContext(folder, {
		executablePath: executablePath.trim(),
		headless: true,
		args: ["--no-sandbox"],
	});
	await context.route(`${ORIGIN}**`, (route) => route.fulfill({ contentType: "text/html", body: "<p>" }));
});
afterAll(async () => {
	await context?.close();
	await rm(folder, { recursive: true });
});

const open = async (): Promise<Page> => {
	const page = await context.newPage();
	await page.goto(ORIGIN);
	await page.addScriptTag({ content: script });
	return page;
};

declare const Sessions: typeof IndexedDbModule;

it("keeps notes with their handles from page to page, and forgets what is removed", async () => {
	const first = await open();
	await first.evaluate(async () => {
		const sessions = Sessions.indexedDbSessions();
		const directory = await navigator.storage.getDirectory().catch(() => undefined);
		const handle = directory ? await directory.getFileHandle("film", { create: true }) : new Blob(["film"]);
		const note = (id: number) => ({
			id: `0${id}`.repeat(16),
			canisterId: "aaaaa-aa",
			owner: "2vxsx-fae",
			key: `key ${id}`,
			size: id === 1 ? 5 : undefined,
			chunkBytes: 65_536,
			startedAt: 7,
			handle,
		});
		for (const id of [1, 2, 1]) await sessions.put(note(id));
	});
	await first.close();

	const second = await open();
	const found = await second.evaluate(async () => {
		const sessions = Sessions.indexedDbSessions();
		const shown = (await sessions.list()).map(({ id, handle, ...note }) => ({
			...note,
			id: [Number(id.slice(0, 2))],
			isHandle: handle instanceof Blob || handle instanceof FileSystemHandle,
		}));
		await sessions.remove({ canisterId: "aaaaa-aa", id: "01".repeat(16) });
		return { shown, left: (await sessions.list()).map(({ key }) => key) };
	});
	const note = {
		canisterId: "aaaaa-aa",
		owner: "2vxsx-fae",
		chunkBytes: 65_536,
		startedAt: 7,
		isHandle: true,
	};
	expect(found.shown).toEqual([
		{ ...note, id: [1], key: "key 1", size: 5 },
		{ ...note, id: [2], key: "key 2", size: undefined },
	]);
	expect(found.left).toEqual(["key 2"]);
	await second.close();
});
