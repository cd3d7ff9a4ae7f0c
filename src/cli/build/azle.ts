import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Project } from "./project.js";

/** A failure of Azle in its own words, with advice for known ones. */
export class BuildError extends Error {
	override readonly name = "BuildError";
}

export interface AzleBuild {
	readonly version: string;
	readonly wasmPath: string;
	/** The interface as Azle writes it. */
	readonly candid: string;
}

/** Messages of Azle, and their meaning for a user of a blob store. */
const HINTS: readonly (readonly [RegExp, string])[] = [
	[
		/'@?(?:init|postUpgrade|post_upgrade|inspectMessage|inspect_message)' method can only have one definition/,
		"The application has one of its own, and so has the store: give createBlobStore `ownLifecycle: true`, and call Store.init(), Store.postUpgrade() and Store.inspectMessage() in the application's.",
	],
	[
		/Could not resolve "canister-blobs\/canister/,
		"Install the package beside the canister: npm i canister-blobs",
	],
	[
		/must be the default export/,
		"The main file's default export must be the store, or an array of the store and the application's classes: export default createBlobStore();",
	],
];

const packageOf = async (directory: string): Promise<{ name?: string; version?: string } | undefined> =>
	readFile(join(directory, "package.json"), "utf8").then(JSON.parse, () => undefined);

/** The folder of the Azle package that a main file in `directory` would import. */
async function findAzle(directory: string): Promise<{ root: string; version: string }> {
	let at: string;
	try {
		at = createRequire(join(directory, "package.json")).resolve("azle");
	} catch (cause) {
		throw new BuildError(`Azle is not installed in ${directory} or above: npm i -D azle`, { cause });
	}
	for (let root = dirname(at); root !== dirname(root); root = dirname(root)) {
		const { name, version } = (await packageOf(root)) ?? {};
		if (name === "azle") return { root, version: version ?? "of no version" };
	}
	throw new BuildError(`what is imported as azle in ${directory} is not the package azle`);
}

/**
 * Runs `azle build`. Runs its program directly, with the tsx that Azle depends on, so that nothing is searched in PATH
 * or downloaded.
 * @throws {BuildError}
 */
export async function buildWithAzle({ directory, canister, main }: Project): Promise<AzleBuild> {
	const { root, version } = await findAzle(directory);
	const place = join(directory, ".azle", canister);
	const candidPath = join(place, `${canister}.did`);
	await mkdir(place, { recursive: true });
	const loader = pathToFileURL(createRequire(join(root, "package.json")).resolve("tsx")).href;
	const said = await run(["--import", loader, join(root, "src/build.ts"), "build", canister], {
		cwd: directory,
		env: { ...process.env, AZLE_DFX_ROOT: directory, CANISTER_CANDID_PATH: candidPath },
	});
	if (said !== undefined) throw new BuildError(explain(main, said));
	return {
		version,
		wasmPath: join(place, `${canister}.wasm`),
		candid: await readFile(candidPath, "utf8"),
	};
}

/** Runs Node. Resolves with the program's output if it failed. */
function run(
	args: readonly string[],
	options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<string | undefined> {
	return new Promise((done, fail) => {
		const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
		let said = "";
		for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
		child.on("error", fail);
		child.on("close", (code, signal) => {
			if (code === 0) done(undefined);
			else done(said === "" ? `azle build ended with ${signal ?? code}` : said);
		});
	});
}

/** Azle's error without its own stack: the exception of the main file, or the error of esbuild. */
function explain(main: string, said: string): string {
	const lines = said.split("\n").filter((line) => !/^\s+at /.test(line));
	const message = lines
		.join("\n")
		.replace(/^Azle BuildError: (?:Error: )*/m, "")
		.trim();
	const [, hint] = HINTS.find(([pattern]) => pattern.test(said)) ?? [];
	return `Azle could not build ${main}: ${message}${hint === undefined ? "" : `\n${hint}`}`;
}
