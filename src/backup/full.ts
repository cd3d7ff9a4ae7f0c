import { BackupError } from "./errors.js";

/** System errors after which no other file can be written either. */
const FULL = ["ENOSPC", "EDQUOT"];

/** The message for such an error, with the file that is partly written; undefined for any other error. */
export function whyFull(error: unknown, place: string): string | undefined {
	const { code = "" } = error as NodeJS.ErrnoException;
	if (!FULL.includes(code)) return undefined;
	return `there is no space left in ${place} (${code}). Free some, then run it again: what is complete is kept`;
}

/**
 * The error to throw for one at a path: with advice if the disk is full, otherwise unchanged.
 * @param place what has no space. Default: the path
 */
export function orFull(error: unknown, path: string, place = path): unknown {
	const reason = whyFull(error, place);
	return reason === undefined ? error : new BackupError("path_refused", { path, reason }, error);
}
