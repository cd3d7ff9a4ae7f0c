import { contextOf } from "../client/context.js";
import type { BlobClient } from "../client/index.js";
import { BackupError } from "./errors.js";

/**
 * Blobs that were encrypted before they were uploaded are backed up as the store has them, and so restored: a client that
 * opens and seals them would show, and write, other bytes than their hashes are of.
 * @throws BackupError `option_invalid`
 */
export function checkPlain(client: BlobClient): void {
	if (contextOf(client).settings.encryption)
		throw new BackupError("option_invalid", {
			option: "client",
			reason:
				"it has an encryption: backups are of what the store holds, sealed or not. Give a client without one",
		});
}
