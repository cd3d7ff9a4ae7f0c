import type { Repository } from "../repository/repository.js";
import { diffTrees } from "../tree/diff.js";
import type { BlobEntry } from "../tree/entry.js";

/** A key that differs between two snapshots. */
export interface SnapshotDifference {
	/** The key. */
	readonly key: string;
	/** `content`: other bytes. `metadata`: the same bytes with other facts in the manifest. */
	readonly change: "added" | "removed" | "content" | "metadata";
}

/** The differences from one snapshot to another, in order of keys. Pages that both share are not read. */
export async function* differences(
	repository: Repository,
	before: string,
	after: string,
): AsyncGenerator<SnapshotDifference> {
	const [a, b] = [await repository.read(before), await repository.read(after)];
	for await (const { key, before: old, after: now } of diffTrees(
		repository.blobs,
		a.blobs.root,
		b.blobs.root,
	))
		yield { key, change: kindOf(old, now) };
}

function kindOf(before: BlobEntry | undefined, after: BlobEntry | undefined): SnapshotDifference["change"] {
	if (before === undefined) return "added";
	if (after === undefined) return "removed";
	return before.root === after.root ? "metadata" : "content";
}
