/** `canister-blobs rm` and `mv`. */
import type { Conditions } from "../../client/node/index.js";
import { type Command, EXIT_FAILURE, parsed, UsageError } from "../command.js";
import { EXIT_INCOMPLETE, reported, shownKey } from "../report.js";
import { explained, openStore, STORE, STORE_HELP } from "./options.js";

const RM_HELP = `Usage: canister-blobs rm <key>... --canister <id> [options]

Deletes blobs. A key that holds no blob is named in the output.

  -R, --recursive         delete all blobs below each key that ends in /
  -f, --force             succeed if a key holds no blob
      --all               all blobs of the store, in place of keys
      --dry-run           print what would be deleted, and delete nothing
${STORE_HELP}

Exit codes: 0 all were deleted, 1 none was, 2 the command line is wrong, 3 some were
deleted; the output names the others.`;

async function runRm(args: readonly string[]): Promise<number> {
	const { values, positionals: keys } = parsed(args, {
		...STORE,
		recursive: { type: "boolean", short: "R", default: false },
		all: { type: "boolean", default: false },
		force: { type: "boolean", short: "f", default: false },
		"dry-run": { type: "boolean", default: false },
	});
	if (values.all && keys.length > 0) throw new UsageError("rm takes keys or --all, not both");
	if (keys.length === 0 && !values.all) throw new UsageError("rm takes one key at least");
	// An unset variable in a script must not select all blobs.
	if (keys.includes("")) throw new UsageError("a key is empty; to delete all blobs of the store: --all");
	if (values.all) keys.push("");
	const folder = values.all ? undefined : keys.find((key) => key.endsWith("/"));
	if (folder !== undefined && !values.recursive)
		throw new UsageError(`${shownKey(folder)} stands for all blobs below it: that takes --recursive`);
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		const counts = { deleted: 0, absent: 0, failed: 0 };
		const absent = (key: string) => {
			counts.absent++;
			const [event, text] = [{ type: "absent", key }, `no blob ${shownKey(key)}`] as const;
			if (values.force) report.item(event, text);
			else report.loss(event, text);
		};
		async function* named() {
			for (const key of keys) {
				if (key !== "" && !key.endsWith("/")) {
					yield key;
					continue;
				}
				let isEmpty = key !== "";
				for await (const entry of client.list({ prefix: key, recursive: true })) {
					if (entry.type !== "blob") continue;
					isEmpty = false;
					yield entry.blob.key;
				}
				if (isEmpty) absent(key);
			}
		}
		if (values["dry-run"]) {
			for await (const key of named()) {
				if (!(await client.find(key))) absent(key);
				else {
					counts.deleted++;
					report.item({ type: "would_delete", key }, `would delete ${shownKey(key)}`);
				}
			}
		} else {
			const deletion = client.deleteMany(named());
			deletion.on("item", (item) => {
				const { key, status } = item;
				if (status === "absent") return absent(key);
				counts[status]++;
				if (status === "failed") report.failedBlob(key, item.error);
				else report.item({ type: "deleted", key }, `deleted ${shownKey(key)}`);
			});
			await deletion.done;
		}
		const { deleted, failed } = counts;
		const undone = failed + (values.force ? 0 : counts.absent);
		const done = `${deleted} ${values["dry-run"] ? "would be deleted" : "deleted"}`;
		return report.end(
			undone === 0 ? 0 : deleted > 0 ? EXIT_INCOMPLETE : EXIT_FAILURE,
			{ ...counts, dryRun: values["dry-run"] },
			`${done}, ${counts.absent} not there, ${failed} failed`,
		);
	});
}

const MV_HELP = `Usage: canister-blobs mv <from> <to> --canister <id> [options]

Gives a blob another key, without sending its bytes. A blob under <to> is replaced.

      --if-absent         fail if <to> already holds a blob
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
		const conditions: Conditions = values["if-absent"] ? { ifNoneMatch: "*" } : {};
		const manifest = await client.rename(from, to, conditions).catch((error: unknown) => {
			throw explained(error, conditions, to);
		});
		return report.end(0, { ...manifest, from }, `${shownKey(from)} is now ${shownKey(to)}`);
	});
}

export const rm: Command = { help: RM_HELP, run: runRm };
export const mv: Command = { help: MV_HELP, run: runMv };
