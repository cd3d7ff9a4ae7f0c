import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { installPacked, type Project } from "../support/packed.js";

/** Failures of `canister-blobs build`. All other tests use canisters that it has built. */

const main = join(import.meta.dirname, "../../dist/bin/main.js");
const SLOW = 120_000;

function build(directory: string, ...args: string[]) {
	return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
		execFile(process.execPath, [main, "build", ...args], { cwd: directory }, (error, stdout, stderr) =>
			done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
		);
	});
}

describe("refused before Azle is started", () => {
	const made: string[] = [];
	afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

	async function folder(files: Readonly<Record<string, unknown>>): Promise<string> {
		const directory = await mkdtemp(join(tmpdir(), "canister-blobs-build-"));
		made.push(directory);
		for (const [name, content] of Object.entries(files))
			await writeFile(
				join(directory, name),
				typeof content === "string" ? content : JSON.stringify({ canisters: content }),
			);
		return directory;
	}

	test.each<[string, Readonly<Record<string, unknown>>, string[], RegExp]>([
		["no main file", {}, [], /there is no dfx\.json and no index\.ts in .*--main/],
		["a main file that is not there", {}, ["--main", "no.ts"], /there is no .*no\.ts/],
		["a name that cannot be", { "index.ts": "" }, ["a b"], /"a b" cannot be a canister's name/],
		["two canisters", {}, ["a", "b"], /one canister at a time/],
		["dfx.json that is no JSON", { "dfx.json": "{" }, [], /dfx\.json is no JSON/],
		["dfx.json without canisters", { "dfx.json": "{}" }, [], /dfx\.json has no `canisters`/],
		[
			"which of two",
			{ "dfx.json": { a: { main: "a.ts" }, b: { main: "b.ts" }, c: { type: "assets" } } },
			[],
			/name the canister to build: .*dfx\.json has a, b$/m,
		],
		[
			"one that is not there",
			{ "dfx.json": { a: { main: "a.ts" } } },
			["b"],
			/has no canister "b"; it has a$/m,
		],
		["one without main", { "dfx.json": { a: {} } }, ["a"], /"a" in .* has no `main`/],
		[
			"Azle's experimental mode",
			{ "dfx.json": { a: { main: "a.ts", custom: { experimental: true } } } },
			[],
			/experimental mode/,
		],
		[
			"--main beside dfx.json",
			{ "dfx.json": { a: { main: "a.ts" } } },
			["--main", "b.ts"],
			/without dfx\.json/,
		],
	])("%s", async (_, files, args, message) => {
		const directory = await folder(files);
		const { code, stdout, stderr } = await build(directory, ...args);
		expect(stderr).toMatch(message);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(existsSync(join(directory, "dfx.json"))).toBe("dfx.json" in files);
	});

	test("where Azle is not installed it says how", async () => {
		const directory = await folder({ "index.ts": "export default class {}" });
		const { code, stderr } = await build(directory, "shop");
		expect({ code, stderr }).toEqual({
			code: 1,
			stderr: expect.stringMatching(/Azle is not installed in .*: npm i -D azle/),
		});
		const written = JSON.parse(await readFile(join(directory, "dfx.json"), "utf8"));
		expect(written.canisters.shop).toEqual({
			type: "custom",
			main: "index.ts",
			candid: "shop.did",
			wasm: "shop.wasm",
			build: ["npx canister-blobs build shop"],
		});
	});
});

describe("refused by Azle", () => {
	let project: Project;
	beforeAll(async () => {
		project = await installPacked(inject("run"), "examples/store");
	}, SLOW);
	afterAll(() => project?.remove());

	async function fails(source: string): Promise<string> {
		const { directory } = project;
		await writeFile(join(directory, "index.ts"), source);
		await writeFile(join(directory, "store.wasm"), "the one before");
		const { code, stderr } = await build(directory, "--json");
		expect(code).toBe(1);
		expect(await readFile(join(directory, "store.wasm"), "utf8")).toBe("the one before");
		expect(stderr).not.toMatch(/^\s+at /m);
		return stderr;
	}

	test(
		"an option that there is none of, at build and not at install; what was built before stays",
		async () => {
			const source = `import { createBlobStore } from "canister-blobs/canister";
				export default createBlobStore({ quota: { byte: 5 } } as object);`;
			expect(await fails(source)).toContain(
				"Azle could not build index.ts: there is no option quota.byte; there are openUploads, blobs, bytes",
			);
		},
		SLOW,
	);

	test(
		"an init of the application's own: names the option for it",
		async () => {
			const source = `import { init } from "azle";
				import { createBlobStore } from "canister-blobs/canister";
				class App { @init([]) begin(): void {} }
				export default [App, createBlobStore({ memoryOffset: 10 })];`;
			expect(await fails(source)).toMatch(/'@init' method can only have one.*\n.*`ownLifecycle: true`/);
		},
		SLOW,
	);
});
