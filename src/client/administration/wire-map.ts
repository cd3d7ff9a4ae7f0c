import type { WireMode, WireQuota, WireStats } from "../../protocol/index.js";
import { unit } from "../../protocol/index.js";
import { NO_BOUND_32, toBound, toMode } from "../account.js";
import type { Quota, SettableMode, Statistics } from "../types.js";
import { withJson } from "../util/json.js";

const MAX_NAT64 = 2n ** 64n - 1n;

export const fromBound = (bound: number): bigint =>
	bound === Number.POSITIVE_INFINITY ? MAX_NAT64 : BigInt(bound);
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

export const fromMode = (mode: SettableMode): WireMode => unit(mode);

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
