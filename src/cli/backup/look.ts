/** `canister-blobs ls`, `cat` and `diff`: what is in snapshots. */
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { blobsIn, differences, readBlob } from "../../backup/index.js";
import { type Command, UsageError } from "../command.js";
import { openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";
import { reported, shownKey } from "./report.js";

const OPTIONS = {
	...REPOSITORY,
	prefix: { type: "string", default: "" },
	canister: { type: "string" },
} as const;
const CANISTER_HELP = "      --canister <id>   latest is the latest of this store";

function parsed(command: string, args: readonly string[], names: readonly string[]) {
	const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
	if (positionals.length !== names.length) throw new UsageError(`${command} takes ${names.join(" and ")}`);
	return { values, positionals };
}

export const ls: Command = {
	help: `Usage: canister-blobs ls <snapshot> --repo <path> [options]

Lists the blobs of a snapshot in order of their keys.

      --prefix <text>   only keys that begin so
${CANISTER_HELP}
${REPOSITORY_HELP}`,
	run: async (args) => {
		const { values, positionals } = parsed("ls", args, ["a snapshot"]);
		return reported(values, async (report) => {
			const repository = await openRepository(values, false);
			const { id } = await repository.find(positionals[0] as string, values.canister);
			let [blobs, bytes] = [0, 0];
			for await (const entry of blobsIn(repository, id, { prefix: values.prefix })) {
				const { key, size, modifiedAt, leaves: _, ...rest } = entry;
				blobs++;
				bytes += size;
				report.item(
					{ type: "blob", key, size, modifiedAt, ...rest },
					`${modifiedAt.slice(0, 19)}Z ${String(size).padStart(14)}  ${shownKey(key)}`,
				);
			}
			return report.end(0, { snapshot: id, blobs, bytes }, `${blobs} blobs, ${bytes} bytes`);
		});
	},
};

export const cat: Command = {
	help: `Usage: canister-blobs cat <snapshot> <key> --repo <path> [options]

Writes the bytes of one blob to stdout, each verified.

${CANISTER_HELP}
${REPOSITORY_HELP}`,
	run: async (args) => {
		const { values, positionals } = parsed("cat", args, ["a snapshot", "a key"]);
		if (values.json) throw new UsageError("cat prints bytes: it takes no --json");
		return reported(values, async () => {
			const repository = await openRepository(values, false);
			const [name, key] = positionals as [string, string];
			const { id } = await repository.find(name, values.canister);
			await pipeline(readBlob(repository, id, key), process.stdout, { end: false });
			return 0;
		});
	},
};

const SIGNS = { added: "+", removed: "-", content: "M", metadata: "m" } as const;

export const diff: Command = {
	help: `Usage: canister-blobs diff <snapshot> <snapshot> --repo <path> [options]

Lists keys that the second snapshot has and the first has not (+), the other way
round (-), with other bytes (M), or with other metadata alone (m).

${CANISTER_HELP}
${REPOSITORY_HELP}`,
	run: async (args) => {
		const { values, positionals } = parsed("diff", args, ["a snapshot", "a later one"]);
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
