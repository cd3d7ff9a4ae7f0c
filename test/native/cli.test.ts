import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { linkedVersion, linkKernel } from "../../src/canister/native/link.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "dist/bin/main.js");
const template = join(root, "node_modules/azle/dist/canister_templates/stable.wasm");
const directory = mkdtempSync(join(tmpdir(), "canister-blobs-cli-"));
const at = (name: string): string => join(directory, name);

afterAll(() => rmSync(directory, { recursive: true }));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	return new Promise((resolve) => {
		execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
			resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
		});
	});
}

describe("canister-blobs", () => {
	it("prints help", async () => {
		for (const args of [["--help"], ["-h"], ["help"]]) {
			const { code, stdout } = await run(...args);
			expect(code).toBe(0);
			expect(stdout).toMatch(/Commands:\n {2}put +upload a file or a directory/);
		}
		expect((await run("link", "--help")).stdout).toMatch(/-o, --output/);
	});

	it.each([
		[[], /Usage: canister-blobs/],
		[["lnik"], /no command "lnik"/],
		[["link"], /takes a Wasm file/],
		[["link", "a.wasm", "b.wasm"], /takes one Wasm file; did you mean: link a\.wasm -o b\.wasm/],
		[["link", "a.wasm"], /needs -o <path>; to change the file in place: -o a\.wasm/],
		[["link", "a.wasm", "-o"], /-o/],
		[["link", "a.wasm", "--outptu", "b"], /--outptu/],
	])("answers %j with 2 and what is right", async (args, message) => {
		const { code, stdout, stderr } = await run(...args);
		expect(code).toBe(2);
		expect(stdout).toBe("");
		expect(stderr).toMatch(message);
	});
});

describe("canister-blobs link", () => {
	it("links a Wasm, in place too, and says when nothing was to be done", async () => {
		const first = await run("link", template, "-o", at("out.wasm"));
		expect(first).toMatchObject({ code: 0, stderr: "" });
		expect(first.stdout).toMatch(/out\.wasm: linked, \d+ bytes of Wasm \(\d+ more\)/);
		const linked = readFileSync(at("out.wasm"));
		expect(Buffer.compare(linked, linkKernel(readFileSync(template)))).toBe(0);
		const again = await run("link", at("out.wasm"), "--output", at("out.wasm"));
		expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/was linked already/) });
		expect(Buffer.compare(readFileSync(at("out.wasm")), linked)).toBe(0);
	});

	it("reads and writes gzip", async () => {
		writeFileSync(at("in.wasm.gz"), gzipSync(readFileSync(template)));
		expect(await run("link", at("in.wasm.gz"), "-o", at("out.wasm.gz"))).toMatchObject({ code: 0 });
		expect(linkedVersion(gunzipSync(readFileSync(at("out.wasm.gz"))))).toBe("6");
		writeFileSync(at("torn.gz"), readFileSync(at("in.wasm.gz")).subarray(0, 1_000));
		const torn = await run("link", at("torn.gz"), "-o", at("never.wasm"));
		expect(torn).toMatchObject({
			code: 1,
			stderr: expect.stringMatching(/torn\.gz: the gzip data is damaged/),
		});
	});

	it("shows an interface as metadata, where one is given", async () => {
		writeFileSync(at("store.did"), "service : {}");
		const shown = await run("link", template, "-o", at("shown.wasm"), "--candid", at("store.did"));
		expect(shown).toMatchObject({ code: 0 });
		expect(readFileSync(at("shown.wasm")).includes("icp:public candid:serviceservice : {}")).toBe(true);
		const missing = await run("link", template, "-o", at("never.wasm"), "--candid", at("missing.did"));
		expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/cannot read .*missing\.did/) });
	});

	it("answers what cannot be done with 1 and what to do, and leaves no file", async () => {
		writeFileSync(at("text.wasm"), "no wasm");
		for (const [input, output, message] of [
			[
				at("text.wasm"),
				at("never.wasm"),
				/text\.wasm: not a WebAssembly module of version 1: give the \.wasm/,
			],
			[template, at("nowhere/out.wasm"), /cannot write .*out\.wasm: ENOENT/],
		] as const) {
			const { code, stdout, stderr } = await run("link", input, "-o", output);
			expect(code).toBe(1);
			expect(stdout).toBe("");
			expect(stderr).toMatch(/^canister-blobs link: /);
			expect(stderr).toMatch(message);
		}
		expect(await run("link", at("missing.wasm"), "-o", at("never.wasm"))).toMatchObject({
			code: 2,
			stderr: expect.stringMatching(/cannot read .*missing\.wasm: ENOENT/),
		});
		expect(existsSync(at("never.wasm"))).toBe(false);
		expect(readdirSync(directory).filter((name) => name.endsWith(".part"))).toEqual([]);
	});
});
