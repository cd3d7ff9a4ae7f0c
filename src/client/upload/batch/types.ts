import type { AnyBlobError } from "../../errors.js";
import type { BlobSource } from "../../source/types.js";
import type { Manifest } from "../../types.js";
import type { UploadOptions } from "../options.js";
import type { Progress } from "../progress.js";

/** One of many files to upload. */
export interface UploadItem extends Omit<UploadOptions, "signal" | "concurrency"> {
	/**
	 * What to upload, or a function that opens it when its turn comes: thousands of files cannot be open at once. One
	 * that throws fails this file only.
	 */
	source: BlobSource | (() => BlobSource | Promise<BlobSource>);
	/**
	 * Bytes in all: of a stream, which is held to it, or of what a function will open, so that there is a total from the
	 * beginning; what is opened and knows its own size goes up as it is then.
	 */
	size?: number;
}

/** What holds for all files of an `uploadMany`. */
export interface UploadManyOptions {
	/** Put before every key, as it is: `photos/` for a directory. Default nothing. */
	prefix?: string;
	/**
	 * Skips files whose bytes the store holds already. Of such a file, what its item names and differs (`contentType`,
	 * `visibility`, `metadata`, `expiresAt`) is changed without sending bytes; what it does not name stays. The store is listed first,
	 * proven or certified, and a key that is changed meanwhile is not overwritten: its file fails. @default false
	 */
	skipUnchanged?: boolean;
	/** Called as each file comes to its end, with what is also in the result. One that throws fails no file. */
	onFile?: (result: FileResult) => void;
	/** Requests with bytes under way at a time at the most, beside those of other transfers. Default: shared with them. */
	concurrency?: number;
	/** Aborts all. */
	signal?: AbortSignal;
}

/** What became of one file. */
export type FileResult = FileStored | FileFailed;

/** A file that the store now holds. */
export interface FileStored {
	/** Its key, prefix included. */
	readonly key: string;
	/**
	 * With `skipUnchanged`, of a file whose bytes were there already: `unchanged`, or `updated` where its type, visibility
	 * or metadata were changed.
	 */
	readonly status: "uploaded" | "updated" | "unchanged";
	/** What the store holds under the key. */
	readonly manifest: Manifest;
}

/** A file that the store does not hold as it is here. */
export interface FileFailed {
	/** Its key, prefix included. */
	readonly key: string;
	/** Others are not touched by it. */
	readonly status: "failed";
	/** Why. */
	readonly error: AnyBlobError;
}

/** What became of all files of an `uploadMany`. */
export interface BatchResult extends FileCounts {
	/** One for each item, in their order. */
	readonly files: readonly FileResult[];
}

/** How many files came to which end. */
export interface FileCounts {
	/** Files that are stored now. */
	readonly uploaded: number;
	/** Files that were there with the same bytes, and whose type, visibility or metadata were changed. */
	readonly updated: number;
	/** Files that were there as they are here. */
	readonly unchanged: number;
	/** Files that failed, each with its own error. */
	readonly failed: number;
}

/**
 * How far all files together are. The total is there as soon as all sizes are known; what a file that failed lacks is
 * taken off it, so that the end is at exactly 100 %.
 */
export interface BatchProgress extends Progress {
	/** How many of them. */
	readonly files: FilesProgress;
}

/** How many files there are, and how many came to which end. */
export interface FilesProgress extends FileCounts {
	/** Files in all; undefined until the last has been named. */
	readonly total: number | undefined;
}
