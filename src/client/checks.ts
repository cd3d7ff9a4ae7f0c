import * as is from "./arguments.js";
import type { AskOptions, CallOptions } from "./asking.js";
import type { DropBatchOptions, StageOptions } from "./batching/staged-types.js";
import type {
	BatchCommit,
	BatchDelete,
	BatchMove,
	BatchOptions,
	BatchPut,
	BatchUpdate,
	PreparedUpload,
} from "./batching/types.js";
import type { DeleteOptions, MoveOptions, UpdateOptions } from "./blobs/changing.js";
import type { ListDeletedOptions, RestoreOptions } from "./blobs/deleted.js";
import type { DeleteItem } from "./blobs/deleting.js";
import type { ListOptions } from "./blobs/list.js";
import type { StatOptions } from "./blobs/stat.js";
import type { BytesOptions, DownloadOptions } from "./download/download.js";
import type { ChangesOptions } from "./feed/changes.js";
import type { ExtendLeaseOptions, TakeLeaseOptions } from "./feed/leases.js";
import type { BlobClientOptions, PerDirection, RetryOptions } from "./options.js";
import type { Conditions } from "./types.js";
import type { UploadItem, UploadManyOptions } from "./upload/batch/types.js";
import type { ListUploadsOptions } from "./upload/list.js";
import type { UploadOptions } from "./upload/options.js";

/** What each option of the public interface may be: callers in JavaScript have no types. Bounds are checked at use. */

type Checks<Options> = is.Checks<Options>;

const { signal } = is;

export const CLIENT: Checks<BlobClientOptions> = {
	agent: is.agent,
	canisterId: is.principal,
	localNetwork: is.flag,
	identity: is.identity,
	actsFor: is.principal,
	concurrency: is.object,
	minConcurrency: is.object,
	memoryBytes: is.number,
	chunkBytes: is.number,
	requestTimeoutMs: is.number,
	retry: is.object,
	sessions: is.sessions,
	encryption: is.encryption,
	ports: is.object,
};

export const PER_DIRECTION: Checks<PerDirection> = { uploads: is.number, downloads: is.number };

export const RETRY: Checks<RetryOptions> = {
	maxAttempts: is.number,
	deadlineMs: is.number,
	baseDelayMs: is.number,
	maxDelayMs: is.number,
};

const CONDITIONS: Checks<Conditions> = { ifMatch: is.version, ifNoneMatch: is.oneOf("*") };
const TRUST = is.oneOf("proof", "subnet", "node");
export const UNPROVEN = is.oneOf("subnet", "node");

const FILE: Checks<Omit<UploadOptions, "signal" | "concurrency">> = {
	key: is.text,
	contentType: is.text,
	visibility: is.visibility,
	metadata: is.metadata,
	...CONDITIONS,
	expiresAt: is.time,
	importAs: is.importAs,
	size: is.number,
	allowEmpty: is.flag,
	wholeSha256: is.bytes,
	resume: is.flag,
	reuse: is.flag,
	handle: is.anything,
	chunkBytes: is.number,
	encrypt: is.flag,
};

export const UPLOAD: Checks<UploadOptions> = { ...FILE, signal, concurrency: is.number };

/** Items of `filesIn` also have the path that they were found at. */
export const ITEM: Checks<UploadItem & { path?: string }> = {
	...FILE,
	source: is.anything,
	path: is.anything,
};

export const UPLOAD_MANY: Checks<UploadManyOptions> = {
	prefix: is.text,
	skipUnchanged: is.flag,
	contentType: is.text,
	visibility: is.visibility,
	metadata: is.metadata,
	concurrency: is.number,
	signal,
};

export const DOWNLOAD: Checks<DownloadOptions> = {
	range: is.object,
	trust: TRUST,
	concurrency: is.number,
	signal,
};

export const BYTES: Checks<BytesOptions> = { maxBytes: is.number };
export const STAT: Checks<StatOptions> = { trust: TRUST, minVersion: is.version, signal };
export const CALL: Checks<CallOptions> = { signal };
export const ASK: Checks<AskOptions> = { trust: UNPROVEN, signal };

export const LIST: Checks<ListOptions> = {
	prefix: is.text,
	recursive: is.flag,
	after: is.text,
	pageSize: is.number,
	trust: TRUST,
	visibility: is.oneOf("public"),
	minVersion: is.version,
	signal,
};

export const CHANGES: Checks<ChangesOptions> = {
	after: is.cursor,
	pageSize: is.number,
	minVersion: is.version,
	signal,
};

export const DELETE: Checks<DeleteOptions> = { ifMatch: is.version, signal };
export const DELETE_ITEM: Checks<DeleteItem> = { key: is.text, ifMatch: is.version };
export const MOVE: Checks<MoveOptions> = { ...CONDITIONS, sourceIfMatch: is.version, signal };

export const UPDATE: Checks<UpdateOptions> = {
	contentType: is.text,
	visibility: is.visibility,
	replaceMetadata: is.metadata,
	mergeMetadata: is.metadataChanges,
	expiresAt: is.timeOrNever,
	ifMatch: is.version,
	signal,
};

const { importAs, wholeSha256, size, allowEmpty } = FILE;
const { key, contentType, visibility, metadata } = FILE;
const type = is.text;
export const BATCH: Checks<BatchOptions> = { signal };
export const STAGE: Checks<StageOptions> = { signal, batch: is.id };
export const DROP_BATCH: Checks<DropBatchOptions> = { signal, owner: is.principal };
export const BATCH_PUT: Checks<BatchPut> = {
	type,
	key,
	source: is.anything,
	contentType,
	visibility,
	metadata,
	...CONDITIONS,
	expiresAt: is.time,
	importAs,
	size,
	allowEmpty,
	wholeSha256,
	encrypt: is.flag,
};
export const BATCH_COMMIT: Checks<BatchCommit> = { type, upload: is.object };
export const BATCH_DELETE: Checks<BatchDelete> = { type, ...DELETE_ITEM };
export const BATCH_MOVE: Checks<BatchMove> = {
	type,
	from: is.text,
	to: is.text,
	sourceIfMatch: is.version,
	...CONDITIONS,
};
export const BATCH_UPDATE: Checks<BatchUpdate> = {
	type,
	key,
	contentType,
	visibility,
	replaceMetadata: metadata,
	expiresAt: is.timeOrNever,
	ifMatch: is.version,
};
/** What must be there, and what may be. */
export const PREPARED_OPTIONS: Checks<
	Pick<PreparedUpload, "wholeSha256" | "ifMatch" | "ifNoneMatch" | "expiresAt" | "importAs">
> = {
	importAs: is.importAs,
	wholeSha256,
	...CONDITIONS,
	expiresAt: is.date,
};
export const PREPARED_UPLOAD: Checks<Omit<PreparedUpload, keyof typeof PREPARED_OPTIONS>> = {
	id: is.id,
	key,
	size,
	chunkBytes: is.number,
	root: is.bytes,
	contentType,
	visibility,
	metadata,
};

export const LIST_UPLOADS: Checks<ListUploadsOptions> = { key: is.text, signal };
export const TAKE_LEASE: Checks<TakeLeaseOptions> = { lifeMs: is.number, bytes: is.number, signal };
export const EXTEND_LEASE: Checks<ExtendLeaseOptions> = { lifeMs: is.number, signal };
export const LIST_DELETED: Checks<ListDeletedOptions> = {
	prefix: is.text,
	trust: UNPROVEN,
	signal,
};
export const RESTORE: Checks<RestoreOptions> = { ...CONDITIONS, signal };
