import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkArgument, text } from "../arguments.js";
import type { SessionNote, SessionStore } from "../sessions/types.js";

type Named = Pick<SessionNote, "canisterId" | "id">;

/**
 * Stores upload records in a directory, one small JSON file for each, so that processes do not overwrite each other's.
 * Handles must be JSON, such as a path.
 */
export function fileSessions(directory: string): SessionStore {
	checkArgument("directory", directory, text);
	const pathOf = ({ canisterId, id }: Named) => join(directory, `${canisterId}-${id}.json`);
	return {
		put: async (note) => {
			const path = pathOf(note);
			await mkdir(directory, { recursive: true });
			// Write to a temporary file and rename it: a process that dies here leaves no partial file under the
			// name.
			const aside = `${path}.${process.pid}.new`;
			await writeFile(aside, JSON.stringify(note), { mode: 0o600 });
			await rename(aside, path);
		},
		remove: (note) => rm(pathOf(note), { force: true }),
		list: async () => {
			const names = await readdir(directory).catch(() => []);
			const notes = names.filter((name) => name.endsWith(".json")).map((name) => read(join(directory, name)));
			return (await Promise.all(notes)).filter((note) => note !== undefined);
		},
	};
}

/** Undefined if another process removed the file meanwhile, or it is not a record. */
async function read(path: string): Promise<SessionNote | undefined> {
	try {
		const note = JSON.parse(await readFile(path, "utf8"));
		return { ...note, size: note.size };
	} catch {
		return undefined;
	}
}
