/** Backups of blob stores: incremental snapshots in a repository of content-addressed objects. For Node. */
export { checkSink, runSinkCheck, SINK_CHECKS, type SinkCheck, type SinkCheckResult } from "./check-sink.js";
export { type CopyOptions, type CopyResult, copy } from "./copying/copy.js";
export { BackupError, type BackupErrorCode, isBackupError } from "./errors.js";
export { exportDirectory } from "./exporting/directory.js";
export type { BlobFilter } from "./exporting/documents.js";
export { type ExportOptions, type ExportResult, exportTar } from "./exporting/tar.js";
export type { SnapshotSummary } from "./format/generation.js";
export type { MissingBlob, Snapshot, SnapshotTree } from "./format/snapshot.js";
export { type ForgetOptions, type ForgetResult, forget } from "./keeping/forget.js";
export { type KeepRules, keptBy } from "./keeping/keep.js";
export { type PruneOptions, type PruneResult, prune } from "./keeping/prune.js";
export { dropDamagedIndexes, type RepairOptions, type RepairResult, repair } from "./keeping/repair.js";
export {
	type Damage,
	type VerifiedPart,
	type VerifyOptions,
	type VerifyResult,
	verify,
} from "./keeping/verify.js";
export {
	type BackupHold,
	type BackupOptions,
	type BackupProgress,
	type BackupResult,
	backup,
} from "./making/backup.js";
export { blobsIn, readBlob } from "./reading/blobs.js";
export { differences, type SnapshotDifference } from "./reading/changes-between.js";
export { type RestoredFile, type RestoreOptions, type RestoreResult, restore } from "./reading/restore.js";
export type { RestoredAs } from "./reading/restore-file.js";
export { type RestoreStoreOptions, type RestoreStoreResult, restoreStore } from "./reading/restore-store.js";
export { type InitOptions, openedSink, Repository, type RepositoryOptions } from "./repository/repository.js";
export { addKey, listKeys, removeKey } from "./sealing/keys.js";
export { MAX_OBJECT_BYTES, type Sink, type SinkObject } from "./sink.js";
export { CanisterSink, type CanisterSinkOptions } from "./sinks/canister.js";
export { DirectorySink } from "./sinks/directory.js";
export { S3Sink, type S3SinkOptions } from "./sinks/s3.js";
export type { BlobEntry, Entry } from "./tree/entry.js";
