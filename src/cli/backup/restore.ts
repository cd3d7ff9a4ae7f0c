/** `canister-blobs restore`: writes a snapshot into files, or into an empty store. */
import { restore as restoreFiles, restoreStore } from "../../backup/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { CONNECTION, type ConnectionValues } from "../connect/options.js";
import { interruption } from "../interrupted.js";
import { EXIT_INCOMPLETE, reported, shownKey, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { moduleHash } from "./module-hash.js";
import { connect, openRepository, REPOSITORY, REPOSITORY_HELP, type RepositoryValues } from "./options.js";

const help = `Usage: canister-blobs restore <snapshot> --to <directory> --repo <place> [options]
       canister-blobs restore <snapshot> --into <canister> --repo <place> [options]

Writes the blobs of a snapshot (its id, the beginning of the id, or latest) as files, or
puts them into an empty store with their owners, times, roles, quotas, grants and links.
Run it again after a kill to continue. Exit code 3: the output names what is missing.

      --to <directory>  the folder for the files; keys become paths below it
      --into <canister> an empty store that the identity controls. It becomes live when
                        it holds every blob
      --prefix <text>   only keys with this prefix
      --owner <id>      only blobs of this principal, as files
      --canister <id>   latest means the latest snapshot of this store
      --overwrite       replace files that differ
      --dry-run         only print which files would be written, or how many blobs would
                        be put into the store
      --accept-other-wasm
                        continue if the canister runs another module than the one that
                        was backed up
      --network, --host, --identity, --local
                        how to reach the canister, as for backup
${REPOSITORY_HELP}`;

interface IntoStore extends RepositoryValues, ConnectionValues {
	readonly into: string;
	readonly prefix: string;
	readonly "accept-other-wasm": boolean;
	readonly "dry-run": boolean;
	readonly json: boolean;
	readonly quiet: boolean;
}

function intoStore(name: string, values: IntoStore): Promise<number> {
	return reported(values, async (report) => {
		const repository = await openRepository(values, false);
		const { id } = await repository.find(name, values.canister);
		const connection = await connect({ ...values, canister: values.into });
		const wasmHash = await moduleHash(connection.client, report);
		const dryRun = values["dry-run"];
		let bytes = 0;
		const result = await restoreStore(repository, id, connection.client, {
			prefix: values.prefix,
			acceptOtherWasm: values["accept-other-wasm"],
			dryRun,
			...(wasmHash !== undefined && { wasmHash }),
			signal: interruption(),
			onNote: (text) => report.note(text),
			onFailed: (key, reason) => report.failedBlob(key, reason),
			onBlob: (more) => {
				bytes += more;
				report.progress(() => `${sizeOf(bytes)} in the store`);
			},
		});
		const { restored, unchanged, ended, failed, missing, settings, isLive } = result;
		report.missingBlobs(missing);
		return report.end(
			failed + missing === 0 ? 0 : EXIT_INCOMPLETE,
			{ snapshot: id, into: connection.canister, dryRun, ...result },
			`${restored} restored, ${unchanged} there already, ${ended} ended, ${failed} failed, ${counted(settings, "setting")}` +
				(dryRun ? " (nothing was done)" : `: the store is ${isLive ? "live" : "still importing"}`),
		);
	});
}

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...REPOSITORY,
		...CONNECTION,
		to: { type: "string" },
		into: { type: "string" },
		"accept-other-wasm": { type: "boolean", default: false },
		prefix: { type: "string", default: "" },
		owner: { type: "string" },
		overwrite: { type: "boolean", default: false },
		"dry-run": { type: "boolean", default: false },
	});
	const [name, ...more] = positionals;
	if (name === undefined || more.length > 0) throw new UsageError("restore takes one snapshot");
	const { to, into, prefix, owner, overwrite } = values;
	if ((to === undefined) === (into === undefined)) throw new UsageError("restore needs --to or --into");
	const dryRun = values["dry-run"];
	if (to === undefined) {
		if (overwrite || owner !== undefined) throw new UsageError("--overwrite and --owner are for files");
		return intoStore(name, { ...values, into: into as string });
	}
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
				if (reason !== undefined) report.failedBlob(key, reason);
				else if (dryRun) report.item({ type: "file", key, as }, `${as} ${shownKey(key)}`);
			},
		});
		const { restored, replaced, unchanged, failed, missing } = result;
		report.missingBlobs(missing);
		return report.end(
			failed + missing === 0 ? 0 : EXIT_INCOMPLETE,
			{ snapshot: id, dryRun, ...result },
			`${restored} restored, ${replaced} replaced, ${unchanged} unchanged, ${failed} failed, ${sizeOf(result.bytes)}`,
		);
	});
}

export const restore: Command = { help, run };
