import type { ItemKind } from "../format/pack.js";
import { leavesOf } from "../reading/blob-reader.js";
import type { Repository } from "../repository/repository.js";
import type { TreePages } from "../tree/cursor.js";
import type { BlobEntry, Entry } from "../tree/entry.js";
import { isLeafPage, type PageRef } from "../tree/page.js";

/** An item that a snapshot needs. */
export interface Needed {
	readonly kind: ItemKind;
	readonly sha: string;
}

/**
 * Yields all items that snapshots need, the children of a page before the page: if a copy is interrupted, every page in
 * it has its children. Yields no page twice, but a shared chunk once per blob.
 */
export async function* neededBy(
	repository: Repository,
	snapshots: Iterable<{ readonly id: string }>,
): AsyncGenerator<Needed> {
	const seen = new Set<string>();
	for (const { id } of snapshots) {
		const { blobs, settings } = await repository.read(id);
		yield* below(repository.settings, settings.root, seen, async function* () {});
		yield* below(repository.blobs, blobs.root, seen, (entry) => ofBlob(repository, entry));
		yield { kind: "snapshot", sha: id };
	}
}

async function* below<T extends Entry>(
	pages: TreePages<T>,
	root: string,
	seen: Set<string>,
	ofEntry: (entry: T) => AsyncGenerator<Needed>,
): AsyncGenerator<Needed> {
	if (seen.has(root)) return;
	seen.add(root);
	const page = await pages.get(root);
	if (isLeafPage(page)) for (const entry of page.entries) yield* ofEntry(entry);
	else
		for (const { page: sha } of (page as { pages: readonly PageRef[] }).pages)
			yield* below(pages, sha, seen, ofEntry);
	yield { kind: "page", sha: root };
}

async function* ofBlob({ items }: Repository, entry: BlobEntry): AsyncGenerator<Needed> {
	for (const sha of await leavesOf(items, entry)) yield { kind: "chunk", sha };
	if (!entry.leaves) yield { kind: "leaves", sha: entry.root };
}
