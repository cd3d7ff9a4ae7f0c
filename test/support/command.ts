import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Signatures } from "../../src/localnet/index.js";

/** The built `canister-blobs`, as its users run it. */
export const COMMAND = join(import.meta.dirname, "../../dist/bin/main.js");

/** Lets it verify what a network with `signatures: "test"` signs. */
const PRELOADED = join(import.meta.dirname, "test-signatures.js");

/**
 * Starts the command in a process of its own. `said` grows with what it prints.
 *
 * @param options.signatures of the network that it asks
 * @param options.cwd the folder that it runs in
 */
export function startCommand(
	args: readonly string[],
	environment: Record<string, string> = {},
	{ signatures = "bls", cwd }: { signatures?: Signatures; cwd?: string } = {},
) {
	const env = { ...process.env, ...environment };
	const preloads = signatures === "test" ? ["--import", PRELOADED] : [];
	const child = spawn(process.execPath, [...preloads, COMMAND, ...args], {
		env,
		...(cwd !== undefined && { cwd }),
		stdio: ["ignore", "pipe", "pipe"],
	});
	const said = { out: "", err: "" };
	child.stdout.on("data", (data) => {
		said.out += data;
	});
	child.stderr.on("data", (data) => {
		said.err += data;
	});
	const ended = once(child, "close") as Promise<[code: number | null, signal: string | null]>;
	return { child, said, ended };
}
