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

/** Items that are read ahead. */
const AHEAD = 8;

/** What is copied, and how. */
export interface CopyOptions {
	/** Snapshots, by their ids. @default all that the other repository has not */
	readonly ids?: readonly string[] | undefined;
	/**
	 * What is read again of what was copied: `bytes` all of it, as the other repository has it now; `structure` nothing but
	 * pages, and that each object is there and whole. @default "structure"
	 */
	readonly check?: "structure" | "bytes" | undefined;
	/** Only say what would be copied. @default false */
	readonly dryRun?: boolean | undefined;
	/** Told of bytes that were copied or were there. */
	readonly onBytes?: ((bytes: number) => void) | undefined;
	/** Told what a person should know. */
	readonly onNote?: ((text: string) => void) | undefined;
	/** Ends it. The next one goes on. */
	readonly signal?: AbortSignal | undefined;
}

/** What a copy did, or would do. */
export interface CopyResult {
	/** Snapshots that the other repository has now. */
	readonly copied: readonly SnapshotSummary[];
	/** Snapshots that it had. */
	readonly there: readonly SnapshotSummary[];
	/** Items that were written: chunks, lists of leaves, pages, snapshots. */
	readonly items: number;
	/** Their bytes, as they stand in the first repository. */
	readonly bytes: number;
	/** Bytes of items that the other had, counted likewise. */
	readonly reusedBytes: number;
}

interface Counts {
	items: number;
	bytes: number;
	reusedBytes: number;
}

/**
 * Copies snapshots from one repository to another, whether encrypted or not, and under whatever key: every item is opened,
 * held against its hash and sealed anew. What the other has, by whatever blob, is not written again. Afterwards the copy is
 * checked, from what it has in its sink.
 * @throws BackupError `snapshot_not_found`, `item_missing` where the first cannot be read, `repository_damaged`
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
		// Two blobs, or two snapshots, may have it.
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

/** From the indexes and objects of the copy alone. */
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
