/** IC management canister, "Interface overview": the Candid types of the methods that this network has. */
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { SIZES } from "../limits.js";

const { Record, Variant, Opt, Vec, Nat, Nat8, Nat64, Null, Bool, Text } = IDL;
const PrincipalType = IDL.Principal;
const Blob = Vec(Nat8);

const Visibility = Variant({ controllers: Null, public: Null, allowed_viewers: Vec(PrincipalType) });
const SETTING_TYPES = {
	compute_allocation: Nat,
	memory_allocation: Nat,
	freezing_threshold: Nat,
	reserved_cycles_limit: Nat,
	wasm_memory_limit: Nat,
	wasm_memory_threshold: Nat,
	log_memory_limit: Nat,
	log_visibility: Visibility,
	snapshot_visibility: Visibility,
	status_visibility: Visibility,
	minimum_incoming_canister_call_cycles: Nat,
	environment_variables: Vec(Record({ name: Text, value: Text })),
} as const;
const optional = Object.fromEntries(
	Object.entries<IDL.Type>(SETTING_TYPES).map(([name, type]) => [name, Opt(type)]),
);

/** Settings of which none is given. */
export const NO_SETTINGS: Readonly<Record<string, readonly never[]>> = Object.fromEntries(
	[...Object.keys(SETTING_TYPES), "controllers"].map((name) => [name, []]),
);

export const SettingsType: IDL.Type = Record({ controllers: Opt(Vec(PrincipalType)), ...optional });
const DefiniteSettings = Record({ controllers: Vec(PrincipalType), ...SETTING_TYPES });
const Mode = Variant({
	install: Null,
	reinstall: Null,
	upgrade: Opt(
		Record({
			skip_pre_upgrade: Opt(Bool),
			wasm_memory_persistence: Opt(Variant({ keep: Null, replace: Null })),
		}),
	),
});
const Span = Record({ start: Nat64, end: Nat64 });
const CanisterArg = Record({ canister_id: PrincipalType });
const SnapshotResult = Record({ id: Blob, taken_at_timestamp: Nat64, total_size: Nat64 });
const ChunkHash = Record({ hash: Blob });
/** Named, since what is inferred of a list says `any` in the declarations. */
const ChunkHashes: IDL.Type<unknown> = Vec(ChunkHash);
const Snapshots: IDL.Type<unknown> = Vec(SnapshotResult);

export interface SettingsValue {
	readonly controllers: [] | [Principal[]];
	readonly [name: string]: unknown;
}
export interface ModeValue {
	readonly install?: null;
	readonly reinstall?: null;
	readonly upgrade?:
		| []
		| [
				{
					readonly skip_pre_upgrade: [] | [boolean];
					readonly wasm_memory_persistence: [] | [{ readonly keep?: null; readonly replace?: null }];
				},
		  ];
}
export interface CanisterArgValue {
	readonly canister_id: Principal;
}

