import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import type { Download, Reading } from "../download/download.js";
import { type Span, within } from "../download/range.js";
import { ClientError, isBlobError } from "../errors/errors.js";
import type { Manifest } from "../types.js";
import { follow, throwIfAborted } from "../util/abort.js";
import { Pool } from "../util/pool.js";
import { TO_FILE } from "./checks.js";
import { PartialFile } from "./partial-file.js";
import { claim, type Target } from "./target.js";
import { writeAt } from "./write-at.js";

/** Options of `toFile`. */
export interface ToFileOptions {
	/**
	 * Reuse the chunks that earlier calls for the same blob and path left, after verifying each.
	 * @default true
	 */
	resume?: boolean | undefined;
	/**
	 * Path of a file, such as an older version, whose chunks are used instead of fetching them if they are the same at
	 * the same position. The file is not changed and need not exist.
	 */
	reuse?: string | undefined;
}

/** Result of `toFile`: the file is complete, verified and on disk. */
export interface DownloadedFile {
	/** Path of the file. */
	readonly path: string;
	/** Manifest of the downloaded blob. */
	readonly manifest: Manifest;
	/** Bytes taken from files on disk instead of fetched. */
	readonly reusedBytes: number;
}

/**
 * Downloads into a file: the blob, or the download's range of it. The call writes to a hidden file in the same
 * directory (`.cb-….part`) and renames it after all bytes are verified and on disk. A call that fails and a process
 * that dies leave their chunks for the next call with the same path and blob. Replaces a file or a symbolic link at
 * `path`; resolves only if its own file is there then.
 * @throws ClientError `file_failed`, with `errno` `EISDIR` if `path` is a directory, `EBUSY` if another download of
 * this
 * process writes to it (both before anything is fetched), `ESTALE` if another program has put its file there,
 * `ENOSPC` for a full disk, or another code of `node:fs`; and the errors of reading
 */
export async function toFile(
	download: Download,
	path: string,
	options: ToFileOptions = {},
): Promise<DownloadedFile> {
	checkArgument("download", download, is.object);
	checkArgument("path", path, is.text);
	checkOptions(options, TO_FILE);
	try {
		const { target, release } = await claim(path);
		try {
			return { path, ...(await writeTo(target, download, options)) };
		} finally {
			release();
		}
	} catch (error) {
		throw isBlobError(error) ? error : fileFailed(path, error);
	}
}

async function writeTo(target: Target, download: Download, { resume = true, reuse }: ToFileOptions) {
	const reading = await download.begin({ withChunks: false });
	const { blob, span } = reading;
	const part = await PartialFile.open(target, contentOf(reading), { resume, reuse });
	try {
		const reusedBytes = await fill(part, reading, download);
		await part.publish(span.end - span.start);
		return { manifest: blob.manifest, reusedBytes };
	} catch (error) {
		await part.leave().catch(() => {});
		throw error;
	} finally {
		await part.close();
	}
}

/** Identifies the bytes of the file: the blob's root and the range. */
const contentOf = ({ blob, span }: Reading): string =>
	createHash("sha256")
		.update(blob.manifest.root)
		.update(`${span.start}-${span.end}`)
		.digest("hex")
		.slice(0, 32);

function fileFailed(path: string, error: unknown): ClientError<"file_failed"> {
	const { code = "unknown", message = String(error) } = error as NodeJS.ErrnoException;
	return new ClientError("file_failed", { path, errno: code, reason: message }, error);
}

/** Writes every chunk that is missing. @returns the number of bytes that were on disk */
async function fill(
	part: PartialFile,
	{ blob, span, meter, window }: Reading,
	download: Download,
): Promise<number> {
	const { handle } = part;
	const present = await Promise.all(
		[handle, ...part.donors].map(async (file) => ({ file, size: (await file.stat()).size })),
	);
	const { controller, release } = follow(download.signal);
	const pool = new Pool(window);
	let reused = 0;
	/** Copies a chunk from a file, if the file has it. */
	const find = async (index: number, start: number, end: number): Promise<boolean> => {
		const position = start - span.start;
		for (const { file, size } of present) {
			if (size < end - span.start) continue;
			// An unreadable part is fetched instead.
			const bytes = await readAt(file, position, end - start).catch(() => new Uint8Array(0));
			if (!(await blob.matches(index, bytes))) continue;
			if (file !== handle) await writeAt(handle, bytes, position);
			return true;
		}
		return false;
	};
	const one = async (index: number) => {
		throwIfAborted(controller.signal);
		const { start, end } = blob.range(index);
		// A file holds only part of a chunk that the range cuts, and no hash covers a part.
		if (isWhole(span, start, end) && (await find(index, start, end))) {
			reused += end - start;
			meter.found(end - start);
			return;
		}
		const bytes = within(span, start, await blob.chunk(index, controller.signal));
		await writeAt(handle, bytes, Math.max(start, span.start) - span.start);
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
