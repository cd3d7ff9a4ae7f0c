/**
 * Canister interface, "Overview of imports": the contexts in which a function may be called, and its cost.
 *
 * Composite queries and transforms of HTTP outcalls do not exist here, and neither do their modes.
 */
import type { Mode } from "../execution/message.js";

const ANY: readonly Mode[] = ["I", "G", "U", "RQ", "NRQ", "Ry", "Rt", "C", "F", "T"];
const ANY_AND_START: readonly Mode[] = [...ANY, "s"];
const modes = (list: string): readonly Mode[] => list.split(" ") as Mode[];
const RESPONDING = modes("U RQ NRQ Ry Rt");
const CALLING = modes("U Ry Rt T");
const CALLER_INFO = modes("U RQ NRQ Ry Rt C F");

export const ALLOWED: Readonly<Record<string, readonly Mode[]>> = {
	msg_arg_data_size: modes("I U RQ NRQ Ry F"),
	msg_arg_data_copy: modes("I U RQ NRQ Ry F"),
	msg_caller_size: ANY,
	msg_caller_copy: ANY,
	msg_caller_info_data_size: CALLER_INFO,
	msg_caller_info_data_copy: CALLER_INFO,
	msg_caller_info_signer_size: CALLER_INFO,
	msg_caller_info_signer_copy: CALLER_INFO,
	msg_reject_code: modes("Ry Rt C"),
	msg_reject_msg_size: modes("Rt"),
	msg_reject_msg_copy: modes("Rt"),
	msg_deadline: modes("U RQ NRQ Ry Rt"),
	msg_reply_data_append: RESPONDING,
	msg_reply: RESPONDING,
	msg_reject: RESPONDING,
	msg_cycles_available: modes("U RQ Rt Ry"),
	msg_cycles_available128: modes("U RQ Rt Ry"),
	msg_cycles_refunded: modes("Rt Ry"),
	msg_cycles_refunded128: modes("Rt Ry"),
	msg_cycles_accept: modes("U RQ Rt Ry"),
	msg_cycles_accept128: modes("U RQ Rt Ry"),
	cycles_burn128: modes("I G U RQ Ry Rt C T"),
	canister_self_size: ANY,
	canister_self_copy: ANY,
	canister_cycle_balance: ANY,
	canister_cycle_balance128: ANY,
	canister_liquid_cycle_balance128: ANY,
	canister_status: ANY,
	canister_version: ANY,
	subnet_self_size: ANY,
	subnet_self_copy: ANY,
	msg_method_name_size: modes("F"),
	msg_method_name_copy: modes("F"),
	accept_message: modes("F"),
	call_new: CALLING,
	call_on_cleanup: CALLING,
	call_data_append: CALLING,
	call_with_best_effort_response: CALLING,
	call_cycles_add: CALLING,
	call_cycles_add128: CALLING,
	call_perform: CALLING,
	stable_size: ANY_AND_START,
	stable_grow: ANY_AND_START,
	stable_write: ANY_AND_START,
	stable_read: ANY_AND_START,
	stable64_size: ANY_AND_START,
	stable64_grow: ANY_AND_START,
	stable64_write: ANY_AND_START,
	stable64_read: ANY_AND_START,
	root_key_size: modes("I G U RQ Ry Rt C T"),
	root_key_copy: modes("I G U RQ Ry Rt C T"),
	certified_data_set: modes("I G U Ry Rt T"),
	data_certificate_present: ANY,
	data_certificate_size: modes("NRQ"),
	data_certificate_copy: modes("NRQ"),
	time: ANY,
	global_timer_set: modes("I G U Ry Rt C T"),
	performance_counter: ANY_AND_START,
	is_controller: ANY_AND_START,
	in_replicated_execution: ANY_AND_START,
	cost_call: ANY_AND_START,
	cost_create_canister: ANY_AND_START,
	cost_http_request: ANY_AND_START,
	cost_sign_with_ecdsa: ANY_AND_START,
	cost_sign_with_schnorr: ANY_AND_START,
	cost_vetkd_derive_key: ANY_AND_START,
	env_var_count: ANY,
	env_var_name_size: ANY,
	env_var_name_copy: ANY,
	env_var_name_exists: ANY,
	env_var_value_size: ANY,
	env_var_value_copy: ANY,
	debug_print: ANY_AND_START,
	trap: ANY_AND_START,
};

/** Instructions: a base, and a cost per byte of the argument at `size` (system_api_complexity.rs). */
export interface Cost {
	readonly base: number;
	readonly size?: number;
}

const DEFAULT_BASE = 500;

const COSTS: Readonly<Record<string, Cost>> = {
	msg_reply_data_append: { base: 500, size: 1 },
	msg_reject: { base: 500, size: 1 },
	call_new: { base: 1_500, size: 3 },
	call_data_append: { base: 500, size: 1 },
	call_perform: { base: 5_000 },
	stable_size: { base: 20 },
	stable64_size: { base: 20 },
	stable_read: { base: 20, size: 2 },
	stable64_read: { base: 20, size: 2 },
	stable_write: { base: 20, size: 2 },
	stable64_write: { base: 20, size: 2 },
	certified_data_set: { base: 500, size: 1 },
	is_controller: { base: 1_000 },
	performance_counter: { base: 200 },
	debug_print: { base: 100, size: 1 },
	trap: { base: 500, size: 1 },
	env_var_name_copy: { base: 500, size: 3 },
	env_var_value_copy: { base: 500, size: 4 },
};

export function costOf(call: string): Cost {
	return COSTS[call] ?? (call.endsWith("_copy") ? { base: DEFAULT_BASE, size: 2 } : { base: DEFAULT_BASE });
}
