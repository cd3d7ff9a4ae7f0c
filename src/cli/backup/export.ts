/** `canister-blobs export`: a snapshot as plain files, or as a tar archive on stdout. */
import { Writable } from "node:stream";
import { type ExportOptions, exportDirectory, exportTar } from "../../backup/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { interruption } from "../interrupted.js";
import { EXIT_INCOMPLETE, reported, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs export <snapshot> --to <directory> --repo <place> [options]
       canister-blobs export <snapshot> --tar --repo <place> [options] > archive.tar

Writes a snapshot for use without this package: the blobs as files below blobs/,
blobs.jsonl with the manifest of each, settings.jsonl with roles, quotas, grants and
rules, and snapshot.json. Every byte is verified before it is written. Exit code 3: the
output names what is missing.

      --to <directory>  the folder for the files; files that differ are replaced
      --tar             write a tar archive to stdout, and everything else to stderr
      --prefix <text>   only keys with this prefix
      --owner <id>      only blobs of this principal
      --canister <id>   latest means the latest snapshot of this store
${REPOSITORY_HELP}`;

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...REPOSITORY,
		to: { type: "string" },
		tar: { type: "boolean", default: false },
		prefix: { type: "string", default: "" },
		owner: { type: "string" },
		canister: { type: "string" },
	});
	const [name, ...more] = positionals;
	const { to, tar, prefix, owner, canister } = values;
	if (name === undefined || more.length > 0) throw new UsageError("export takes one snapshot");
	if ((to === undefined) === !tar) throw new UsageError("export needs --to or --tar");
	if (tar && process.stdout.isTTY)
		throw new UsageError("--tar writes to stdout, which is a terminal: give it a file or a pipe");
	return reported({ ...values, isPiped: tar }, async (report) => {
		const repository = await openRepository(values, false);
		const { id } = await repository.find(name, canister);
		let bytes = 0;
		const options: ExportOptions = {
			prefix,
			...(owner !== undefined && { owner }),
			signal: interruption(),
			onFailed: (key, reason) => report.failedBlob(key, reason),
			onBytes: (more) => {
				bytes += more;
				report.progress(() => `${sizeOf(bytes)} exported`);
			},
		};
		const result =
			to === undefined
				? await exportTar(repository, id, Writable.toWeb(process.stdout), options)
				: await exportDirectory(repository, id, to, options);
		const { blobs, failed, missing } = result;
		report.missingBlobs(missing);
		return report.end(
			failed + missing === 0 ? 0 : EXIT_INCOMPLETE,
			{ snapshot: id, ...result },
			`${counted(blobs, "blob")} exported, ${failed} failed, ${sizeOf(result.bytes)}`,
		);
	});
}

export const exportSnapshot: Command = { help, run };
