import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { TestProject } from "vitest/node";
import { buildCanister } from "../../examples/support/build.js";
import { installPacked } from "./packed.js";
import { useOwnNpx } from "./path.js";

declare module "vitest" {
	interface ProvidedContext {
		/** Paths of the built, linked Wasm of the examples, each in a project that has the packed package installed. */
		wasm: { store: string; guestbook: string };
		/** A folder for what is made once a run (once.ts). */
		run: string;
	}
}

const EXAMPLES = { store: "store", beside: "guestbook" } as const;
/** Builds of the same inputs that are kept, so that a run begins at once where nothing of a canister changed. */
const KEPT_BUILDS = 4;

const root = join(import.meta.dirname, "../..");
const builds = join(root, "dist/test-canisters");

/** Sources of an example; build output is left out. */
const sourcesOf = async (directory: string) =>
	(await readdir(directory)).filter((name) => /\.(ts|json|yaml)$/.test(name));

/**
 * Builds what is shipped, then the example canisters as a user would: from the packed package. A build is named by the
 * hash of all its inputs, made under a name of this process and renamed when it is whole, so that runs side by side
 * share it safely.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
	// Tests import what is built (built.ts): of the sources as they are. Takes a tenth of a second where it was.
	execFileSync(process.execPath, [join(root, "scripts/shipped.mjs")], { stdio: "inherit" });
	useOwnNpx();
	const run = await mkdtemp(join(tmpdir(), "canister-blobs-run-"));
	const finished = join(builds, await hashOfInputs());
	if (!(await exists(finished))) {
		const workplace = join(builds, `building-${process.pid}`);
		await rm(workplace, { recursive: true, force: true });
		await mkdir(workplace, { recursive: true });
		await Promise.all(
			Object.entries(EXAMPLES).map(([example, name]) => build(run, workplace, example, name)),
		);
		await rename(workplace, finished).catch(async (error) => {
			// Another run has made the same build meanwhile.
			await rm(workplace, { recursive: true, force: true });
			if (!(await exists(finished))) throw error;
		});
		await removeOldBuilds();
	}
	project.provide("wasm", {
		store: join(finished, "store/store.wasm"),
		guestbook: join(finished, "beside/guestbook.wasm"),
	});
	project.provide("run", run);
	return () => rm(run, { recursive: true, force: true });
}

async function build(run: string, workplace: string, example: string, name: string): Promise<void> {
	const { directory } = await installPacked(run, `examples/${example}`, { within: workplace });
	await buildCanister(directory, name);
	await rename(directory, join(workplace, example));
}

/** Hash of all that makes a build: the compiled package, the examples, the versions of all packages, and how it is made. */
async function hashOfInputs(): Promise<string> {
	const hash = createHash("sha256");
	const add = async (file: string) => {
		hash
			.update(`${relative(root, file)}\0`)
			.update(await readFile(file))
			.update("\0");
	};
	for (const part of ["canister", "cli", "protocol"])
		for (const entry of (await readdir(join(root, "dist", part), { recursive: true })).sort())
			if (entry.endsWith(".js")) await add(join(root, "dist", part, entry));
	for (const example of Object.keys(EXAMPLES))
		for (const file of (await sourcesOf(join(root, "examples", example))).sort())
			await add(join(root, "examples", example, file));
	for (const file of ["package.json", "package-lock.json"]) await add(join(root, file));
	for (const file of ["global.ts", "packed.ts"]) await add(join(import.meta.dirname, file));
	return hash.digest("hex").slice(0, 16);
}

async function removeOldBuilds(): Promise<void> {
	const finished = (await readdir(builds)).filter((name) => !name.startsWith("building-"));
	const dated = await Promise.all(
		finished.map(async (name) => ({ name, at: (await stat(join(builds, name))).mtimeMs })),
	);
	for (const { name } of dated.sort((a, b) => b.at - a.at).slice(KEPT_BUILDS))
		await rm(join(builds, name), { recursive: true, force: true });
}

const exists = (path: string) =>
	stat(path).then(
		() => true,
		() => false,
	);
