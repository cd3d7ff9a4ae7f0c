import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Download } from "../download/download.js";
import type { VerifiedBlob } from "../download/verified-blob.js";
import type { Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { Pool } from "../util/pool.js";

export interface ToFileOptions {
	/** Keep the chunks that an earlier attempt left in `<path>.part`, once each is verified. Default true. */
	resume?: boolean;
}

export interface DownloadedFile {
	readonly path: string;
	readonly manifest: Manifest;
	/** Bytes found in `<path>.part` and not fetched again. */
	readonly reusedBytes: number;
}

/**
 * Downloads into a file. It is written as `<path>.part` and takes its name only when it is whole, verified and on
 * disk; an attempt that fails leaves the part for the next one. Replaces what is at `path`.
 */
export async function toFile(
	download: Download,
	path: string,
	{ resume = true }: ToFileOptions = {},
): Promise<DownloadedFile> {
	const blob = await download.open();
	const part = `${path}.part`;
	const file = await openPart(part, resume);
	let reusedBytes: number;
	try {
		reusedBytes = await fill(file, blob, download);
		await file.truncate(blob.manifest.size);
		await file.sync();
	} finally {
		await file.close();
	}
	await rename(part, path);
	await syncDirectory(dirname(path));
	return { path, manifest: blob.manifest, reusedBytes };
}

async function openPart(part: string, resume: boolean): Promise<FileHandle> {
	if (resume) {
		try {
			return await open(part, "r+");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		}
	}
	return open(part, "w+");
}

/** Writes every chunk that is not there yet. @returns bytes that were there. */
async function fill(file: FileHandle, blob: VerifiedBlob, download: Download): Promise<number> {
	const { size: present } = await file.stat();
	const { controller, release } = follow(download.signal);
	const pool = new Pool(download.concurrency);
	let reused = 0;
	const one = async (index: number) => {
		const { start, end } = blob.range(index);
		if (present >= end && (await blob.matches(index, await readAt(file, start, end)))) {
			reused += end - start;
			return;
		}
		await writeAt(file, await blob.chunk(index, controller.signal), start);
	};
	try {
		for (let index = 0; index < blob.count; index++) await pool.add(() => one(index));
		await pool.drain();
		return reused;
	} catch (error) {
		controller.abort(error);
		await pool.settle();
		throw error;
	} finally {
		release();
	}
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
	const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
	return buffer.subarray(0, bytesRead);
}

async function writeAt(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
	for (let written = 0; written < bytes.length; ) {
		const { bytesWritten } = await file.write(bytes, written, bytes.length - written, start + written);
		written += bytesWritten;
	}
}

/** So that the new name survives a crash as well. Windows cannot open a directory, and needs no such thing. */
async function syncDirectory(path: string): Promise<void> {
	if (process.platform === "win32") return;
	const directory = await open(path, "r");
	try {
		await directory.sync();
	} finally {
		await directory.close();
	}
}
