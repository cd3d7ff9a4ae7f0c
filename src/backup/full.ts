/** System errors after which no other file can be written either. */
const FULL = ["ENOSPC", "EDQUOT"];

/** The message for such an error, with the file that is partly written; undefined for any other error. */
export function whyFull(error: unknown, place: string): string | undefined {
	const { code = "" } = error as NodeJS.ErrnoException;
	if (!FULL.includes(code)) return undefined;
	return `there is no space left in ${place} (${code}). Free some, then run it again: what is complete is kept`;
}
