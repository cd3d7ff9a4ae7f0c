/** Options about keys, separate from their readers: a build that links canisters runs the command many times. */

/**
 * Where to find the secrets of a key, for `parseArgs`. Never the secret itself: every user of a machine can read
 * command lines.
 */
export const KEY_SECRETS = {
	"age-identity": { type: "string" },
	"passphrase-file": { type: "string" },
	"passphrase-command": { type: "string" },
} as const;

export const KEY_SECRETS_HELP = `      --age-identity <file> secret keys of age that open the key; or the variable
                          CANISTER_BLOBS_AGE_IDENTITY holds them
      --passphrase-file <file>, --passphrase-command <command>
                          a passphrase that opens it; or the variable
                          CANISTER_BLOBS_PASSPHRASE holds it, or a terminal asks`;

export interface KeySecretValues {
	readonly "age-identity"?: string | undefined;
	readonly "passphrase-file"?: string | undefined;
	readonly "passphrase-command"?: string | undefined;
}

/** Like `KEY_SECRETS`, for a second repository. */
export const FROM_SECRETS = {
	"from-age-identity": { type: "string" },
	"from-passphrase-file": { type: "string" },
	"from-passphrase-command": { type: "string" },
} as const;

export const FROM_SECRETS_HELP = `      --from-age-identity <file>, --from-passphrase-file <file>,
      --from-passphrase-command <command>
                          what opens that one, where it is encrypted; or the variables
                          CANISTER_BLOBS_FROM_AGE_IDENTITY, CANISTER_BLOBS_FROM_PASSPHRASE`;

export interface FromSecretValues {
	readonly "from-age-identity"?: string | undefined;
	readonly "from-passphrase-file"?: string | undefined;
	readonly "from-passphrase-command"?: string | undefined;
}

/** Key files with which a command opens blobs, for `parseArgs`. */
export const KEYS = {
	"key-file": { type: "string", multiple: true },
	"encrypted-names": { type: "boolean", default: false },
} as const;

export const KEYS_HELP = `      --key-file <file>   decrypt blobs that were encrypted with this key, for every
                          reader that may read them here; may be given several times
      --encrypted-names   keys are encrypted as well`;

export interface KeyValues extends KeySecretValues {
	readonly "key-file"?: readonly string[] | undefined;
	readonly "encrypted-names": boolean;
}

/** The holder for whom a key is wrapped, for `parseArgs`. */
export const HOLDER = {
	recipient: { type: "string" },
	note: { type: "string" },
	"new-passphrase-file": { type: "string" },
	"new-passphrase-command": { type: "string" },
} as const;

export const HOLDER_HELP = `      --recipient <age1…>   for who has this age identity (age-keygen makes one), or
      --new-passphrase-file <file>, --new-passphrase-command <command>
                          for who knows this passphrase; or the variable
                          CANISTER_BLOBS_NEW_PASSPHRASE holds it, or a terminal asks
      --note <text>       a word by which people know it`;

export interface HolderValues {
	readonly recipient?: string | undefined;
	readonly note?: string | undefined;
	readonly "new-passphrase-file"?: string | undefined;
	readonly "new-passphrase-command"?: string | undefined;
}
