// The interface of a blob store. Made from src/protocol by scripts/candid.mjs: change it there.
import type { ActorMethod } from '@dfinity/agent';
import type { IDL } from '@dfinity/candid';
import type { Principal } from '@dfinity/principal';

export interface AcceptLink {
  'id' : Uint8Array | number[],
  'owner' : Principal,
}
export interface Account {
  'who' : Principal,
  'quota' : Quota,
  'granted' : [] | [Array<string>],
  'administers' : [] | [boolean],
  'usage' : Usage,
  'has_own_quota' : boolean,
  'roles' : Array<string>,
}
export interface Accounts {
  'next' : [] | [Principal],
  'accounts' : Array<Account>,
}
export interface AllUploads {
  'uploads' : Array<{ 'owner' : Principal, 'upload' : Upload }>,
  'next' : [] | [UploadName],
}
export interface AnswerOffer {
  'id' : Uint8Array | number[],
  'offer' : OfferName,
}
export interface Batch {
  'id' : Uint8Array | number[],
  'items' : Array<
    { 'put' : PutItem } |
      { 'rename' : MoveItem } |
      { 'copy' : MoveItem } |
      { 'delete' : DeleteItem } |
      { 'update' : UpdateItem } |
      { 'commit' : CommitItem }
  >,
}
export interface BatchDone { 'at' : bigint, 'versions' : Array<[] | [Version]> }
export interface BatchName { 'batch' : Uint8Array | number[] }
export interface BeginUpload {
  'id' : Uint8Array | number[],
  'key' : string,
  'size' : [] | [bigint],
  'chunk_size' : number,
}
export interface Change {
  'at' : bigint,
  'by' : Principal,
  'canister_version' : bigint,
  'sent_by' : [] | [Principal],
  'change' : [] | [
    { 'expiry_rules' : { 'rules' : Array<ExpiryRule> } } |
      { 'deleted' : { 'key' : string, 'version' : Version } } |
      { 'expired' : { 'key' : string, 'version' : Version } } |
      {
        'offer' : {
          'id' : Uint8Array | number[],
          'to' : Principal,
          'owner' : Principal,
          'what' : [] | [Offered],
          'giver' : Principal,
        }
      } |
      {
        'link' : { 'who' : Principal, 'owner' : Principal, 'state' : string }
      } |
      { 'mode' : { 'mode' : string, 'generation' : bigint } } |
      { 'published' : ManifestBytes } |
      { 'role' : { 'who' : Principal, 'role' : string, 'granted' : boolean } } |
      { 'quota' : { 'who' : [] | [Principal], 'quota' : [] | [Quota] } } |
      {
        'sealed' : {
          'batch' : Uint8Array | number[],
          'change' : Uint8Array | number[],
        }
      } |
      { 'purged' : { 'key' : string, 'version' : Version } } |
      {
        'lease' : {
          'id' : Uint8Array | number[],
          'ends_at' : [] | [bigint],
          'holder' : Principal,
        }
      } |
      {
        'revealed' : {
          'key' : Uint8Array | number[],
          'after' : Cursor,
          'count' : number,
          'batch' : Uint8Array | number[],
        }
      } |
      {
        'given' : {
          'offer' : OfferName,
          'from' : Principal,
          'version' : Version,
          'manifest' : ManifestBytes,
        }
      } |
      {
        'grant' : {
          'id' : Uint8Array | number[],
          'who' : Principal,
          'terms' : [] | [GrantTerms],
          'role' : string,
          'under' : [] | [GrantName],
        }
      } |
      { 'keep_deleted' : { 'days' : number } } |
      { 'restored' : { 'version' : Version, 'manifest' : ManifestBytes } }
  ],
  'sequence' : bigint,
  'in_batch' : [] | [{ 'count' : number, 'index' : number }],
}
export type ChangeBytes = Uint8Array | number[];
export interface Changes {
  'certificate' : [] | [Uint8Array | number[]],
  'last_version' : Version,
  'last' : Cursor,
  'witness' : [] | [Uint8Array | number[]],
  'before' : Cursor,
  'changes' : Array<ChangeBytes>,
}
export interface ChangesRequest {
  'min_version' : [] | [Version],
  'after' : [] | [Cursor],
  'limit' : number,
}
export interface CommitItem {
  'as' : [] | [ImportedAs],
  'id' : Uint8Array | number[],
  'precondition' : Precondition,
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Array<[string, string]>,
  'root' : Uint8Array | number[],
  'size' : bigint,
  'content_type' : string,
  'visibility' : Visibility,
  'expires_at' : [] | [bigint],
}
export interface CommitUpload {
  'as' : [] | [ImportedAs],
  'id' : Uint8Array | number[],
  'precondition' : Precondition,
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'size' : bigint,
  'content_type' : string,
  'visibility' : Visibility,
  'expires_at' : [] | [bigint],
}
export interface Cursor { 'head' : Uint8Array | number[], 'sequence' : bigint }
export interface Delete {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
}
export interface DeleteItem { 'key' : string, 'precondition' : Precondition }
export interface DeleteMany {
  'id' : Uint8Array | number[],
  'blobs' : Array<DeleteItem>,
}
export interface Deleted { 'deleted' : boolean, 'version' : Version }
export interface DeletedBlob {
  'kept_until' : bigint,
  'deleted_at' : bigint,
  'deleted_by' : Principal,
  'manifest' : ManifestBytes,
}
export interface DeletedBlobs {
  'deleted' : Array<DeletedBlob>,
  'next' : [] | [DeletedName],
}
export interface DeletedMany {
  'at' : bigint,
  'deleted' : [] | [Array<boolean>],
  'results' : Array<{ 'ok' : Version } | { 'err' : Refusal }>,
}
export interface DeletedName { 'key' : string, 'version' : Version }
export interface DropBatch {
  'id' : Uint8Array | number[],
  'owner' : [] | [Principal],
  'batch' : Uint8Array | number[],
}
export interface EndLink { 'id' : Uint8Array | number[], 'link' : LinkName }
export type Error = { 'upload_finished' : { 'outcome' : string } } |
  { 'malformed' : { 'reason' : string } } |
  { 'lease_not_found' : {} } |
  { 'low_cycles' : { 'missing' : bigint } } |
  {
    'precondition_failed' : { 'canister_version' : bigint, 'sequence' : bigint }
  } |
  { 'rolled_back' : { 'canister_version' : bigint, 'sequence' : bigint } } |
  { 'mode_changed' : { 'generation' : bigint } } |
  { 'no_room' : { 'missing' : bigint } } |
  { 'root_mismatch' : { 'stored' : Uint8Array | number[] } } |
  { 'not_done_yet' : {} } |
  { 'blob_replaced' : { 'canister_version' : bigint, 'sequence' : bigint } } |
  { 'lease_broken' : { 'bytes' : bigint } } |
  { 'batch_too_large' : { 'fits' : number, 'items' : number } } |
  { 'blob_not_found' : {} } |
  { 'anonymous' : {} } |
  { 'upload_not_found' : {} } |
  { 'upload_conflict' : { 'field' : string } } |
  { 'batch_finished' : { 'outcome' : string } } |
  { 'behind' : { 'canister_version' : bigint, 'sequence' : bigint } } |
  { 'missing_chunks' : { 'first' : number, 'count' : number } } |
  { 'chunk_out_of_range' : { 'count' : bigint, 'index' : bigint } } |
  { 'batch_revealing' : {} } |
  { 'cursor_unknown' : { 'sequence' : bigint } } |
  { 'batch_not_found' : {} } |
  { 'version_unsupported' : { 'side' : string, 'what' : string } } |
  { 'not_importable' : { 'reason' : string } } |
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
export interface Expired {
  'certificate' : Uint8Array | number[],
  'manifests' : Array<ManifestBytes>,
  'witness' : Uint8Array | number[],
}
export type Expiry = { 'at' : bigint } |
  { 'never' : null };
