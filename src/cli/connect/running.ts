import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writingToSync } from "../disk.js";

/**
 * The local network that `canister-blobs network` runs in a folder, from the note that it writes there: with it
 * `--network local` finds its port and its canisters.
 */
export interface RunningNetwork {
	readonly pid: number;
	readonly url: string;
	/** As hexadecimal digits. */
	readonly rootKey: string;
	readonly canisters: readonly InstalledCanister[];
}

export interface InstalledCanister {
	/** Name of the installed file, without its extension. */
	readonly name: string;
	readonly id: string;
}

const FOLDER = ".canister-blobs";
const FILE = "network.json";
/** The file may come with a project of another author, so it may name only this machine. */
const OWN = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\/?$/;

/** Log of processes in the background. */
export const logIn = (folder: string): string => join(folder, FOLDER, "network.log");

const pathIn = (folder: string): string => join(folder, FOLDER, FILE);

/** Notes the network of this process. @returns a function that removes the note */
export function note(folder: string, network: RunningNetwork): () => void {
	const path = pathIn(folder);
	mkdirSync(dirname(path), { recursive: true });
	writingToSync(path, () => writeFileSync(path, `${JSON.stringify(network, null, "\t")}\n`));
	return () => {
		// Another network may have started in the same folder since.
		if (read(path)?.pid === network.pid) rmSync(path, { force: true });
	};
}

/** The network that runs in exactly this folder; undefined if there is none. */
export function runningIn(folder: string): RunningNetwork | undefined {
	return alive(read(pathIn(folder)));
}

/** The network that runs in the nearest folder from here upwards; undefined if there is none. */
export const runningFrom = (folder: string): RunningNetwork | undefined => alive(notedFrom(folder)?.network);

/** The nearest note from here upwards, even if its network has ended. */
function notedFrom(folder: string): { network: RunningNetwork; directory: string } | undefined {
	for (let directory = folder; ; directory = dirname(directory)) {
		const network = read(pathIn(directory));
		if (network !== undefined) return { network, directory };
		if (directory === dirname(directory)) return undefined;
	}
}

/** Why there is no running network, and how to start one. */
export function noNetwork(folder: string): string {
	const start =
		"Start one with: canister-blobs network --background --install store.wasm --controller PRINCIPAL";
	const gone = notedFrom(folder);
	if (gone === undefined) return `no local network runs in this folder or above. ${start}`;
	const { network, directory } = gone;
	const log = logIn(directory);
	const last = lastLineOf(log);
	return (
		`the local network of ${directory} is gone (it was process ${network.pid}, at ${network.url}). ` +
		`${last === undefined ? "It left no log" : `Its log ${log} ends with: ${last}${ENDED.test(last) ? "" : " (it was killed: it could not say why)"}`}. ${start}`
	);
}

/** Last line of the log, unless the system kills the process. */
const ENDED = /^\S+Z ended with exit code /;
const MAX_LINE = 300;

function lastLineOf(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8").trimEnd().split("\n").at(-1)?.slice(0, MAX_LINE) || undefined;
	} catch {
		return undefined;
	}
}

const alive = (network: RunningNetwork | undefined): RunningNetwork | undefined =>
	network && isAlive(network.pid) ? network : undefined;

function read(path: string): RunningNetwork | undefined {
	try {
		const network = JSON.parse(readFileSync(path, "utf8"));
		const { pid, url, canisters } = network;
		const isValid = Number.isSafeInteger(pid) && pid > 0 && OWN.test(url) && Array.isArray(canisters);
		return isValid ? network : undefined;
	} catch {
		return undefined;
	}
}

export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return !isZombie(pid);
	} catch (error) {
		// The process exists and belongs to another user.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** A process that has ended and whose parent has not waited for it: it still accepts signals. */
function isZombie(pid: number): boolean {
	try {
		// The program's name is in brackets, and may contain any character (proc(5)).
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
	} catch {
		// Not Linux, or the process has ended.
		return false;
	}
}
