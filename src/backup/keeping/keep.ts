import * as is from "../../client/arguments.js";
import { checkArgument, checkOptions, KEEP } from "../checks.js";
import type { SnapshotSummary } from "../format/generation.js";

/** Selects the snapshots to keep, separately for each canister. A snapshot is kept if any rule keeps it. */
export interface KeepRules {
	/** Keeps this many of the newest snapshots. */
	readonly last?: number | undefined;
	/** Keeps the newest snapshot of each of the last `hourly` hours that have snapshots. */
	readonly hourly?: number | undefined;
	/** Like `hourly`, for days. */
	readonly daily?: number | undefined;
	/** Like `hourly`, for weeks. Weeks begin on Monday. */
	readonly weekly?: number | undefined;
	/** Like `hourly`, for months. */
	readonly monthly?: number | undefined;
	/** Like `hourly`, for years. */
	readonly yearly?: number | undefined;
	/** Keeps all snapshots that are at most this many milliseconds older than the newest. */
	readonly withinMs?: number | undefined;
	/** Keeps all snapshots with one of these tags. */
	readonly tags?: readonly string[] | undefined;
}

const DAY_MS = 86_400_000;
/** 1 January 1970 was a Thursday, and weeks begin on Monday. */
const weekOf = (at: Date): string => String(Math.floor((at.getTime() / DAY_MS + 3) / 7));

/** The UTC period that contains a time. */
const PERIODS = {
	hourly: (at: Date) => at.toISOString().slice(0, 13),
	daily: (at: Date) => at.toISOString().slice(0, 10),
	weekly: weekOf,
	monthly: (at: Date) => at.toISOString().slice(0, 7),
	yearly: (at: Date) => at.toISOString().slice(0, 4),
} as const;

/** Whether there is any rule. Without rules nothing would be kept. */
export const hasRules = (rules: KeepRules): boolean =>
	Object.values(rules).some((rule) =>
		Array.isArray(rule) ? rule.length > 0 : rule !== undefined && rule > 0,
	);

/** The snapshots that the rules keep, separately for each canister. */
export function keptBy(rules: KeepRules, snapshots: readonly SnapshotSummary[]): Set<SnapshotSummary> {
	checkArgument("rules", rules, is.object);
	checkOptions(rules, KEEP, "rules");
	const kept = new Set<SnapshotSummary>();
	const canisters = new Set(snapshots.map(({ canister }) => canister));
	for (const canister of canisters) {
		const newestFirst = snapshots
			.filter((each) => each.canister === canister)
			.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
		for (const snapshot of keptOf(rules, newestFirst)) kept.add(snapshot);
	}
	return kept;
}

function* keptOf(rules: KeepRules, newestFirst: readonly SnapshotSummary[]): Generator<SnapshotSummary> {
	yield* newestFirst.slice(0, rules.last ?? 0);
	for (const name of Object.keys(PERIODS) as (keyof typeof PERIODS)[]) {
		const periods = new Set<string>();
		for (const snapshot of newestFirst) {
			const period = PERIODS[name](new Date(snapshot.at));
			if (periods.has(period)) continue;
			if (periods.size === (rules[name] ?? 0)) break;
			periods.add(period);
			yield snapshot;
		}
	}
	const newest = Date.parse(newestFirst[0]?.at ?? "");
	for (const snapshot of newestFirst) {
		if (rules.withinMs !== undefined && newest - Date.parse(snapshot.at) <= rules.withinMs) yield snapshot;
		if (snapshot.tags.some((tag) => rules.tags?.includes(tag))) yield snapshot;
	}
}
