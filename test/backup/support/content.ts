import { hex, sha256 } from "../../../src/backup/format/names.js";
import { blobsIn, type Repository, readBlob } from "../../../src/backup/index.js";

/** Content of a snapshot: SHA-256 by key. */
export async function contentOf(repository: Repository, id: string): Promise<Record<string, string>> {
	const found: Record<string, string> = {};
	for await (const { key } of blobsIn(repository, id)) {
		const chunks: Uint8Array[] = [];
		for await (const chunk of readBlob(repository, id, key)) chunks.push(chunk);
		found[key] = hex(sha256(Buffer.concat(chunks)));
	}
	return found;
}
