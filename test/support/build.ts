import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, inject } from "vitest";

const run = promisify(execFile);

/**
 * Builds a canister from the source of its main file, in a folder without dfx.json. The same source is built once for
 * each state of the package: the result is kept beside the example canisters (global.ts).
 * @param options.isLinked whether the native kernel is linked into it. Default true.
 * @param options.secondCopy whether the main file can import a second copy of the package, from `./copy/canister/index.js`.
 */
export async function buildMain(
	main: string,
	{ isLinked = true, secondCopy = false }: { isLinked?: boolean; secondCopy?: boolean } = {},
): Promise<Uint8Array> {
	const store = dirname(inject("wasm").store);
	const builds = dirname(store);
	const name = createHash("sha256").update(`${isLinked} ${secondCopy} ${main}`).digest("hex").slice(0, 16);
	const finished = join(builds, `${name}.wasm`);
	const kept = await readFile(finished).catch(() => undefined);
	if (kept !== undefined) return kept;

	// In a folder of its own, as deep as the examples: test files may build side by side.
	const directory = await mkdtemp(join(builds, "main-"));
	try {
		await cp(join(store, "tsconfig.json"), join(directory, "tsconfig.json"));
		if (secondCopy)
			for (const part of ["canister", "protocol"])
				await cp(join(builds, "../..", part), join(directory, "copy", part), { recursive: true });
		await writeFile(join(directory, "index.ts"), main);
		const built = join(directory, isLinked ? "linked.wasm" : ".azle/store/store.wasm");
		await run("npx", ["canister-blobs", "build", "-o", "linked.wasm"], { cwd: directory });
		await mkdir(builds, { recursive: true });
		await rename(built, finished);
		return await readFile(finished);
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

/** The Wasm with a piece of its JavaScript replaced by one of the same length: Azle keeps it in there as text. */
export function withSource(wasm: Uint8Array, before: string, after: string): Uint8Array {
	expect(after).toHaveLength(before.length);
	const at = Buffer.from(wasm).indexOf(before);
	expect(at, before).toBeGreaterThan(0);
	const changed = new Uint8Array(wasm);
	changed.set(Buffer.from(after), at);
	return changed;
}
