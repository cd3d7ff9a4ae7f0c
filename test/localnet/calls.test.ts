/** Calls between canisters: replies, rejects, cleanup, cycles, stopping, and the management canister's for them. */
import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { NO_SETTINGS } from "../../src/localnet/management/candid.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, deploy, manage } from "./support/deploy.js";
import { canister } from "./support/wat.js";

let network: Network;
let agent: HttpAgent;
let callee: Principal;
let caller: Principal;

/**
 * `forward`: the argument is the number of the callee's bytes, the callee, and a method name; answers what it
 * answers. `$ends` is what the callbacks do after they have changed `$seen`.
 */
const FORWARDER = (onReply: string) => `
	(data (i32.const 65000) "DIDL\\00\\00")
	(table funcref (elem $reply $reject $cleanup))
	(global $seen (mut i32) (i32.const 0))
	(func $note (param i32) (global.set $seen (i32.add (i32.mul (global.get $seen) (i32.const 10)) (local.get 0))))
	(func $reply (param i32)
		(call $note (local.get 0))
		(call $msg_arg_data_copy (i32.const 1024) (i32.const 0) (call $msg_arg_data_size))
		(call $msg_reply_data_append (i32.const 1024) (call $msg_arg_data_size))
		${onReply})
	(func $reject (param i32)
		(call $note (local.get 0))
		(i32.store8 (i32.const 1024) (call $msg_reject_code))
		(call $msg_reject_msg_copy (i32.const 1025) (i32.const 0) (call $msg_reject_msg_size))
		(call $msg_reply_data_append (i32.const 1024) (i32.add (i32.const 1) (call $msg_reject_msg_size)))
		(call $msg_reply))
	(func $cleanup (param i32) (call $note (local.get 0)))
	(func (export "canister_update forward") (local $name i32)
		(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (call $msg_arg_data_size))
		(local.set $name (i32.add (i32.const 1) (i32.load8_u (i32.const 0))))
		(call $note (i32.const 1))
		(call $call_new
			(i32.const 1) (i32.load8_u (i32.const 0))
			(local.get $name) (i32.sub (call $msg_arg_data_size) (local.get $name))
			(i32.const 0) (i32.const 2) (i32.const 1) (i32.const 3))
		(call $call_on_cleanup (i32.const 2) (i32.const 4))
		(call $call_data_append (i32.const 65000) (i32.const 6))
		(call $call_cycles_add128 (i64.const 0) (i64.const 1000000000))
		(drop (call $call_perform)))
	(func (export "canister_query seen")
		(i32.store (i32.const 0) (global.get $seen))
		(call $msg_reply_data_append (i32.const 0) (i32.const 4))
		(call $msg_reply))`;

const CALLEE = `
	(data (i32.const 0) "no")
	(func (export "canister_update accept")
		(call $msg_cycles_accept128 (i64.const 0) (i64.const 250000000) (i32.const 64))
		(call $msg_cycles_available128 (i32.const 80))
		(call $msg_caller_copy (i32.const 96) (i32.const 0) (call $msg_caller_size))
		(call $msg_reply_data_append (i32.const 64) (i32.add (i32.const 32) (call $msg_caller_size)))
		(call $msg_reply))
	(func (export "canister_update reject") (call $msg_reject (i32.const 0) (i32.const 2)))
	(func (export "canister_update trap") (unreachable))`;

beforeAll(async () => {
	network = await createNetwork({ signatures: "test" });
	agent = await agentFor(network);
	callee = await deploy(agent, canister(CALLEE));
	caller = await deploy(agent, canister(FORWARDER("(call $msg_reply)")));
});
afterAll(() => network?.dispose());

async function forward(to: Principal, method: string, through = caller): Promise<Buffer> {
	const id = to.toUint8Array();
	const arg = Buffer.concat([Uint8Array.of(id.length), id, Buffer.from(method)]);
	return Buffer.from(await callCanister(agent, through, "forward", arg));
}
const seen = async (of: Principal) => Buffer.from(await queryCanister(agent, of, "seen")).readUInt32LE();

const balance = async (id: Principal) =>
	((await manage(agent, "canister_status", { canister_id: id })) as { cycles: bigint }).cycles;

