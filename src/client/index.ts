/**
 * The client of a blob store in a canister, for browsers and every other runtime with fetch and WebCrypto.
 * `canister-blobs/node` is the same with files.
 */
export type { ErrorAction, ErrorCode, ErrorDetails } from "../protocol/index.js";
export type { AbortUploadOptions, AskOptions, CallOptions } from "./administration/administration.js";
export type { AgentLike, IdentityLike } from "./call/agent.js";
export type { DeleteOptions, DeleteRequest, MoveOptions, UpdateOptions } from "./changing.js";
export { BlobClient, type ListOptions } from "./client.js";
export type { ClientErrorCode, ClientErrorDetails } from "./client-errors.js";
export { Download, type DownloadOptions, type Reading } from "./download/download.js";
export type { DownloadProgress } from "./download/progress.js";
export type { ByteRange } from "./download/range.js";
export { VerifiedBlob } from "./download/verified-blob.js";
export { BlobError, type BlobErrorOf, CanisterError, ClientError, isBlobError } from "./errors.js";
export type { BlobClientOptions, PrincipalLike, RetryOptions } from "./options.js";
export type { BlsVerify, Ports, Sha256 } from "./ports.js";
export type { ChangesOptions } from "./reading/changes.js";
export { indexedDbSessions } from "./sessions/indexed-db.js";
export type { SessionNote, SessionStore } from "./sessions/types.js";
export type { BlobSource, RandomAccessSource } from "./source/types.js";
export type { StatOptions } from "./stat.js";
export type {
	Account,
	BlobRef,
	Change,
	ChangeOf,
	Cursor,
	Deleted,
	DeletedItem,
	ListEntry,
	Manifest,
	Mode,
	OpenUpload,
	OwnedUpload,
	Precondition,
	Quota,
	Role,
	Stats,
	Status,
	Usage,
	Visibility,
} from "./types.js";
export type { UploadItems } from "./upload/batch/batch.js";
export type {
	BatchProgress,
	BatchResult,
	FileResult,
	UploadAllOptions,
	UploadItem,
} from "./upload/batch/types.js";
export type { UploadOptions } from "./upload/options.js";
export type { Progress } from "./upload/progress.js";
export {
	type AbortOptions,
	type ResumeOptions,
	Transfer,
	type TransferEvents,
	type TransferState,
} from "./upload/transfer.js";
