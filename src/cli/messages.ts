import { type AnyBlobError, isBlobError } from "../client/errors/errors.js";
import { whyNotWritten } from "./disk.js";

/**
 * What an error says to a user of the command. Errors of the client name its options and classes; here they name flags.
 * docs/ERRORS.md has both: the test of this file goes through all of them.
 */

const REPLACED: readonly (readonly [RegExp, string])[] = [
	[/check the connection and the agent's host/i, "Check the connection, and --host or --network"],
	[
		/Check the canister id, and that the agent's host belongs to its network/,
		"Check --canister, and --host or --network",
	],
	[/Check the agent's host/, "Check --host or --network"],
	[/check the agent's host and identity, and/, "check --host or --network, --identity and"],
	[/for a local network set localNetwork: true/, "for a local network give --local, or --network local"],
	[/(?:: ask again)?, or with trust: "subnet"/, ": try again"],
	[/: ask with trust: "subnet"/, ": try again later"],
	[/, or list public blobs only, with visibility: "public"/, ""],
	[/Try again, or raise the limit in the options/, "Try again"],
	[
		/Set a smaller chunkBytes, which bounds every message that carries bytes/,
		"Ask its operator to accept messages of 2 MiB",
	],
	[/Lower chunkBytes by at least that much/, "Use an identity with a shorter delegation"],
	[
		/upload with allowEmpty: true to replace them with nothing/,
		"give --allow-empty to replace them with nothing",
	],
	[/Pass the source again, or as a Blob or a path/, "Run the command again, with a file instead of stdin"],
	[
		/Give the client this key \(option encryption\), or in a command its key file \(--key-file\)/,
		"Give its key file: --key-file",
	],
	[/Give the client an agent that has an identity/, "Give --identity"],
	[/Sign in with an identity/, "Give --identity"],
	[
		/Sign in again, then resume the transfer with the new agent, or upload again with it/,
		"Sign in again, then run the command again",
	],
	[/the agent acts as/, "this identity is"],
	[/the agent has lost its identity/, "the key cannot sign"],
	[/sign in, ask for a role/, "give --identity, ask for a role"],
	[/Check the key and the identity/, "Check the key and --identity"],
];

/** Options of the command for names of the client and the store. */
const FLAGS: Readonly<Record<string, string>> = {
	canisterId: "--canister",
	secrets: "--link-secret",
	contentType: "--type",
	content_type: "--type",
	metadata: "--metadata",
	expiresAt: "--expires",
	expires_at: "--expires",
};

const flagOf = (name: string): string => (Object.hasOwn(FLAGS, name) ? FLAGS[name]! : name);

/** The message for any error. */
export function messageFor(error: unknown): string {
	if (!isBlobError(error))
		return whyNotWritten(error ?? {}) ?? (error instanceof Error ? error.message : String(error));
	return REPLACED.reduce((text, [pattern, flag]) => text.replace(pattern, () => flag), withFlags(error));
}

function withFlags(error: AnyBlobError): string {
	const { message } = error;
	switch (error.code) {
		case "option_invalid":
			return message.replace(
				`The option or argument ${error.details.option}`,
				() => `The argument ${flagOf(error.details.option)}`,
			);
		case "invalid_argument":
			return message.replace(
				`The field ${error.details.field}`,
				() => `The argument ${flagOf(error.details.field)}`,
			);
		case "range_invalid": {
			const { end } = error.details;
			// --range includes the last byte, the client's range does not.
			return end === undefined ? message : message.replace(`to ${end} is`, `to ${end - 1} is`);
		}
		default:
			return message;
	}
}
