/** The content of snapshots: `canister-blobs diff`, and `ls` and `cat` with `--snapshot`. */
import { pipeline } from "node:stream/promises";
import { blobsIn, differences, readBlob } from "../../backup/index.js";
import { type Command, parsed, UsageError } from "../command.js";
import { blobLine, reported, shownKey } from "../report.js";
import { counted } from "../sizes.js";
import { openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const LATEST = { canister: { type: "string" } } as const;
const LATEST_HELP = "      --canister <id>   latest is the latest of this store";
const OPTIONS = { ...REPOSITORY, ...LATEST, snapshot: { type: "string" } } as const;

/** `canister-blobs ls [<prefix>] --snapshot <snapshot>` */
export async function listSnapshot(args: readonly string[]): Promise<number> {
	// It lists all blobs below the prefix in any case.
	const recursive = { type: "boolean", short: "R", default: false } as const;
	const { values, positionals } = parsed(args, { ...OPTIONS, recursive });
	const [prefix = "", second] = positionals;
	if (second !== undefined) throw new UsageError("ls takes one prefix of keys");
	return reported(values, async (report) => {
		const repository = await openRepository(values, false);
		const { id } = await repository.find(values.snapshot!, values.canister);
		let [blobs, bytes] = [0, 0];
		for await (const entry of blobsIn(repository, id, { prefix })) {
			const { key, size, modifiedAt, leaves: _, ...rest } = entry;
			blobs++;
			bytes += size;
			report.item({ type: "blob", key, size, modifiedAt, ...rest }, blobLine(key, size, modifiedAt));
		}
		return report.end(
			0,
			{ snapshot: id, blobs, bytes },
			`${counted(blobs, "blob")}, ${counted(bytes, "byte")}`,
		);
	});
}

/** `canister-blobs cat <key> --snapshot <snapshot>` */
export async function catSnapshot(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, OPTIONS);
	const [key, second] = positionals;
	if (key === undefined || second !== undefined) throw new UsageError("cat takes one key");
	if (values.json) throw new UsageError("cat prints bytes: it takes no --json");
	return reported(values, async () => {
		const repository = await openRepository(values, false);
		const { id } = await repository.find(values.snapshot!, values.canister);
		await pipeline(readBlob(repository, id, key), process.stdout, { end: false });
		return 0;
	});
}

const SIGNS = { added: "+", removed: "-", content: "M", metadata: "m" } as const;

export const diff: Command = {
	help: `Usage: canister-blobs diff <snapshot> <snapshot> --repo <path> [options]

Lists keys that the second snapshot has and the first has not (+), the other way
round (-), with other bytes (M), or with other metadata alone (m).

${LATEST_HELP}
${REPOSITORY_HELP}`,
	run: async (args) => {
		const { values, positionals } = parsed(args, { ...REPOSITORY, ...LATEST });
		if (positionals.length !== 2) throw new UsageError("diff takes a snapshot and a later one");
		return reported(values, async (report) => {
			const repository = await openRepository(values, false);
			const [first, second] = positionals as [string, string];
			const from = await repository.find(first, values.canister);
			const to = await repository.find(second, values.canister);
			const counts = { added: 0, removed: 0, content: 0, metadata: 0 };
			for await (const { key, change } of differences(repository, from.id, to.id)) {
				counts[change]++;
				report.item({ type: "difference", key, change }, `${SIGNS[change]} ${shownKey(key)}`);
			}
			const { added, removed, content, metadata } = counts;
			return report.end(
				0,
				{ before: from.id, after: to.id, ...counts },
				`${added} added, ${removed} removed, ${content} with other bytes, ${metadata} with other metadata`,
			);
		});
	},
};
