import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { writeRandomFile } from "../../examples/support/random-file.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { bundleTrial, choose, type Opened, type Place, type Trial } from "./trial.js";
import { newWriter } from "./writer.js";

/** Pages without optional browser features: everything still works. */

let trial: Trial;
let fixture: StoreFixture;
let writer: Place;
let path: string;
let sha256: string;
beforeAll(async () => {
	trial = await bundleTrial(inject("run"));
	fixture = await openStore({ signatures: "bls" });
	writer = await newWriter(fixture);
	path = join(trial.folder, "file");
	await writeRandomFile(path, 7_000_000);
	sha256 = createHash("sha256")
		.update(await readFile(path))
		.digest("hex");
});
afterAll(async () => {
	await fixture?.dispose();
	await trial?.remove();
});

/** Uploads and downloads; the download is verified against the root, which a certificate proves. */
async function thereAndBack({ page, problems }: Opened, key: string): Promise<void> {
	await choose(page, path);
	await page.evaluate((name) => window.trial.upload(name), key);
	await page.waitForFunction(() => window.trial.report().state !== "running");
	expect(await page.evaluate(() => window.trial.report())).toMatchObject({ state: "done", error: undefined });
	expect(await page.evaluate((name) => window.trial.download(name), key)).toMatchObject({ sha256 });
	expect(problems).toEqual([]);
}

describe("a page", () => {
	test("in an insecure context, where there is no WebCrypto", async () => {
		const opened = await trial.open(writer, { host: "blobs.test" });
		try {
			const has = () => [isSecureContext, typeof crypto.subtle];
			expect(await opened.page.evaluate(has)).toEqual([false, "undefined"]);
			await thereAndBack(opened, "insecure");
		} finally {
			await opened.close();
		}
	});

	test("that may have a worker has one, for all that it verifies", async () => {
		const opened = await trial.open(writer);
		try {
			const workers: string[] = [];
			opened.page.on("worker", (worker) => workers.push(new URL(worker.url()).pathname));
			await thereAndBack(opened, "with a worker");
			expect(workers).toEqual([expect.stringMatching(/^\/assets\/worker-.*\.js$/)]);
		} finally {
			await opened.close();
		}
	});

	test("whose policy forbids workers", async () => {
		const opened = await trial.open(writer, { headers: { "content-security-policy": "worker-src 'none'" } });
		try {
			await thereAndBack(opened, "no worker");
			expect(opened.page.workers()).toEqual([]);
		} finally {
			await opened.close();
		}
	});

	test.each([
		["is not there", (route: Route) => route.fulfill({ status: 404 })],
		["never comes", () => {}],
	])("where the worker's script %s", async (how, answer) => {
		const opened = await trial.open(writer);
		try {
			let asked = 0;
			await opened.context.route("**/worker-*.js", (route) => {
				asked++;
				return answer(route);
			});
			await thereAndBack(opened, how);
			expect(asked).toBe(1);
		} finally {
			await opened.context.unrouteAll({ behavior: "ignoreErrors" });
			await opened.close();
		}
	});
});
