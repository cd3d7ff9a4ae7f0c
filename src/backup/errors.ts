/** Error codes of a backup repository, with the facts that each carries. */
export interface BackupErrorDetails {
	/** The place holds no repository. */
	readonly repository_not_found: { readonly sink: string };
	/** `init` found a repository, or other objects, at the place. */
	readonly repository_exists: { readonly sink: string };
	/** The repository was made by a later version of this package. */
	readonly repository_unsupported: { readonly version: number };
	/** The repository is encrypted, and the caller passed no secret. */
	readonly repository_encrypted: { readonly sink: string };
	/** An object or item of the repository does not have the expected bytes. */
	readonly repository_damaged: { readonly object: string; readonly reason: string };
	/** The repository lacks bytes that a snapshot needs. */
	readonly item_missing: { readonly sha256: string };
	/** The sink overwrites an object on `create`. */
	readonly sink_unconditional: { readonly sink: string };
	/** The sink failed to read or write. */
	readonly sink_failed: { readonly object: string; readonly reason: string };
	/** Other processes committed first at every attempt. */
	readonly commit_contended: { readonly attempts: number };
	/** No snapshot has this name, or several ids begin with it. */
	readonly snapshot_not_found: { readonly snapshot: string };
	/** The snapshot holds no such key. */
	readonly key_not_found: { readonly key: string };
	/** The store's feed does not have the head that the last snapshot names. */
	readonly rolled_back: { readonly sequence: bigint };
	/** The store is not live, and no backup switched its mode. */
	readonly store_not_live: { readonly mode: string };
	/** The store could not be switched back to live. */
	readonly store_left_in_maintenance: { readonly reason: string };
	/** The canister runs another module than the one that was backed up. */
	readonly wasm_differs: { readonly recorded: string; readonly found: string };
	/** A file exists and must not be overwritten, or the key is not a valid file path here. */
	readonly path_refused: { readonly path: string; readonly reason: string };
	/** An option or argument is out of its bounds. */
	readonly option_invalid: { readonly option: string; readonly reason: string };
}

/** Stable name of an error. */
export type BackupErrorCode = keyof BackupErrorDetails;

const MESSAGES: { readonly [Code in BackupErrorCode]: (details: BackupErrorDetails[Code]) => string } = {
	repository_not_found: ({ sink }) => `There is no backup repository in ${sink}. Make one with init.`,
	repository_exists: ({ sink }) => `${sink} already holds a backup repository or other files.`,
	repository_unsupported: ({ version }) =>
		`The repository has format ${version}, which this version does not know. Update canister-blobs.`,
	repository_encrypted: ({ sink }) =>
		`${sink} is encrypted. Give an age identity or a passphrase that opens its key.`,
	repository_damaged: ({ object, reason }) =>
		`The repository is damaged: ${object}: ${reason}. Run verify to learn what it affects, then repair.`,
	item_missing: ({ sha256 }) =>
		`The repository has no readable copy of ${sha256}. Run verify to learn what it affects, then repair.`,
	sink_unconditional: ({ sink }) =>
		`${sink} overwrites an object that was to be created only, so two processes could destroy each other's ` +
		"backups. Use --single-writer if no two ever run at a time.",
	sink_failed: ({ object, reason }) => `The repository could not be read or written at ${object}: ${reason}.`,
	commit_contended: ({ attempts }) => `Others changed the repository ${attempts} times in a row. Try again.`,
	snapshot_not_found: ({ snapshot }) =>
		snapshot === "latest"
			? "There is no snapshot yet. Make one with backup."
			: `No snapshot, or more than one, has a name that begins with ${JSON.stringify(snapshot)}.`,
	key_not_found: ({ key }) => `The snapshot holds no key ${JSON.stringify(key)}.`,
	rolled_back: ({ sequence }) =>
		`The store no longer has change ${sequence} as the last snapshot saw it: it was rolled back, reinstalled or ` +
		"forked. Find out why; --accept-rollback then compares whole lists.",
	store_not_live: ({ mode }) =>
		`The store is in the mode ${mode}, and no backup has switched it there. Have it live again, or back it up by a lease.`,
	store_left_in_maintenance: ({ reason }) =>
		`The store is not live again: ${reason} The next backup tries again; an administrator can set its mode, too.`,
	wasm_differs: ({ recorded, found }) =>
		`The canister runs module ${found}, and the snapshot was made of ${recorded}. Install that one, or use --accept-other-wasm.`,
	path_refused: ({ path, reason }) => `${JSON.stringify(path)}: ${reason}.`,
	option_invalid: ({ option, reason }) => `${option}: ${reason}.`,
};

/** Failure of a backup repository. Failures of the canister and the network are BlobErrors of the client. */
export class BackupError<Code extends BackupErrorCode = BackupErrorCode> extends Error {
	/** Name of the class, for logs. */
	override readonly name = "BackupError";
	/** Stable code from a closed set. */
	readonly code: Code;
	/** Facts behind the message. They never contain bytes of a blob or secrets. */
	readonly details: BackupErrorDetails[Code];

	/** @internal */
	constructor(code: Code, details: BackupErrorDetails[Code], cause?: unknown) {
		super(MESSAGES[code](details as never), cause === undefined ? undefined : { cause });
		this.code = code;
		this.details = details;
	}
}

/** Whether `error` is a BackupError, and has this code if one is passed. */
export const isBackupError = <Code extends BackupErrorCode>(
	error: unknown,
	code?: Code,
): error is BackupError<Code> => error instanceof BackupError && (code === undefined || error.code === code);

/** The error for bytes in a repository that differ from the expected ones. */
export const damaged = (object: string, reason: string): BackupError =>
	new BackupError("repository_damaged", { object, reason });
