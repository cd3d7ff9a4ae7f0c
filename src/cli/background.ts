import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isAlive, logIn, type RunningNetwork, runningFrom, runningIn } from "./connect/running.js";

/** A local network in a process that outlives the command which starts it. */

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));
const LOOK_MS = 50;
/** The longest that a network may take to start, its canister installed. */
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
	const output = openSync(log, "w");
	const own = args.filter((arg) => arg !== "--background");
	const child = spawn(process.execPath, [MAIN, "network", ...own], {
		cwd: folder,
		detached: true,
		stdio: ["ignore", output, output],
	});
	closeSync(output);
	let isOver = false;
	child.once("exit", () => {
		isOver = true;
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
		if (isOver) throw new Error(`the network did not start:\n${readFileSync(log, "utf8").trim()}`);
		await sleep(LOOK_MS);
	}
}

/** Ends the network that runs in this folder, or above. */
export async function stop(): Promise<void> {
	const network = runningFrom(process.cwd());
	if (network === undefined) throw new Error("no local network runs in this folder or above");
	// The process number of one that was killed may be another program's by now.
	await fetch(new URL("api/v2/status", network.url)).catch((cause) => {
		throw new Error(`nothing answers at ${network.url}: process ${network.pid} was left alone`, { cause });
	});
	process.kill(network.pid, "SIGTERM");
	while (isAlive(network.pid)) await sleep(LOOK_MS);
	console.log(`stopped the network at ${network.url}`);
}