export interface ExpiryRule { 'life' : bigint, 'prefix' : string }
export interface ExpiryRules { 'rules' : Array<ExpiryRule> }
export interface ExtendLease {
  'id' : Uint8Array | number[],
  'life' : bigint,
  'lease' : Uint8Array | number[],
}
export interface GiveGrant {
  'as' : [] | [GivenAs],
  'id' : Uint8Array | number[],
  'who' : Principal,
  'terms' : GrantTerms,
  'role' : GrantRole,
  'under' : [] | [Uint8Array | number[]],
}
export interface GivenAs { 'used' : GrantUsed, 'giver' : [] | [Principal] }
export interface Grant {
  'id' : Uint8Array | number[],
  'who' : Principal,
  'terms' : GrantTerms,
  'holds' : boolean,
  'role' : string,
  'used' : GrantUsed,
  'under' : [] | [GrantName],
}
export interface GrantName { 'id' : Uint8Array | number[], 'who' : Principal }
export type GrantRole = { 'writer' : null } |
  { 'reader' : null };
export interface GrantTerms {
  'over_others' : boolean,
  'ends_at' : [] | [bigint],
  'may_give' : boolean,
  'prefix' : string,
  'blobs' : [] | [bigint],
  'bytes' : [] | [bigint],
  'public_only' : boolean,
  'may_purge' : boolean,
}
export interface GrantUsed { 'blobs' : bigint, 'bytes' : bigint }
export interface Grants { 'grants' : Array<Grant>, 'next' : [] | [GrantName] }
export type GrantsOf = { 'all' : null } |
  { 'given_by' : Principal } |
  { 'held_by' : Principal };
