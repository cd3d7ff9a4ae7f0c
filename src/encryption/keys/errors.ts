/** What can be wrong with a key file, with the facts that each error carries. They never hold a secret. */
export interface KeyFileErrorDetails {
	/** It is not a key file, or holds what none may. */
	readonly key_file_invalid: { readonly reason: string };
	/** A later release wrote it. */
	readonly key_file_unsupported: { readonly version: number };
	/** Nothing that was given opens it. */
	readonly key_file_locked: { readonly reason: string };
	/** It has no such way to open it. */
	readonly key_slot_not_found: { readonly slot: string };
	/** Without it nobody could ever open the file. */
	readonly key_slot_last: { readonly slot: string };
	/** A recipient, an identity or a passphrase that cannot be one. */
	readonly key_secret_invalid: { readonly reason: string };
}

/** Stable name of what is wrong. */
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
	/** The class, by which logs tell it. */
	override readonly name = "KeyFileError";
	/** What is wrong: stable, from a closed set. */
	readonly code: Code;
	/** Facts behind the message. */
	readonly details: KeyFileErrorDetails[Code];

	/**
	 * Without a cause: errors of libraries quote what they could not read.
	 * @internal
	 */
	constructor(code: Code, details: KeyFileErrorDetails[Code]) {
		super(MESSAGES[code](details as never));
		this.code = code;
		this.details = details;
	}
}

/** Whether `error` is a failure of a key file, of this code where one is given. */
export const isKeyFileError = <Code extends KeyFileErrorCode>(
	error: unknown,
	code?: Code,
): error is KeyFileError<Code> =>
	error instanceof KeyFileError && (code === undefined || error.code === code);
