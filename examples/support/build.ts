import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Builds a canister as dfx would: runs the `build` commands of its dfx.json. @returns the resulting Wasm
 */
export async function buildCanister(directory: string, name: string): Promise<Uint8Array> {
	const config = JSON.parse(await readFile(join(directory, "dfx.json"), "utf8"));
	const { build, wasm } = config.canisters[name];
	for (const command of build as string[])
		await promisify(execFile)("sh", ["-c", command], { cwd: directory }).catch((error) => {
			throw new Error(`${command} failed in ${directory}:\n${error.stdout}${error.stderr}`, { cause: error });
		});
	return readFile(join(directory, wasm));
}
