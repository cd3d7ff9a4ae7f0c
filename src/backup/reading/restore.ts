import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { throwIfAborted } from "../../client/util/abort.js";
import { Pool } from "../../client/util/pool.js";
import { checkOptions, RESTORE } from "../checks.js";
import { BackupError } from "../errors.js";
import { whyFull } from "../full.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import { type RestoredAs, restoreFile } from "./restore-file.js";

const PARALLEL_FILES = 4;

/** What is restored, and how. */
export interface RestoreOptions {
	/** Only keys that begin so. @default "" (all) */
	readonly prefix?: string | undefined;
	/** Only blobs of this principal, in text. */
	readonly owner?: string | undefined;
	/** Replace files that differ. @default false: they count as failed */
	readonly overwrite?: boolean | undefined;
	/** Only say what would be done. @default false */
	readonly dryRun?: boolean | undefined;
	/** Told of each file. */
	readonly onFile?: (((file: RestoredFile) => void) | undefined) | undefined;
	/** Told of bytes that were written or found. */
	readonly onBytes?: (((bytes: number) => void) | undefined) | undefined;
	/** Ends the restore. The next one goes on. */
	readonly signal?: AbortSignal | undefined;
}

/** What became of one blob. */
export interface RestoredFile {
	/** Its key. */
	readonly key: string;
	/** What was done; undefined where it failed. */
	readonly as: RestoredAs | undefined;
	/** Why it failed. */
	readonly reason: string | undefined;
}

/** What a restore did. */
export interface RestoreResult {
	/** Files that were not there before. */
	readonly restored: number;
	/** Files that differed. */
	readonly replaced: number;
	/** Files that held the blob already. */
	readonly unchanged: number;
	/** Blobs that are no files now. */
	readonly failed: number;
	/** Bytes of the blobs that are files now. */
	readonly bytes: number;
	/** Blobs that the snapshot itself lacks. */
	readonly missing: number;
}

/**
 * Makes files of the blobs of a snapshot, with their keys as paths below a directory. Run again after a kill, it keeps what
 * is there.
 * @param id of the snapshot
 */
export async function restore(
	repository: Repository,
	id: string,
	directory: string,
	options: RestoreOptions = {},
): Promise<RestoreResult> {
	checkOptions(options, RESTORE);
	const { prefix = "", owner, overwrite = false, dryRun = false, onFile, onBytes, signal } = options;
	const snapshot = await repository.read(id);
	const target = resolve(directory);
	if (!dryRun)
		await mkdir(target, { recursive: true }).catch((error) => {
			throw told(error, target);
		});
	const count = { restored: 0, replaced: 0, unchanged: 0, failed: 0, bytes: 0 };
	const pool = new Pool(PARALLEL_FILES);
	const running = new Set<string>();
	try {
		for await (const entry of entriesOf(repository.blobs, snapshot.blobs.root, { prefix })) {
			if (owner !== undefined && entry.owner !== owner) continue;
			throwIfAborted(signal);
			// Of a key and one below it only the first can be a file: not whichever happens to be quicker.
			if ([...running].some((key) => entry.key.startsWith(`${key}/`))) await pool.drain();
			running.add(entry.key);
			await pool.add(async () => {
				const { key } = entry;
				try {
					const as = await restoreFile(repository.items, entry, target, {
						overwrite,
						dryRun,
						onBytes: onBytes ?? (() => {}),
					});
					count[as]++;
					count.bytes += entry.size;
					onFile?.({ key, as, reason: undefined });
				} catch (error) {
					// The other files can still be had, but for where no file can.
					if (!isOfOneFile(error)) throw told(error, target);
					count.failed++;
					onFile?.({ key, as: undefined, reason: (error as Error).message });
				} finally {
					running.delete(key);
				}
			});
		}
		await pool.drain();
	} finally {
		await pool.settle();
	}
	return { ...count, missing: snapshot.missingCount };
}

const OF_ALL = ["ENOSPC", "EDQUOT", "EROFS", "EIO"];

/** The error of a disk on which nothing more can be written, with its path and what to do. */
function told(error: unknown, path: string): unknown {
	const reason = whyFull(error, path);
	return reason === undefined ? error : new BackupError("path_refused", { path, reason }, error);
}

const isOfOneFile = (error: unknown): boolean =>
	error instanceof BackupError
		? error.code !== "sink_failed"
		: !OF_ALL.includes((error as NodeJS.ErrnoException).code ?? "") && "code" in (error as object);
