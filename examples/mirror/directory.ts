import type { Stats } from "node:fs";
import { lstat, mkdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathRefusal } from "./paths.js";

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Type of the entry at a path, without following a symbolic link; undefined if there is none. */
export async function statOf(path: string): Promise<Stats | undefined> {
	try {
		return await lstat(path);
	} catch (error) {
		if (errnoOf(error) === "ENOENT") return undefined;
		throw error;
	}
}

/**
 * Path of `path` below the target. Makes every directory on the way and requires a real one: a symbolic link could lead
 * outside of the target.
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

/** Removes a file below the target, and the directories that become empty. */
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

/** For `catch`: ignores one error, since another file of the same directory may have caused it first. */
const unless = (code: string) => (error: unknown) => {
	if (errnoOf(error) !== code) throw error;
};
