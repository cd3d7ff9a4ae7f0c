// The interface of a blob store. Made from src/protocol by scripts/candid.mjs: change it there.
import type { ActorMethod } from '@dfinity/agent';
import type { IDL } from '@dfinity/candid';
import type { Principal } from '@dfinity/principal';

export interface Account {
  'who' : Principal,
  'quota' : Quota,
  'usage' : Usage,
  'has_own_quota' : boolean,
  'roles' : Array<Role>,
}
export interface Accounts {
  'next' : [] | [Principal],
  'accounts' : Array<Account>,
}
export interface AllUploads {
  'uploads' : Array<{ 'owner' : Principal, 'upload' : Upload }>,
  'next' : [] | [UploadName],
}
export interface BeginUpload {
  'id' : Uint8Array | number[],
  'key' : string,
  'size' : [] | [bigint],
  'chunk_size' : number,
}
export interface Change {
  'at' : bigint,
  'by' : Principal,
  'change' : { 'deleted' : { 'key' : string, 'version' : bigint } } |
    { 'mode' : { 'mode' : Mode, 'generation' : bigint } } |
    { 'published' : Manifest } |
    { 'role' : { 'who' : Principal, 'role' : Role, 'granted' : boolean } } |
    { 'quota' : { 'who' : [] | [Principal], 'quota' : [] | [Quota] } },
  'sequence' : bigint,
}
export interface Changes {
  'certificate' : [] | [Uint8Array | number[]],
  'last' : Cursor,
  'witness' : [] | [Uint8Array | number[]],
  'before' : Cursor,
  'changes' : Array<Change>,
}
export interface ChangesRequest {
  'after' : [] | [Cursor],
  'limit' : number,
  'min_sequence' : [] | [bigint],
}
export interface CommitUpload {
  'id' : Uint8Array | number[],
  'precondition' : Precondition,
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'size' : bigint,
  'content_type' : string,
  'visibility' : Visibility,
}
export interface Cursor { 'head' : Uint8Array | number[], 'sequence' : bigint }
export interface Delete {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
}
export interface DeleteMany {
  'id' : Uint8Array | number[],
  'blobs' : Array<{ 'key' : string, 'precondition' : Precondition }>,
}
export interface Deleted { 'deleted' : boolean, 'sequence' : bigint }
export type Error = { 'upload_finished' : { 'outcome' : string } } |
  { 'malformed' : { 'reason' : string } } |
  { 'low_cycles' : { 'missing' : bigint } } |
  { 'precondition_failed' : { 'sequence' : bigint } } |
  { 'mode_changed' : { 'generation' : bigint } } |
  { 'no_room' : { 'missing' : bigint } } |
  { 'root_mismatch' : { 'stored' : Uint8Array | number[] } } |
  { 'blob_replaced' : { 'sequence' : bigint } } |
  { 'blob_not_found' : {} } |
  { 'anonymous' : {} } |
  { 'upload_not_found' : {} } |
  { 'upload_conflict' : { 'field' : string } } |
  { 'behind' : { 'sequence' : bigint } } |
  { 'missing_chunks' : { 'first' : number, 'count' : number } } |
  { 'chunk_out_of_range' : { 'count' : bigint, 'index' : bigint } } |
  { 'cursor_unknown' : { 'sequence' : bigint } } |
  { 'cursor_pruned' : { 'first' : bigint } } |
  { 'not_authorized' : { 'needs' : string } } |
  {
    'invalid_argument' : {
      'field' : string,
      'limit' : bigint,
      'reason' : string,
    }
  } |
  { 'chunk_too_large' : { 'actual' : bigint, 'limit' : bigint } } |
  {
    'quota_exceeded' : {
      'used' : bigint,
      'quota' : string,
      'needed' : bigint,
      'limit' : bigint,
    }
  } |
  { 'not_live' : { 'mode' : string, 'generation' : bigint } } |
  {
    'chunk_wrong_size' : {
      'actual' : bigint,
      'expected' : bigint,
      'index' : number,
    }
  };
