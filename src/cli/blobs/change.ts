/** `canister-blobs rm` and `mv`. */
import { type Command, parsed, UsageError } from "../command.js";
import { EXIT_INCOMPLETE, reported, shownKey } from "../report.js";
import { openStore, STORE, STORE_HELP } from "./options.js";

const RM_HELP = `Usage: canister-blobs rm <key>... --canister <id> [options]

Deletes blobs. That a key holds none is no error.

  -R, --recursive         a key that ends in / stands for all blobs below it
      --all               all blobs of the store, in place of keys
      --dry-run           print what would be deleted, and delete nothing
${STORE_HELP}

Exit codes: 0 deleted, 1 not, 2 the command line is wrong, 3 some were deleted and
others, which the output names, were not.`;

async function runRm(args: readonly string[]): Promise<number> {
	const { values, positionals: keys } = parsed(args, {
		...STORE,
		recursive: { type: "boolean", short: "R", default: false },
		all: { type: "boolean", default: false },
		"dry-run": { type: "boolean", default: false },
	});
	if (values.all && keys.length > 0) throw new UsageError("rm takes keys or --all, not both");
	if (keys.length === 0 && !values.all) throw new UsageError("rm takes one key at least");
	// A variable that is not set, in a script, must not stand for everything.
	if (keys.includes("")) throw new UsageError("a key is empty; to delete all blobs of the store: --all");
	if (values.all) keys.push("");
	const folder = values.all ? undefined : keys.find((key) => key.endsWith("/"));
	if (folder !== undefined && !values.recursive)
		throw new UsageError(`${shownKey(folder)} stands for all blobs below it: that takes --recursive`);
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		async function* named() {
			for (const key of keys) {
				if (key !== "" && !key.endsWith("/")) yield key;
				else
					for await (const entry of client.list({ prefix: key, recursive: true }))
						if (entry.type === "blob") yield entry.blob.key;
			}
		}
		const counts = { deleted: 0, failed: 0 };
		if (values["dry-run"]) {
			for await (const key of named()) {
				counts.deleted++;
				report.item({ type: "would_delete", key }, `would delete ${shownKey(key)}`);
			}
			return report.end(0, { ...counts, dryRun: true }, `${counts.deleted} would be deleted`);
		}
		const deletion = client.deleteMany(named());
		deletion.on("item", (item) => {
			const { key } = item;
			counts[item.status]++;
			if (item.status === "failed") report.failedBlob(key, item.error.message);
			else report.item({ type: "deleted", key }, `deleted ${shownKey(key)}`);
		});
		await deletion.done;
		return report.end(
			counts.failed > 0 ? EXIT_INCOMPLETE : 0,
			counts,
			`${counts.deleted} deleted, ${counts.failed} failed`,
		);
	});
}

const MV_HELP = `Usage: canister-blobs mv <from> <to> --canister <id> [options]

Gives a blob another key. No bytes travel. What <to> holds is replaced, unless
--if-absent is given.

      --if-absent         refuse if <to> holds a blob
${STORE_HELP}`;

async function runMv(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, {
		...STORE,
		"if-absent": { type: "boolean", default: false },
	});
	const [from, to, third] = positionals;
	if (from === undefined || to === undefined || third !== undefined)
		throw new UsageError("mv takes the key that it has and the one that it gets");
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		const manifest = await client.rename(from, to, values["if-absent"] ? { ifNoneMatch: "*" } : {});
		return report.end(0, { ...manifest, from }, `${shownKey(from)} is now ${shownKey(to)}`);
	});
}

export const rm: Command = { help: RM_HELP, run: runRm };
export const mv: Command = { help: MV_HELP, run: runMv };
