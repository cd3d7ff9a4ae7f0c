import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { identitiesIn, type KeySecrets } from "../../encryption/index.js";
import { UsageError } from "../command.js";
import type { FromSecretValues, KeySecretValues } from "./options.js";
import { askFor } from "./prompt.js";

/**
 * What was given to open a key.
 * @param ask what a terminal is asked for where nothing was given
 * @param of which of two repositories: what the names of options and variables begin with
 */
export async function keySecretsFrom(
	values: KeySecretValues | FromSecretValues,
	ask: string,
	of: "" | "from-" = "",
): Promise<KeySecrets> {
	const given: Readonly<Record<string, unknown>> = { ...values };
	const variables = `CANISTER_BLOBS_${of === "" ? "" : "FROM_"}`;
	const path = given[`${of}age-identity`];
	const text = typeof path === "string" ? await read(path) : process.env[`${variables}AGE_IDENTITY`];
	const identities = text === undefined ? [] : identitiesIn(text);
	const passphrase = await passphraseFrom(`${of}passphrase`, given, `${variables}PASSPHRASE`);
	if (passphrase !== undefined) return { identities, passphrase };
	if (identities.length > 0 || !process.stdin.isTTY) return { identities };
	return { passphrase: await askFor(ask) };
}

/** A passphrase out of a file, of what a command prints, or of a variable; undefined where none is named. */
export async function passphraseFrom(
	option: string,
	values: Readonly<Record<string, unknown>>,
	variable: string,
): Promise<string | undefined> {
	const [path, command] = [values[`${option}-file`], values[`${option}-command`]];
	if (typeof path === "string") return lineOf(`--${option}-file`, await read(path));
	if (typeof command === "string") return lineOf(`--${option}-command`, await printedBy(command));
	const held = process.env[variable];
	return held === undefined || held === "" ? undefined : held;
}

function lineOf(option: string, text: string): string {
	const line = text.replace(/\r?\n$/, "");
	if (line === "" || line.includes("\n"))
		throw new UsageError(`${option} must give one line, the passphrase`);
	return line;
}

/** Its errors tell how it ended alone: what it printed may be the secret. */
async function printedBy(command: string): Promise<string> {
	try {
		const { stdout } = await promisify(execFile)("/bin/sh", ["-c", command], { encoding: "utf8" });
		return stdout;
	} catch (error) {
		const { code = "unknown" } = error as { code?: number | string };
		throw new UsageError(`--passphrase-command failed (${code})`);
	}
}

function read(path: string): Promise<string> {
	return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		throw new UsageError(`cannot read ${path}: ${error.code}`);
	});
}
