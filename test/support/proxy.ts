import { Cbor, type HashTree, type HttpAgent, isV3ResponseBody, lookup_path } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import binaryen from "binaryen";
import { deployCanister } from "../../examples/support/deploy.js";
import { METHODS, type MethodName } from "../../src/protocol/index.js";
import { idlsOf } from "./idl.js";
import { plainResult } from "./plain.js";
import { replyOf } from "./reply.js";
import type { Store } from "./store.js";

/**
 * A canister that hands a call on as its own: what arrives is the callee (its length, its bytes), the method (the
 * same), and the argument. inspect_message is never asked about calls between canisters.
 */
const FORWARD = `(module
	(import "ic0" "msg_arg_data_size" (func $size (result i32)))
	(import "ic0" "msg_arg_data_copy" (func $copy (param i32 i32 i32)))
	(import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
	(import "ic0" "msg_reply" (func $reply))
	(import "ic0" "msg_reject" (func $reject (param i32 i32)))
	(import "ic0" "msg_reject_msg_size" (func $why_size (result i32)))
	(import "ic0" "msg_reject_msg_copy" (func $why (param i32 i32 i32)))
	(import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
	(import "ic0" "call_data_append" (func $data (param i32 i32)))
	(import "ic0" "call_perform" (func $perform (result i32)))
	(memory 64)
	(table funcref (elem $replied $rejected))
	(func $replied (param i32)
		(call $copy (i32.const 0) (i32.const 0) (call $size))
		(call $append (i32.const 0) (call $size))
		(call $reply))
	(func $rejected (param i32)
		(call $why (i32.const 0) (i32.const 0) (call $why_size))
		(call $reject (i32.const 0) (call $why_size)))
	(func (export "canister_update forward") (local $name i32) (local $argument i32)
		(call $copy (i32.const 0) (i32.const 0) (call $size))
		(local.set $name (i32.add (i32.const 1) (i32.load8_u (i32.const 0))))
		(local.set $argument (i32.add (i32.add (local.get $name) (i32.const 1)) (i32.load8_u (local.get $name))))
		(call $call_new
			(i32.const 1) (i32.load8_u (i32.const 0))
			(i32.add (local.get $name) (i32.const 1)) (i32.load8_u (local.get $name))
			(i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0))
		(call $data (local.get $argument) (i32.sub (call $size) (local.get $argument)))
		(drop (call $perform))))`;

/** A canister of which calls come, for what a store says to canisters. */
export interface Forwarder {
	readonly principal: Principal;
	/** The reply's bytes to a call with these very bytes as its argument. */
	call(canisterId: Principal, method: MethodName, argument: Uint8Array): Promise<Uint8Array>;
}

export async function deployProxy(agent: HttpAgent): Promise<Forwarder> {
	const module = binaryen.parseText(FORWARD);
	const wasm = module.emitBinary();
	module.dispose();
	const principal = await deployCanister(agent, wasm);
	return {
		principal,
		async call(canisterId, method, argument) {
			const callee = canisterId.toUint8Array();
			const name = Buffer.from(method);
			const arg = Buffer.concat([
				Uint8Array.of(callee.length),
				callee,
				Uint8Array.of(name.length),
				name,
				argument,
			]);
			const { requestId, response } = await agent.call(principal, {
				methodName: "forward",
				arg,
				effectiveCanisterId: principal,
			});
			const { body } = response;
			if (!isV3ResponseBody(body)) throw new Error(`forward to ${method} was not answered at once`);
			// Read, not verified: the pairing takes 50 ms, and thousands of these calls are made.
			const { tree } = Cbor.decode<{ tree: HashTree }>(body.certificate);
			const status = (name: string) => lookup_path(["request_status", requestId, name], tree);
			const reply = status("reply");
			if ("value" in reply) return reply.value as Uint8Array;
			const reason = status("reject_message");
			throw new Error("value" in reason ? new TextDecoder().decode(reason.value as Uint8Array) : "no answer");
		},
	};
}

/** A store as the canister calls it. */
export function storeThrough(proxy: Forwarder, canisterId: Principal): Store {
	const methods = Object.entries(METHODS).map(([name, { args }]) => [
		name,
		async (...values: unknown[]) => {
			const argument = IDL.encode(idlsOf(args), values);
			const method = name as MethodName;
			return plainResult(method, replyOf(method).decode(await proxy.call(canisterId, method, argument)));
		},
	]);
	return Object.fromEntries(methods) as Store;
}
