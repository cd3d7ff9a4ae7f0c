import type { WireAccount, WireMode, WireQuota, WireStats, WireStatus } from "../../protocol/index.js";
import type { Account, Quota, SettableMode, Statistics, StoreMode } from "../types.js";
import { withJson } from "../util/json.js";
import { toVersion } from "../wire-map.js";

/** A store counts to 2^53 and keeps a higher bound as that one; no store comes near it. */
const NO_BOUND = BigInt(Number.MAX_SAFE_INTEGER);
const NO_BOUND_32 = 0xffff_ffff;
const MAX_NAT64 = 2n ** 64n - 1n;

export const toBound = (bound: bigint): number =>
	bound >= NO_BOUND ? Number.POSITIVE_INFINITY : Number(bound);
export const fromBound = (bound: number): bigint =>
	bound === Number.POSITIVE_INFINITY ? MAX_NAT64 : BigInt(bound);

export function toQuota(wire: WireQuota): Quota {
	return {
		openUploads: wire.open_uploads === NO_BOUND_32 ? Number.POSITIVE_INFINITY : wire.open_uploads,
		blobs: toBound(wire.blobs),
		bytes: toBound(wire.bytes),
		receivedPerDay: toBound(wire.received_per_day),
		changesPerDay: toBound(wire.changes_per_day),
		cyclesPerDay: toBound(wire.cycles_per_day),
	};
}

export function fromQuota(quota: Quota): WireQuota {
	return {
		open_uploads: Math.min(quota.openUploads, NO_BOUND_32),
		blobs: fromBound(quota.blobs),
		bytes: fromBound(quota.bytes),
		received_per_day: fromBound(quota.receivedPerDay),
		changes_per_day: fromBound(quota.changesPerDay),
		cycles_per_day: fromBound(quota.cyclesPerDay),
	};
}

export function toAccount(wire: WireAccount): Account {
	return {
		who: wire.who.toText(),
		roles: wire.roles,
		quota: toQuota(wire.quota),
		hasOwnQuota: wire.has_own_quota,
		usage: {
			openUploads: wire.usage.open_uploads,
			blobs: Number(wire.usage.blobs),
			bytes: Number(wire.usage.bytes),
			receivedToday: Number(wire.usage.received_today),
			changesToday: Number(wire.usage.changes_today),
			cyclesToday: Number(wire.usage.cycles_today),
		},
		administers: wire.administers[0],
		granted: wire.granted[0] ?? [],
	};
}

export const fromMode = (mode: SettableMode): WireMode => ({ [mode]: null }) as unknown as WireMode;

export function toMode({ last, keep_deleted_days, ...mode }: WireStatus): StoreMode {
	return withJson({ ...mode, last: toVersion(last), keepDeletedDays: keep_deleted_days[0] ?? 0 });
}

const PAGE_BYTES = 65_536;

export function toStatistics(wire: WireStats): Statistics {
	const [pages] = wire.stable_pages;
	return withJson({
		store: toMode(wire.status),
		blobs: Number(wire.blobs),
		bytes: Number(wire.bytes),
		chunks: Number(wire.chunks),
		openUploads: Number(wire.open_uploads),
		slotsMade: Number(wire.slots_made),
		slotsFree: Number(wire.slots_free),
		feedEntries: Number(wire.feed_entries),
		kept: Number(wire.kept[0] ?? 0n),
		cleaning: Number(wire.cleaning),
		certifying: Number(wire.certifying),
		stableMemoryBytes: pages === undefined ? undefined : Number(pages) * PAGE_BYTES,
		cycles: wire.cycles,
		costSchedule: wire.cost_schedule,
		storageCyclesPerDay: wire.storage_cycles_per_day,
		strangersCyclesToday: wire.strangers_cycles_today,
		strangersCyclesPerDay: toBound(wire.strangers_cycles_per_day),
		isReadOnly: wire.read_only,
		daysLeft: Number(wire.days_left),
		sha256: wire.sha256,
		methods: wire.methods.map(({ name, calls, refused, instructions }) => ({
			name,
			calls: Number(calls),
			refused: Number(refused),
			instructions,
		})),
		refusals: wire.refusals.map(({ code, count }) => ({ code, count: Number(count) })),
	});
}
