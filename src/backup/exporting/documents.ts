import { encodeJson } from "../format/json.js";
import { encodeSnapshot, type Snapshot } from "../format/snapshot.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import { type BlobEntry, blobCodec, settingCodec } from "../tree/entry.js";

/** Selects blobs of a snapshot. */
export interface BlobFilter {
	/** Only keys with this prefix. @default "" (all) */
	readonly prefix?: string | undefined;
	/** Only blobs of this owner, a principal in text. */
	readonly owner?: string | undefined;
}

/** Directory of the blobs, beside the documents. */
export const BLOBS = "blobs/";

/** A text file that accompanies the blobs, in pieces. Every read yields the same text. */
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

/** The facts of a snapshot beside the bytes of its blobs, in a form that needs no knowledge of repositories. */
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
