import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildCanister } from "../../examples/support/build.js";

declare module "vitest" {
	interface ProvidedContext {
		/** Paths of the built, linked Wasm of the examples, each in its own copy of the example's folder. */
		wasm: { store: string; guestbook: string };
	}
}

/** Not what a build left there. */
const sourcesOf = async (directory: string) =>
	(await readdir(directory)).filter((name) => /\.(ts|json|yaml)$/.test(name));

const root = join(import.meta.dirname, "../..");

/**
 * Builds the example canisters once for all tests, the way that a user would: azle, then the linker. In a copy of
 * this run's own, inside the package so that it is found by its name: runs side by side do not meet.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	const workplace = join(root, "dist/test-canisters", String(process.pid));
	const build = async (example: string, name: string) => {
		const directory = join(workplace, example);
		await mkdir(directory, { recursive: true });
		for (const file of await sourcesOf(join(root, "examples", example)))
			await cp(join(root, "examples", example, file), join(directory, file));
		await buildCanister(directory, name);
		return join(directory, `${name}.wasm`);
	};
	project.provide("wasm", {
		store: await build("store", "store"),
		guestbook: await build("beside", "guestbook"),
	});
	return () => rm(workplace, { recursive: true, force: true });
}
