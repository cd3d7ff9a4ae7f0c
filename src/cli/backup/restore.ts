/** `canister-blobs restore`: makes files of a snapshot. */
import { parseArgs } from "node:util";
import { restore as restoreFiles } from "../../backup/index.js";
import { type Command, UsageError } from "../command.js";
import { openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";
import { EXIT_INCOMPLETE, interruption, reported, shownKey, sizeOf } from "./report.js";

const help = `Usage: canister-blobs restore <snapshot> --to <directory> --repo <path> [options]

Makes files of the blobs of a snapshot: by its id, the beginning of that, or latest.
Killed, it goes on when it is run again. Exit code 3: some are missing, and named.

      --to <directory>  where the files are to be; keys are paths below it
      --prefix <text>   only keys that begin so
      --owner <id>      only blobs of this principal
      --canister <id>   latest is the latest of this store
      --overwrite       replace files that differ
      --dry-run         only say what would be done
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args: [...args],
		allowPositionals: true,
		options: {
			...REPOSITORY,
			to: { type: "string" },
			prefix: { type: "string", default: "" },
			owner: { type: "string" },
			canister: { type: "string" },
			overwrite: { type: "boolean", default: false },
			"dry-run": { type: "boolean", default: false },
		},
	});
	const [name, ...more] = positionals;
	if (name === undefined || more.length > 0) throw new UsageError("restore takes one snapshot");
	const { to, prefix, owner, overwrite } = values;
	if (to === undefined) throw new UsageError("restore needs --to <directory>");
	const dryRun = values["dry-run"];
	return reported(values, async (report) => {
		const repository = await openRepository(values, false);
		const { id } = await repository.find(name, values.canister);
		let bytes = 0;
		const result = await restoreFiles(repository, id, to, {
			prefix,
			overwrite,
			dryRun,
			...(owner !== undefined && { owner }),
			signal: interruption(),
			onBytes: (more) => {
				bytes += more;
				report.progress(() => `${sizeOf(bytes)} restored`);
			},
			onFile: ({ key, as, reason }) => {
				if (reason !== undefined)
					report.loss({ type: "failed", key, reason }, `failed ${shownKey(key)}: ${reason}`);
				else if (dryRun) report.item({ type: "file", key, as }, `${as} ${shownKey(key)}`);
			},
		});
		const { restored, replaced, unchanged, failed, missing } = result;
		if (missing > 0)
			report.loss({ type: "missing", count: missing }, `The snapshot itself lacks ${missing} blobs.`);
		return report.end(
			failed + missing === 0 ? 0 : EXIT_INCOMPLETE,
			{ snapshot: id, dryRun, ...result },
			`${restored} restored, ${replaced} replaced, ${unchanged} unchanged, ${failed} failed, ${sizeOf(result.bytes)}`,
		);
	});
}

export const restore: Command = { summary: "make files of a snapshot", help, run };
