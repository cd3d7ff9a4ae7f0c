import type { BlobError } from "../../errors.js";
import type { BlobSource } from "../../source/types.js";
import type { Manifest } from "../../types.js";
import type { UploadOptions } from "../options.js";
import type { Progress } from "../progress.js";

/** One of many files to upload. */
export interface UploadItem extends Omit<UploadOptions, "signal" | "concurrency"> {
	/** What to upload, or a function that opens it when its turn comes: thousands of files cannot be open at once. */
	source: BlobSource | (() => BlobSource | Promise<BlobSource>);
	/** Bytes in all: of a stream, or of what a function will open, so that there is a total from the beginning. */
	size?: number;
}

export interface UploadAllOptions {
	/** Put before every key, as it is: `photos/` for a directory. Default nothing. */
	prefix?: string;
	/**
	 * Do not upload what the store holds already with the same bytes. What is there is listed beforehand, and a key
	 * that somebody else changes meanwhile is not overwritten but fails. Default false.
	 */
	skipUnchanged?: boolean;
	/** Called as each file comes to its end, with what is also in the result. */
	onFile?: (result: FileResult) => void;
	/** Requests with bytes under way at a time at the most, beside those of other transfers. Default: shared with them. */
	concurrency?: number;
	/** Aborts all. */
	signal?: AbortSignal;
}

/** What became of one file. */
export type FileResult =
	| { readonly key: string; readonly status: "uploaded" | "unchanged"; readonly manifest: Manifest }
	| { readonly key: string; readonly status: "failed"; readonly error: BlobError };

export interface BatchResult {
	/** One for each item, in their order. */
	readonly files: readonly FileResult[];
	readonly uploaded: number;
	readonly unchanged: number;
	readonly failed: number;
}

/**
 * How far all files together are. The total is there as soon as all sizes are known; what a file that failed lacks is
 * taken off it, so that the end is at exactly 100 %.
 */
export interface BatchProgress extends Progress {
	readonly files: {
		/** Undefined until the last has been named. */
		readonly total: number | undefined;
		readonly uploaded: number;
		readonly unchanged: number;
		readonly failed: number;
	};
}
