/**
 * The client of a blob store in a canister, for browsers and every other runtime with fetch and WebCrypto.
 * `canister-blobs/node` is the same with files.
 */
export type { ErrorAction, ErrorCode, ErrorDetails } from "../protocol/index.js";
export type { GrantOptions, ImportGrantAs, ListGrantsOptions } from "./administration/grants.js";
export type { Administration } from "./administration/index.js";
export type { AskOptions, CallOptions } from "./asking.js";
export type {
	BatchBroken,
	DropBatchOptions,
	StagedBatch,
	StagedDelete,
	StagedItem,
	StagedItems,
	StagedKey,
	StagedPut,
	StageOptions,
} from "./batching/staged-types.js";
export type {
	BatchCommit,
	BatchDelete,
	BatchedItem,
	BatchItem,
	BatchItems,
	BatchMove,
	BatchOptions,
	BatchPut,
	BatchUpdate,
	PreparedUpload,
} from "./batching/types.js";
export type { DeleteOptions, MoveConditions, MoveOptions, UpdateOptions } from "./blobs/changing.js";
export type { ListDeletedOptions, RestoreOptions } from "./blobs/deleted.js";
export type { DeleteItem, DeleteItems } from "./blobs/deleting.js";
export type { ListOptions } from "./blobs/list.js";
export type { StatOptions } from "./blobs/stat.js";
export type {
	AgentLike,
	IdentityLike,
	PrincipalBytesLike,
	PrincipalTextLike,
	PublicKeyLike,
	SigningIdentity,
	TransformingIdentity,
} from "./call/agent.js";
export type { RequestEvent } from "./call/request-event.js";
export { BlobClient, type ClientEvents } from "./client.js";
export {
	type BytesOptions,
	Download,
	type DownloadEvents,
	type DownloadOptions,
	type RefDownloadOptions,
} from "./download/download.js";
export type { ByteRange } from "./download/range.js";
export type { ChunkRange, VerifiedBlob } from "./download/verified-blob.js";
export type { BlobEncryption } from "./encryption.js";
export type { ClientErrorCode, ClientErrorDetails } from "./errors/client-errors.js";
export {
	type AnyBlobError,
	BlobError,
	type BlobErrorOf,
	CanisterError,
	ClientError,
	type ErrorPlace,
	isBlobError,
} from "./errors/errors.js";
export type { ChangesOptions } from "./feed/changes.js";
export type { ExtendLeaseOptions, TakeLeaseOptions, TakenLease } from "./feed/leases.js";
export type { BlobClientOptions, PerDirection, PrincipalLike, RetryOptions } from "./options.js";
export type {
	BlsVerify,
	Ed25519Verify,
	Ports,
	RequestBody,
	RequestChannel,
	Sha256,
} from "./platform/ports.js";
export type { Progress } from "./progress.js";
export { indexedDbSessions } from "./sessions/indexed-db.js";
export type { SessionNote, SessionStore } from "./sessions/types.js";
export type { BlobSource, RandomAccessSource } from "./source/types.js";
export type {
	Account,
	BlobDeleted,
	BlobExpired,
	BlobGiven,
	BlobPublished,
	BlobPurged,
	BlobRef,
	BlobRestored,
	Change,
	ChangeOf,
	ChangeStamp,
	Conditions,
	Cursor,
	Deleted,
	DeletedBlob,
	DeletedName,
	ExpiryRule,
	ExpiryRulesChanged,
	Extensible,
	Grant,
	GrantChanged,
	GrantedTerms,
	GrantName,
	GrantRole,
	GrantTerms,
	GrantUse,
	InBatch,
	KeepDeletedChanged,
	Lease,
	LeaseChanged,
	LinkChanged,
	ListEntry,
	ListedBlob,
	ListedDirectory,
	Manifest,
	MethodTally,
	Mode,
	ModeChanged,
	OfferChanged,
	OfferedBlob,
	OfferedBlobs,
	OfferedPrefix,
	OfferName,
	OpenUpload,
	OwnedUpload,
	PrincipalText,
	Quota,
	QuotaChanged,
	RefusalTally,
	Role,
	RoleChanged,
	SettableMode,
	Statistics,
	StoreMode,
	TrustLevel,
	UnknownChange,
	Usage,
	Version,
	Visibility,
} from "./types.js";
export type { UploadItems } from "./upload/batch/found.js";
export type {
	DeleteCounts,
	DeleteManyProgress,
	DeleteManyResult,
	ItemDeleted,
	ItemFailed,
	ItemResult,
	ItemTotal,
	ItemUploaded,
	UploadCounts,
	UploadItem,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
} from "./upload/batch/types.js";
export type { ImportAs } from "./upload/import-as.js";
export type { ListUploadsOptions } from "./upload/list.js";
export type { UploadOptions } from "./upload/options.js";
export type { UploadProgress } from "./upload/progress.js";
export {
	type AbortOptions,
	type ResumeOptions,
	type RetryEvent,
	Transfer,
	type TransferEvents,
	type TransferState,
} from "./upload/transfer.js";
export type { UploadWarning } from "./upload/warning.js";
export type { AsJson } from "./util/json.js";
