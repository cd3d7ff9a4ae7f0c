import * as is from "../../client/arguments.js";
import { checkArgument, checkOptions, FORGET, KEEP } from "../checks.js";
import { BackupError } from "../errors.js";
import type { SnapshotSummary } from "../format/generation.js";
import type { Repository } from "../repository/repository.js";
import { hasRules, type KeepRules, keptBy } from "./keep.js";

/** Selects the snapshots to forget. */
export interface ForgetOptions {
	/** Ids of the snapshots. */
	readonly ids?: readonly string[] | undefined;
	/** Forgets all snapshots that these rules do not keep. */
	readonly keep?: KeepRules | undefined;
	/** Only snapshots of this canister, in text. */
	readonly canister?: string | undefined;
	/** Reports what would be forgotten, and changes nothing. @default false */
	readonly dryRun?: boolean | undefined;
}

/** Result: the selected snapshots, forgotten or kept. */
export interface ForgetResult {
	/** Forgotten snapshots. `prune` frees the objects that only they needed. */
	readonly forgotten: readonly SnapshotSummary[];
	/** Snapshots that stay. */
	readonly kept: readonly SnapshotSummary[];
}

/**
 * Forgets snapshots. Their bytes are freed by `prune`.
 * @throws BackupError `option_invalid` if there is no rule, which would keep nothing
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
