import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { writeRandomFile } from "../../examples/support/random-file.js";
import { isLong } from "../support/long.js";

/** Output of `npm start`, whose processes are really killed. */

const root = join(import.meta.dirname, "../..");
let directory: string;
let film: string;
beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-start-"));
	film = join(directory, "film");
	await writeRandomFile(film, 24_000_000);
	await mkdir(join(directory, "folder"));
	await writeFile(join(directory, "small"), "small");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
	new Promise((done) => {
		execFile(process.execPath, args, { cwd: root }, (error, out, err) => {
			done({ code: typeof error?.code === "number" ? error.code : 0, out, err });
		});
	});
const job = (...args: string[]) =>
	run("--import", "tsx", "examples/main-job/index.ts", film, "--wasm", inject("wasm").store, ...args);

test.each([
	["missing", /there is no file .*missing/],
	["folder", /folder is a directory: name one file/],
	["small", /small has 5 bytes: a file of 10 MB or more/],
])("%s is told before anything is built", async (name, message) => {
	expect(await run("scripts/start.mjs", join(directory, name))).toEqual({
		code: 2,
		out: "",
		err: expect.stringMatching(message),
	});
});

test("an option that it has not is told with those that it has", async () => {
	const { code, err } = await run("scripts/start.mjs", "--foo");
	expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/--foo[\s\S]*--json/) });
});

/** 14 s of CPU: `npm run test:faults` runs it. */
test.runIf(isLong)(
	"--json prints one object and nothing else; chunks from before the kill are not sent again",
	async () => {
		const { code, out, err } = await job("--json");
		expect({ code, err }).toEqual({ code: 0, err: "" });
		const figures = JSON.parse(out);
		expect(figures).toMatchObject({ file: film, bytes: 24_000_000, chunks: 12, identical: true });
		expect(figures.chunksReused).toBeGreaterThan(0);
		expect(figures.uploaderPeakMemoryMB).toBeGreaterThan(figures.uploaderIdleMemoryMB);
	},
);

test("says each step before it begins, has one bar that never goes back, and explains its figures", async () => {
	const { code, out, err } = await job();
	expect({ code, steps: out.match(/^\d\. \w+/gm) }).toEqual({
		code: 0,
		steps: ["2. Taking", "3. Starting", "4. Uploading", "5. Downloading", "6. Comparing"],
	});
	const told = err.split("\n").filter((line) => line.startsWith("   ") && !line.includes("MB"));
	expect(told).toEqual([
		expect.stringMatching(/^ {3}Killed the uploading process at \d+ % \(SIGKILL\)\. Another one resumes\.$/),
		"   Upgrading the canister while chunks are on their way.",
	]);
	const shares = [...err.matchAll(/(\d+) % of 24\.0 MB/g)].map(([, share]) => Number(share));
	expect(shares).toEqual([...shares].sort((a, b) => a - b));
	expect(shares.at(-1)).toBe(100);
	expect(err).not.toMatch(/NaN|Infinity|undefined/);
	expect(out).toMatch(/^resumed +\d+ of 12 chunks had arrived before the kill and were not sent again$/m);
	expect(out).toMatch(/^result +identical: both files have the same SHA-256$/m);
});
