import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, link, lstat, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../../client/node/sync-directory.js";
import { writeAt } from "../../client/node/write-at.js";
import { Pool } from "../../client/util/pool.js";
import { BackupError } from "../errors.js";
import { hex, sha256 } from "../format/names.js";
import type { Items } from "../repository/items.js";
import type { BlobEntry } from "../tree/entry.js";
import { chunkOf, leavesOf, lengthOf } from "./blob-reader.js";
import { placeOf } from "./place.js";

/** Concurrent chunks of one file. */
const PARALLEL_CHUNKS = 4;
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** The result for a file: made, replaced because it differed, or unchanged. */
export type RestoredAs = "restored" | "replaced" | "unchanged";

export interface RestoreFileOptions {
	readonly overwrite: boolean;
	readonly dryRun: boolean;
	readonly onBytes: (bytes: number) => void;
}

/**
 * Writes a blob into a file. The bytes go into a hidden file beside it, which is renamed once it is whole and on disk.
 * After a kill, the next call verifies the bytes of that hidden file and keeps the correct ones.
 * @throws BackupError `path_refused`, `item_missing`, `repository_damaged`
 */
export async function restoreFile(
	items: Items,
	entry: BlobEntry,
	target: string,
	{ overwrite, dryRun, onBytes }: RestoreFileOptions,
): Promise<RestoredAs> {
	const path = await placeOf(target, entry.key, !dryRun);
	const found = await lstat(path).catch(() => undefined);
	const leaves = await leavesOf(items, entry);
	if (found?.isFile() && (await isSame(path, found, entry, leaves))) return "unchanged";
	if (found && (!overwrite || found.isDirectory()))
		throw new BackupError("path_refused", {
			path: entry.key,
			reason: found.isDirectory() ? "it is a directory" : "it is there, and differs: --overwrite replaces it",
		});
	if (!dryRun) await write(items, entry, leaves, { path, overwrite, onBytes });
	return found ? "replaced" : "restored";
}

async function isSame(
	path: string,
	found: Stats,
	entry: BlobEntry,
	leaves: readonly string[],
): Promise<boolean> {
	if (found.size !== entry.size) return false;
	const file = await open(path, constants.O_RDONLY | NOFOLLOW);
	try {
		for (const [index, leaf] of leaves.entries()) if (!(await holds(file, entry, index, leaf))) return false;
		return true;
	} finally {
		await file.close();
	}
}

async function holds(file: FileHandle, entry: BlobEntry, index: number, leaf: string): Promise<boolean> {
	const bytes = Buffer.allocUnsafe(lengthOf(entry, index));
	const { bytesRead } = await file.read(bytes, 0, bytes.length, index * entry.chunkBytes);
	return bytesRead === bytes.length && hex(sha256(bytes)) === leaf;
}

async function write(
	items: Items,
	entry: BlobEntry,
	leaves: readonly string[],
	{ path, overwrite, onBytes }: { path: string; overwrite: boolean; onBytes: (bytes: number) => void },
): Promise<void> {
	const directory = dirname(path);
	const tag = createHash("sha256").update(basename(path)).digest("hex").slice(0, 16);
	const part = join(directory, `.cb-${tag}-${entry.root.slice(0, 16)}.part`);
	const file = await open(part, constants.O_RDWR | constants.O_CREAT | NOFOLLOW, 0o666);
	try {
		const left = (await file.stat()).size;
		const pool = new Pool(PARALLEL_CHUNKS);
		try {
			for (const [index, leaf] of leaves.entries())
				await pool.add(async () => {
					const start = index * entry.chunkBytes;
					const length = lengthOf(entry, index);
					if (left < start + length || !(await holds(file, entry, index, leaf)))
						await writeAt(file, await chunkOf(items, entry, leaves, index), start);
					onBytes(length);
				});
			await pool.drain();
		} finally {
			await pool.settle();
		}
		await file.truncate(entry.size);
		const modified = new Date(entry.modifiedAt);
		await file.utimes(modified, modified);
		await file.sync();
	} finally {
		await file.close();
	}
	try {
		await publish(part, path, entry.key, overwrite);
	} catch (error) {
		// The hidden file is whole and cannot be used: no later restore would read it.
		await rm(part, { force: true });
		throw error;
	}
	await syncDirectory(directory);
}

async function publish(part: string, path: string, key: string, overwrite: boolean): Promise<void> {
	if (overwrite) return rename(part, path);
	try {
		await link(part, path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		throw new BackupError(
			"path_refused",
			{ path: key, reason: "another program has made it meanwhile" },
			error,
		);
	}
	await rm(part, { force: true });
}
