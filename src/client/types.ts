import type { Principal } from "@dfinity/principal";
import type { CanisterError } from "./errors.js";

export type Visibility = "public" | "private";
export type Role = "admin" | "writer" | "reader" | "backup";

/** A blob by its identity: what `download` needs to trust nothing but the root. */
export interface BlobRef {
	readonly key: string;
	/** 32 bytes: SHA-256 over size, chunk size and the hash of every chunk. */
	readonly root: Uint8Array;
}

/** What a blob is, as its commit published it. */
export interface Manifest extends BlobRef {
	/** Names this version of the key; grows with every change in the canister. */
	readonly sequence: bigint;
	/** Bytes in all. */
	readonly size: number;
	readonly chunkBytes: number;
	/** A media type such as `image/png`. */
	readonly contentType: string;
	readonly visibility: Visibility;
	readonly owner: Principal;
	readonly createdAt: Date;
	readonly modifiedAt: Date;
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole as its uploader gave it; the canister vouches for the root only. */
	readonly wholeSha256: Uint8Array | undefined;
}

/** An upload that is open in the canister: begun, and neither committed nor aborted nor expired. */
export interface OpenUpload {
	/** 16 bytes, chosen by whoever began it. */
	readonly id: Uint8Array;
	readonly key: string;
	/** Bytes in all; undefined for a stream whose end was not known. */
	readonly size: number | undefined;
	readonly chunkBytes: number;
	/** Chunks that the canister holds. */
	readonly receivedChunks: number;
	readonly createdAt: Date;
	/** Moves on with every chunk. */
	readonly expiresAt: Date;
}

/** What a list holds: a blob, or (where it is not recursive) everything below a directory, folded into one. */
export type ListEntry =
	| { readonly type: "blob"; readonly blob: Manifest }
	| { readonly type: "directory"; readonly path: string };

/** What a principal may have at the most; Infinity is no bound. */
export interface Quota {
	readonly openUploads: number;
	readonly blobs: number;
	/** Bytes of blobs and open uploads, a chunk counted as at least 4,096. */
	readonly bytes: number;
	/** Bytes sent a day (of UTC), kept or not. */
	readonly receivedPerDay: number;
}

/** Of a quota, what is in use. */
export interface Usage {
	readonly openUploads: number;
	readonly blobs: number;
	readonly bytes: number;
	readonly receivedToday: number;
}

export interface Account {
	readonly who: Principal;
	/** Roles that were granted; who controls the canister is an administrator without. */
	readonly roles: readonly Role[];
	/** The quota that holds for it, its own or everybody's. */
	readonly quota: Quota;
	readonly hasOwnQuota: boolean;
	readonly usage: Usage;
}

/**
 * live: all is done. draining: nothing new may begin, open uploads go on. maintenance: nothing changes but by
 * administrators.
 */
export type Mode = "live" | "draining" | "maintenance";

export interface Status {
	readonly mode: Mode;
	/** Counts the changes of the mode; a change of it must name the one it has seen. */
	readonly generation: bigint;
	/** The last change of the store. */
	readonly sequence: bigint;
}

/** What a store says about itself to administrators; docs/PROTOCOL.md says what each figure counts. */
export interface Stats {
	readonly status: Status;
	readonly blobs: number;
	/** Bytes of blobs and of uploads, as quotas count them. */
	readonly bytes: number;
	readonly chunks: number;
	readonly openUploads: number;
	readonly slotsMade: number;
	readonly slotsFree: number;
	readonly feedEntries: number;
	/** Contents that nobody holds any more and that are not cleaned away yet. */
	readonly cleaning: number;
	/** Blobs whose HTTP answers are not certified yet, and sets of such that are not cleaned away yet. */
	readonly certifying: number;
	/** Bytes; undefined where the canister cannot tell. */
	readonly stableMemoryBytes: number | undefined;
	readonly cycles: bigint;
	readonly storageCyclesPerDay: bigint;
	/** How long the cycles last for storing alone. */
	readonly daysLeft: number;
	readonly sha256: string;
	readonly methods: readonly {
		readonly name: string;
		readonly calls: number;
		readonly refused: number;
		readonly instructions: bigint;
	}[];
	readonly refusals: readonly { readonly code: string; readonly count: number }[];
}

/** An open upload of anybody's. */
export interface OwnedUpload extends OpenUpload {
	readonly owner: Principal;
}

/** A place in the feed: just past this change. To be stored as it is. */
export interface Cursor {
	readonly sequence: bigint;
	/** 32 bytes that stand for all that came before, so that a store rolled back or replaced is noticed. */
	readonly head: Uint8Array;
}

/** What changed. */
export type ChangeOf =
	/** A key holds this now: published, copied, renamed to, or its type, visibility or metadata changed. */
	| { readonly type: "published"; readonly manifest: Manifest }
	/** A key holds nothing now; `version` is what it held. */
	| { readonly type: "deleted"; readonly key: string; readonly version: bigint }
	| { readonly type: "role"; readonly who: Principal; readonly role: Role; readonly granted: boolean }
	/** Nobody: all that have no quota of their own. No quota: no longer one of their own. */
	| { readonly type: "quota"; readonly who: Principal | undefined; readonly quota: Quota | undefined }
	| { readonly type: "mode"; readonly mode: Mode; readonly generation: bigint };

/** One change of a store. */
export type Change = ChangeOf & {
	readonly sequence: bigint;
	readonly at: Date;
	/** Who made it. */
	readonly by: Principal;
	/** Where to go on once it is dealt with. */
	readonly cursor: Cursor;
};

/** What became of one key of many. */
export type DeletedItem =
	| { readonly key: string; readonly sequence: bigint; readonly error?: undefined }
	| { readonly key: string; readonly error: CanisterError };

export interface Deleted {
	/** False where there was nothing to delete. */
	readonly deleted: boolean;
	readonly sequence: bigint;
}

/** Under what condition a key may change: only if it is free, or only while it holds this version. */
export type Precondition = "absent" | { readonly sequence: bigint };
