import type { ErrorCode } from "../../protocol/index.js";
import type { CallOptions } from "../asking.js";
import type { BlobErrorOf } from "../errors/errors.js";
import type { PrincipalLike } from "../options.js";
import type { Extensible, PrincipalText, Version } from "../types.js";
import type { BatchCommit, BatchDelete, BatchPut } from "./types.js";

/** What can be staged: a put of what fits a message, a commit of what `prepareUpload` has sent, a deletion. */
export type StagedItem = BatchPut | BatchCommit | BatchDelete;

/** What `stage` takes. */
export type StagedItems = Iterable<StagedItem> | AsyncIterable<StagedItem>;

/** Into which batch is staged. */
export interface StageOptions extends CallOptions {
	/** 32 hex digits that name it; the first items open it. Default: a new one, which the answer names. */
	batch?: string | undefined;
}

/** Whose batch is dropped. */
export interface DropBatchOptions extends CallOptions {
	/** By an administrator: of this principal. Default: the caller's own. */
	owner?: PrincipalLike | undefined;
}

/** Why a batch could not be revealed. */
export interface BatchBroken {
	/** For which key. */
	readonly key: string;
	/** What stood against it. */
	readonly error: BlobErrorOf<ErrorCode | "unknown_error">;
}

/** Changes that are staged, and how far they are. */
export interface StagedBatch {
	/** 32 hex digits that name it. */
	readonly batch: string;
	/** Who stages it. */
	readonly owner: PrincipalText;
	/**
	 * `open`: more can be staged; `waiting` for its turn to be revealed; `preparing`: it is got ready; `revealed`; `dropped`.
	 */
	readonly state: Extensible<"open" | "waiting" | "preparing" | "revealed" | "dropped">;
	/** Keys that are staged. */
	readonly items: number;
	/** Of those, about how many are ready to be revealed. */
	readonly ready: number;
	/** When it is dropped if nothing more is staged; undefined where it is over. */
	readonly expiresAt: Date | undefined;
	/** Why it was not revealed when that was asked for last. */
	readonly broken: BatchBroken | undefined;
	/** The change that revealed it. */
	readonly revealed: Version | undefined;
}

/** A key that is staged. */
export type StagedKey = StagedPut | StagedDelete;

/** A key that shall hold a blob. */
export interface StagedPut {
	/** Which key. */
	readonly key: string;
	/** Whether it is to be emptied. */
	readonly deletes: false;
	/** Bytes of the blob. */
	readonly size: number;
	/** What its chunks make. */
	readonly root: Uint8Array;
}

/** A key that shall hold nothing. */
export interface StagedDelete {
	/** Which key. */
	readonly key: string;
	/** Whether it is to be emptied. */
	readonly deletes: true;
}
