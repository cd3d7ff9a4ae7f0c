import { type GenericIdlFuncArgs, IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import {
	bool,
	bytes,
	nat32,
	nat64,
	nothing,
	opt,
	pair,
	principal,
	record,
	text,
	variant,
	vec,
} from "./candid.js";
import { type WireError, WireErrorType } from "./errors.js";

/**
 * The Candid of every method, and the TypeScript of the same shapes. Names of fields are those on the wire;
 * nat64 is a bigint, nat32 a number, an opt is `[]` or `[value]`, times are nanoseconds since 1970.
 */

export type WireResult<T> = { ok: T } | { err: WireError };
const result = <T>(ok: IDL.Type<T>) => variant<WireResult<T>>({ ok, err: WireErrorType });

export type WireVisibility = { public: null } | { private: null };
const Visibility = variant<WireVisibility>({ public: nothing, private: nothing });

/** Under what condition a key may change: always, only if it is free, or only while it holds this version. */
export type WirePrecondition = { none: null } | { absent: null } | { sequence: bigint };
const Precondition = variant<WirePrecondition>({ none: nothing, absent: nothing, sequence: nat64 });

export type WireRole = { admin: null } | { writer: null } | { reader: null };
const Role = variant<WireRole>({ admin: nothing, writer: nothing, reader: nothing });

/** What a blob is, as published by a commit. `sequence` names this version of the key. */
export interface WireManifest {
	key: string;
	sequence: bigint;
	root: Uint8Array;
	size: bigint;
	chunk_size: number;
	content_type: string;
	visibility: WireVisibility;
	owner: Principal;
	created_at: bigint;
	modified_at: bigint;
	metadata: [string, string][];
	/** SHA-256 of the whole, as the client gave it; the canister vouches for the root only. */
	sha256: [] | [Uint8Array];
}
const Metadata = vec(pair(text, text));
const Manifest = record<WireManifest>({
	key: text,
	sequence: nat64,
	root: bytes,
	size: nat64,
	chunk_size: nat32,
	content_type: text,
	visibility: Visibility,
	owner: principal,
	created_at: nat64,
	modified_at: nat64,
	metadata: Metadata,
	sha256: opt(bytes),
});

/** What a commit and a one-call put say about the blob they publish. */
export interface WirePublication {
	root: Uint8Array;
	content_type: string;
	visibility: WireVisibility;
	metadata: [string, string][];
	sha256: [] | [Uint8Array];
	precondition: WirePrecondition;
}
const publication = {
	root: bytes,
	content_type: text,
	visibility: Visibility,
	metadata: Metadata,
	sha256: opt(bytes),
	precondition: Precondition,
};

export interface WireBeginUpload {
	id: Uint8Array;
	key: string;
	size: [] | [bigint];
	chunk_size: number;
}
const BeginUpload = record<WireBeginUpload>({ id: bytes, key: text, size: opt(nat64), chunk_size: nat32 });

export interface WireUpload extends WireBeginUpload {
	/** Chunks held. */
	received: number;
	/** One past the highest index held, or the number of chunks where the size is known. */
	count: number;
	created_at: bigint;
	expires_at: bigint;
}
const Upload = record<WireUpload>({
	id: bytes,
	key: text,
	size: opt(nat64),
	chunk_size: nat32,
	received: nat32,
	count: nat32,
	created_at: nat64,
	expires_at: nat64,
});

export interface WireUploadStatus {
	upload: WireUpload;
	/** 32 bytes for each chunk from the index asked for; 32 zero bytes stand for a chunk that is not held. */
	leaves: Uint8Array;
}

export interface WireUploadStatusRequest {
	id: Uint8Array;
	from: number;
	/** At most MAX_LEAVES_PER_PAGE. */
	limit: number;
}

export interface WireListUploads {
	/** Only uploads to exactly this key. */
	key: [] | [string];
	/** Start after the upload with this id. */
	after: [] | [Uint8Array];
	limit: number;
}
export interface WireUploads {
	uploads: WireUpload[];
	/** Where the next page starts; absent at the end. */
	next: [] | [Uint8Array];
}

export interface WireCommitUpload extends WirePublication {
	id: Uint8Array;
	/** bytes in all: an upload begun without a size gets it here. */
	size: bigint;
}

export interface WirePutBlob extends WirePublication {
	id: Uint8Array;
	key: string;
}

export interface WireStat {
	key: string;
	/** Answer only from a state that has seen this change. */
	min_sequence: [] | [bigint];
}

export interface WireLeaves {
	key: string;
	sequence: bigint;
	from: number;
	limit: number;
}

export interface WireList {
	/** Keys that begin with this text; not only at a segment's border. */
	prefix: string;
	/** True: every key below the prefix. False: what is beyond the next `/` is folded into one directory. */
	recursive: boolean;
	/** Start after this key, or after this directory if it ends with `/`. */
	after: [] | [string];
	limit: number;
	min_sequence: [] | [bigint];
}
/** A directory is its path with a trailing `/`. */
export type WireListEntry = { blob: WireManifest } | { directory: string };
export interface WireListPage {
	entries: WireListEntry[];
	/** What to give as `after` for the next page; absent at the end. A page may be short and still have a next. */
	next: [] | [string];
}

export interface WireDelete {
	id: Uint8Array;
	key: string;
	precondition: WirePrecondition;
}
export interface WireDeleted {
	/** False where there was nothing to delete. */
	deleted: boolean;
	sequence: bigint;
}

/** Giving a role, or taking it away. */
export interface WireRoleChange {
	id: Uint8Array;
	who: Principal;
	role: WireRole;
}
const RoleChange = record<WireRoleChange>({ id: bytes, who: principal, role: Role });
export interface WireRoleEntry {
	who: Principal;
	roles: WireRole[];
}
export interface WireListRoles {
	after: [] | [Principal];
	limit: number;
}
export interface WireRolesPage {
	roles: WireRoleEntry[];
	next: [] | [Principal];
}

interface Method<Args extends unknown[], Ok> {
	readonly kind: "update" | "query";
	readonly args: GenericIdlFuncArgs;
	readonly result: IDL.Type<WireResult<Ok>>;
	/** Types only: what goes in and what an `ok` carries. */
	readonly types?: { args: Args; ok: Ok };
}
const method = <Args extends unknown[], Ok>(
	kind: "update" | "query",
	args: { [Index in keyof Args]: IDL.Type<Args[Index]> },
	ok: IDL.Type<Ok>,
): Method<Args, Ok> => ({ kind, args: args as unknown as GenericIdlFuncArgs, result: result(ok) });

/** Every method of a blob store, by its name in Candid. */
export const METHODS = {
	blobs_begin_upload: method<[WireBeginUpload], WireUpload>("update", [BeginUpload], Upload),
	/** (upload id, index, bytes) to the chunk's leaf. */
	blobs_put_chunk: method<[Uint8Array, number, Uint8Array], Uint8Array>(
		"update",
		[bytes, nat32, bytes],
		bytes,
	),
	blobs_upload_status: method<[WireUploadStatusRequest], WireUploadStatus>(
		"query",
		[record<WireUploadStatusRequest>({ id: bytes, from: nat32, limit: nat32 })],
		record<WireUploadStatus>({ upload: Upload, leaves: bytes }),
	),
	blobs_list_uploads: method<[WireListUploads], WireUploads>(
		"query",
		[record<WireListUploads>({ key: opt(text), after: opt(bytes), limit: nat32 })],
		record<WireUploads>({ uploads: vec(Upload), next: opt(bytes) }),
	),
	blobs_commit_upload: method<[WireCommitUpload], WireManifest>(
		"update",
		[record<WireCommitUpload>({ id: bytes, size: nat64, ...publication })],
		Manifest,
	),
	blobs_abort_upload: method<[Uint8Array], null>("update", [bytes], nothing),
	/** (what to publish, bytes): a blob of one chunk in one call. */
	blobs_put_blob: method<[WirePutBlob, Uint8Array], WireManifest>(
		"update",
		[record<WirePutBlob>({ id: bytes, key: text, ...publication }), bytes],
		Manifest,
	),
	blobs_stat: method<[WireStat], WireManifest>(
		"query",
		[record<WireStat>({ key: text, min_sequence: opt(nat64) })],
		Manifest,
	),
	blobs_leaves: method<[WireLeaves], Uint8Array>(
		"query",
		[record<WireLeaves>({ key: text, sequence: nat64, from: nat32, limit: nat32 })],
		bytes,
	),
	/** (key, sequence number, index) to the chunk's bytes. */
	blobs_get_chunk: method<[string, bigint, number], Uint8Array>("query", [text, nat64, nat32], bytes),
	blobs_list: method<[WireList], WireListPage>(
		"query",
		[
			record<WireList>({
				prefix: text,
				recursive: bool,
				after: opt(text),
				limit: nat32,
				min_sequence: opt(nat64),
			}),
		],
		record<WireListPage>({
			entries: vec(variant<WireListEntry>({ blob: Manifest, directory: text })),
			next: opt(text),
		}),
	),
	blobs_delete: method<[WireDelete], WireDeleted>(
		"update",
		[record<WireDelete>({ id: bytes, key: text, precondition: Precondition })],
		record<WireDeleted>({ deleted: bool, sequence: nat64 }),
	),
	blobs_grant_role: method<[WireRoleChange], null>("update", [RoleChange], nothing),
	blobs_revoke_role: method<[WireRoleChange], null>("update", [RoleChange], nothing),
	blobs_list_roles: method<[WireListRoles], WireRolesPage>(
		"query",
		[record<WireListRoles>({ after: opt(principal), limit: nat32 })],
		record<WireRolesPage>({
			roles: vec(record<WireRoleEntry>({ who: principal, roles: vec(Role) })),
			next: opt(principal),
		}),
	),
} as const;

export type MethodName = keyof typeof METHODS;
export type MethodArgs<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["args"];
export type MethodOk<Name extends MethodName> = NonNullable<(typeof METHODS)[Name]["types"]>["ok"];

/** The service as an interface factory, the form that `Actor.createActor` takes. */
export const idlFactory: IDL.InterfaceFactory = () =>
	IDL.Service(
		Object.fromEntries(
			Object.entries(METHODS).map(([name, { kind, args, result }]) => [
				name,
				IDL.Func(args, [result], kind === "query" ? ["query"] : []),
			]),
		),
	);