export interface Leaves {
  'key' : string,
  'from' : number,
  'limit' : number,
  'sequence' : bigint,
}
export interface LinkChunks {
  'id' : Uint8Array | number[],
  'from' : number,
  'leaves' : Uint8Array | number[],
}
export interface List {
  'after' : [] | [string],
  'recursive' : boolean,
  'limit' : number,
  'min_sequence' : [] | [bigint],
  'prefix' : string,
}
export interface ListAccounts { 'after' : [] | [Principal], 'limit' : number }
export interface ListAllUploads {
  'after' : [] | [UploadName],
  'limit' : number,
}
export interface ListPage {
  'next' : [] | [string],
  'entries' : Array<{ 'directory' : string } | { 'blob' : Manifest }>,
}
export interface ListUploads {
  'key' : [] | [string],
  'after' : [] | [Uint8Array | number[]],
  'limit' : number,
}
export interface Manifest {
  'key' : string,
  'modified_at' : bigint,
  'sha256' : [] | [Uint8Array | number[]],
  'owner' : Principal,
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'size' : bigint,
  'content_type' : string,
  'created_at' : bigint,
  'visibility' : Visibility,
  'chunk_size' : number,
  'sequence' : bigint,
}
export interface ManyResults {
  'at' : bigint,
  'results' : Array<{ 'ok' : bigint } | { 'err' : Error }>,
}
export type Metadata = Array<[string, string]>;
export type Mode = { 'live' : null } |
  { 'draining' : null } |
  { 'maintenance' : null };
export interface Move {
  'id' : Uint8Array | number[],
  'to' : string,
  'precondition' : Precondition,
  'source' : Precondition,
  'from' : string,
}
export type Precondition = { 'none' : null } |
  { 'absent' : null } |
  { 'sequence' : bigint };
export interface PutBlob {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'content_type' : string,
  'visibility' : Visibility,
}
export interface PutMany {
  'id' : Uint8Array | number[],
  'blobs' : Array<
    {
      'key' : string,
      'precondition' : Precondition,
      'content' : Uint8Array | number[],
      'sha256' : [] | [Uint8Array | number[]],
      'metadata' : Array<[string, string]>,
      'root' : Uint8Array | number[],
      'content_type' : string,
      'visibility' : Visibility,
    }
  >,
}
export interface Quota {
  'received_per_day' : bigint,
  'blobs' : bigint,
  'bytes' : bigint,
  'open_uploads' : number,
}
export type Role = { 'admin' : null } |
  { 'backup' : null } |
  { 'writer' : null } |
  { 'reader' : null };
export interface RoleChange {
  'id' : Uint8Array | number[],
  'who' : Principal,
  'role' : Role,
}
export interface SetMode {
  'id' : Uint8Array | number[],
  'mode' : Mode,
  'generation' : bigint,
}
export interface SetQuota {
  'id' : Uint8Array | number[],
  'who' : [] | [Principal],
  'quota' : [] | [Quota],
}
export interface Stat { 'key' : string, 'min_sequence' : [] | [bigint] }
export interface StatAnswer {
  'certificate' : [] | [Uint8Array | number[]],
  'salt' : [] | [Uint8Array | number[]],
  'witness' : [] | [Uint8Array | number[]],
  'manifest' : [] | [Manifest],
  'sequence' : bigint,
}
export interface Stats {
  'feed_entries' : bigint,
  'status' : Status,
  'sha256' : string,
  'methods' : Array<
    {
      'calls' : bigint,
      'name' : string,
      'instructions' : bigint,
      'refused' : bigint,
    }
  >,
  'cleaning' : bigint,
  'refusals' : Array<{ 'code' : string, 'count' : bigint }>,
  'cycles' : bigint,
  'cost_schedule' : string,
  'days_left' : bigint,
  'blobs' : bigint,
  'storage_cycles_per_day' : bigint,
  'bytes' : bigint,
  'chunks' : bigint,
  'stable_pages' : [] | [bigint],
  'open_uploads' : bigint,
  'certifying' : bigint,
  'slots_free' : bigint,
  'slots_made' : bigint,
}
export interface Status {
  'mode' : Mode,
  'generation' : bigint,
  'sequence' : bigint,
}
export interface Update {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
  'metadata' : [] | [Metadata],
  'content_type' : [] | [string],
  'visibility' : [] | [Visibility],
}
export interface Upload {
  'id' : Uint8Array | number[],
  'key' : string,
  'count' : number,
  'size' : [] | [bigint],
  'created_at' : bigint,
  'chunk_size' : number,
  'expires_at' : bigint,
  'received' : number,
}
export interface UploadName {
  'id' : Uint8Array | number[],
  'owner' : Principal,
}
export interface UploadStatus {
  'upload' : Upload,
  'leaves' : Uint8Array | number[],
}
export interface UploadStatusRequest {
  'id' : Uint8Array | number[],
  'from' : number,
  'limit' : number,
}
export interface Uploads {
  'uploads' : Array<Upload>,
  'next' : [] | [Uint8Array | number[]],
}
export interface Usage {
  'received_today' : bigint,
  'blobs' : bigint,
  'bytes' : bigint,
  'open_uploads' : number,
}
export type Visibility = { 'public' : null } |
  { 'private' : null };
