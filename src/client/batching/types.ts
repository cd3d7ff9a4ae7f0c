import type { MoveConditions, UpdateOptions } from "../blobs/changing.js";
import type { BlobSource } from "../source/types.js";
import type { Conditions, Version, Visibility } from "../types.js";
import type { ImportAs } from "../upload/import-as.js";
import type { UploadOptions } from "../upload/options.js";

/** One change of a `batch`; `type` selects the kind. A key may occur in one item only. */
export type BatchItem = BatchPut | BatchCommit | BatchDelete | BatchMove | BatchUpdate;

/** The items of a `batch`. */
export type BatchItems = Iterable<BatchItem> | AsyncIterable<BatchItem>;

/** A blob whose bytes are sent in the batch's own message. */
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
	/** Discriminates the union `BatchItem`. */
	type: "put";
	/** The key: a path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	key: string;
	/** The bytes. All puts of a batch together must fit one message. */
	source: BlobSource;
}

/** Commits an upload whose bytes were sent before. */
export interface BatchCommit {
	/** Discriminates the union `BatchItem`. */
	type: "commit";
	/** The result of `prepareUpload`: it includes the key, the properties of the blob and the precondition. */
	upload: PreparedUpload;
}

/** Deletes the blob under a key. Succeeds if the key holds nothing. */
export interface BatchDelete {
	/** Discriminates the union `BatchItem`. */
	type: "delete";
	/** The key. */
	key: string;
	/** Delete only while the key holds this version. Default: unconditional. */
	ifMatch?: Version | undefined;
}

/** Copies a blob to another key, owned by the caller, or moves it there. */
export interface BatchMove extends MoveConditions {
	/** Discriminates the union `BatchItem`. */
	type: "copy" | "rename";
	/** The source key. A batch may copy it several times. */
	from: string;
	/** The destination key. */
	to: string;
}

/** Updates the content type, visibility, metadata or expiry of a blob. */
export interface BatchUpdate extends Omit<UpdateOptions, "signal" | "mergeMetadata"> {
	/** Discriminates the union `BatchItem`. */
	type: "update";
	/** The key. */
	key: string;
}

/** Options of `batch`. */
export interface BatchOptions {
	/** Aborts the call. Whether the changes were made may then be unknown. */
	signal?: AbortSignal | undefined;
}

/** Result of one item of a batch. */
export interface BatchedItem {
	/** The item's key; of a copy or rename the destination. */
	readonly key: string;
	/** The version of its change, for a rename of the second one; undefined if there was nothing to delete. */
	readonly version: Version | undefined;
}

/**
 * An upload whose chunks have all arrived, to be committed by `batch`. It expires 24 hours after its last chunk;
 * `abortUpload` aborts it. It can be stored, and committed by another client of the same principal.
 */
export interface PreparedUpload {
	/** Id of the upload: 32 hex digits. */
	readonly id: string;
	/** The key to publish under. If the encryption seals names: the sealed key. */
	readonly key: string;
	/** Size in bytes. */
	readonly size: number;
	/** Bytes of each chunk except the last. */
	readonly chunkBytes: number;
	/** The root of its chunks. */
	readonly root: Uint8Array;
	/** A media type such as `image/png`. */
	readonly contentType: string;
	/** Who may read the blob after the commit. */
	readonly visibility: Visibility;
	/** Names and their values. */
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole, if the uploader gave it. */
	readonly wholeSha256: Uint8Array | undefined;
	/** The version that the key must hold at the commit. */
	readonly ifMatch: Conditions["ifMatch"];
	/** `"*"` if the key must hold nothing at the commit. */
	readonly ifNoneMatch: Conditions["ifNoneMatch"];
	/** Expiry of the blob, if set. */
	readonly expiresAt: Date | undefined;
	/** Owner and times of the blob, for an import. */
	readonly importAs: ImportAs | undefined;
}
