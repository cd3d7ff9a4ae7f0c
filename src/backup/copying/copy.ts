import { follow, throwIfAborted } from "../../client/util/abort.js";
import { COPY, checkOptions } from "../checks.js";
import { BackupError } from "../errors.js";
import type { SnapshotSummary } from "../format/generation.js";
import { inOrder } from "../in-order.js";
import { RecordSet, type Visitor, visit } from "../keeping/needed.js";
import { addSnapshots, type NewSnapshot } from "../making/committing.js";
import type { ItemWriter } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import { neededBy } from "./needed-items.js";

/** Items read ahead. */
const AHEAD = 8;

/** Options of `copy`. */
export interface CopyOptions {
	/** Ids of the snapshots to copy. @default all that the target repository lacks */
	readonly ids?: readonly string[] | undefined;
	/**
	 * How much of the copy is verified: `bytes` reads all of it from the target repository; `structure` reads the pages
	 * only, and checks that each object exists with its full size. @default "structure"
	 */
	readonly check?: "structure" | "bytes" | undefined;
	/** Reports what would be copied, and copies nothing. @default false */
	readonly dryRun?: boolean | undefined;
	/** Called with the number of bytes that were copied or that the target had. */
	readonly onBytes?: ((bytes: number) => void) | undefined;
	/** Called with notes for the operator. */
	readonly onNote?: ((text: string) => void) | undefined;
	/** Aborts the copy. The next copy resumes. */
	readonly signal?: AbortSignal | undefined;
}

/** Result of a copy, or of a dry run. */
export interface CopyResult {
	/** Snapshots that were copied. */
	readonly copied: readonly SnapshotSummary[];
	/** Snapshots that the target had before. */
	readonly there: readonly SnapshotSummary[];
	/** Items written: chunks, lists of leaves, pages, snapshots. */
	readonly items: number;
	/** Size of these items in bytes, as stored in the source repository. */
	readonly bytes: number;
	/** Size in bytes of the items that the target had, as stored in the source. */
	readonly reusedBytes: number;
}

interface Counts {
	items: number;
	bytes: number;
	reusedBytes: number;
}

/**
 * Copies snapshots from one repository to another. Either may be encrypted, under any key: `copy` opens each item,
 * checks its hash and seals it for the target. Items that the target has are not written again. Afterwards `copy`
 * verifies the snapshots in the target's sink.
 * @throws BackupError `snapshot_not_found`, `item_missing` if the source cannot be read, `repository_damaged`
 */
export async function copy(from: Repository, to: Repository, options: CopyOptions = {}): Promise<CopyResult> {
	checkOptions(options, COPY);
	const { dryRun = false, check = "structure", onNote: note = () => {} } = options;
	const { controller, release } = follow(options.signal);
	const { signal } = controller;
	const known = new Set((await to.snapshots()).map(({ id }) => id));
	const wanted = await wantedOf(from, options.ids);
	const [there, missing] = [
		wanted.filter(({ id }) => known.has(id)),
		wanted.filter(({ id }) => !known.has(id)),
	];
	const counts: Counts = { items: 0, bytes: 0, reusedBytes: 0 };
	const result = () => ({ copied: missing, there, ...counts });
	try {
		if (dryRun || missing.length === 0) {
			if (dryRun) await count(from, to, missing, counts, signal);
			return result();
		}
		await addSnapshots(
			to,
			{ by: "copy", signal, note, isByTime: true, relied: () => undefined },
			async (writer) => {
				Object.assign(counts, { items: 0, bytes: 0, reusedBytes: 0 });
				const snapshots: NewSnapshot[] = [];
				for (const { id } of missing) snapshots.push({ id, snapshot: await from.read(id) });
				await write(from, writer, missing, counts, { ...options, signal });
				await writer.flush();
				return { snapshots };
			},
		);
		await checkCopied(to, missing, check, signal);
		return result();
	} catch (error) {
		controller.abort();
		throw error;
	} finally {
		release();
	}
}

async function wantedOf(from: Repository, ids: readonly string[] | undefined): Promise<SnapshotSummary[]> {
	const all = await from.snapshots();
	if (ids === undefined) return [...all];
	return ids.map((id) => {
		const found = all.find((each) => each.id === id);
		if (found) return found;
		throw new BackupError("snapshot_not_found", { snapshot: id });
	});
}

async function write(
	from: Repository,
	writer: ItemWriter,
	snapshots: readonly SnapshotSummary[],
	counts: Counts,
	{ signal, onBytes }: CopyOptions,
): Promise<void> {
	const met = new RecordSet();
	const copied = inOrder(neededBy(from, snapshots), AHEAD, async ({ kind, sha }) => {
		throwIfAborted(signal);
		const [record] = await from.index.find(sha);
		// Two blobs, or two snapshots, may share the item.
		if (record && !met.add(record)) return 0;
		if (await writer.has(sha)) return record?.location.length ?? 0;
		const bytes = await from.items.get(sha);
		const length = record?.location.length ?? bytes.length;
		if (!(await writer.add(kind, sha, bytes))) return length;
		counts.items++;
		counts.bytes += length;
		onBytes?.(length);
		return 0;
	});
	for await (const reused of copied) {
		counts.reusedBytes += reused;
		if (reused > 0) onBytes?.(reused);
	}
}

async function count(
	from: Repository,
	to: Repository,
	snapshots: readonly SnapshotSummary[],
	counts: Counts,
	signal: AbortSignal,
): Promise<void> {
	const met = new RecordSet();
	for await (const { sha } of neededBy(from, snapshots)) {
		throwIfAborted(signal);
		const [record] = await from.index.find(sha);
		if (!record) throw new BackupError("item_missing", { sha256: sha });
		const { length } = record.location;
		if (!met.add(record)) continue;
		if ((await to.index.find(sha)).length > 0) counts.reusedBytes += length;
		else {
			counts.items++;
			counts.bytes += length;
		}
	}
}

/** Reads only the indexes and objects of the copy. */
async function checkCopied(
	to: Repository,
	snapshots: readonly SnapshotSummary[],
	check: "structure" | "bytes",
	signal: AbortSignal,
): Promise<void> {
	await to.refresh();
	const lost = (sha: string) => new BackupError("item_missing", { sha256: sha });
	const seen = new Set<string>();
	const visitor: Visitor = {
		item: async (sha, blob) => {
			throwIfAborted(signal);
			if (!blob && seen.has(sha)) return "seen";
			if (!blob) seen.add(sha);
			if (check === "bytes") await to.items.get(sha);
			else if (!(await isWhole(to, sha))) throw lost(sha);
			return "new";
		},
		broken: (_, __, blob) => {
			throw lost(blob?.root ?? "");
		},
	};
	await visit(to, snapshots, visitor);
}

async function isWhole({ index, sink }: Repository, sha: string): Promise<boolean> {
	for (const { location } of await index.find(sha))
		if ((await sink.size(location.object)) === location.objectBytes) return true;
	return false;
}
