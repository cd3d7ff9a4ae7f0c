/** Messages for a file that cannot be written, instead of the system's. */

const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];
const REFUSED = ["EACCES", "EPERM", "EROFS"];

/** Undefined for any other error. */
export function whyNotWritten(error: unknown, path?: string): string | undefined {
	const { code = "", path: its, syscall } = error as NodeJS.ErrnoException;
	const place = path ?? its;
	if (FULL.includes(code))
		return `There is no space left to write ${place ?? "the file"} (${code}). Free some space, then run the command again.`;
	if (REFUSED.includes(code) && place !== undefined && syscall !== undefined)
		return `${place} may not be written or read (${code}). Check its permissions, or name another place.`;
	return undefined;
}

/** Runs `write`. Adds the path to a system error, which lacks it once a file is open. */
export async function writingTo<T>(path: string, write: () => Promise<T>): Promise<T> {
	try {
		return await write();
	} catch (error) {
		throw naming(error, path);
	}
}

/** Like `writingTo`, synchronously. */
export function writingToSync<T>(path: string, write: () => T): T {
	try {
		return write();
	} catch (error) {
		throw naming(error, path);
	}
}

function naming(error: unknown, path: string): unknown {
	const text = whyNotWritten(error, path);
	return text === undefined ? error : new Error(text, { cause: error });
}
