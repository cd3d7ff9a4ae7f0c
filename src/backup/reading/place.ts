import { PathRefused, placeBelow } from "../../client/node/place.js";
import { BackupError } from "../errors.js";

/**
 * The path of a key's file below a directory, as `placeBelow` returns it.
 * @param makes whether to make missing directories
 * @throws BackupError `path_refused`
 */
export async function placeOf(target: string, key: string, makes: boolean): Promise<string> {
	try {
		return await placeBelow(target, key, makes);
	} catch (error) {
		if (!(error instanceof PathRefused)) throw error;
		throw new BackupError("path_refused", { path: key, reason: error.message });
	}
}
