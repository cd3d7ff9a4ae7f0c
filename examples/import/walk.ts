import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface FoundFile {
	readonly path: string;
	/** Path below the directory that the walk began at, with `/` on every system. */
	readonly relative: string;
	readonly size: number;
}

export interface Walk {
	readonly files: FoundFile[];
	/** Neither file nor directory: symbolic links, which could lead anywhere, sockets, devices. */
	readonly skipped: string[];
	readonly failed: { readonly path: string; readonly error: unknown }[];
}

/** Finds every regular file below a directory, in order of names. What cannot be read is noted and passed by. */
export async function walk(root: string): Promise<Walk> {
	const found: Walk = { files: [], skipped: [], failed: [] };

	const visit = async (directory: string, above: string): Promise<void> => {
		const entries = await readdir(directory, { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const path = join(directory, entry.name);
			const relative = `${above}${entry.name}`;
			try {
				// An entry's type is that of the link itself, so that no link is ever followed.
				if (entry.isDirectory()) await visit(path, `${relative}/`);
				else if (entry.isFile()) found.files.push({ path, relative, size: (await lstat(path)).size });
				else found.skipped.push(path);
			} catch (error) {
				found.failed.push({ path, error });
			}
		}
	};

	await visit(root, "");
	return found;
}
