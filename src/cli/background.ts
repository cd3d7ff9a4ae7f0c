import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EXIT_FAILURE, EXIT_USAGE, UsageError } from "./command.js";
import { isAlive, logIn, noNetwork, type RunningNetwork, runningFrom, runningIn } from "./connect/running.js";

/** A local network in a process that outlives the command which starts it. */

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
/** Marks a process in the background, whose output goes only to its log. */
const IN_BACKGROUND = "CANISTER_BLOBS_IN_BACKGROUND";
const LOOK_MS = 50;
/** Maximum time for a network to start and install its canisters. */
const MAX_START_MS = 120_000;

/**
 * Starts `canister-blobs network` with the same arguments in the background.
 * @returns the network, when it answers requests
 */
export async function startInBackground(args: readonly string[]): Promise<RunningNetwork> {
	const folder = process.cwd();
	const running = runningIn(folder);
	if (running !== undefined)
		throw new Error(
			`a network runs in this folder already, at ${running.url}. End it by: canister-blobs network --stop`,
		);
	const log = logIn(folder);
	mkdirSync(dirname(log), { recursive: true });
	// What an earlier network printed last stays: it may say why it ended.
	const output = openSync(log, "a");
	const { size: before } = fstatSync(output);
	const own = args.filter((arg) => arg !== "--background");
	const child = spawn(process.execPath, [MAIN, "network", ...own], {
		cwd: folder,
		detached: true,
		env: { ...process.env, [IN_BACKGROUND]: "1" },
		stdio: ["ignore", output, output],
	});
	closeSync(output);
	let isOver = false;
	let exitCode: number | null = null;
	child.once("exit", (code) => {
		isOver = true;
		exitCode = code;
	});
	const startedAt = performance.now();
	for (;;) {
		const network = runningIn(folder);
		if (network !== undefined && network.pid === child.pid) {
			child.unref();
			return network;
		}
		// What it notes may never be there: a folder in the place of the file, a full disk.
		if (performance.now() - startedAt > MAX_START_MS) child.kill();
		if (isOver) throw notStarted(readFileSync(log).subarray(before).toString().trim(), exitCode);
		await sleep(LOOK_MS);
	}
}

/** What the process printed that was to be in the background: a wrong command line is one here, too. */
function notStarted(printed: string, exitCode: number | null): Error {
	if (exitCode !== EXIT_USAGE) {
		const own = printed.split("\n").filter((line) => !/^\S+Z (?:started|ended)\b/.test(line));
		return new Error(`the network did not start:\n${own.join("\n")}`);
	}
	const [, message = printed] = /canister-blobs network: (.*)/.exec(printed) ?? [];
	return new UsageError(message);
}

/** A line of the log. */
const logged = (text: string): void => console.error(`${new Date().toISOString()} ${text}`);

/**
 * Makes a process in the background log when and why it ends. It cannot log an end by SIGKILL, for example when the
 * machine is out of memory.
 */
export function logEnd(): void {
	if (process.env[IN_BACKGROUND] === undefined) return;
	logged(`started: process ${process.pid}`);
	let reason: string | undefined;
	// The terminal from which it was started has closed: the background process continues.
	process.on("SIGHUP", () => logged("SIGHUP: went on"));
	for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const)
		process.prependListener(signal, () => {
			reason = signal;
			logged(`${signal}: ends`);
			if (signal === "SIGQUIT") process.exit(EXIT_FAILURE);
		});
	process.on("uncaughtException", (error) => {
		reason = "an error that nothing caught";
		logged(`${reason}: ${error instanceof Error ? error.stack : error}`);
		process.exit(EXIT_FAILURE);
	});
	process.on("exit", (code) =>
		logged(`ended with exit code ${code}${reason === undefined ? "" : `: ${reason}`}`),
	);
}

/** Whether this process was started in the background. */
export const isInBackground = (): boolean => process.env[IN_BACKGROUND] !== undefined;

/** Ends the network that runs in this folder, or in the nearest one above. */
export async function stop(): Promise<void> {
	const network = runningFrom(process.cwd());
	if (network === undefined) throw new Error(noNetwork(process.cwd()));
	// After a kill the process id may belong to another program.
	await fetch(new URL("api/v2/status", network.url)).catch((cause) => {
		throw new Error(`nothing answers at ${network.url}: process ${network.pid} was left alone`, { cause });
	});
	process.kill(network.pid, "SIGTERM");
	while (isAlive(network.pid)) await sleep(LOOK_MS);
	console.log(`stopped the network at ${network.url}`);
}