describe("a call", () => {
	test("is replied; cycles are accepted in part, and the rest comes back", async () => {
		const before = await balance(callee);
		const reply = await forward(callee, "accept");
		expect(reply.readBigUInt64LE(0)).toBe(250_000_000n);
		expect(reply.readBigUInt64LE(16)).toBe(750_000_000n);
		expect(reply.subarray(32)).toEqual(Buffer.from(caller.toUint8Array()));
		const gained = (await balance(callee)) - before;
		// Two looks at the status and one update cost it a little of what it gained.
		expect(gained).toBeGreaterThan(240_000_000n);
		expect(gained).toBeLessThan(250_000_000n);
	});

	test("is rejected by the callee, by its trap, or by the system", async () => {
		const rejected = async (to: Principal, method: string) => {
			const reply = await forward(to, method);
			return [reply[0], reply.subarray(1).toString("utf8").split("\n")[0]];
		};
		expect(await rejected(callee, "reject")).toEqual([4, "no"]);
		expect(await rejected(callee, "trap")).toEqual([
			5,
			`Error from Canister ${callee}: Canister trapped: unreachable.`,
		]);
		expect(await rejected(callee, "nothing")).toEqual([
			5,
			`Error from Canister ${callee}: Canister has no update method 'nothing'..`,
		]);
		const nobody = Principal.fromText("7im6q-vx777-77776-qaacq-cai");
		expect(await rejected(nobody, "any")).toEqual([3, `Canister ${nobody} not found`]);
	});

	test("whose callback traps runs its cleanup, and keeps what was before the call", async () => {
		const trapping = await deploy(agent, canister(FORWARDER("(unreachable)")));
		await expect(forward(callee, "accept", trapping)).rejects.toMatchObject({ errorCode: "IC0502" });
		expect(await seen(trapping)).toBe(14);
	});

	test("of the management canister: raw_rand for canisters, unknown methods by name", async () => {
		const management = Principal.fromText("aaaaa-aa");
		const random = async () => {
			const reply = Uint8Array.from(await forward(management, "raw_rand"));
			return IDL.decode([IDL.Vec(IDL.Nat8)], reply)[0] as unknown as Uint8Array;
		};
		const [first, second] = [await random(), await random()];
		expect(first).toHaveLength(32);
		expect(first).not.toEqual(second);
		const unknown = await forward(management, "http_request");
		expect(unknown.subarray(1).toString()).toContain("'http_request'");
	});
});

describe("a canister", () => {
	test("that is stopped takes no calls, until it is started", async () => {
		await manage(agent, "stop_canister", { canister_id: callee });
		expect((await forward(callee, "accept")).subarray(1).toString()).toBe(`Canister ${callee} is stopped`);
		await expect(callCanister(agent, callee, "accept")).rejects.toMatchObject({
			code: 5,
			errorCode: "IC0508",
		});
		await manage(agent, "start_canister", { canister_id: callee });
		expect((await forward(callee, "accept")).length).toBe(42);
	});

	test("is managed by its controllers only", async () => {
		const { testIdentity } = await import("./support/deploy.js");
		const stranger = await agentFor(network, testIdentity(9));
		await expect(manage(stranger, "stop_canister", { canister_id: callee })).rejects.toMatchObject({
			errorCode: "IC0512",
		});
		const settings = { controllers: [[await stranger.getPrincipal()]] };
		const own = await deploy(agent, canister(CALLEE));
		await manage(agent, "update_settings", { canister_id: own, settings: { ...NO_SETTINGS, ...settings } });
		await expect(manage(agent, "stop_canister", { canister_id: own })).rejects.toMatchObject({
			errorCode: "IC0512",
		});
		await manage(stranger, "stop_canister", { canister_id: own });
		await manage(stranger, "delete_canister", { canister_id: own });
		await expect(callCanister(agent, own, "accept")).rejects.toMatchObject({ errorCode: "IC0301" });
	});

	test("that is uninstalled is empty, and can be installed again", async () => {
		const own = await deploy(agent, canister(CALLEE));
		await manage(agent, "uninstall_code", { canister_id: own });
		await expect(callCanister(agent, own, "accept")).rejects.toMatchObject({ errorCode: "IC0537" });
		const status = (await manage(agent, "canister_status", { canister_id: own })) as {
			module_hash: unknown[];
		};
		expect(status.module_hash).toEqual([]);
	});

	test("without cycles for the most that an update may take executes nothing", async () => {
		// An update may take 40 B instructions, and all of them are set aside before it runs.
		const poor = await deploy(agent, canister(CALLEE), 40_000_000_000n);
		await expect(callCanister(agent, poor, "accept")).rejects.toMatchObject({ code: 2, errorCode: "IC0207" });
		// Where another canister pays for the message, its execution is still not paid for.
		const text = (await forward(poor, "accept")).toString("latin1", 1);
		expect(text).toContain(`Canister ${poor} is out of cycles`);
		await manage(agent, "provisional_top_up_canister", { canister_id: poor, amount: 1_000_000_000n });
		await callCanister(agent, poor, "accept");
	});
});

test("a network whose schedule is free charges nothing, and its canisters execute without cycles", async () => {
	await using free = await createNetwork({ costSchedule: "free" });
	const owner = await agentFor(free);
	const PRICES = `
		(func (export "canister_query prices")
			(call $cost_call (i64.const 10) (i64.const 1000) (i32.const 0))
			(call $canister_cycle_balance128 (i32.const 16))
			(call $msg_reply_data_append (i32.const 0) (i32.const 32))
			(call $msg_reply))`;
	const id = await deploy(owner, canister(CALLEE + PRICES));
	expect(Buffer.from(await queryCanister(owner, id, "prices"))).toEqual(Buffer.alloc(32));
	await callCanister(owner, id, "accept");
	expect(free.metrics().cycles).toBe(0n);
});
