import { bytes, nat32, nat64, opt, principal, record, vec } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";
import { ManifestBytes, Precondition, type WirePrecondition } from "./blob.js";
import { Version, type WireVersion } from "./version.js";

/** Blobs that were deleted or replaced, and are kept for a while. */

/** Names one: the key that held it, and the version that it was there. */
export interface WireDeletedName {
	key: string;
	version: WireVersion;
}
export const DeletedName = record<WireDeletedName>({ key: keyText, version: Version });

export interface WireDeletedBlob {
	/** What the key held. */
	manifest: Uint8Array;
	deleted_at: bigint;
	/** Who deleted or replaced it. */
	deleted_by: WirePrincipal;
	/** From when on it is removed. */
	kept_until: bigint;
}
export const DeletedBlob = record<WireDeletedBlob>({
	manifest: ManifestBytes,
	deleted_at: nat64,
	deleted_by: principal,
	kept_until: nat64,
});

export interface WireListDeleted {
	/** Keys that begin with this text. */
	prefix: string;
	after: [] | [WireDeletedName];
	limit: number;
}
export const ListDeleted = record<WireListDeleted>({
	prefix: keyText,
	after: opt(DeletedName),
	limit: nat32,
});
export interface WireDeletedBlobs {
	/** In the order of keys, the oldest version of a key first. */
	deleted: WireDeletedBlob[];
	next: [] | [WireDeletedName];
}
export const DeletedBlobs = record<WireDeletedBlobs>({
	deleted: vec(DeletedBlob),
	next: opt(DeletedName),
});

export interface WireRestore extends WireDeletedName {
	id: Uint8Array;
	/** What the key must hold now. */
	precondition: WirePrecondition;
}
export const Restore = record<WireRestore>({
	id: bytes,
	key: keyText,
	version: Version,
	precondition: Precondition,
});

export interface WirePurge extends WireDeletedName {
	id: Uint8Array;
}
export const Purge = record<WirePurge>({ id: bytes, key: keyText, version: Version });

export interface WireSetKeepDeleted {
	id: Uint8Array;
	/** How long what is deleted from now on is kept; 0: not at all. */
	days: number;
}
export const SetKeepDeleted = record<WireSetKeepDeleted>({ id: bytes, days: nat32 });
