import * as is from "../../client/arguments.js";
import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient } from "../../client/index.js";
import { follow } from "../../client/util/abort.js";
import * as checks from "../checks.js";
import { checkArgument, checkOptions } from "../checks.js";
import { BackupError } from "../errors.js";
import type { Generation, SnapshotSummary } from "../format/generation.js";
import { type Snapshot, summaryOf } from "../format/snapshot.js";
import { checkPlain } from "../plain-client.js";
import type { Written } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import { Attempt, type Attempted } from "./attempt.js";
import { addSnapshots } from "./committing.js";
import { endLeftMaintenance, inMaintenance } from "./holding/maintenance.js";

/** How a backup keeps a snapshot at one position of the feed. */
export type BackupHold = "lease" | "feed" | "maintenance";

/** Options of `backup`. */
export interface BackupOptions {
	/** A client of the store whose caller has the role `backup`. Do not use it for other work during the backup. */
	readonly client: BlobClient;
	/** The store's canister, in text. */
	readonly canister: string;
	/** Words that find the snapshot and that keep rules select. */
	readonly tags?: readonly string[] | undefined;
	/** SHA-256 of the module that the canister runs, as hexadecimal digits. */
	readonly wasmHash?: string | undefined;
	/**
	 * Continues if the store's feed is not the one of the last snapshot, and compares whole lists.
	 * @default false: rejects with `rolled_back`
	 */
	readonly acceptRollback?: boolean | undefined;
	/**
	 * How the snapshot stays consistent while callers write to the store. `lease`: the store keeps the contents of one
	 * position of the feed; if it refuses, the backup proceeds as with `feed`. `feed`: the backup reads the feed until
	 * it has all contents of one position. `maintenance`: the backup drains the store, switches it to maintenance, and
	 * back to live in any case; requires the role `admin`. @default "lease"
	 */
	readonly hold?: BackupHold | undefined;
	/** With `maintenance`: how long to wait for open uploads, in milliseconds. @default 300,000 (5 minutes) */
	readonly drainMs?: number | undefined;
	/** Maximum number of bytes of chunks in memory. @default 16,777,216 */
	readonly memoryBytes?: number | undefined;
	/** Called with the progress after each chunk. */
	readonly onProgress?: (((progress: BackupProgress) => void) | undefined) | undefined;
	/** Called with notes for the operator, for example that the feed was pruned. */
	readonly onNote?: (((text: string) => void) | undefined) | undefined;
	/** Aborts the backup. Written objects stay, and the next backup reuses them. */
	readonly signal?: AbortSignal | undefined;
}

/** Progress of a backup. */
export interface BackupProgress {
	/** Blobs that were processed. */
	readonly blobs: number;
	/** Bytes fetched from the store. */
	readonly fetchedBytes: number;
	/** Bytes that the repository already had. */
	readonly reusedBytes: number;
}

/** Result of a backup. */
export interface BackupResult extends BackupProgress {
	/** The snapshot as lists show it. */
	readonly summary: SnapshotSummary;
	/** The whole snapshot. If `missingCount` is not 0, it lacks blobs. */
	readonly snapshot: Snapshot;
	/** Changes of the feed that were read, except those of leases. */
	readonly changes: number;
	/** How the snapshot was kept at one position of the feed. Without bytes to fetch no lease is taken. */
	readonly hold: BackupHold;
	/** Bytes written to the sink. */
	readonly writtenBytes: number;
	/** Objects written to the sink. */
	readonly writtenObjects: number;
}

const DEFAULT_MEMORY_BYTES = 16 * 2 ** 20;
const DEFAULT_DRAIN_MS = 300_000;
const HOLDS: readonly BackupHold[] = ["lease", "feed", "maintenance"];
const MAX_TAGS = 32;

/**
 * Makes a snapshot of a store: the first with all that the store holds, a later one from the changes in the feed.
 * Backups and prunes may run at the same time. A backup after a killed one does not fetch its chunks again.
 * @throws BackupError `rolled_back` if the store is not the one of the last snapshot; `store_not_live`,
 * `store_left_in_maintenance`; BlobError of the client
 */
export async function backup(repository: Repository, options: BackupOptions): Promise<BackupResult> {
	checkArgument("options", options, is.object);
	checkOptions(options, checks.BACKUP);
	checkArgument("client", options.client, is.object);
	checkArgument("canister", options.canister, is.text);
	const { client, canister, hold = "lease", drainMs = DEFAULT_DRAIN_MS, onNote: note = () => {} } = options;
	checkPlain(client);
	checkTags(options.tags ?? []);
	if (!HOLDS.includes(hold))
		throw new BackupError("option_invalid", { option: "hold", reason: `one of ${HOLDS.join(", ")}` });
	const { controller, release } = follow(options.signal);
	const { sink } = repository;
	try {
		await endLeftMaintenance({ sink, client, canister, note });
		const make = () => makeSnapshot(repository, options, controller);
		if (hold !== "maintenance") return await make();
		return await inMaintenance({ sink, client, canister, note, drainMs, signal: controller.signal }, make);
	} catch (error) {
		controller.abort(isBlobError(error) ? error : undefined);
		throw error;
	} finally {
		release();
	}
}

function checkTags(tags: readonly string[]): void {
	if (tags.length > MAX_TAGS || tags.some((tag) => tag === "" || tag.length > 256))
		throw new BackupError("option_invalid", {
			option: "tags",
			reason: `at most ${MAX_TAGS}, of 1 to 256 characters`,
		});
}

async function makeSnapshot(
	repository: Repository,
	options: BackupOptions,
	{ signal }: AbortController,
): Promise<BackupResult> {
	const { client, canister, hold = "lease", onProgress, onNote: note = () => {} } = options;
	const { made, written } = await addSnapshots(
		repository,
		{ by: "backup", signal, note, isByTime: false, relied: ({ parent }) => parent },
		async (writer, base) => {
			const attempted = await new Attempt(repository, writer, {
				client,
				canister,
				parent: await parentIn(repository, base, canister),
				tags: options.tags ?? [],
				wasmHash: options.wasmHash,
				acceptRollback: options.acceptRollback ?? false,
				takesLease: hold === "lease",
				memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
				signal,
				onProgress: ({ blobs, bytes, reusedBytes }) =>
					onProgress?.({ blobs, fetchedBytes: bytes, reusedBytes }),
				note,
			}).run();
			return { attempted, snapshots: [attempted] };
		},
	);
	return resultOf(made.attempted, hold, written);
}

async function parentIn(repository: Repository, base: Generation, canister: string) {
	const summary = base.snapshots.filter((each) => each.canister === canister).at(-1);
	return summary && { id: summary.id, snapshot: await repository.read(summary.id) };
}

const resultOf = (
	{ id, snapshot, fetched, changes, isLeased }: Attempted,
	hold: BackupHold,
	written: Written,
): BackupResult => ({
	summary: summaryOf(id, snapshot),
	snapshot,
	changes,
	hold: hold === "lease" && !isLeased ? "feed" : hold,
	blobs: fetched.blobs,
	fetchedBytes: fetched.bytes,
	reusedBytes: fetched.reusedBytes,
	writtenBytes: written.bytes,
	writtenObjects: written.objects,
});
