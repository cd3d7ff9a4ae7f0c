import type { MoveConditions, UpdateOptions } from "../blobs/changing.js";
import type { BlobSource } from "../source/types.js";
import type { Conditions, Version, Visibility } from "../types.js";
import type { ImportAs } from "../upload/import-as.js";
import type { UploadOptions } from "../upload/options.js";

/** One change of a `batch`; `type` says which. Each key may be touched by one of them. */
export type BatchItem = BatchPut | BatchCommit | BatchDelete | BatchMove | BatchUpdate;

/** What `batch` takes. */
export type BatchItems = Iterable<BatchItem> | AsyncIterable<BatchItem>;

/** A blob that travels in the batch's own message. */
export interface BatchPut
	extends Pick<
		UploadOptions,
		| "contentType"
		| "visibility"
		| "metadata"
		| "ifMatch"
		| "ifNoneMatch"
		| "expiresAt"
		| "importAs"
		| "size"
		| "allowEmpty"
		| "wholeSha256"
		| "encrypt"
	> {
	/** Tells what is changed. */
	type: "put";
	/** Under which key: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	key: string;
	/** What to put: all of a batch's together must fit a message. */
	source: BlobSource;
}

/** A blob whose bytes were sent beforehand. */
export interface BatchCommit {
	/** Tells what is changed. */
	type: "commit";
	/** What `prepareUpload` has returned: it says what is published, under which key, and on which condition. */
	upload: PreparedUpload;
}

/** Empties a key; that there is nothing is no error. */
export interface BatchDelete {
	/** Tells what is changed. */
	type: "delete";
	/** Which key. */
	key: string;
	/** Only while the key holds this version. Default: whatever it holds. */
	ifMatch?: Version | undefined;
}

/** Publishes a blob under another key as well, as the caller's own, or moves it there. */
export interface BatchMove extends MoveConditions {
	/** Tells what is changed. */
	type: "copy" | "rename";
	/** Which key holds it. Several copies may be made of one. */
	from: string;
	/** Which key shall. */
	to: string;
}

/** Changes what is said about a blob. */
export interface BatchUpdate extends Omit<UpdateOptions, "signal" | "mergeMetadata"> {
	/** Tells what is changed. */
	type: "update";
	/** Which key. */
	key: string;
}

/** How a batch is made. */
export interface BatchOptions {
	/** Aborts it: whether it was made may then be unknown. */
	signal?: AbortSignal | undefined;
}

/** What one item of a batch has made. */
export interface BatchedItem {
	/** The key that it is about, of a copy or a rename the new one. */
	readonly key: string;
	/** The change that was made, of a rename the second; undefined where there was nothing to delete. */
	readonly version: Version | undefined;
}

/**
 * An upload that has all its chunks and waits for a `batch` that commits it. It is given up 24 hours after its last
 * chunk came; `abortUpload` gives it up at once. It can be kept, and committed by another client of the same principal.
 */
export interface PreparedUpload {
	/** 32 hex digits that name it. */
	readonly id: string;
	/** Where it will be published: with an encryption that seals names, the key that the store has for it. */
	readonly key: string;
	/** Bytes in all. */
	readonly size: number;
	/** Bytes of each chunk but the last. */
	readonly chunkBytes: number;
	/** What its chunks make. */
	readonly root: Uint8Array;
	/** A media type such as `image/png`. */
	readonly contentType: string;
	/** Who will be able to read it. */
	readonly visibility: Visibility;
	/** Names and their values. */
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole, where it was given. */
	readonly wholeSha256: Uint8Array | undefined;
	/** The version that the key must hold when it is published. */
	readonly ifMatch: Conditions["ifMatch"];
	/** `"*"` where the key must hold nothing then. */
	readonly ifNoneMatch: Conditions["ifNoneMatch"];
	/** When it will end, where it was asked to. */
	readonly expiresAt: Date | undefined;
	/** Whose it will be and since when, where it is imported. */
	readonly importAs: ImportAs | undefined;
}
