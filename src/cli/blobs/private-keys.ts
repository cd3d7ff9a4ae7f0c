import { open } from "node:fs/promises";
import { CommandError } from "../command.js";
import { shownKey } from "../report.js";

/**
 * Detects private keys among files to upload: PEM of any kind (OpenSSL, dfx, icp, SSH, PGP), also indented in YAML, in
 * JSON with `\n` for the end of a line, or in UTF-16; and secret keys of age. A reader of the blob, or the operator of a
 * node of its subnet, could sign with them.
 */
const PRIVATE_KEY =
	/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[ \t]*(?:[\r\n]|\\[rn])|AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50}/i;
/** Key files are short: of a longer file only this much is checked. */
export const LOOKED_AT_BYTES = 64 * 1024;
const MAX_OPEN = 16;
const MAX_NAMED = 10;

export const holdsPrivateKey = (bytes: Uint8Array): boolean =>
	// In UTF-16 each of these characters is beside a NUL.
	PRIVATE_KEY.test(Buffer.from(bytes.subarray(0, LOOKED_AT_BYTES)).toString("latin1").replaceAll("\0", ""));

/** The files that contain a private key. Unreadable files are skipped; the upload reports them. */
export async function withPrivateKeys(paths: readonly string[]): Promise<string[]> {
	const found = new Set<string>();
	const left = paths.values();
	const look = async () => {
		for (const path of left) if (await holdsOne(path).catch(() => false)) found.add(path);
	};
	await Promise.all(Array.from({ length: MAX_OPEN }, look));
	return paths.filter((path) => found.has(path));
}

async function holdsOne(path: string): Promise<boolean> {
	const file = await open(path, "r");
	try {
		const bytes = new Uint8Array(LOOKED_AT_BYTES);
		let length = 0;
		for (;;) {
			const { bytesRead } = await file.read(bytes, length, LOOKED_AT_BYTES - length);
			length += bytesRead;
			if (bytesRead === 0 || length === LOOKED_AT_BYTES) break;
		}
		return holdsPrivateKey(bytes.subarray(0, length));
	} finally {
		await file.close();
	}
}

/** The error that refuses the upload. @param advice how to proceed without these files */
export function refusal(paths: readonly string[], advice: string): CommandError {
	const named = paths.slice(0, MAX_NAMED).map(shownKey).join(", ");
	const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : "";
	return new CommandError(
		"private_key",
		`${named}${more} ${paths.length === 1 ? "holds" : "hold"} a private key, and nothing was uploaded. ${advice}, or give --allow-private-keys.`,
	);
}
