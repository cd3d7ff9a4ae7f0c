/** `canister-blobs forget` and `prune`: removes snapshots, and frees the space that only they needed. */
import { forget as forgetSnapshots, type KeepRules, prune as pruneRepository } from "../../backup/index.js";
import { type Command, parsed, parsedOptions, UsageError } from "../command.js";
import { interruption } from "../interrupted.js";
import { reported, sizeOf } from "../report.js";
import { counted } from "../sizes.js";
import { durationOf, numberOf, openRepository, REPOSITORY, REPOSITORY_HELP } from "./options.js";

const KEEP = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;

const KEEP_OPTIONS = {
	"keep-last": { type: "string" },
	"keep-hourly": { type: "string" },
	"keep-daily": { type: "string" },
	"keep-weekly": { type: "string" },
	"keep-monthly": { type: "string" },
	"keep-yearly": { type: "string" },
	"keep-within": { type: "string" },
	"keep-tag": { type: "string", multiple: true },
} as const;

function rulesOf(
	values: { [Name in keyof typeof KEEP_OPTIONS]?: string | string[] | undefined },
): KeepRules | undefined {
	const rules: { -readonly [Name in keyof KeepRules]: KeepRules[Name] } = {};
	for (const name of KEEP) {
		const count = numberOf(`keep-${name}`, values[`keep-${name}`] as string | undefined, 1);
		if (count !== undefined) rules[name] = count;
	}
	const withinMs = durationOf("keep-within", values["keep-within"] as string | undefined);
	if (withinMs !== undefined) rules.withinMs = withinMs;
	if (values["keep-tag"] !== undefined) rules.tags = values["keep-tag"] as string[];
	return Object.keys(rules).length > 0 ? rules : undefined;
}

export const forget: Command = {
	help: `Usage: canister-blobs forget [<snapshot>…] --repo <path> [options]

Forgets the named snapshots, or for each store those that no rule keeps. prune then
frees the space that only they needed.

      --keep-last <n>   keep the newest n
      --keep-hourly <n>, --keep-daily, --keep-weekly, --keep-monthly, --keep-yearly
                        keep the newest snapshot of each of the last n hours (days, …)
                        that have snapshots, in UTC
      --keep-within <t> keep all that are at most this much older than the newest, such
                        as 7d
      --keep-tag <word> keep all with this tag; repeatable
      --canister <id>   only snapshots of this store
      --dry-run         only print what would be done
${REPOSITORY_HELP}`,
	run: async (args) => {
		const { values, positionals } = parsed(args, {
			...REPOSITORY,
			...KEEP_OPTIONS,
			canister: { type: "string" },
			"dry-run": { type: "boolean", default: false },
		});
		const keep = rulesOf(values);
		if (keep === undefined && positionals.length === 0)
			throw new UsageError("forget needs snapshots, or a rule such as --keep-daily 7");
		const dryRun = values["dry-run"];
		return reported(values, async (report) => {
			const repository = await openRepository(values, !dryRun);
			const ids: string[] = [];
			for (const name of positionals) ids.push((await repository.find(name, values.canister)).id);
			const { canister } = values;
			const { forgotten, kept } = await forgetSnapshots(repository, {
				ids,
				dryRun,
				...(keep && { keep }),
				...(canister !== undefined && { canister }),
			});
			for (const { id, at } of forgotten)
				report.item({ type: "forgotten", id, at }, `forgotten ${id.slice(0, 8)}  ${at.slice(0, 19)}Z`);
			const counts = { forgotten: forgotten.length, kept: kept.length, dryRun };
			return report.end(
				0,
				counts,
				`${forgotten.length} forgotten, ${kept.length} kept${dryRun ? " (nothing was done)" : ""}`,
			);
		});
	},
};

export const prune: Command = {
	help: `Usage: canister-blobs prune --repo <path> [options]

Marks objects that no snapshot needs, and deletes those marked earlier. Backups may run
at the same time, however long they take.

      --grace <time>    how long a marked object is kept; default 24h. It only saves
                        work: with 0 everything is deleted in the same run
      --dry-run         only print what would be done
${REPOSITORY_HELP}`,
	run: async (args) => {
		const values = parsedOptions(args, {
			...REPOSITORY,
			grace: { type: "string", default: "24h" },
			"dry-run": { type: "boolean", default: false },
		});
		const graceMs = durationOf("grace", values.grace) as number;
		const dryRun = values["dry-run"];
		return reported(values, async (report) => {
			const repository = await openRepository(values, !dryRun);
			const result = await pruneRepository(repository, { graceMs, dryRun, signal: interruption() });
			const { marked, deleted, deletedBytes, rewritten, neededBytes } = result;
			return report.end(
				0,
				{ dryRun, ...result },
				`${counted(marked, "object")} marked, ${deleted} deleted (${sizeOf(deletedBytes)}), ${counted(rewritten, "pack")} rewritten, ` +
					`${sizeOf(neededBytes)} needed${dryRun ? " (nothing was done)" : ""}`,
			);
		});
	},
};
