import { open } from "node:fs/promises";

/** What file systems answer that cannot, or do not let this user, sync a directory. */
const CANNOT_SYNC = ["EINVAL", "ENOTSUP", "EACCES", "EPERM", "EBADF"];

/**
 * Makes new names in a directory survive a crash, where the file system can: one that cannot has the file all the
 * same. Windows cannot open a directory, and needs no such thing.
 */
export async function syncDirectory(path: string): Promise<void> {
	if (process.platform === "win32") return;
	try {
		const directory = await open(path, "r");
		try {
			await directory.sync();
		} finally {
			await directory.close();
		}
	} catch (error) {
		if (!CANNOT_SYNC.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
	}
}
