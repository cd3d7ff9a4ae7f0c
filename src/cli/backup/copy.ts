/** `canister-blobs copy`: snapshots from one repository to another. */
import { copy as copySnapshots } from "../../backup/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { interruption } from "../interrupted.js";
import { FROM_SECRETS, FROM_SECRETS_HELP } from "../keys/options.js";
import { reported, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { openOther, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs copy [<snapshot>…] --from <place> --repo <place> [options]

Copies the named snapshots, or all that are missing, from one repository to another. Each
item is verified, and encrypted with the key of the target if that is encrypted. Items
that the target already has are not written again. The copy is checked at the end.

      --from <place>    the repository to copy from
${FROM_SECRETS_HELP}
      --read-back       check the copy by reading all of its bytes, not only that each
                        object exists with its size
      --canister <id>   latest means the latest snapshot of this store
      --dry-run         only print what would be copied
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...REPOSITORY,
		...FROM_SECRETS,
		from: { type: "string" },
		canister: { type: "string" },
		"read-back": { type: "boolean", default: false },
		"dry-run": { type: "boolean", default: false },
	});
	const { from: place, canister } = values;
	if (place === undefined) throw new UsageError("copy needs --from");
	const dryRun = values["dry-run"];
	return reported(values, async (report) => {
		const from = await openOther(values, place);
		const to = await openRepository(values, !dryRun);
		const ids: string[] = [];
		for (const name of positionals) ids.push((await from.find(name, canister)).id);
		let bytes = 0;
		const result = await copySnapshots(from, to, {
			...(positionals.length > 0 && { ids }),
			check: values["read-back"] ? "bytes" : "structure",
			dryRun,
			signal: interruption(),
			onNote: (text) => report.note(text),
			onBytes: (more) => {
				bytes += more;
				report.progress(() => `${sizeOf(bytes)} copied`);
			},
		});
		const { copied, there, items } = result;
		for (const { id, at } of copied)
			report.item({ type: "copied", id, at }, `copied ${id.slice(0, 8)}  ${at.slice(0, 19)}Z`);
		return report.end(
			0,
			{ ...result, copied: copied.length, there: there.length, dryRun },
			`${copied.length} copied, ${there.length} there already, ${counted(items, "item")}, ${sizeOf(result.bytes)}` +
				(dryRun ? " (nothing was done)" : ""),
		);
	});
}

export const copy: Command = { help, run };
