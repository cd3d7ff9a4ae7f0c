import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { throwIfAborted } from "../../client/util/abort.js";
import { Pool } from "../../client/util/pool.js";
import { checkOptions, RESTORE } from "../checks.js";
import { BackupError } from "../errors.js";
import { orFull } from "../full.js";
import type { Repository } from "../repository/repository.js";
import { entriesOf } from "../tree/cursor.js";
import { type RestoredAs, restoreFile } from "./restore-file.js";

const PARALLEL_FILES = 4;

/** Options of `restore`. */
export interface RestoreOptions {
	/** Only keys with this prefix. @default "" (all) */
	readonly prefix?: string | undefined;
	/** Only blobs of this owner, a principal in text. */
	readonly owner?: string | undefined;
	/** Replaces files that differ. @default false: they count as failed */
	readonly overwrite?: boolean | undefined;
	/** Reports what would be done, and writes nothing. @default false */
	readonly dryRun?: boolean | undefined;
	/** Called for each file. */
	readonly onFile?: (((file: RestoredFile) => void) | undefined) | undefined;
	/** Called with the number of bytes that were written or already present. */
	readonly onBytes?: (((bytes: number) => void) | undefined) | undefined;
	/** Aborts the restore. The next restore resumes. */
	readonly signal?: AbortSignal | undefined;
}

/** Result for one blob. */
export interface RestoredFile {
	/** Its key. */
	readonly key: string;
	/** What was done; undefined if it failed. */
	readonly as: RestoredAs | undefined;
	/** Why it failed. */
	readonly reason: string | undefined;
}

/** Result of a restore. */
export interface RestoreResult {
	/** New files. */
	readonly restored: number;
	/** Files that differed and were replaced. */
	readonly replaced: number;
	/** Files that held the blob already. */
	readonly unchanged: number;
	/** Blobs that could not be restored. */
	readonly failed: number;
	/** Size in bytes of the restored, replaced and unchanged files. */
	readonly bytes: number;
	/** Blobs that the snapshot lacks. */
	readonly missing: number;
}

/**
 * Writes the blobs of a snapshot into files below a directory, with their keys as paths. A second run, for example
 * after a kill, keeps correct files.
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
			throw orFull(error, target);
		});
	const count = { restored: 0, replaced: 0, unchanged: 0, failed: 0, bytes: 0 };
	const pool = new Pool(PARALLEL_FILES);
	const running = new Set<string>();
	try {
		for await (const entry of entriesOf(repository.blobs, snapshot.blobs.root, { prefix })) {
			if (owner !== undefined && entry.owner !== owner) continue;
			throwIfAborted(signal);
			// Of a key and another key below it only the first can be a file, independent of timing.
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
					// Continue with the other files, unless no file can be written.
					if (!isOfOneFile(error)) throw orFull(error, target);
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

const isOfOneFile = (error: unknown): boolean =>
	error instanceof BackupError
		? error.code !== "sink_failed"
		: !OF_ALL.includes((error as NodeJS.ErrnoException).code ?? "") && "code" in (error as object);
