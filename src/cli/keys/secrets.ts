import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { identitiesIn, type KeySecrets } from "../../encryption/index.js";
import { UsageError } from "../command.js";
import type { FromSecretValues, KeySecretValues } from "./options.js";
import { askFor } from "./prompt.js";

/**
 * Collects the secrets that open a key.
 * @param ask text of the prompt if none were given
 * @param of selects one of two repositories: prefix of the names of options and variables
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

/** A passphrase from a file, the output of a command, or a variable; undefined if none is named. */
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

/** Its errors contain only the exit status: the output may be the secret. */
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
