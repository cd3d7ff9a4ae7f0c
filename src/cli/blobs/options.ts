import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient, Conditions } from "../../client/node/index.js";
import type { Encryption } from "../../encryption/index.js";
import { CommandError, optionsIn, UsageError } from "../command.js";
import type { Connection } from "../connect/connect.js";
import { CONNECTION, CONNECTION_HELP, type ConnectionValues } from "../connect/options.js";
import { KEY_SECRETS, KEY_SECRETS_HELP, KEYS, type KeyValues } from "../keys/options.js";
import { shownKey } from "../report.js";

/** Options of every command about blobs, for `parseArgs`. */
export const STORE = {
	...CONNECTION,
	...KEYS,
	...KEY_SECRETS,
	json: { type: "boolean", default: false },
	quiet: { type: "boolean", short: "q", default: false },
} as const;

export const STORE_HELP = `${CONNECTION_HELP}
      --json              print lines of JSON; the last one tells how it ended
  -q, --quiet             print nothing but errors
Of encrypted blobs:
      --key-file <file>   seal and open blobs with this key; of several the first seals
      --encrypted-names   keys are encrypted as well
${KEY_SECRETS_HELP}`;

export interface StoreValues extends ConnectionValues, KeyValues {
	readonly json: boolean;
	readonly quiet: boolean;
}

export interface Store {
	readonly client: BlobClient;
	readonly connection: Connection;
	/** Seals and opens the client's blobs. */
	readonly encryption: Encryption | undefined;
}

/** The store that the command line names. Loaded only here, so that a wrong command line is reported at once. */
export async function openStore(values: StoreValues): Promise<Store> {
	const { connectionOf } = await import("../connect/connect.js");
	const connection = await connectionOf(values);
	const { encryptionOf } = await import("../keys/encryption.js");
	const encryption = await encryptionOf(values);
	const client = connection.client(connection.identity, encryption && { encryption });
	return { client, connection, encryption };
}

/** Whether the command reads a snapshot in a backup repository, which takes other options than a store. */
export const asksSnapshot = (args: readonly string[]): boolean =>
	optionsIn(args).some((arg) => arg === "--snapshot" || arg.startsWith("--snapshot="));

/** A prefix of keys: ends in a slash, or is empty for all keys. */
export const folderOf = (prefix: string): string =>
	prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;

/** Explains a refused change to a user of --if-absent: the store names the violated condition only. */
export const explained = (error: unknown, { ifNoneMatch }: Conditions, key: string): unknown =>
	ifNoneMatch !== undefined && isBlobError(error, "precondition_failed")
		? new CommandError(
				error.code,
				`The key ${shownKey(key)} already holds a blob, and --if-absent keeps it. Choose another key, or leave ` +
					"--if-absent out to replace the blob.",
			)
		: error;

/** Parses repeated options `name=value`. */
export function pairsOf(option: string, texts: readonly string[] = []): Record<string, string> | undefined {
	if (texts.length === 0) return undefined;
	const pairs = new Map<string, string>();
	for (const text of texts) {
		const at = text.indexOf("=");
		if (at < 1) throw new UsageError(`--${option} takes name=value, not ${JSON.stringify(text)}`);
		const name = text.slice(0, at);
		if (pairs.has(name)) throw new UsageError(`--${option} gives ${JSON.stringify(name)} two values`);
		pairs.set(name, text.slice(at + 1));
	}
	return Object.fromEntries(pairs);
}

/** Checks a media type. Stores reject an empty one. */
export function mediaTypeOf(text: string | undefined): string | undefined {
	if (text?.trim() === "") throw new UsageError("--type takes a media type, such as image/png; it is empty");
	return text;
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** A date with its time zone, so that it does not depend on this machine's. */
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A future time: a date, or a duration from now such as 12h or 30d. */
export function timeOf(option: string, text: string): Date {
	const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
	const time =
		count !== undefined
			? new Date(Date.now() + Number(count) * UNITS[unit as keyof typeof UNITS])
			: new Date(DATE.test(text) ? text : Number.NaN);
	if (!(time.getTime() > Date.now()))
		throw new UsageError(`--${option} takes a time to come, such as 2026-12-31T18:00Z or 12h, not ${text}`);
	return time;
}
