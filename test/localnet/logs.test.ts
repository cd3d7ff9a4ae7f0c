/** Output of canisters, its visibility, and the settings that canisters can read. */
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { METHODS, NO_SETTINGS } from "../../src/localnet/management/candid.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, installCode, manage, testIdentity } from "./support/deploy.js";
import { assemble, canister } from "./support/wat.js";

const MANAGEMENT = Principal.managementCanister();
const owner = testIdentity(1);

let network: Network;

beforeAll(async () => {
	network = await createNetwork({ signatures: "test" });
});

afterAll(() => network.dispose());

interface Logs {
	canister_log_records: { idx: bigint; timestamp_nanos: bigint; content: Uint8Array }[];
}

const logs = async (canister_id: Principal, filter: [] | [object] = [], viewer = owner) => {
	const [args, results] = METHODS.fetch_canister_logs;
	const agent = await agentFor(network, viewer);
	const arg = new Uint8Array(IDL.encode([...args], [{ canister_id, filter }]));
	const answer = await agent.query(MANAGEMENT, {
		methodName: "fetch_canister_logs",
		arg,
		effectiveCanisterId: canister_id,
	});
	if (answer.status === "rejected") throw new Error(answer.reject_message);
	const { canister_log_records } = IDL.decode([...results], answer.reply.arg)[0] as unknown as Logs;
	return canister_log_records.map(({ idx, content }) => [Number(idx), Buffer.from(content).toString()]);
};
const change = async (canister_id: Principal, settings: object) =>
	manage(await agentFor(network, owner), "update_settings", {
		canister_id,
		settings: { ...NO_SETTINGS, ...settings },
	});
const install = async (wasm: Uint8Array) =>
	Principal.fromText(await network.install(wasm, { controllers: [owner.getPrincipal()] }));

/** Prints its argument, and traps with it where it begins with `!`. */
const printer = canister(`(func $print
		(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
		(call $debug_print (i32.const 0) (call $msg_arg_data_size)))
	(func (export "canister_query look") (call $print) (call $msg_reply))
	(func (export "canister_update print") (call $print)
		(if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 33)) (then (call $trap (i32.const 0) (call $msg_arg_data_size))))
		(call $msg_reply))`);

test("a canister's log has what updates printed and why they trapped, and nothing of queries", async () => {
	const id = await install(printer);
	const agent = await agentFor(network, owner);
	await callCanister(agent, id, "print", Buffer.from("first"));
	await queryCanister(agent, id, "look", Buffer.from("unseen"));
	await expect(callCanister(agent, id, "print", Buffer.from("!second"))).rejects.toThrow("second");
	const all = [
		[0, "first"],
		[1, "!second"],
		[2, "[TRAP]: !second"],
	];
	expect(await logs(id)).toEqual(all);
	expect(await logs(id, [{ by_idx: { start: 1n, end: 2n } }])).toEqual([all[1]]);
	const until = { by_timestamp_nanos: { start: 0n, end: 1n } };
	expect(await logs(id, [until])).toEqual([]);
	await expect(manage(agent, "fetch_canister_logs", { canister_id: id, filter: [] })).rejects.toThrow(
		"can only be queried",
	);
	await installCode(agent, id, printer, "upgrade");
	expect(await logs(id)).toEqual(all);
	await installCode(agent, id, printer, "reinstall");
	await callCanister(agent, id, "print", Buffer.from("new"));
	expect(await logs(id)).toEqual([[3, "new"]]);
});

test("a log keeps the newest 4 KiB, or what log_memory_limit says", async () => {
	const id = await install(printer);
	const agent = await agentFor(network, owner);
	const print = (letter: string) => callCanister(agent, id, "print", Buffer.from(letter.repeat(1_500)));
	for (const letter of "abc") await print(letter);
	expect((await logs(id)).map(([idx]) => idx)).toEqual([1, 2]);
	await change(id, { log_memory_limit: [2_000n] });
	expect((await logs(id)).map(([idx]) => idx)).toEqual([2]);
	const status = await manage(agent, "canister_status", { canister_id: id });
	expect(status).toMatchObject({ memory_metrics: { log_memory_store_size: 1_516n } });
	await expect(change(id, { log_memory_limit: [2_097_153n] })).rejects.toThrow("'log_memory_limit' exceeds");
});

