import { isBackupError } from "../errors.js";
import { leavesOf } from "../reading/blob-reader.js";
import type { FoundRecord, Segment } from "../repository/item-index.js";
import type { Items } from "../repository/items.js";
import type { Repository } from "../repository/repository.js";
import type { TreePages } from "../tree/cursor.js";
import type { BlobEntry, Entry } from "../tree/entry.js";
import { isLeafPage, type PageRef } from "../tree/page.js";

/** One bit for each record of each index. */
export class RecordSet {
	readonly #bits = new Map<Segment, Uint8Array>();

	/** @returns whether the record is new to the set */
	add({ segment, record }: Pick<FoundRecord, "segment" | "record">): boolean {
		let bits = this.#bits.get(segment);
		if (!bits) {
			bits = new Uint8Array(Math.ceil(segment.tables.count / 8));
			this.#bits.set(segment, bits);
		}
		const [at, bit] = [record >>> 3, 1 << (record & 7)];
		const isNew = ((bits[at] as number) & bit) === 0;
		bits[at] = (bits[at] as number) | bit;
		return isNew;
	}

	has({ segment, record }: Pick<FoundRecord, "segment" | "record">): boolean {
		return (((this.#bits.get(segment)?.[record >>> 3] ?? 0) >>> (record & 7)) & 1) === 1;
	}
}

/** Called for each item on the way through snapshots. */
export interface Visitor {
	/**
	 * An item that a snapshot needs.
	 * @param blob the blob that needs the item; undefined for pages and snapshots
	 * @returns `new` to visit the children of the item; `seen` or `bad` to skip them
	 */
	item(sha: string, blob: BlobEntry | undefined, index?: number): Promise<"new" | "seen" | "bad">;
	/** Reports an item that cannot be read, and the blob that depends on it. */
	broken(what: string, reason: string, blob: BlobEntry | undefined): void;
}

/** Visits all items that snapshots need, and no page twice. */
export async function visit(
	repository: Repository,
	snapshots: Iterable<{ readonly id: string }>,
	visitor: Visitor,
): Promise<void> {
	for (const { id } of snapshots) {
		if ((await visitor.item(id, undefined)) !== "new") continue;
		await attempting(visitor, `snapshot ${id}`, undefined, async () => {
			const { blobs, settings } = await repository.read(id);
			await visitTree(repository.settings, settings.root, visitor, async () => {});
			await visitTree(repository.blobs, blobs.root, visitor, (entry) =>
				visitBlob(repository.items, entry, visitor),
			);
		});
	}
}

async function visitTree<T extends Entry>(
	pages: TreePages<T>,
	root: string,
	visitor: Visitor,
	onEntry: (entry: T) => Promise<void>,
): Promise<void> {
	if ((await visitor.item(root, undefined)) !== "new") return;
	await attempting(visitor, `page ${root}`, undefined, async () => {
		const page = await pages.get(root);
		if (isLeafPage(page)) {
			for (const entry of page.entries) await onEntry(entry);
			return;
		}
		const { pages: refs } = page as { pages: readonly PageRef[] };
		for (const ref of refs) await visitTree(pages, ref.page, visitor, onEntry);
	});
}

async function visitBlob(items: Items, entry: BlobEntry, visitor: Visitor): Promise<void> {
	// Visit each blob, so that all blobs that share a damaged chunk are reported.
	if (!entry.leaves && (await visitor.item(entry.root, entry)) === "bad") return;
	await attempting(visitor, entry.key, entry, async () => {
		for (const [index, leaf] of (await leavesOf(items, entry)).entries())
			await visitor.item(leaf, entry, index);
	});
}

async function attempting(
	visitor: Visitor,
	what: string,
	blob: BlobEntry | undefined,
	read: () => Promise<void>,
): Promise<void> {
	try {
		await read();
	} catch (error) {
		if (!isBackupError(error, "item_missing") && !isBackupError(error, "repository_damaged")) throw error;
		visitor.broken(what, error.message, blob);
	}
}
