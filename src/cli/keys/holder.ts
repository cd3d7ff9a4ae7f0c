import type { KeyHolder } from "../../encryption/index.js";
import { UsageError } from "../command.js";
import type { HolderValues } from "./options.js";
import { askForNew } from "./prompt.js";
import { passphraseFrom } from "./secrets.js";

/** The holder for whom a key is wrapped, from the command line, the environment or a terminal. */
export async function holderFrom(values: HolderValues): Promise<KeyHolder> {
	const { recipient, note } = values;
	const noted = note === undefined ? {} : { note };
	if (recipient !== undefined) return { ...noted, recipient };
	const given = await passphraseFrom("new-passphrase", { ...values }, "CANISTER_BLOBS_NEW_PASSPHRASE");
	if (given !== undefined) return { ...noted, passphrase: given };
	if (!process.stdin.isTTY)
		throw new UsageError("for whom? Give --recipient, --new-passphrase-file or --new-passphrase-command");
	return { ...noted, passphrase: await askForNew("New passphrase") };
}
