import type { Principal } from "@dfinity/principal";

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

export interface RoleEntry {
	readonly who: Principal;
	readonly roles: readonly Role[];
}

export interface Deleted {
	/** False where there was nothing to delete. */
	readonly deleted: boolean;
	readonly sequence: bigint;
}

/** Under what condition a key may change: only if it is free, or only while it holds this version. */
export type Precondition = "absent" | { readonly sequence: bigint };