export interface _SERVICE {
  'blobs_abort_any_upload' : ActorMethod<
    [UploadName],
    { 'ok' : { 'sequence' : bigint } } |
      { 'err' : Error }
  >,
  'blobs_abort_upload' : ActorMethod<
    [Uint8Array | number[]],
    { 'ok' : { 'sequence' : bigint } } |
      { 'err' : Error }
  >,
  'blobs_account' : ActorMethod<
    [[] | [Principal]],
    { 'ok' : Account } |
      { 'err' : Error }
  >,
  'blobs_begin_upload' : ActorMethod<
    [BeginUpload],
    { 'ok' : Upload } |
      { 'err' : Error }
  >,
  'blobs_changes' : ActorMethod<
    [ChangesRequest],
    { 'ok' : Changes } |
      { 'err' : Error }
  >,
  'blobs_commit_upload' : ActorMethod<
    [CommitUpload],
    { 'ok' : Manifest } |
      { 'err' : Error }
  >,
  'blobs_copy' : ActorMethod<[Move], { 'ok' : Manifest } | { 'err' : Error }>,
  'blobs_delete' : ActorMethod<
    [Delete],
    { 'ok' : Deleted } |
      { 'err' : Error }
  >,
  'blobs_delete_many' : ActorMethod<
    [DeleteMany],
    { 'ok' : ManyResults } |
      { 'err' : Error }
  >,
  'blobs_get_chunk' : ActorMethod<
    [string, bigint, number],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Error }
  >,
  'blobs_grant_role' : ActorMethod<
    [RoleChange],
    { 'ok' : { 'sequence' : bigint } } |
      { 'err' : Error }
  >,
  'blobs_leaves' : ActorMethod<
    [Leaves],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Error }
  >,
  'blobs_link_chunks' : ActorMethod<
    [LinkChunks],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Error }
  >,
  'blobs_list' : ActorMethod<[List], { 'ok' : ListPage } | { 'err' : Error }>,
  'blobs_list_accounts' : ActorMethod<
    [ListAccounts],
    { 'ok' : Accounts } |
      { 'err' : Error }
  >,
  'blobs_list_all_uploads' : ActorMethod<
    [ListAllUploads],
    { 'ok' : AllUploads } |
      { 'err' : Error }
  >,
  'blobs_list_uploads' : ActorMethod<
    [ListUploads],
    { 'ok' : Uploads } |
      { 'err' : Error }
  >,
  'blobs_metrics' : ActorMethod<[], { 'ok' : string } | { 'err' : Error }>,
  'blobs_put_blob' : ActorMethod<
    [PutBlob, Uint8Array | number[]],
    { 'ok' : Manifest } |
      { 'err' : Error }
  >,
  'blobs_put_chunk' : ActorMethod<
    [Uint8Array | number[], number, Uint8Array | number[]],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Error }
  >,
  'blobs_put_many' : ActorMethod<
    [PutMany],
    { 'ok' : ManyResults } |
      { 'err' : Error }
  >,
  'blobs_rename' : ActorMethod<[Move], { 'ok' : Manifest } | { 'err' : Error }>,
  'blobs_revoke_role' : ActorMethod<
    [RoleChange],
    { 'ok' : { 'sequence' : bigint } } |
      { 'err' : Error }
  >,
  'blobs_set_mode' : ActorMethod<
    [SetMode],
    { 'ok' : Status } |
      { 'err' : Error }
  >,
  'blobs_set_quota' : ActorMethod<
    [SetQuota],
    { 'ok' : { 'sequence' : bigint } } |
      { 'err' : Error }
  >,
  'blobs_stat' : ActorMethod<[Stat], { 'ok' : StatAnswer } | { 'err' : Error }>,
  'blobs_stats' : ActorMethod<[], { 'ok' : Stats } | { 'err' : Error }>,
  'blobs_status' : ActorMethod<[], { 'ok' : Status } | { 'err' : Error }>,
  'blobs_update' : ActorMethod<
    [Update],
    { 'ok' : Manifest } |
      { 'err' : Error }
  >,
  'blobs_upload_status' : ActorMethod<
    [UploadStatusRequest],
    { 'ok' : UploadStatus } |
      { 'err' : Error }
  >,
}
export declare const idlFactory: IDL.InterfaceFactory;
