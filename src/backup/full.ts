/** Errors of the system after which no other file could be written, either. */
const FULL = ["ENOSPC", "EDQUOT"];

/** What is said of such an error, and of a file that is there in part; undefined for any other. */
export function whyFull(error: unknown, place: string): string | undefined {
	const { code = "" } = error as NodeJS.ErrnoException;
	if (!FULL.includes(code)) return undefined;
	return `there is no space left in ${place} (${code}). Free some, then run it again: what is complete is kept`;
}
