import * as is from "../client/arguments.js";
import { isBlobError } from "../client/errors/errors.js";
import type { CopyOptions } from "./copying/copy.js";
import { BackupError } from "./errors.js";
import type { ExportOptions } from "./exporting/tar.js";
import type { ForgetOptions } from "./keeping/forget.js";
import type { KeepRules } from "./keeping/keep.js";
import type { PruneOptions } from "./keeping/prune.js";
import type { RepairOptions } from "./keeping/repair.js";
import type { VerifyOptions } from "./keeping/verify.js";
import type { BackupOptions } from "./making/backup.js";
import type { RestoreOptions } from "./reading/restore.js";
import type { RestoreStoreOptions } from "./reading/restore-store.js";
import type { InitOptions, RepositoryOptions } from "./repository/repository.js";
import type { CanisterSinkOptions } from "./sinks/canister.js";
import type { S3SinkOptions } from "./sinks/s3.js";

/** Checks of each option: callers in JavaScript have no types. Bounds are checked at use. */

const { signal } = is;
const texts: is.Check = {
	expected: "an array of texts",
	accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === "string"),
};
const secrets: is.Check = {
	expected: "an object, or a function that returns a promise of one",
	accepts: (value) => is.object.accepts(value) || is.callback.accepts(value),
};

const has =
	(method: string) =>
	(value: unknown): boolean =>
		is.object.accepts(value) && typeof (value as Record<string, unknown>)[method] === "function";
const client: is.Check = { expected: "a BlobClient", accepts: has("stat") };
const repository: is.Check = { expected: "a Repository", accepts: has("snapshots") };
export const sink: is.Check = { expected: "a Sink, such as a DirectorySink", accepts: has("create") };

export const BACKUP: is.Checks<BackupOptions> = {
	client,
	canister: is.text,
	tags: is.array,
	wasmHash: is.text,
	acceptRollback: is.flag,
	hold: is.text,
	drainMs: is.number,
	memoryBytes: is.number,
	onProgress: is.callback,
	onNote: is.callback,
	signal,
};
export const COPY: is.Checks<CopyOptions> = {
	ids: texts,
	check: is.oneOf("structure", "bytes"),
	dryRun: is.flag,
	onBytes: is.callback,
	onNote: is.callback,
	signal,
};
export const EXPORT: is.Checks<ExportOptions> = {
	prefix: is.text,
	owner: is.text,
	onFailed: is.callback,
	onBytes: is.callback,
	signal,
};
export const FORGET: is.Checks<ForgetOptions> = {
	ids: texts,
	keep: is.object,
	canister: is.text,
	dryRun: is.flag,
};
export const KEEP: is.Checks<KeepRules> = {
	last: is.number,
	hourly: is.number,
	daily: is.number,
	weekly: is.number,
	monthly: is.number,
	yearly: is.number,
	withinMs: is.number,
	tags: texts,
};
export const PRUNE: is.Checks<PruneOptions> = {
	graceMs: is.number,
	minUsed: is.number,
	dryRun: is.flag,
	signal,
};
export const REPAIR: is.Checks<RepairOptions> = { client, from: repository, onDamage: is.callback };
export const VERIFY: is.Checks<VerifyOptions> = {
	read: {
		expected: '"all", "none" or { part, of }',
		accepts: (value) => typeof value === "string" || is.object.accepts(value),
	},
	client,
	canister: is.text,
	onDamage: is.callback,
	onBytes: is.callback,
	signal,
};
export const RESTORE: is.Checks<RestoreOptions> = {
	prefix: is.text,
	owner: is.text,
	overwrite: is.flag,
	dryRun: is.flag,
	onFile: is.callback,
	onBytes: is.callback,
	signal,
};
export const RESTORE_STORE: is.Checks<RestoreStoreOptions> = {
	prefix: is.text,
	wasmHash: is.text,
	acceptOtherWasm: is.flag,
	dryRun: is.flag,
	onFailed: is.callback,
	onNote: is.callback,
	onBlob: is.callback,
	signal,
};
export const OPEN: is.Checks<RepositoryOptions> = { writes: is.flag, singleWriter: is.flag, secrets };
export const INIT: is.Checks<InitOptions> = { singleWriter: is.flag, encryptFor: is.object };
export const CANISTER_SINK: is.Checks<CanisterSinkOptions> = {
	client,
	name: is.text,
	prefix: is.text,
};
export const S3_SINK: is.Checks<S3SinkOptions> = {
	endpoint: is.text,
	bucket: is.text,
	prefix: is.text,
	region: is.text,
	accessKeyId: is.text,
	secretAccessKey: is.text,
};

/** Rejects options that are no object, an invalid value and an unknown option. @throws BackupError `option_invalid` */
export function checkOptions<Options extends object>(
	options: Options | undefined,
	checks: is.Checks<Options>,
	name = "options",
): void {
	ofBackup(() => is.checkOptions(options, checks, name));
}

/** Rejects an invalid or missing argument. @throws BackupError `option_invalid` */
export function checkArgument(name: string, value: unknown, check: is.Check): void {
	ofBackup(() => is.checkArgument(name, value, check));
}

function ofBackup(check: () => void): void {
	try {
		check();
	} catch (error) {
		if (!isBlobError(error, "option_invalid")) throw error;
		throw new BackupError("option_invalid", error.details);
	}
}
