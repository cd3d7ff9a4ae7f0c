import { lstat, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isPartialName } from "./partial-file.js";

/** The destination of a download. */
export interface Target {
	/** Its directory, with symbolic links resolved. */
	readonly directory: string;
	readonly name: string;
	readonly path: string;
}

/** Targets of the downloads that this process has in progress. */
const busy = new Set<string>();

/**
 * Checks before the download that a file can take this name, and reserves it within this process. A symbolic link is
 * replaced, never followed.
 * @returns the target, and a function that releases it
 * @throws an error with a `code`, as those of `node:fs` have
 */
export async function claim(path: string): Promise<{ target: Target; release: () => void }> {
	const whole = resolve(path);
	if (/[/\\]$/.test(path) && (process.platform === "win32" || path.endsWith("/")))
		throw refusal("EISDIR", "it names a directory");
	const name = basename(whole);
	if (isPartialName(name)) throw refusal("EINVAL", "such names are those of unfinished downloads");
	const found = await lstat(whole).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
	});
	if (found?.isDirectory()) throw refusal("EISDIR", "it is a directory");
	if (found && !found.isFile() && !found.isSymbolicLink())
		throw refusal("EEXIST", "it is neither a file nor a link, and would be replaced by one");
	const directory = await realpath(dirname(whole));
	// Replacing /dev/stdout and its like would break every process.
	if (found?.isSymbolicLink() && (isOfSystem(directory) || (await leadsToDevice(whole))))
		throw refusal("EEXIST", "it is a link to a device or a pipe: write the stream of the download to it");
	const target = { directory, name, path: join(directory, name) };
	if (busy.has(target.path))
		throw refusal("EBUSY", "another download of this process is being written to it");
	busy.add(target.path);
	return { target, release: () => busy.delete(target.path) };
}

const isOfSystem = (directory: string): boolean =>
	process.platform !== "win32" && /^\/(?:dev|proc)(?:\/|$)/.test(directory);

const leadsToDevice = (link: string): Promise<boolean> =>
	stat(link).then(
		(found) => !found.isFile() && !found.isDirectory(),
		() => false,
	);

const refusal = (code: string, reason: string): Error => Object.assign(new Error(reason), { code });
