import { contextOf } from "../client/context.js";
import type { BlobClient } from "../client/index.js";
import { BackupError } from "./errors.js";

/**
 * Rejects a client that encrypts. Blobs that were encrypted before their upload are backed up and restored as the store
 * has them. A client that opens and seals would read and write bytes that do not match the hashes.
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
