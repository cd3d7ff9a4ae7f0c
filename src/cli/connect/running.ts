import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writingToSync } from "../disk.js";

/**
 * The local network that `canister-blobs network` runs in a folder, as it notes itself there: by this `--network local`
 * finds its port and its canisters.
 */
export interface RunningNetwork {
	readonly pid: number;
	readonly url: string;
	/** In hexadecimal digits. */
	readonly rootKey: string;
	readonly canisters: readonly InstalledCanister[];
}

export interface InstalledCanister {
	/** Name of the file that was installed, without its ending. */
	readonly name: string;
	readonly id: string;
}

const FOLDER = ".canister-blobs";
const FILE = "network.json";
/** The file can come with a project from another author, so it may name only this machine. */
const OWN = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\/?$/;

/** What processes in the background print. */
export const logIn = (folder: string): string => join(folder, FOLDER, "network.log");

const pathIn = (folder: string): string => join(folder, FOLDER, FILE);

/** Notes the network of this process. @returns what takes the note away again */
export function note(folder: string, network: RunningNetwork): () => void {
	const path = pathIn(folder);
	mkdirSync(dirname(path), { recursive: true });
	writingToSync(path, () => writeFileSync(path, `${JSON.stringify(network, null, "\t")}\n`));
	return () => {
		// Another network may have been started in the same folder since.
		if (read(path)?.pid === network.pid) rmSync(path, { force: true });
	};
}

/** The network that runs in this very folder; undefined where none does. */
export function runningIn(folder: string): RunningNetwork | undefined {
	return alive(read(pathIn(folder)));
}

/** The network that runs in the nearest folder from here upwards; undefined where none does. */
export const runningFrom = (folder: string): RunningNetwork | undefined => alive(notedFrom(folder)?.network);

/** What the nearest folder from here upwards notes, whether it runs or not. */
function notedFrom(folder: string): { network: RunningNetwork; directory: string } | undefined {
	for (let directory = folder; ; directory = dirname(directory)) {
		const network = read(pathIn(directory));
		if (network !== undefined) return { network, directory };
		if (directory === dirname(directory)) return undefined;
	}
}

/** Why there is no network that a command could ask, and how to start one. */
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

/** What a process in the background writes last, unless the system kills it. */
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
		// It lives, and belongs to another user.
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** A process that has ended and that its parent has not asked about yet: signals reach it, and do nothing. */
function isZombie(pid: number): boolean {
	try {
		// The name of the program stands in brackets, and may hold any character (proc(5)).
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return /^ [ZX]/.test(stat.slice(stat.lastIndexOf(")") + 1));
	} catch {
		// Another system than Linux, or it is gone by now.
		return false;
	}
}
