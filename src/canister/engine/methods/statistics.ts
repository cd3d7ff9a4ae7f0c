import {
	ERROR_TABLE,
	type ErrorCode,
	METHODS,
	type MethodName,
	type WireStats,
} from "../../../protocol/index.js";
import { COUNTER } from "../base/counters.js";
import type { State } from "../state.js";
import { statusOf } from "./administering.js";

const keysOf = <Name extends string>(table: Record<Name, unknown>) => Object.keys(table) as Name[];

/** Where storing costs nothing, for ever. */
const daysLeft = (cycles: number, perDay: number): number =>
	perDay > 0 ? Math.min(Math.floor(cycles / perDay), Number.MAX_SAFE_INTEGER) : Number.MAX_SAFE_INTEGER;

/** What the store says about itself to administrators. */
export class Statistics {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	stats(): WireStats {
		const state = this.#state;
		state.access.require("admin");
		const { counters, callCounts, host } = state;
		const count = (counter: keyof typeof COUNTER) => BigInt(counters.get(COUNTER[counter]));
		const pages = host.stablePages();
		const cycles = host.cycles();
		const perDay = state.capacity.storageCyclesPerDay();
		return {
			status: statusOf(state),
			blobs: count("blobs"),
			bytes: count("charged"),
			chunks: count("chunks"),
			open_uploads: count("openUploads"),
			slots_made: count("slotsMade"),
			slots_free: count("slotsMade") - count("slotsUsed") + count("slotsFree"),
			feed_entries: BigInt(state.feed.sequence - state.feed.first + 1),
			kept: [count("kept")],
			cleaning: BigInt(state.garbage.length),
			certifying: BigInt(state.responses.length),
			stable_pages: pages === undefined ? [] : [BigInt(pages)],
			cycles: BigInt(cycles),
			cost_schedule: state.capacity.isFree ? "free" : "paid",
			storage_cycles_per_day: BigInt(Math.ceil(perDay)),
			strangers_cycles_today: BigInt(Math.ceil(state.spending.strangersToday(state.now))),
			strangers_cycles_per_day: BigInt(state.spending.strangersPerDay),
			read_only: state.capacity.isReadOnly,
			days_left: BigInt(daysLeft(cycles, perDay)),
			sha256: host.sha256Name,
			methods: keysOf<MethodName>(METHODS).map((name) => {
				const { calls, refused, instructions } = callCounts.ofMethod(name);
				return {
					name,
					calls: BigInt(calls),
					refused: BigInt(refused),
					instructions: BigInt(instructions),
				};
			}),
			refusals: keysOf<ErrorCode>(ERROR_TABLE).map((code) => ({
				code,
				count: BigInt(callCounts.refusals(code)),
			})),
		};
	}

	/** The same for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
	metrics(): string {
		const stats = this.stats();
		const lines: string[] = [];
		const metric = (name: string, type: "gauge" | "counter", help: string, values: [string, bigint][]) => {
			lines.push(`# HELP canister_blobs_${name} ${help}`, `# TYPE canister_blobs_${name} ${type}`);
			for (const [labels, value] of values) lines.push(`canister_blobs_${name}${labels} ${value}`);
		};
		const gauge = (name: string, help: string, value: bigint) => metric(name, "gauge", help, [["", value]]);
		gauge("blobs", "Keys that hold a blob.", stats.blobs);
		gauge("bytes", "Bytes of blobs and uploads as quotas count them.", stats.bytes);
		gauge("chunks", "Chunks stored.", stats.chunks);
		gauge("open_uploads", "Uploads that are open.", stats.open_uploads);
		gauge("slots_made", "Slots for chunks that exist.", stats.slots_made);
		gauge("slots_free", "Slots for chunks that are free.", stats.slots_free);
		gauge("feed_entries", "Changes kept in the feed.", stats.feed_entries);
		gauge("kept", "Deleted blobs that are kept.", stats.kept[0] ?? 0n);
		gauge("cleaning_backlog", "Contents waiting to be cleaned away.", stats.cleaning);
		if (stats.stable_pages[0] !== undefined)
			gauge("stable_memory_bytes", "Size of stable memory.", stats.stable_pages[0] * 65_536n);
		gauge(
			"certifying_backlog",
			"Sets of HTTP answers that wait to be certified or cleaned away.",
			stats.certifying,
		);
		gauge("cycles", "Cycles of the canister.", stats.cycles);
		gauge(
			"network_charges_cycles",
			"1 where the network charges cycles, 0 on a free one.",
			stats.cost_schedule === "paid" ? 1n : 0n,
		);
		gauge("storage_cycles_per_day", "What storing costs a day.", stats.storage_cycles_per_day);
		gauge("strangers_cycles_today", "Cycles that strangers caused today.", stats.strangers_cycles_today);
		gauge(
			"strangers_cycles_per_day",
			"Cycles that strangers may cause a day.",
			stats.strangers_cycles_per_day,
		);
		gauge("read_only", "Whether changes are refused to keep reads going.", stats.read_only ? 1n : 0n);
		gauge("days_left", "How long the cycles last for storing alone.", stats.days_left);
		metric("sha256_info", "gauge", "Which SHA-256 is in use.", [[`{implementation="${stats.sha256}"}`, 1n]]);
		const byMethod = (of: (row: WireStats["methods"][number]) => bigint): [string, bigint][] =>
			stats.methods.filter((row) => row.calls > 0n).map((row) => [`{method="${row.name}"}`, of(row)]);
		metric(
			"calls_total",
			"counter",
			"Updates by method.",
			byMethod((row) => row.calls),
		);
		metric(
			"refused_calls_total",
			"counter",
			"Updates refused, by method.",
			byMethod((row) => row.refused),
		);
		metric(
			"instructions_total",
			"counter",
			"Instructions by method.",
			byMethod((row) => row.instructions),
		);
		metric(
			"refusals_total",
			"counter",
			"Refusals of updates, and of items within updates of many, by code.",
			stats.refusals.filter(({ count }) => count > 0n).map(({ code, count }) => [`{code="${code}"}`, count]),
		);
		return `${lines.join("\n")}\n`;
	}
}