export interface HttpRequest {
  'url' : string,
  'method' : string,
  'body' : Uint8Array | number[],
  'headers' : Array<[string, string]>,
  'certificate_version' : [] | [number],
}
export interface HttpResponse {
  'body' : Uint8Array | number[],
  'headers' : Array<[string, string]>,
  'upgrade' : [] | [boolean],
  'status_code' : number,
}
export interface ImportSwitch { 'id' : Uint8Array | number[] }
export interface ImportedAs {
  'modified_at' : bigint,
  'owner' : Principal,
  'created_at' : bigint,
}
export interface Lease {
  'id' : Uint8Array | number[],
  'broken' : boolean,
  'ends_at' : bigint,
  'used' : bigint,
  'version' : Version,
  'bytes' : bigint,
  'holder' : Principal,
  'taken_at' : bigint,
}
export interface Leased {
  'next' : [] | [bigint],
  'manifests' : Array<ManifestBytes>,
}
export interface Leases { 'leases' : Array<Lease> }
export interface Leaves {
  'key' : string,
  'from' : number,
  'limit' : number,
  'version' : Version,
}
export interface Link {
  'who' : Principal,
  'holds' : boolean,
  'owner' : Principal,
  'since' : bigint,
}
export interface LinkChunks {
  'id' : Uint8Array | number[],
  'from' : number,
  'leaves' : Uint8Array | number[],
}
export interface LinkName { 'who' : Principal, 'owner' : Principal }
export interface Links { 'next' : [] | [LinkName], 'links' : Array<Link> }
export type LinksOf = { 'all' : null } |
  { 'owner' : Principal };
