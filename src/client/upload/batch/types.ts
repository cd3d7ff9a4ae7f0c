import type { AnyBlobError } from "../../errors/errors.js";
import type { BlobSource } from "../../source/types.js";
import type { Manifest, Version, Visibility } from "../../types.js";
import type { UploadOptions } from "../options.js";
import type { UploadProgress } from "../progress.js";

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
	size?: number | undefined;
}

/** What holds for all files of an `uploadMany`. */
export interface UploadManyOptions {
	/** Put before every key, as it is: `photos/` for a directory. Default nothing. */
	prefix?: string | undefined;
	/**
	 * Skips files whose bytes the store holds already. Of such a file, what its item names and differs (`contentType`,
	 * `visibility`, `metadata`, `expiresAt`) is changed without sending bytes; what it does not name stays. The store is listed first,
	 * proven or certified, and a key that is changed meanwhile is not overwritten: its file fails. @default false
	 */
	skipUnchanged?: boolean | undefined;
	/** Media type of the items that name none. Default: what each source says it is, as for `upload`. */
	contentType?: string | undefined;
	/** Who may read the items that do not say so themselves. @default "private" */
	visibility?: Visibility | undefined;
	/** Metadata of the items that name none. An item's own replaces all of it. */
	metadata?: Readonly<Record<string, string>> | undefined;
	/** Requests with bytes under way at a time at the most, beside those of other transfers. Default: shared with them. */
	concurrency?: number | undefined;
	/** Aborts all. */
	signal?: AbortSignal | undefined;
}

/** What became of one item of many: `status` says which of them it is, and what else there is. */
export type ItemResult<Done = ItemUploaded | ItemDeleted> = Done | ItemFailed;

/** An item that the store now holds. */
export interface ItemUploaded {
	/** Its key, prefix included. */
	readonly key: string;
	/**
	 * With `skipUnchanged`, of an item whose bytes were there already: `unchanged`, or `updated` where its type, visibility,
	 * metadata or end were changed.
	 */
	readonly status: "uploaded" | "updated" | "unchanged";
	/** What the store holds under the key. */
	readonly manifest: Manifest;
}

/** A key that holds nothing now. */
export interface ItemDeleted {
	/** The key. */
	readonly key: string;
	/** `absent` if the key held nothing before. Stores of an earlier version do not tell: then it is `deleted`. */
	readonly status: "deleted" | "absent";
	/** The last change of the store when it was done. */
	readonly version: Version;
}

/** An item that is not in the store, or still there, against what was asked for. */
export interface ItemFailed {
	/** Its key, prefix included. */
	readonly key: string;
	/** Other items are not affected. */
	readonly status: "failed";
	/** Why. */
	readonly error: AnyBlobError;
}

/** What became of all items of an `uploadMany`. */
export interface UploadManyResult extends UploadCounts {
	/** One for each item, in their order. */
	readonly items: readonly ItemResult<ItemUploaded>[];
}

/** How many items came to which end. */
export interface UploadCounts {
	/** Items that are stored now. */
	readonly uploaded: number;
	/** Items that were there with the same bytes, and whose type, visibility, metadata or end were changed. */
	readonly updated: number;
	/** Items that were there as they were given. */
	readonly unchanged: number;
	/** Items that failed, each with its own error. */
	readonly failed: number;
}

/**
 * How far all items together are. The total is there as soon as all sizes are known; what an item that failed lacks is
 * taken off it, so that the end is at exactly 100 %.
 */
export interface UploadManyProgress extends UploadProgress {
	/** How many items there are, and how many came to which end. */
	readonly items: UploadCounts & ItemTotal;
}

/** How many items there are. */
export interface ItemTotal {
	/** Items in all; undefined until the last one has been named. */
	readonly total: number | undefined;
}

/** What became of all keys of a `deleteMany`. */
export interface DeleteManyResult extends DeleteCounts {
	/** One for each key, in their order. */
	readonly items: readonly ItemResult<ItemDeleted>[];
}

/** How many keys came to which end. */
export interface DeleteCounts {
	/** Keys whose blob was deleted. */
	readonly deleted: number;
	/** Keys that held nothing. */
	readonly absent: number;
	/** Keys that failed, each with its own error. */
	readonly failed: number;
}

/** How far all deletions together are. */
export interface DeleteManyProgress {
	/** How many keys there are, and how many came to which end. */
	readonly items: DeleteCounts & ItemTotal;
	/** Requests that were made again. */
	readonly retries: number;
}
