import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { UsageError } from "../command.js";
import { writingTo } from "../disk.js";

/** The canister to build, its source and its target, from dfx.json, which dfx, icp-cli and Azle read. */
export interface Project {
	/** The folder of dfx.json, in which Azle runs. */
	readonly directory: string;
	readonly canister: string;
	/** The main file, relative to `directory`. */
	readonly main: string;
	/** Path of the Wasm, next to its interface; relative to `directory` or absolute. */
	readonly wasm: string;
	readonly candid: string;
	/** Whether this command wrote dfx.json. */
	readonly isNew: boolean;
}

interface DfxCanister {
	readonly main?: unknown;
	readonly wasm?: unknown;
	readonly candid?: unknown;
	readonly custom?: { readonly experimental?: unknown };
}

const DFX_JSON = "dfx.json";
/** Default main files, in order. */
const MAINS = ["index.ts", "src/index.ts", "main.ts", "index.js"];
const DEFAULT_NAME = "store";
/** A valid canister name for dfx. */
const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * The canister to build. Writes dfx.json if there is none, since Azle requires it.
 * @param name its name in dfx.json; optional if there is only one canister
 * @param main the main file, for a new dfx.json
 * @throws {UsageError} if the canister is ambiguous
 */
export async function findProject(
	directory: string,
	name: string | undefined,
	main: string | undefined,
): Promise<Project> {
	const path = join(directory, DFX_JSON);
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
	if (text === undefined) return makeProject(directory, name ?? DEFAULT_NAME, main);
	if (main !== undefined)
		throw new UsageError(`--main is for a folder without ${DFX_JSON}: change \`main\` in ${path} instead`);
	return { directory, ...chosen(canistersOf(path, text), name, path), isNew: false };
}

async function makeProject(directory: string, canister: string, given?: string): Promise<Project> {
	if (!NAME.test(canister))
		throw new UsageError(`"${canister}" cannot be a canister's name: use letters, digits, _ and -`);
	const main = given ?? MAINS.find((file) => existsSync(join(directory, file)));
	if (main === undefined)
		throw new UsageError(
			`there is no ${DFX_JSON} and no index.ts in ${directory}: go to the canister's folder, or name its main file with --main`,
		);
	if (!existsSync(join(directory, main))) throw new UsageError(`there is no ${resolve(directory, main)}`);
	const project = { main: relative(directory, resolve(directory, main)), ...outputsOf(canister) };
	const build = [`npx canister-blobs build ${canister}`];
	const content = { canisters: { [canister]: { type: "custom", ...project, build } } };
	// Fails if another process has created it meanwhile.
	const path = join(directory, DFX_JSON);
	await writingTo(path, () =>
		writeFile(path, `${JSON.stringify(content, undefined, "\t")}\n`, { flag: "wx" }),
	);
	return { directory, canister, ...project, isNew: true };
}

const outputsOf = (canister: string) => ({ candid: `${canister}.did`, wasm: `${canister}.wasm` });

function canistersOf(path: string, text: string): Readonly<Record<string, DfxCanister>> {
	let content: { readonly canisters?: unknown } | null;
	try {
		content = JSON.parse(text);
	} catch (cause) {
		throw new UsageError(`${path} is no JSON: ${(cause as Error).message}`, { cause });
	}
	const canisters = content?.canisters;
	if (typeof canisters !== "object" || canisters === null)
		throw new UsageError(`${path} has no \`canisters\``);
	return canisters as Record<string, DfxCanister>;
}

type Chosen = Pick<Project, "canister" | "main" | "wasm" | "candid">;

function chosen(
	canisters: Readonly<Record<string, DfxCanister>>,
	name: string | undefined,
	path: string,
): Chosen {
	const names = Object.keys(canisters).filter((known) => typeof canisters[known]?.main === "string");
	const listed = names.length === 0 ? "no canister with a `main`" : names.join(", ");
	const canister = name ?? (names.length === 1 ? names[0] : undefined);
	if (canister === undefined) throw new UsageError(`name the canister to build: ${path} has ${listed}`);
	const config = Object.hasOwn(canisters, canister) ? canisters[canister] : undefined;
	if (config === undefined) throw new UsageError(`${path} has no canister "${canister}"; it has ${listed}`);
	if (typeof config.main !== "string")
		throw new UsageError(
			`the canister "${canister}" in ${path} has no \`main\`: the file that Azle compiles`,
		);
	if (config.custom?.experimental === true)
		throw new UsageError(
			`the canister "${canister}" in ${path} is set to Azle's experimental mode, which has another engine: take \`custom.experimental\` out`,
		);
	const outputs = outputsOf(basename(canister));
	const pathOf = (value: unknown, otherwise: string) => (typeof value === "string" ? value : otherwise);
	return {
		canister,
		main: config.main,
		wasm: pathOf(config.wasm, outputs.wasm),
		candid: pathOf(config.candid, process.env.CANISTER_CANDID_PATH ?? outputs.candid),
	};
}
