import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../command.js";
import { passphraseFrom } from "../keys/secrets.js";
import { KeyIdentity } from "./key-identity.js";
import type { ConnectionValues } from "./options.js";
import { readKey } from "./pem.js";

/** Identities by path, or by their names in icp-cli and dfx, whose stores are only read. */

const PASSWORD_VARIABLE = "CANISTER_BLOBS_IDENTITY_PASSWORD";
/** Name of the anonymous identity in icp and dfx. */
const ANONYMOUS = "anonymous";

/** The named identity; undefined for the anonymous one. */
export async function identityOf(values: ConnectionValues): Promise<KeyIdentity | undefined> {
	const named = values.identity ?? process.env.CANISTER_BLOBS_IDENTITY;
	if (named === undefined || named === "" || named === ANONYMOUS) return undefined;
	// A folder may have the name of an identity.
	const path = isFile(named) ? named : await storedAt(named);
	const pem = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
		throw new UsageError(`cannot read ${path}: ${cause.code}`, { cause });
	});
	const key = await readKey(pem, path, () => passwordOf(values, path));
	return new KeyIdentity(key, path);
}

/** Accepts a pipe, too, as from a shell's process substitution. */
function isFile(path: string): boolean {
	const found = statSync(path, { throwIfNoEntry: false });
	return found !== undefined && !found.isDirectory();
}

async function passwordOf(values: ConnectionValues, path: string): Promise<string> {
	const given = await passphraseFrom("identity-password", { ...values }, PASSWORD_VARIABLE);
	if (given !== undefined) return given;
	if (!process.stdin.isTTY)
		throw new UsageError(
			`${path} is protected by a password: give --identity-password-file, or set ${PASSWORD_VARIABLE}`,
		);
	const { askFor } = await import("../keys/prompt.js");
	return askFor(`Password of ${path}`);
}

/** The file of an identity of icp or dfx. Keys in a keyring or on hardware are accessible only to their own tools. */
async function storedAt(name: string): Promise<string> {
	const [icp, dfx] = [icpDirectory(), dfxDirectory()];
	const list = await jsonAt(join(icp, "identity_list.json"));
	const entry = (list?.identities as Record<string, { kind?: unknown }> | undefined)?.[name];
	if (entry !== undefined) {
		const path = join(icp, "keys", `${name}.pem`);
		if (entry.kind === "pem" && existsSync(path)) return path;
		throw new UsageError(
			`icp keeps the identity ${name} in another way (${String(entry.kind)}) than as a file. Write it into one that only ` +
				`you can read, and name that: icp identity export ${name} > ${name}.pem`,
		);
	}
	const folder = join(dfx, name);
	for (const file of ["identity.pem", "identity.pem.encrypted"]) {
		if (!existsSync(join(folder, file))) continue;
		// dfx's own encryption (not age): only dfx opens it.
		if (file.endsWith(".encrypted")) break;
		return join(folder, file);
	}
	if (existsSync(folder))
		throw new UsageError(
			`dfx keeps the identity ${name} encrypted, in a keyring or on hardware. Write it into a file that only you can ` +
				`read, and name that: dfx identity export ${name} > ${name}.pem`,
		);
	throw new UsageError(
		`there is no file ${name}, and no identity of this name in ${icp} (icp) or ${dfx} (dfx)`,
	);
}

async function jsonAt(path: string): Promise<Record<string, unknown> | undefined> {
	try {
		const content: unknown = JSON.parse(await readFile(path, "utf8"));
		return typeof content === "object" && content !== null ? (content as Record<string, unknown>) : undefined;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw new UsageError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
	}
}

function icpDirectory(): string {
	const { ICP_HOME, XDG_DATA_HOME, APPDATA = "" } = process.env;
	if (ICP_HOME) return join(ICP_HOME, "identity");
	if (process.platform === "darwin")
		return join(homedir(), "Library/Application Support/org.dfinity.icp-cli/identity");
	if (process.platform === "win32") return join(APPDATA, "icp-cli/data/identity");
	return join(XDG_DATA_HOME || join(homedir(), ".local/share"), "icp-cli/identity");
}

const dfxDirectory = (): string => join(process.env.DFX_CONFIG_ROOT || homedir(), ".config/dfx/identity");
