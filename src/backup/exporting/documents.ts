import { encodeJson } from "../format/json.js";
import { encodeSnapshot, type Snapshot } from "../format/snapshot.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import { type BlobEntry, blobCodec, settingCodec } from "../tree/entry.js";

/** Which blobs of a snapshot are meant. */
export interface BlobFilter {
	/** Only keys that begin so. @default "" (all) */
	readonly prefix?: string | undefined;
	/** Only blobs of this principal, in text. */
	readonly owner?: string | undefined;
}

/** Where the blobs are, as files, beside the documents. */
export const BLOBS = "blobs/";

/** One of the texts that go with the blobs, in pieces. It is the same each time it is read. */
export interface Document {
	readonly name: string;
	read(): AsyncGenerator<Uint8Array>;
}

export async function* blobsOf(
	repository: Repository,
	{ blobs }: Snapshot,
	{ prefix = "", owner }: BlobFilter,
): AsyncGenerator<BlobEntry> {
	for await (const entry of entriesOf(repository.blobs, blobs.root, { prefix }))
		if (owner === undefined || entry.owner === owner) yield entry;
}

/** What a snapshot says beside the bytes of its blobs, for readers that know nothing of repositories. */
export function documentsOf(
	repository: Repository,
	snapshot: Snapshot,
	filter: BlobFilter,
): readonly Document[] {
	return [
		{
			name: "snapshot.json",
			read: async function* () {
				yield encodeSnapshot(snapshot);
			},
		},
		{
			name: "settings.jsonl",
			read: () => lines(entriesOf(repository.settings, snapshot.settings.root), settingCodec.encode),
		},
		{
			name: "blobs.jsonl",
			read: () => lines(blobsOf(repository, snapshot, filter), blobCodec.encode),
		},
	];
}

async function* lines<T>(
	entries: AsyncIterable<T>,
	encode: (entry: T) => Parameters<typeof encodeJson>[0],
): AsyncGenerator<Uint8Array> {
	for await (const entry of entries) yield Buffer.concat([encodeJson(encode(entry)), Buffer.from("\n")]);
}
