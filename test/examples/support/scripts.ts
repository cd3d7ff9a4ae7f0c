import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bundleScript } from "../../support/bundle.js";

/** The example scripts as processes, and the directories that they work on. */

const root = join(import.meta.dirname, "../../..");

/** Bundles a script for a network with cheap signatures. @returns the bundle's path */
export function bundleForTests(script: string, directory: string): Promise<string> {
	const modules = ["test/support/native-ed25519.ts", "test/support/test-signatures.js", script];
	return bundleScript(directory, basename(script, ".ts"), ...modules.map((path) => join(root, path)));
}

export interface Outcome {
	readonly code: number;
	/** The last line of stdout. */
	readonly summary: string;
	readonly stderr: string;
}

export interface Start {
	/** What node is told to run. */
	readonly started: readonly string[];
	readonly canister: string;
	readonly host: string;
	/** Path of an identity's key; empty: nobody is signed in. */
	readonly key: string;
}

export function runScript(
	args: readonly string[],
	{ started, canister, host, key }: Start,
): Promise<Outcome> {
	const all = [...started, ...args, "--canister", canister, "--host", host, "--local"];
	const env = { ...process.env, CANISTER_BLOBS_IDENTITY: key };
	return new Promise((resolve) =>
		execFile(process.execPath, all, { cwd: root, env }, (error, stdout, stderr) =>
			resolve({ code: error ? Number(error.code) : 0, summary: stdout.trim(), stderr }),
		),
	);
}

export async function put(directory: string, files: Record<string, Uint8Array | string>): Promise<void> {
	for (const [path, content] of Object.entries(files)) {
		await mkdir(dirname(join(directory, path)), { recursive: true });
		await writeFile(join(directory, path), content);
	}
}

/** Every file below a directory with its bytes in base64, but for what a mirror keeps for itself. */
export async function contents(directory: string): Promise<Record<string, string>> {
	const entries = await readdir(directory, { recursive: true, withFileTypes: true });
	const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes(".canister-blobs"));
	const pairs = files.map(async ({ parentPath, name }) => {
		const path = join(parentPath, name);
		return [path.slice(directory.length + 1), await readFile(path, "base64")];
	});
	return Object.fromEntries((await Promise.all(pairs)).sort());
}
