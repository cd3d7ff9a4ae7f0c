import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** The built `canister-blobs`, as its users run it. */
const COMMAND = join(import.meta.dirname, "../../dist/cli/main.js");

/** Starts the command in a process of its own. `said` grows with what it prints. */
export function startCommand(args: readonly string[], environment: Record<string, string> = {}) {
	const env = { ...process.env, ...environment };
	const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
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
