import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";

/** A key cannot be a file below a directory; the message says why. */
export class PathRefused extends Error {}

/** The longest name that common file systems take, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const HALF_PAIR = /\p{Surrogate}/u;
/** What Windows takes for something else, or cannot have in a name. */
const NOT_ON_WINDOWS = /[<>:"|?*\\]|[. ]$|^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
/** Names of unfinished files: those of downloads, and those of restores. */
const UNFINISHED = /^\.cb-.*\.part$/;

/**
 * Why a key cannot be a file below a directory here; undefined if it can. A store allows no `..`, but a repository may
 * have been written by anyone.
 */
export function refusalOf(key: string, platform: NodeJS.Platform = process.platform): string | undefined {
	for (const segment of key.split("/")) {
		if (segment === "" || segment === "." || segment === "..") return "it would leave the directory";
		if (CONTROL.test(segment) || HALF_PAIR.test(segment))
			return "it has a character that no file name can have";
		if (platform === "win32" && NOT_ON_WINDOWS.test(segment)) return "Windows has no such file name";
		if (Buffer.byteLength(segment) > MAX_NAME_BYTES) return `a name has over ${MAX_NAME_BYTES} bytes`;
		if (UNFINISHED.test(segment)) return "such names are those of unfinished files";
	}
	return undefined;
}

/**
 * Where a key's file is below a directory. Every directory on the way must be a real one: through a symbolic link the
 * file would be written elsewhere.
 * @param makes whether missing directories are made
 * @throws {PathRefused}
 */
export async function placeBelow(target: string, key: string, makes: boolean): Promise<string> {
	const refusal = refusalOf(key);
	if (refusal !== undefined) throw new PathRefused(refusal);
	const path = join(target, ...key.split("/"));
	await checkDirectory(target, key.split("/").slice(0, -1), makes);
	return path;
}

async function checkDirectory(target: string, segments: readonly string[], makes: boolean): Promise<void> {
	let path = target;
	for (const segment of segments) {
		path = join(path, segment);
		if (makes) await mkdir(path).catch(ifThere);
		const found = await lstat(path).catch(() => undefined);
		if (found && !found.isDirectory()) throw new PathRefused(`${path} is not a directory`);
	}
}

function ifThere(error: NodeJS.ErrnoException): void {
	if (error.code !== "EEXIST") throw error;
}