test("logs, status and snapshots are seen by controllers alone, unless a setting shows them", async () => {
	const id = await install(printer);
	const viewer = testIdentity(2);
	const theirs = await agentFor(network, viewer);
	const seen = () =>
		Promise.allSettled([
			logs(id, [], viewer),
			manage(theirs, "canister_status", { canister_id: id }),
			manage(theirs, "list_canister_snapshots", { canister_id: id }),
		]).then((all) => all.map(({ status }) => status === "fulfilled"));
	expect(await seen()).toEqual([false, false, false]);
	await change(id, { log_visibility: [{ public: null }] });
	expect(await seen()).toEqual([true, false, false]);
	await change(id, { status_visibility: [{ allowed_viewers: [viewer.getPrincipal()] }] });
	await change(id, { log_visibility: [{ allowed_viewers: [owner.getPrincipal()] }] });
	expect(await seen()).toEqual([false, true, false]);
	await change(id, { snapshot_visibility: [{ public: null }] });
	expect(await seen()).toEqual([false, true, true]);
	const viewers = Array.from({ length: 11 }, (_, n) => testIdentity(n + 1).getPrincipal());
	await expect(change(id, { log_visibility: [{ allowed_viewers: viewers }] })).rejects.toThrow(
		"'log_visibility' names more than 10 viewers",
	);
});

test("a canister sees its environment variables", async () => {
	const id = await install(
		assemble(`(module (import "ic0" "env_var_count" (func $count (result i32)))
			(import "ic0" "env_var_name_size" (func $name_size (param i32) (result i32)))
			(import "ic0" "env_var_name_copy" (func $name_copy (param i32 i32 i32 i32)))
			(import "ic0" "env_var_name_exists" (func $exists (param i32 i32) (result i32)))
			(import "ic0" "env_var_value_size" (func $value_size (param i32 i32) (result i32)))
			(import "ic0" "env_var_value_copy" (func $value_copy (param i32 i32 i32 i32 i32)))
			(import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
			(import "ic0" "msg_reply" (func $reply))
			(memory 1)
			(data (i32.const 0) "BC")
			(func (export "canister_query look")
				(i32.store8 (i32.const 10) (i32.add (i32.const 48) (call $count)))
				(i32.store8 (i32.const 11) (i32.add (i32.const 48) (call $exists (i32.const 0) (i32.const 1))))
				(i32.store8 (i32.const 12) (i32.add (i32.const 48) (call $exists (i32.const 1) (i32.const 1))))
				(call $name_copy (i32.const 0) (i32.const 13) (i32.const 0) (call $name_size (i32.const 0)))
				(call $value_copy (i32.const 0) (i32.const 1) (i32.const 14) (i32.const 0)
					(call $value_size (i32.const 0) (i32.const 1)))
				(call $append (i32.const 10) (i32.const 7))
				(call $reply))
			(func (export "canister_query missing")
				(drop (call $value_size (i32.const 1) (i32.const 1)))))`),
	);
	const agent = await agentFor(network, owner);
	const variables = [
		{ name: "A", value: "1" },
		{ name: "B", value: "two" },
	];
	await change(id, { environment_variables: [variables] });
	expect(Buffer.from(await queryCanister(agent, id, "look")).toString()).toBe("210Atwo");
	await expect(queryCanister(agent, id, "missing")).rejects.toThrow("there is no variable C");
	await expect(change(id, { environment_variables: [[...variables, variables[0]]] })).rejects.toThrow(
		"a name twice",
	);
	const many = Array.from({ length: 21 }, (_, n) => ({ name: String(n), value: "" }));
	await expect(change(id, { environment_variables: [many] })).rejects.toThrow("more than 20 entries");
});
