import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { startCommand } from "../../support/command.js";

/**
 * The command as its users run it: a process of its own. For networks with `signatures: "test"`: the pairings of such
 * short processes take most of their time, and `test/http/command.test.ts` has them made.
 */

export interface Ended {
	readonly code: number | null;
	readonly out: string;
	readonly err: string;
	/** The lines of JSON. */
	readonly lines: Record<string, never>[];
	readonly last: Record<string, never>;
}

export function start(args: readonly string[], environment: Record<string, string>) {
	const { child, said, ended: closed } = startCommand(args, environment, { signatures: "test" });
	const ended = closed.then(([code]): Ended => {
		const printed = args.includes("--json") ? said.out.split("\n").filter((line) => line !== "") : [];
		const lines = printed.map((line) => JSON.parse(line));
		return { code, ...said, lines, last: lines.at(-1) ?? {} };
	});
	return { child, ended };
}

/** Writes a new key into a file. @returns its identity */
export async function keyIn(path: string): Promise<{ identity: Ed25519KeyIdentity; secret: string }> {
	const { privateKey } = generateKeyPairSync("ed25519");
	const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
	await writeFile(path, secret, { mode: 0o600 });
	const { d } = privateKey.export({ format: "jwk" });
	const seed = new Uint8Array(Buffer.from(d as string, "base64url"));
	return { identity: Ed25519KeyIdentity.fromSecretKey(seed), secret };
}
