import type { Stats } from "node:fs";
import { lstat, mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathRefusal } from "./paths.js";

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** What is at a path itself, a symbolic link not followed; undefined if nothing is. */
export async function statOf(path: string): Promise<Stats | undefined> {
	try {
		return await lstat(path);
	} catch (error) {
		if (errnoOf(error) === "ENOENT") return undefined;
		throw error;
	}
}

/**
 * Where `path` is below the target. Every directory on the way is made, and must be a real one: through a symbolic
 * link the file would be written outside of the target.
 */
export async function placeFor(target: string, path: string): Promise<string> {
	const refusal = pathRefusal(path);
	if (refusal) throw new Error(refusal);
	let directory = target;
	for (const name of path.split("/").slice(0, -1)) {
		directory = join(directory, name);
		const found = await statOf(directory);
		if (!found) await mkdir(directory).catch(unless("EEXIST"));
		else if (!found.isDirectory()) throw new Error(`${directory} is no directory`);
	}
	return join(target, path);
}

/** Removes a file below the target, and the directories that are empty without it. */
export async function removeFile(target: string, path: string): Promise<void> {
	const file = await placeFor(target, path);
	await rm(file, { force: true });
	const above = path.split("/").slice(0, -1);
	for (let directory = dirname(file); above.pop() !== undefined; directory = dirname(directory)) {
		try {
			await rmdir(directory);
		} catch (error) {
			if (errnoOf(error) === "ENOTEMPTY" || errnoOf(error) === "EEXIST") return;
			throw error;
		}
	}
}

/** For `catch`: passes one error by, as another file of the same directory may have been first. */
const unless = (code: string) => (error: unknown) => {
	if (errnoOf(error) !== code) throw error;
};
