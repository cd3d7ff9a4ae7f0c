import { execFileSync } from "node:child_process";
import { readdir, readFile, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { buildCanister } from "../../examples/support/build.js";
import { linkKernel } from "../../src/canister/native/link.js";
import { installPacked, type Project } from "../support/packed.js";

/** Builds of the same sources in two folders, by the example's own build steps. */

const SLOW = 300_000;
let second: Project;
/** The store that all tests use, and one that was built elsewhere. */
let wasms: [Uint8Array, Uint8Array];
beforeAll(async () => {
	second = await installPacked(inject("run"), "examples/store", { name: "another-with-a-longer-name-" });
	const past = new Date("2020-02-02");
	for (const file of await readdir(second.directory)) await utimes(join(second.directory, file), past, past);
	wasms = [await readFile(inject("wasm").store), await buildCanister(second.directory, "store")];
}, SLOW);
afterAll(() => second?.remove());

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test("C56 in two folders of other names, with files of other times: byte for byte the same", () => {
	expect(same(...wasms)).toBe(true);
});

test("C56 nothing of the folder is left in the Wasm, which Azle had put there", async () => {
	const { directory } = second;
	const built = await readFile(join(directory, ".azle/store/store.wasm"));
	expect(built.includes(directory)).toBe(true);
	for (const wasm of wasms) expect(Buffer.from(wasm).includes(directory)).toBe(false);
});

test("C56 linking is deterministic, compressed too", async () => {
	const { directory } = second;
	const built = await readFile(join(directory, ".azle/store/store.wasm"));
	expect(same(linkKernel(built), linkKernel(built))).toBe(true);
	const compressed: Buffer[] = [];
	for (const name of ["a.wasm.gz", "b.wasm.gz"]) {
		execFileSync("npx", ["canister-blobs", "link", ".azle/store/store.wasm", "-o", name], { cwd: directory });
		compressed.push(await readFile(join(directory, name)));
	}
	expect(same(compressed[0]!, compressed[1]!)).toBe(true);
	// No time, no name, and no operating system in the header (RFC 1952).
	expect([...compressed[0]!.subarray(3, 10)]).toEqual([0, 0, 0, 0, 0, 2, 255]);
});
