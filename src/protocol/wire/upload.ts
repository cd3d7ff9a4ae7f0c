import { bool, bytes, nat32, nat64, opt, principal, record, text, variant, vec } from "../candid.js";
import { MAX_ITEMS, MAX_METADATA_ENTRIES } from "../limits.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";
import { metadataOf, publication, type WirePublication } from "./blob.js";
import { Refusal, type WireRefusal } from "./refusal.js";
import { Version, type WireVersion } from "./version.js";

/** Requests and answers of uploads, and of blobs that travel whole. */

export interface WireBeginUpload {
	id: Uint8Array;
	key: string;
	size: [] | [bigint];
	chunk_size: number;
}
export const BeginUpload = record<WireBeginUpload>({
	id: bytes,
	key: keyText,
	size: opt(nat64),
	chunk_size: nat32,
});

export interface WireUpload extends WireBeginUpload {
	/** Chunks held. */
	received: number;
	/** One past the highest index held, or the number of chunks where the size is known. */
	count: number;
	created_at: bigint;
	expires_at: bigint;
}
export const Upload = record<WireUpload>({
	id: bytes,
	key: text,
	size: opt(nat64),
	chunk_size: nat32,
	received: nat32,
	count: nat32,
	created_at: nat64,
	expires_at: nat64,
});

export interface WireUploadStatusRequest {
	id: Uint8Array;
	from: number;
	/** At most MAX_LEAVES_PER_PAGE. */
	limit: number;
}
export const UploadStatusRequest = record<WireUploadStatusRequest>({ id: bytes, from: nat32, limit: nat32 });

export interface WireUploadStatus {
	upload: WireUpload;
	/** 32 bytes for each chunk from the index asked for; 32 zero bytes stand for a chunk that is not held. */
	leaves: Uint8Array;
}
export const UploadStatus = record<WireUploadStatus>({ upload: Upload, leaves: bytes });

export interface WireListUploads {
	/** Only uploads to exactly this key. */
	key: [] | [string];
	/** Start after the upload with this id. */
	after: [] | [Uint8Array];
	limit: number;
}
export const ListUploads = record<WireListUploads>({ key: opt(keyText), after: opt(bytes), limit: nat32 });

export interface WireUploads {
	uploads: WireUpload[];
	/** Where the next page starts; absent at the end. */
	next: [] | [Uint8Array];
}
export const Uploads = record<WireUploads>({ uploads: vec(Upload), next: opt(bytes) });

/** Names an upload of anybody's, for administrators. */
export interface WireUploadName {
	owner: WirePrincipal;
	id: Uint8Array;
}
export const UploadName = record<WireUploadName>({ owner: principal, id: bytes });

export interface WireListAllUploads {
	after: [] | [WireUploadName];
	limit: number;
}
export const ListAllUploads = record<WireListAllUploads>({ after: opt(UploadName), limit: nat32 });

export interface WireAllUploads {
	uploads: { owner: WirePrincipal; upload: WireUpload }[];
	next: [] | [WireUploadName];
}
export const AllUploads = record<WireAllUploads>({
	uploads: vec(record<WireAllUploads["uploads"][number]>({ owner: principal, upload: Upload })),
	next: opt(UploadName),
});

/** Leaves that the caller may have stored already, to be taken over from its other blobs and uploads. */
export interface WireLinkChunks {
	id: Uint8Array;
	/** Index of the first leaf offered. */
	from: number;
	/** 32 bytes a chunk, 32 zero bytes for one not to look for; at most MAX_LINKED_CHUNKS. */
	leaves: Uint8Array;
}
export const LinkChunks = record<WireLinkChunks>({ id: bytes, from: nat32, leaves: bytes });

export interface WireCommitUpload extends WirePublication {
	id: Uint8Array;
	/** bytes in all: an upload begun without a size gets it here. */
	size: bigint;
}
export const CommitUpload = record<WireCommitUpload>({ id: bytes, size: nat64, ...publication });

/** The same where there are many blobs in a message. */
const publicationOfMany = { ...publication, metadata: metadataOf(2 * MAX_METADATA_ENTRIES) };
export const CommitItem = record<WireCommitUpload>({ id: bytes, size: nat64, ...publicationOfMany });

export interface WirePutBlob extends WirePublication {
	id: Uint8Array;
	key: string;
}
export const PutBlob = record<WirePutBlob>({ id: bytes, key: keyText, ...publication });

export interface WirePutItem extends WirePublication {
	key: string;
	content: Uint8Array;
}
export interface WirePutMany {
	id: Uint8Array;
	/** At most MAX_ITEMS, each blob at most MAX_SINGLE_CALL_BYTES. */
	blobs: WirePutItem[];
}
export const PutItem = record<WirePutItem>({ ...publicationOfMany, key: keyText, content: bytes });
export const PutMany = record<WirePutMany>({ id: bytes, blobs: vec(PutItem, MAX_ITEMS) });

/** What became of one item of many: its change, or why it was not made. */
export type WireItemResult = { ok: WireVersion } | { err: WireRefusal };
export interface WireManyResults {
	/** One for each item, in their order. */
	results: WireItemResult[];
	/** When it was done. */
	at: bigint;
	/** When each blob that was put ends, absent where it does not; absent in all where none does. */
	expires_at: [] | [([] | [bigint])[]];
}
const ItemResults = vec(variant<WireItemResult>({ ok: Version, err: Refusal }));
export const ManyResults = record<WireManyResults>({
	results: ItemResults,
	at: nat64,
	expires_at: opt(vec(opt(nat64))),
});

export interface WireDeletedMany {
	/** One for each key, in their order: the deletion, or the last change where there was nothing to delete. */
	results: WireItemResult[];
	/** When it was done. */
	at: bigint;
	/** Whether each key held a blob, false where it was refused; absent in answers of earlier versions. */
	deleted: [] | [boolean[]];
}
export const DeletedMany = record<WireDeletedMany>({
	results: ItemResults,
	at: nat64,
	deleted: opt(vec(bool)),
});
