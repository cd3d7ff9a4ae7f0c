/** Error codes of a backup repository, with the facts that each carries. */
export interface BackupErrorDetails {
	/** There is no repository at this place. */
	readonly repository_not_found: { readonly sink: string };
	/** `init` found a repository, or other objects, at this place. */
	readonly repository_exists: { readonly sink: string };
	/** The repository was made by a later version of this package. */
	readonly repository_unsupported: { readonly version: number };
	/** The repository is encrypted, and nothing was given that opens its key. */
	readonly repository_encrypted: { readonly sink: string };
	/** An object or an item in it is not what it must be. */
	readonly repository_damaged: { readonly object: string; readonly reason: string };
	/** The repository lacks bytes that a snapshot needs. */
	readonly item_missing: { readonly sha256: string };
	/** The sink overwrites objects that it was told to create only. */
	readonly sink_unconditional: { readonly sink: string };
	/** The sink failed to read or write. */
	readonly sink_failed: { readonly object: string; readonly reason: string };
	/** Other processes committed each time before this one did. */
	readonly commit_contended: { readonly attempts: number };
	/** No snapshot has this name, or several names begin so. */
	readonly snapshot_not_found: { readonly snapshot: string };
	/** The snapshot holds no such key. */
	readonly key_not_found: { readonly key: string };
	/** The store's feed does not have the head that the last snapshot names. */
	readonly rolled_back: { readonly sequence: bigint };
	/** The store is not live, and it was no backup that switched its mode. */
	readonly store_not_live: { readonly mode: string };
	/** The store could not be switched back to live. */
	readonly store_left_in_maintenance: { readonly reason: string };
	/** The canister runs another module than the one that was backed up. */
	readonly wasm_differs: { readonly recorded: string; readonly found: string };
	/** A file exists and was not to be overwritten, or a key cannot be a file here. */
	readonly path_refused: { readonly path: string; readonly reason: string };
	/** An option or argument is out of its bounds. */
	readonly option_invalid: { readonly option: string; readonly reason: string };
}

/** Stable name of what went wrong. */
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
		`No snapshot, or more than one, has a name that begins with ${JSON.stringify(snapshot)}.`,
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
	/** The class, by which logs tell it. */
	override readonly name = "BackupError";
	/** What went wrong: stable, from a closed set. */
	readonly code: Code;
	/** Facts behind the message. They never hold bytes of a blob or a secret. */
	readonly details: BackupErrorDetails[Code];

	/** @internal */
	constructor(code: Code, details: BackupErrorDetails[Code], cause?: unknown) {
		super(MESSAGES[code](details as never), cause === undefined ? undefined : { cause });
		this.code = code;
		this.details = details;
	}
}

/** Whether `error` is a failure of a backup repository, of this code where one is given. */
export const isBackupError = <Code extends BackupErrorCode>(
	error: unknown,
	code?: Code,
): error is BackupError<Code> => error instanceof BackupError && (code === undefined || error.code === code);

/** The error of bytes in a repository that are not what they must be. */
export const damaged = (object: string, reason: string): BackupError =>
	new BackupError("repository_damaged", { object, reason });
