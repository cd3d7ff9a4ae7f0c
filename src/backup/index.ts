/** Backups of blob stores: incremental snapshots in a repository of content-addressed objects. For Node. */
export { checkSink, runSinkCheck, SINK_CHECKS, type SinkCheck, type SinkCheckResult } from "./check-sink.js";
export { BackupError, type BackupErrorCode, type BackupErrorDetails, isBackupError } from "./errors.js";
export type { SnapshotSummary } from "./format/generation.js";
export type { MissingBlob, Snapshot, SnapshotTree } from "./format/snapshot.js";
export { Repository, type RepositoryOptions } from "./repository/repository.js";
export { MAX_OBJECT_BYTES, type Sink, type SinkObject } from "./sink.js";
export { DirectorySink } from "./sinks/directory.js";
