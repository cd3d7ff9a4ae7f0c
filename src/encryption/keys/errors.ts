/** Error codes of key files, with the facts of each error. They never contain a secret. */
export interface KeyFileErrorDetails {
	/** The text is not a valid key file. */
	readonly key_file_invalid: { readonly reason: string };
	/** A later release wrote the file. */
	readonly key_file_unsupported: { readonly version: number };
	/** None of the given secrets opens the file. */
	readonly key_file_locked: { readonly reason: string };
	/** The file has no such slot. */
	readonly key_slot_not_found: { readonly slot: string };
	/** The slot is the last one. Without it the file could never be opened. */
	readonly key_slot_last: { readonly slot: string };
	/** A recipient, an identity or a passphrase is invalid. */
	readonly key_secret_invalid: { readonly reason: string };
}

/** Stable name of an error. */
export type KeyFileErrorCode = keyof KeyFileErrorDetails;

const MESSAGES: { readonly [Code in KeyFileErrorCode]: (details: KeyFileErrorDetails[Code]) => string } = {
	key_file_invalid: ({ reason }) => `This is no key file that can be used: ${reason}.`,
	key_file_unsupported: ({ version }) =>
		`The key file has format ${version}, which this release does not know. Update canister-blobs.`,
	key_file_locked: ({ reason }) => `The key cannot be opened: ${reason}.`,
	key_slot_not_found: ({ slot }) =>
		`The key file has no slot that begins with ${JSON.stringify(slot)}, or several.`,
	key_slot_last: ({ slot }) =>
		`${slot} is the only slot: without it nobody could open the key. Add another one first.`,
	key_secret_invalid: ({ reason }) => `${reason}.`,
};

/** Failure to make, read or open a key file. */
export class KeyFileError<Code extends KeyFileErrorCode = KeyFileErrorCode> extends Error {
	/** Name of the class, for logs. */
	override readonly name = "KeyFileError";
	/** Stable code from a closed set. */
	readonly code: Code;
	/** Facts behind the message. */
	readonly details: KeyFileErrorDetails[Code];

	/**
	 * Has no `cause`: errors of libraries quote the text that they could not read.
	 * @internal
	 */
	constructor(code: Code, details: KeyFileErrorDetails[Code]) {
		super(MESSAGES[code](details as never));
		this.code = code;
		this.details = details;
	}
}

/** Whether `error` is a KeyFileError, and has this code if one is passed. */
export const isKeyFileError = <Code extends KeyFileErrorCode>(
	error: unknown,
	code?: Code,
): error is KeyFileError<Code> =>
	error instanceof KeyFileError && (code === undefined || error.code === code);
