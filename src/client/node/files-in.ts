import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import { sourceErrors } from "../source/failure.js";
import type { UploadItem } from "../upload/batch/types.js";
import { FILES_IN } from "./checks.js";
import { fromPath, hasBytes } from "./from-path.js";

/** A regular file, ready for `uploadMany`. */
export interface FoundFile extends UploadItem {
	/** Where it is. */
	readonly path: string;
	/** Path below the directory that the search began at, with `/` on every system. */
	readonly key: string;
	/** Bytes that it had when it was found; absent where the system does not tell, as for files of /proc. */
	readonly size?: number | undefined;
}

/** Which files are looked for. */
export interface FilesInOptions {
	/**
	 * Which to take: called with the key of each file, and of each directory with `/` at its end, below which nothing
	 * is looked at if it is refused. Default all.
	 */
	filter?: (((key: string) => boolean) | undefined) | undefined;
}

/** What is below a directory. */
export interface FoundFiles {
	/** Regular files, in order of names. */
	readonly files: FoundFile[];
	/** Neither file nor directory: symbolic links, which could lead anywhere, sockets, devices. */
	readonly skipped: string[];
	/** What could not be read. */
	readonly failed: UnreadFile[];
}

/** What could not be looked at. */
export interface UnreadFile {
	/** Where it is. */
	readonly path: string;
	/** What `fs` threw. */
	readonly error: unknown;
}

/**
 * Finds every regular file below a directory, in order of names; `client.uploadMany` takes them as they are. No
 * symbolic link is followed. A file is opened when its turn comes, goes up as it is then, and is noticed if it changes
 * while it is read.
 * @throws ClientError `source_failed` where the directory itself cannot be read
 */
export async function filesIn(root: string, options: FilesInOptions = {}): Promise<FoundFiles> {
	checkArgument("root", root, is.text);
	checkOptions(options, FILES_IN);
	const { filter = () => true } = options;
	const found: FoundFiles = { files: [], skipped: [], failed: [] };

	const visit = async (directory: string, above: string): Promise<void> => {
		const entries = await readdir(directory, { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const path = join(directory, entry.name);
			const key = `${above}${entry.name}`;
			try {
				// An entry's type is that of the link itself, so that no link is ever followed.
				if (entry.isDirectory()) {
					if (filter(`${key}/`)) await visit(path, `${key}/`);
				} else if (!filter(key)) continue;
				else if (!entry.isFile()) found.skipped.push(path);
				else {
					const { size } = await lstat(path);
					const isTold = size > 0 || !(await hasBytes(path).catch(() => false));
					found.files.push({ path, key, ...(isTold && { size }), source: () => fromPath(path) });
				}
			} catch (error) {
				found.failed.push({ path, error });
			}
		}
	};

	await sourceErrors(() => visit(root, ""));
	return found;
}
