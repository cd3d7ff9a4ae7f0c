import * as is from "../../client/arguments.js";
import { checkArgument, checkOptions, FORGET, KEEP } from "../checks.js";
import { BackupError } from "../errors.js";
import type { SnapshotSummary } from "../format/generation.js";
import type { Repository } from "../repository/repository.js";
import { hasRules, type KeepRules, keptBy } from "./keep.js";

/** Which snapshots are forgotten. */
export interface ForgetOptions {
	/** These, by their ids. */
	readonly ids?: readonly string[] | undefined;
	/** All that these rules do not keep. */
	readonly keep?: KeepRules | undefined;
	/** Only snapshots of this canister, in text. */
	readonly canister?: string | undefined;
	/** Only say what would be done. @default false */
	readonly dryRun?: boolean | undefined;
}

/** What was forgotten, and what was kept of the snapshots in question. */
export interface ForgetResult {
	/** No longer there. What only they needed is freed by prune. */
	readonly forgotten: readonly SnapshotSummary[];
	/** Still there. */
	readonly kept: readonly SnapshotSummary[];
}

/**
 * Forgets snapshots. Nothing is freed before prune.
 * @throws BackupError `option_invalid` where nothing would be kept for want of a rule
 */
export async function forget(repository: Repository, options: ForgetOptions): Promise<ForgetResult> {
	checkArgument("options", options, is.object);
	checkOptions(options, FORGET);
	checkOptions(options.keep, KEEP, "keep");
	const { ids = [], keep, canister, dryRun = false } = options;
	if (keep && !hasRules(keep))
		throw new BackupError("option_invalid", {
			option: "keep",
			reason: "without a rule nothing would be kept",
		});
	const decide = (snapshots: readonly SnapshotSummary[]): ForgetResult => {
		const asked = snapshots.filter((each) => canister === undefined || each.canister === canister);
		const kept = keep ? keptBy(keep, asked) : new Set(asked);
		const isForgotten = (each: SnapshotSummary) => ids.includes(each.id) || !kept.has(each);
		return { forgotten: asked.filter(isForgotten), kept: asked.filter((each) => !isForgotten(each)) };
	};
	let result = decide(await repository.snapshots());
	if (dryRun) return result;
	await repository.generations.commit("forget", ({ snapshots }) => {
		result = decide(snapshots);
		if (result.forgotten.length === 0) return undefined;
		return { snapshots: snapshots.filter((each) => !result.forgotten.includes(each)) };
	});
	return result;
}
