import type { Repository } from "../repository/repository.js";
import { entriesOf, entryAt } from "../tree/cursor.js";
import type { BlobEntry } from "../tree/entry.js";
import { bytesOf } from "./blob-reader.js";

/** The blobs of a snapshot whose keys have a prefix, in order. */
export async function* blobsIn(
	repository: Repository,
	id: string,
	options: { readonly prefix?: string } = {},
): AsyncGenerator<BlobEntry> {
	yield* entriesOf(repository.blobs, (await repository.read(id)).blobs.root, options);
}

/**
 * The bytes of one blob of a snapshot, chunk by chunk, each verified.
 * @throws BackupError `key_not_found`, `item_missing`
 */
export async function* readBlob(repository: Repository, id: string, key: string): AsyncGenerator<Uint8Array> {
	const { blobs } = await repository.read(id);
	yield* bytesOf(repository.items, await entryAt(repository.blobs, blobs.root, key));
}
