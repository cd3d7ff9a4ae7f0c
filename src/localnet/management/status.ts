/** IC management canister, "canister_status". Query statistics and storage costs are always 0 here. */
import { Principal } from "@dfinity/principal";
import type { Canister } from "../execution/canister.js";
import type { Settings } from "./settings.js";

const WASM_PAGE = 65_536n;

export function statusOf(canister: Canister, settings: Settings) {
	const heap = BigInt(canister.instance?.heapBytes ?? 0);
	const stable = BigInt(canister.stable.pages) * WASM_PAGE;
	const binary = BigInt(canister.module?.bytes ?? 0);
	let chunks = 0n;
	for (const chunk of canister.chunkStore.values()) chunks += BigInt(chunk.length);
	let sections = 0n;
	for (const { bytes } of canister.module?.metadata.values() ?? []) sections += BigInt(bytes.length);
	let snapshots = 0n;
	for (const { bytes } of canister.snapshots.values()) snapshots += bytes;
	const log = BigInt(canister.log.bytes);
	return {
		status: { [canister.status]: null },
		ready_for_migration: canister.status === "stopped",
		version: canister.version,
		settings: {
			controllers: canister.controllers.map((bytes) => Principal.fromUint8Array(Uint8Array.from(bytes))),
			...settings.values,
		},
		module_hash: canister.module ? [canister.module.hash] : [],
		memory_size: heap + stable + binary + chunks + sections + snapshots + log,
		cycles: canister.cycles,
		reserved_cycles: 0n,
		idle_cycles_burned_per_day: 0n,
		query_stats: {
			num_calls_total: 0n,
			num_instructions_total: 0n,
			request_payload_bytes_total: 0n,
			response_payload_bytes_total: 0n,
		},
		memory_metrics: {
			wasm_memory_size: heap,
			stable_memory_size: stable,
			global_memory_size: 0n,
			wasm_binary_size: binary,
			custom_sections_size: sections,
			canister_history_size: 0n,
			wasm_chunk_store_size: chunks,
			snapshots_size: snapshots,
			log_memory_store_size: log,
		},
	};
}
