/** Canisters written as text, for tests. */
import { readFile } from "node:fs/promises";
import binaryen from "binaryen";

export function assemble(wat: string): Uint8Array {
	const module = binaryen.parseText(wat);
	try {
		// Not All: that emits encodings which no engine here reads yet.
		module.setFeatures(binaryen.Features.MutableGlobals | binaryen.Features.BulkMemory);
		return module.emitBinary();
	} finally {
		module.dispose();
	}
}

export async function probe(): Promise<Uint8Array> {
	return assemble(await readFile(new URL("../golden/probe.wat", import.meta.url), "utf8"));
}

export const CANDID = "service : { echo : (blob) -> (blob) }";

/** The module with its Candid interface as public metadata, and some private metadata. */
export function withMetadata(wasm: Uint8Array): Uint8Array {
	return Buffer.concat([
		wasm,
		customSection("icp:public candid:service", CANDID),
		customSection("icp:private secret", "for controllers"),
	]);
}

function customSection(name: string, content: string): Uint8Array {
	const bytes = Buffer.concat([Uint8Array.of(name.length), Buffer.from(name), Buffer.from(content)]);
	if (bytes.length > 127 || name.length > 127) throw new RangeError("one byte of LEB128 is enough for tests");
	return Buffer.concat([Uint8Array.of(0, bytes.length), bytes]);
}

/** The system calls that test canisters may use, under their own names with `$`. */
const IMPORTS: Readonly<Record<string, string>> = {
	msg_arg_data_size: "(result i32)",
	msg_arg_data_copy: "(param i32 i32 i32)",
	msg_caller_size: "(result i32)",
	msg_caller_copy: "(param i32 i32 i32)",
	msg_reject_code: "(result i32)",
	msg_reject_msg_size: "(result i32)",
	msg_reject_msg_copy: "(param i32 i32 i32)",
	msg_reply_data_append: "(param i32 i32)",
	msg_reply: "",
	msg_reject: "(param i32 i32)",
	msg_method_name_size: "(result i32)",
	msg_cycles_available128: "(param i32)",
	msg_cycles_accept128: "(param i64 i64 i32)",
	msg_cycles_refunded128: "(param i32)",
	canister_self_size: "(result i32)",
	canister_self_copy: "(param i32 i32 i32)",
	canister_cycle_balance128: "(param i32)",
	canister_version: "(result i64)",
	call_new: "(param i32 i32 i32 i32 i32 i32 i32 i32)",
	call_on_cleanup: "(param i32 i32)",
	call_data_append: "(param i32 i32)",
	call_cycles_add128: "(param i64 i64)",
	call_perform: "(result i32)",
	stable64_size: "(result i64)",
	stable64_grow: "(param i64) (result i64)",
	stable64_write: "(param i64 i64 i64)",
	stable64_read: "(param i64 i64 i64)",
	certified_data_set: "(param i32 i32)",
	data_certificate_size: "(result i32)",
	data_certificate_copy: "(param i32 i32 i32)",
	cost_call: "(param i64 i64 i32)",
	time: "(result i64)",
	global_timer_set: "(param i64) (result i64)",
	performance_counter: "(param i32) (result i64)",
	is_controller: "(param i32 i32) (result i32)",
	cost_http_request: "(param i64 i64 i32)",
	debug_print: "(param i32 i32)",
	trap: "(param i32 i32)",
};

/** A canister of these functions: a memory of four pages, and those imports that the text mentions. */
export function canister(body: string): Uint8Array {
	const imports = Object.entries(IMPORTS)
		.filter(([name]) => new RegExp(`\\$${name}\\b`).test(body))
		.map(([name, type]) => `(import "ic0" "${name}" (func $${name} ${type}))`);
	return assemble(`(module ${imports.join("\n")} (memory 4) ${body})`);
}