export interface List {
  'min_version' : [] | [Version],
  'after' : [] | [string],
  'recursive' : boolean,
  'limit' : number,
  'prefix' : string,
}
export interface ListAccounts { 'after' : [] | [Principal], 'limit' : number }
export interface ListAllUploads {
  'after' : [] | [UploadName],
  'limit' : number,
}
export interface ListDeleted {
  'after' : [] | [DeletedName],
  'limit' : number,
  'prefix' : string,
}
export interface ListGrants {
  'of' : GrantsOf,
  'after' : [] | [GrantName],
  'limit' : number,
}
export interface ListLeased {
  'after' : [] | [bigint],
  'lease' : Uint8Array | number[],
  'limit' : number,
}
export interface ListLinks {
  'of' : LinksOf,
  'after' : [] | [LinkName],
  'limit' : number,
}
export interface ListOffers {
  'of' : OffersOf,
  'after' : [] | [OfferName],
  'limit' : number,
}
export interface ListOwned {
  'of' : OwnedOf,
  'after' : [] | [string],
  'limit' : number,
  'prefix' : string,
}
export interface ListPage {
  'certificate' : [] | [Uint8Array | number[]],
  'expired' : [] | [Expired],
  'next' : [] | [string],
  'witness' : [] | [Uint8Array | number[]],
  'entries' : Array<{ 'directory' : string } | { 'blob' : ManifestBytes }>,
}
export interface ListStaged {
  'after' : [] | [number],
  'limit' : number,
  'batch' : Uint8Array | number[],
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
  'canister_version' : bigint,
  'owner' : Principal,
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'size' : bigint,
  'content_type' : string,
  'created_at' : bigint,
  'visibility' : string,
  'chunk_size' : number,
  'expires_at' : [] | [bigint],
  'sequence' : bigint,
}
export type ManifestBytes = Uint8Array | number[];
export interface ManyResults {
  'at' : bigint,
  'results' : Array<{ 'ok' : Version } | { 'err' : Refusal }>,
  'expires_at' : [] | [Array<[] | [bigint]>],
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
export interface MoveItem {
  'to' : string,
  'precondition' : Precondition,
  'source' : Precondition,
  'from' : string,
}
export interface Offer {
  'id' : Uint8Array | number[],
  'to' : Principal,
  'owner' : Principal,
  'ends_at' : bigint,
  'what' : Offered,
  'giver' : Principal,
  'sequence' : bigint,
}
export interface OfferBlobs {
  'id' : Uint8Array | number[],
  'to' : Principal,
  'owner' : [] | [Principal],
  'what' : Offered,
}
export interface OfferLink {
  'as' : [] | [Principal],
  'id' : Uint8Array | number[],
  'who' : Principal,
}
export interface OfferName { 'id' : Uint8Array | number[], 'giver' : Principal }
export type Offered = { 'blob' : string } |
  { 'prefix' : string };
export interface Offers { 'next' : [] | [OfferName], 'offers' : Array<Offer> }
export type OffersOf = { 'all' : null } |
  { 'made_to' : Principal } |
  { 'given_by' : Principal };
export interface Owned {
  'next' : [] | [string],
  'manifests' : Array<ManifestBytes>,
}
export type OwnedOf = { 'offer' : OfferName } |
  { 'owner' : Principal } |
  { 'mine' : null };
export type Precondition = { 'none' : null } |
  { 'version' : Version } |
  { 'absent' : null };
export interface Purge {
  'id' : Uint8Array | number[],
  'key' : string,
  'version' : Version,
}
export interface PutBlob {
  'as' : [] | [ImportedAs],
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Metadata,
  'root' : Uint8Array | number[],
  'content_type' : string,
  'visibility' : Visibility,
  'expires_at' : [] | [bigint],
}
export interface PutItem {
  'as' : [] | [ImportedAs],
  'key' : string,
  'precondition' : Precondition,
  'content' : Uint8Array | number[],
  'sha256' : [] | [Uint8Array | number[]],
  'metadata' : Array<[string, string]>,
  'root' : Uint8Array | number[],
  'content_type' : string,
  'visibility' : Visibility,
  'expires_at' : [] | [bigint],
}
export interface PutMany {
  'id' : Uint8Array | number[],
  'blobs' : Array<PutItem>,
}
export interface Quota {
  'cycles_per_day' : bigint,
  'changes_per_day' : bigint,
  'received_per_day' : bigint,
  'blobs' : bigint,
  'bytes' : bigint,
  'open_uploads' : number,
}
export interface Refusal {
  'action' : string,
  'code' : string,
  'item' : [] | [number],
  'message' : string,
  'details' : [] | [Error],
}
export interface ReleaseLease {
  'id' : Uint8Array | number[],
  'lease' : Uint8Array | number[],
}
export interface RemoveOwned {
  'id' : Uint8Array | number[],
  'after' : [] | [string],
  'owner' : [] | [Principal],
  'rights' : boolean,
  'purge' : boolean,
}
export interface Removed {
  'uploads' : number,
  'next' : [] | [string],
  'rights' : number,
  'purged' : number,
  'version' : Version,
  'blobs' : number,
  'bytes' : bigint,
  'refused' : number,
}
export interface Restore {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
  'version' : Version,
}
export interface Reveal {
  'id' : Uint8Array | number[],
  'batch' : Uint8Array | number[],
}
export interface RevokeGrant {
  'id' : Uint8Array | number[],
  'who' : Principal,
  'grant' : Uint8Array | number[],
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
export interface SetExpiryRules {
  'id' : Uint8Array | number[],
  'rules' : Array<ExpiryRule>,
}
export interface SetKeepDeleted {
  'id' : Uint8Array | number[],
  'days' : number,
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
export interface Stage {
  'id' : Uint8Array | number[],
  'batch' : Uint8Array | number[],
  'items' : Array<
    { 'put' : PutItem } |
      { 'delete' : DeleteItem } |
      { 'commit' : CommitItem }
  >,
}
export interface StagedBatch {
  'broken' : [] | [{ 'key' : string, 'refusal' : Refusal }],
  'owner' : Principal,
  'revealed' : [] | [Version],
  'state' : string,
  'batch' : Uint8Array | number[],
  'items' : number,
  'expires_at' : bigint,
  'ready' : number,
}
export interface StagedBatches { 'batches' : Array<StagedBatch> }
export interface StagedKeys {
  'next' : [] | [number],
  'items' : Array<
    {
      'key' : string,
      'deletes' : boolean,
      'root' : Uint8Array | number[],
      'size' : bigint,
    }
  >,
}
export interface Stat { 'key' : string, 'min_version' : [] | [Version] }
export interface StatAnswer {
  'certificate' : [] | [Uint8Array | number[]],
  'expired' : [] | [Expired],
  'last' : Version,
  'salt' : [] | [Uint8Array | number[]],
  'witness' : [] | [Uint8Array | number[]],
  'manifest' : [] | [ManifestBytes],
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
  'read_only' : boolean,
  'kept' : [] | [bigint],
  'refusals' : Array<{ 'code' : string, 'count' : bigint }>,
  'strangers_cycles_per_day' : bigint,
  'cycles' : bigint,
  'cost_schedule' : string,
  'strangers_cycles_today' : bigint,
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
  'protocol' : number,
  'features' : Array<string>,
  'http_prefix' : [] | [string],
  'last' : Version,
  'mode' : string,
  'keep_deleted_days' : [] | [number],
  'generation' : bigint,
}
export interface TakeLease {
  'id' : Uint8Array | number[],
  'life' : bigint,
  'bytes' : bigint,
}
export interface Taken {
  'done' : boolean,
  'version' : Version,
  'blobs' : number,
  'bytes' : bigint,
  'refused' : number,
}
export interface Unstage {
  'id' : Uint8Array | number[],
  'keys' : Array<string>,
  'batch' : Uint8Array | number[],
}
export interface Update {
  'id' : Uint8Array | number[],
  'key' : string,
  'precondition' : Precondition,
  'metadata' : [] | [Metadata],
  'content_type' : [] | [string],
  'expiry' : [] | [Expiry],
  'visibility' : [] | [Visibility],
}
export interface UpdateItem {
  'key' : string,
  'precondition' : Precondition,
  'metadata' : [] | [Array<[string, string]>],
  'content_type' : [] | [string],
  'expiry' : [] | [Expiry],
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
  'changes_today' : bigint,
  'received_today' : bigint,
  'blobs' : bigint,
  'bytes' : bigint,
  'open_uploads' : number,
  'cycles_today' : bigint,
}
export interface Version { 'canister_version' : bigint, 'sequence' : bigint }
export type Visibility = { 'public' : null } |
  { 'private' : null };
export interface _SERVICE {
  'blobs_abort_any_upload' : ActorMethod<
    [UploadName],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_abort_upload' : ActorMethod<
    [Uint8Array | number[]],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_accept_link' : ActorMethod<
    [AcceptLink],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_account' : ActorMethod<
    [[] | [Principal]],
    { 'ok' : Account } |
      { 'err' : Refusal }
  >,
  'blobs_batch' : ActorMethod<
    [Batch],
    { 'ok' : BatchDone } |
      { 'err' : Refusal }
  >,
  'blobs_begin_import' : ActorMethod<
    [ImportSwitch],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_begin_upload' : ActorMethod<
    [BeginUpload],
    { 'ok' : Upload } |
      { 'err' : Refusal }
  >,
  'blobs_changes' : ActorMethod<
    [ChangesRequest],
    { 'ok' : Changes } |
      { 'err' : Refusal }
  >,
  'blobs_commit_upload' : ActorMethod<
    [CommitUpload],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_copy' : ActorMethod<
    [Move],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_delete' : ActorMethod<
    [Delete],
    { 'ok' : Deleted } |
      { 'err' : Refusal }
  >,
  'blobs_delete_many' : ActorMethod<
    [DeleteMany],
    { 'ok' : DeletedMany } |
      { 'err' : Refusal }
  >,
  'blobs_drop_batch' : ActorMethod<
    [DropBatch],
    { 'ok' : StagedBatch } |
      { 'err' : Refusal }
  >,
  'blobs_end_import' : ActorMethod<
    [ImportSwitch],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_end_link' : ActorMethod<
    [EndLink],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_expiry_rules' : ActorMethod<
    [],
    { 'ok' : ExpiryRules } |
      { 'err' : Refusal }
  >,
  'blobs_extend_lease' : ActorMethod<
    [ExtendLease],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_get_chunk' : ActorMethod<
    [string, Version, number],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Refusal }
  >,
  'blobs_give_grant' : ActorMethod<
    [GiveGrant],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_grant_role' : ActorMethod<
    [RoleChange],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_leaves' : ActorMethod<
    [Leaves],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Refusal }
  >,
  'blobs_link_chunks' : ActorMethod<
    [LinkChunks],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Refusal }
  >,
  'blobs_list' : ActorMethod<[List], { 'ok' : ListPage } | { 'err' : Refusal }>,
  'blobs_list_accounts' : ActorMethod<
    [ListAccounts],
    { 'ok' : Accounts } |
      { 'err' : Refusal }
  >,
  'blobs_list_all_uploads' : ActorMethod<
    [ListAllUploads],
    { 'ok' : AllUploads } |
      { 'err' : Refusal }
  >,
  'blobs_list_batches' : ActorMethod<
    [],
    { 'ok' : StagedBatches } |
      { 'err' : Refusal }
  >,
  'blobs_list_deleted' : ActorMethod<
    [ListDeleted],
    { 'ok' : DeletedBlobs } |
      { 'err' : Refusal }
  >,
  'blobs_list_grants' : ActorMethod<
    [ListGrants],
    { 'ok' : Grants } |
      { 'err' : Refusal }
  >,
  'blobs_list_leased' : ActorMethod<
    [ListLeased],
    { 'ok' : Leased } |
      { 'err' : Refusal }
  >,
  'blobs_list_leases' : ActorMethod<
    [],
    { 'ok' : Leases } |
      { 'err' : Refusal }
  >,
  'blobs_list_links' : ActorMethod<
    [ListLinks],
    { 'ok' : Links } |
      { 'err' : Refusal }
  >,
  'blobs_list_offers' : ActorMethod<
    [ListOffers],
    { 'ok' : Offers } |
      { 'err' : Refusal }
  >,
  'blobs_list_owned' : ActorMethod<
    [ListOwned],
    { 'ok' : Owned } |
      { 'err' : Refusal }
  >,
  'blobs_list_staged' : ActorMethod<
    [ListStaged],
    { 'ok' : StagedKeys } |
      { 'err' : Refusal }
  >,
  'blobs_list_uploads' : ActorMethod<
    [ListUploads],
    { 'ok' : Uploads } |
      { 'err' : Refusal }
  >,
  'blobs_metrics' : ActorMethod<[], { 'ok' : string } | { 'err' : Refusal }>,
  'blobs_offer' : ActorMethod<
    [OfferBlobs],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_offer_link' : ActorMethod<
    [OfferLink],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_purge' : ActorMethod<
    [Purge],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_put_blob' : ActorMethod<
    [PutBlob, Uint8Array | number[]],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_put_chunk' : ActorMethod<
    [Uint8Array | number[], number, Uint8Array | number[]],
    { 'ok' : Uint8Array | number[] } |
      { 'err' : Refusal }
  >,
  'blobs_put_many' : ActorMethod<
    [PutMany],
    { 'ok' : ManyResults } |
      { 'err' : Refusal }
  >,
  'blobs_release_lease' : ActorMethod<
    [ReleaseLease],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_remove_owned' : ActorMethod<
    [RemoveOwned],
    { 'ok' : Removed } |
      { 'err' : Refusal }
  >,
  'blobs_rename' : ActorMethod<
    [Move],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_restore' : ActorMethod<
    [Restore],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_reveal' : ActorMethod<
    [Reveal],
    { 'ok' : StagedBatch } |
      { 'err' : Refusal }
  >,
  'blobs_revoke_grant' : ActorMethod<
    [RevokeGrant],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_revoke_role' : ActorMethod<
    [RoleChange],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_set_expiry_rules' : ActorMethod<
    [SetExpiryRules],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_set_keep_deleted' : ActorMethod<
    [SetKeepDeleted],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_set_mode' : ActorMethod<
    [SetMode],
    { 'ok' : Status } |
      { 'err' : Refusal }
  >,
  'blobs_set_quota' : ActorMethod<
    [SetQuota],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_stage' : ActorMethod<
    [Stage],
    { 'ok' : StagedBatch } |
      { 'err' : Refusal }
  >,
  'blobs_staged_batch' : ActorMethod<
    [BatchName],
    { 'ok' : StagedBatch } |
      { 'err' : Refusal }
  >,
  'blobs_stat' : ActorMethod<
    [Stat],
    { 'ok' : StatAnswer } |
      { 'err' : Refusal }
  >,
  'blobs_stats' : ActorMethod<[], { 'ok' : Stats } | { 'err' : Refusal }>,
  'blobs_status' : ActorMethod<[], { 'ok' : Status } | { 'err' : Refusal }>,
  'blobs_take_lease' : ActorMethod<
    [TakeLease],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'blobs_take_offer' : ActorMethod<
    [AnswerOffer],
    { 'ok' : Taken } |
      { 'err' : Refusal }
  >,
  'blobs_unstage' : ActorMethod<
    [Unstage],
    { 'ok' : StagedBatch } |
      { 'err' : Refusal }
  >,
  'blobs_update' : ActorMethod<
    [Update],
    { 'ok' : ManifestBytes } |
      { 'err' : Refusal }
  >,
  'blobs_upload_status' : ActorMethod<
    [UploadStatusRequest],
    { 'ok' : UploadStatus } |
      { 'err' : Refusal }
  >,
  'blobs_withdraw_offer' : ActorMethod<
    [AnswerOffer],
    { 'ok' : Version } |
      { 'err' : Refusal }
  >,
  'http_request' : ActorMethod<[HttpRequest], HttpResponse>,
}
export declare const idlFactory: IDL.InterfaceFactory;
