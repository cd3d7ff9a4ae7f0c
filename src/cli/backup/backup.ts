/** `canister-blobs backup`: makes a snapshot of a store. */
import { type BackupHold, backup as makeBackup } from "../../backup/index.js";
import { type Command, parsedOptions, UsageError } from "../command.js";
import { CONNECTION, CONNECTION_HELP } from "../connect/options.js";
import { interruption } from "../interrupted.js";
import { EXIT_INCOMPLETE, reported, shownKey, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { moduleHash } from "./module-hash.js";
import { connect, durationOf, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const help = `Usage: canister-blobs backup --repo <path> --canister <id> [options]

Makes a snapshot of a store. The first reads everything, later ones only what the feed
of the store reports as changed. Requires the role backup. After a kill the next run
continues. Exit code 3: the snapshot was made, and the output names blobs that it lacks.

      --tag <word>      a tag of the snapshot, which other commands select by; repeatable
      --hold <how>      how the snapshot stays at one moment while others write. lease
                        (the default): the store keeps what it held. feed: the backup
                        follows the feed until it has everything. maintenance: the store
                        finishes open uploads, accepts no changes during the backup, and
                        is live again whether the backup succeeds or fails (after a kill
                        the next backup restores it); requires the role admin
      --drain <time>    how long maintenance waits for open uploads; default 5m
      --accept-rollback if the store was rolled back or forked since the last snapshot,
                        compare whole lists and continue
${CONNECTION_HELP}
${REPOSITORY_HELP}`;

const isHold = (text: string): text is BackupHold =>
	text === "lease" || text === "feed" || text === "maintenance";

async function run(args: readonly string[]): Promise<number> {
	const values = parsedOptions(args, {
		...REPOSITORY,
		...CONNECTION,
		tag: { type: "string", multiple: true, default: [] },
		hold: { type: "string", default: "lease" },
		drain: { type: "string", default: "5m" },
		"accept-rollback": { type: "boolean", default: false },
	});
	const { hold } = values;
	if (!isHold(hold)) throw new UsageError("--hold takes lease, feed or maintenance");
	const drainMs = durationOf("drain", values.drain) as number;
	return reported(values, async (report) => {
		const connection = await connect(values);
		const repository = await openRepository(values, true);
		const wasmHash = await moduleHash(connection.client, report);
		const result = await makeBackup(repository, {
			client: connection.client,
			canister: connection.canister,
			tags: values.tag,
			hold,
			drainMs,
			acceptRollback: values["accept-rollback"],
			...(wasmHash !== undefined && { wasmHash }),
			signal: interruption(),
			onNote: (text) => report.note(text),
			onProgress: ({ blobs, fetchedBytes, reusedBytes }) =>
				report.progress(
					() =>
						`${counted(blobs, "blob")}, ${sizeOf(fetchedBytes)} fetched, ${sizeOf(reusedBytes)} there already`,
				),
		});
		const { summary, snapshot, ...counts } = result;
		for (const { key, reason } of snapshot.missing)
			report.loss({ type: "missing", key, reason }, `missing ${shownKey(key)}: ${reason}`);
		const isWhole = summary.missing === 0 && snapshot.settingsComplete;
		const { method, settingsComplete } = snapshot;
		return report.end(
			isWhole ? 0 : EXIT_INCOMPLETE,
			{ snapshot: summary, method, settingsComplete, wasmHash, ...counts },
			`snapshot ${summary.id.slice(0, 8)}: ${counted(summary.blobs, "blob")}, ${sizeOf(summary.bytes)}, ` +
				`${summary.missing} missing; ${sizeOf(counts.fetchedBytes)} fetched, ${sizeOf(counts.writtenBytes)} written`,
		);
	});
}

export const backup: Command = { help, run };
