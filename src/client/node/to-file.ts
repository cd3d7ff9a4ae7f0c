import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Download, Reading } from "../download/download.js";
import { type Span, within } from "../download/range.js";
import { ClientError, isBlobError } from "../errors.js";
import type { Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { Pool } from "../util/pool.js";

/** How a download becomes a file. */
export interface ToFileOptions {
	/** Keep the chunks that an earlier attempt left in `<path>.part`, once each is verified. Default true. */
	resume?: boolean;
}

/** A file that is whole, verified and on disk. */
export interface DownloadedFile {
	/** Where it is. */
	readonly path: string;
	/** What was downloaded. */
	readonly manifest: Manifest;
	/** Bytes found in `<path>.part` and not fetched again. */
	readonly reusedBytes: number;
}

/**
 * Downloads into a file: the blob, or the download's range of it. It is written as `<path>.part` and takes its name
 * only when it is whole, verified and on disk; an attempt that fails leaves the part for the next one. Replaces what
 * is at `path`.
 * @throws ClientError `file_failed` where it cannot be written, with `errno` `ENOSPC` for a full disk; and what
 *   reading throws
 */
export async function toFile(
	download: Download,
	path: string,
	{ resume = true }: ToFileOptions = {},
): Promise<DownloadedFile> {
	const reading = await download.begin();
	const { blob, span } = reading;
	const part = `${path}.part`;
	try {
		const file = await openPart(part, resume);
		let reusedBytes: number;
		try {
			reusedBytes = await fill(file, reading, download);
			await file.truncate(span.end - span.start);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(part, path);
		await syncDirectory(dirname(path));
		return { path, manifest: blob.manifest, reusedBytes };
	} catch (error) {
		throw isBlobError(error) ? error : fileFailed(path, error);
	}
}

function fileFailed(path: string, error: unknown): ClientError<"file_failed"> {
	const { code = "unknown", message = String(error) } = error as NodeJS.ErrnoException;
	return new ClientError("file_failed", { path, errno: code, reason: message }, error);
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
async function fill(file: FileHandle, { blob, span, meter }: Reading, download: Download): Promise<number> {
	const { size: present } = await file.stat();
	const { controller, release } = follow(download.signal);
	const pool = new Pool(download.concurrency);
	let reused = 0;
	const one = async (index: number) => {
		const { start, end } = blob.range(index);
		// Of a chunk that the range cuts the file holds a part, which no hash is of.
		const isThere = isWhole(span, start, end) && present >= end - span.start;
		if (isThere && (await blob.matches(index, await readAt(file, start - span.start, end - start)))) {
			reused += end - start;
			meter.found(end - start);
			return;
		}
		const bytes = within(span, start, await blob.chunk(index, controller.signal));
		await writeAt(file, bytes, Math.max(start, span.start) - span.start);
		meter.arrived(bytes.length);
	};
	try {
		for (let index = span.firstChunk; index < span.endChunk; index++) await pool.add(() => one(index));
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

const isWhole = (span: Span, start: number, end: number): boolean => start >= span.start && end <= span.end;

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
	const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position);
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
