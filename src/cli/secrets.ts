import { readFile } from "node:fs/promises";
import { UsageError } from "./command.js";

/**
 * Path of the secret of links, for `parseArgs`. Never the secret itself: every user of a machine can read command
 * lines.
 */
export const SECRETS = { "link-secret": { type: "string" } } as const;

export const VARIABLE = "CANISTER_BLOBS_LINK_SECRET";

export const SECRETS_HELP = `      --link-secret <path>  a file with the secret that signs links, at least 32
                          characters (openssl rand -hex 32). Of several lines the
                          first signs, and all are accepted. Or the variable
                          ${VARIABLE} holds it`;

/** The secrets, the signing one first; empty if none are named. */
export async function secretsFrom(path: string | undefined): Promise<string[]> {
	const text = path === undefined ? (process.env[VARIABLE] ?? "") : await read(path);
	const secrets = text.split("\n").flatMap((line) => line.trim() || []);
	if (path !== undefined && secrets.length === 0) throw new UsageError(`${path} holds no secret`);
	return secrets;
}

function read(path: string): Promise<string> {
	return readFile(path, "utf8").catch((cause: Error) => {
		throw new UsageError(`cannot read ${path}: ${cause.message}`, { cause });
	});
}