export const METHODS = {
	create_canister: [[Record({ settings: Opt(SettingsType) })], [CanisterArg]],
	provisional_create_canister_with_cycles: [
		[Record({ amount: Opt(Nat), settings: Opt(SettingsType), specified_id: Opt(PrincipalType) })],
		[CanisterArg],
	],
	provisional_top_up_canister: [[Record({ canister_id: PrincipalType, amount: Nat })], []],
	deposit_cycles: [[CanisterArg], []],
	update_settings: [[Record({ canister_id: PrincipalType, settings: SettingsType })], []],
	install_code: [[Record({ mode: Mode, canister_id: PrincipalType, wasm_module: Blob, arg: Blob })], []],
	install_chunked_code: [
		[
			Record({
				mode: Mode,
				target_canister: PrincipalType,
				store_canister: Opt(PrincipalType),
				chunk_hashes_list: Vec(ChunkHash),
				wasm_module_hash: Blob,
				arg: Blob,
			}),
		],
		[],
	],
	upload_chunk: [[Record({ canister_id: PrincipalType, chunk: Blob })], [ChunkHash]],
	clear_chunk_store: [[CanisterArg], []],
	stored_chunks: [[CanisterArg], [ChunkHashes]],
	canister_status: [
		[CanisterArg],
		[
			Record({
				status: Variant({ running: Null, stopping: Null, stopped: Null }),
				ready_for_migration: Bool,
				version: Nat64,
				settings: DefiniteSettings,
				module_hash: Opt(Blob),
				memory_size: Nat,
				cycles: Nat,
				reserved_cycles: Nat,
				idle_cycles_burned_per_day: Nat,
				query_stats: Record({
					num_calls_total: Nat,
					num_instructions_total: Nat,
					request_payload_bytes_total: Nat,
					response_payload_bytes_total: Nat,
				}),
				memory_metrics: Record({
					wasm_memory_size: Nat,
					stable_memory_size: Nat,
					global_memory_size: Nat,
					wasm_binary_size: Nat,
					custom_sections_size: Nat,
					canister_history_size: Nat,
					wasm_chunk_store_size: Nat,
					snapshots_size: Nat,
					log_memory_store_size: Nat,
				}),
			}),
		],
	],
	fetch_canister_logs: [
		[
			Record({
				canister_id: PrincipalType,
				filter: Opt(Variant({ by_idx: Span, by_timestamp_nanos: Span })),
			}),
		],
		[
			Record({
				canister_log_records: Vec(Record({ idx: Nat64, timestamp_nanos: Nat64, content: Blob })),
			}),
		],
	],
	take_canister_snapshot: [
		[
			Record({
				canister_id: PrincipalType,
				replace_snapshot: Opt(Blob),
				uninstall_code: Opt(Bool),
				sender_canister_version: Opt(Nat64),
			}),
		],
		[SnapshotResult],
	],
	load_canister_snapshot: [
		[Record({ canister_id: PrincipalType, snapshot_id: Blob, sender_canister_version: Opt(Nat64) })],
		[],
	],
	list_canister_snapshots: [[CanisterArg], [Snapshots]],
	delete_canister_snapshot: [[Record({ canister_id: PrincipalType, snapshot_id: Blob })], []],
	start_canister: [[CanisterArg], []],
	stop_canister: [[CanisterArg], []],
	uninstall_code: [[CanisterArg], []],
	delete_canister: [[CanisterArg], []],
	raw_rand: [[], [Blob]],
} as const satisfies Record<string, readonly [readonly IDL.Type[], readonly IDL.Type[]]>;

export type MethodName = keyof typeof METHODS;

export function isMethod(name: string): name is MethodName {
	return Object.hasOwn(METHODS, name);
}

export const DEFAULT_SETTINGS = {
	compute_allocation: 0n,
	memory_allocation: 0n,
	freezing_threshold: 2_592_000n,
	reserved_cycles_limit: 5_000_000_000_000n,
	wasm_memory_limit: 0n,
	wasm_memory_threshold: 0n,
	log_memory_limit: BigInt(SIZES.logBytes),
	log_visibility: { controllers: null },
	snapshot_visibility: { controllers: null },
	status_visibility: { controllers: null },
	minimum_incoming_canister_call_cycles: 0n,
	environment_variables: [],
} as const satisfies Record<keyof typeof SETTING_TYPES, unknown>;

export function decodeArgs(method: MethodName, arg: Uint8Array): unknown {
	// A copy: the decoder takes a view's whole buffer for its bytes.
	return IDL.decode([...METHODS[method][0]], Uint8Array.from(arg))[0];
}

export function encodeArgs(method: MethodName, args: unknown): Uint8Array {
	return new Uint8Array(IDL.encode([...METHODS[method][0]], [args]));
}

export function decodeReply(method: MethodName, reply: Uint8Array): unknown {
	return IDL.decode([...METHODS[method][1]], Uint8Array.from(reply))[0];
}

export function encodeReply(method: MethodName, values: readonly unknown[]): Uint8Array {
	return new Uint8Array(IDL.encode([...METHODS[method][1]], [...values]));
}
