/** Entry points: rollback, queries, limits of calls by mode, upgrades, timers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, createCanister, deploy, installCode, manage } from "./support/deploy.js";
import { canister } from "./support/wat.js";

let network: Network;
const printed: string[] = [];

beforeAll(async () => {
	network = await createNetwork({ signatures: "test", log: (_canister, text) => printed.push(text) });
});
afterAll(() => network?.dispose());

const numbers = (bytes: Uint8Array) => [...new Uint32Array(Uint8Array.from(bytes).buffer)];

/** Changes a global, heap (which grows), stable memory, certified data and the timer; then ends in some way. */
const STATE = (timer: string) => `
	(global $count (mut i32) (i32.const 0))
	(func $change
		(global.set $count (i32.add (global.get $count) (i32.const 1)))
		(i32.store (i32.const 100000) (i32.add (i32.load (i32.const 100000)) (i32.const 1)))
		(drop (memory.grow (i32.const 1)))
		(i32.store (i32.const 200000) (i32.const 7))
		(drop (call $stable64_grow (i64.const 1)))
		(i32.store (i32.const 0) (global.get $count))
		(call $stable64_write (i64.const 4090) (i64.const 0) (i64.const 8))
		${timer})
	(func $state
		(i32.store (i32.const 0) (global.get $count))
		(i32.store (i32.const 4) (i32.load (i32.const 100000)))
		(i32.store (i32.const 8) (memory.size))
		(i32.store (i32.const 12) (i32.wrap_i64 (call $stable64_size)))
		(i32.store (i32.const 16) (i32.const 0))
		(if (i64.gt_u (call $stable64_size) (i64.const 0)) (then
			(call $stable64_read (i64.const 16) (i64.const 4090) (i64.const 4))))
		(call $msg_reply_data_append (i32.const 0) (i32.const 20))
		(call $msg_reply))
	(func (export "canister_query state") (call $state))
	(func (export "canister_update change") (call $change) (call $state))
	(func (export "canister_query change_query") (call $change) (call $state))
	(func (export "canister_update change_and_trap") (call $change) (unreachable))
	(func (export "canister_update change_and_trap_by_name") (call $change) (call $trap (i32.const 0) (i32.const 0)))
	(func (export "canister_update change_without_reply") (call $change))`;

const TIMER = `(call $certified_data_set (i32.const 0) (i32.const 4))
	(drop (call $global_timer_set (i64.const 4000000000000000000)))`;

describe("rollback", () => {
	test("a trap undoes globals, heap, its growth, and stable memory; a commit keeps them", async () => {
		const agent = await agentFor(network);
		const id = await deploy(agent, canister(STATE(TIMER)));
		const state = async () => numbers(await queryCanister(agent, id, "state"));
		expect(await state()).toEqual([0, 0, 4, 0, 0]);
		for (const method of ["change_and_trap", "change_and_trap_by_name"]) {
			await expect(callCanister(agent, id, method)).rejects.toMatchObject({ code: 5 });
			expect(await state()).toEqual([0, 0, 4, 0, 0]);
		}
		expect(numbers(await callCanister(agent, id, "change"))).toEqual([1, 1, 5, 1, 1]);
		await expect(callCanister(agent, id, "change_and_trap")).rejects.toMatchObject({ code: 5 });
		expect(await state()).toEqual([1, 1, 5, 1, 1]);
		// Not answering is an error to the caller, but what was done is done.
		await expect(callCanister(agent, id, "change_without_reply")).rejects.toMatchObject({
			errorCode: "IC0506",
		});
		expect(await state()).toEqual([2, 2, 6, 2, 2]);
	});

	test("a trap undoes what the system has written into pages that the canister did not", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(`
				(func $writes
					(drop (call $stable64_grow (i64.const 1)))
					(i32.store (i32.const 0) (i32.const -1))
					(call $stable64_write (i64.const 0) (i64.const 0) (i64.const 4))
					(call $stable64_read (i64.const 16382) (i64.const 0) (i64.const 4))
					(call $canister_self_copy (i32.const 32768) (i32.const 0) (call $canister_self_size))
					(call $canister_cycle_balance128 (i32.const 65532)))
				(func $read (param i32) (call $msg_reply_data_append (local.get 0) (i32.const 4)))
				(func $state
					(call $read (i32.const 16380)) (call $read (i32.const 16384)) (call $read (i32.const 32776))
					(call $read (i32.const 65532)) (call $read (i32.const 65536)) (call $msg_reply))
				(func (export "canister_update trap") (call $writes) (unreachable))
				(func (export "canister_query written") (call $writes) (call $state))
				(func (export "canister_query state") (call $state))`),
		);
		const written = numbers(await queryCanister(agent, id, "written"));
		expect(written.slice(0, 2)).toEqual([0xffff0000, 0x0000ffff]);
		expect(written.slice(2, 4)).not.toContain(0);
		await expect(callCanister(agent, id, "trap")).rejects.toMatchObject({ code: 5 });
		expect(numbers(await queryCanister(agent, id, "state"))).toEqual([0, 0, 0, 0, 0]);
	});

	test("a query leaves no trace, also when it is called as an update", async () => {
		const agent = await agentFor(network);
		const id = await deploy(agent, canister(STATE("")));
		for (let i = 0; i < 3; i++) {
			expect(numbers(await queryCanister(agent, id, "change_query"))).toEqual([1, 1, 5, 1, 1]);
			expect(numbers(await callCanister(agent, id, "change_query"))).toEqual([1, 1, 5, 1, 1]);
			expect(numbers(await queryCanister(agent, id, "state"))).toEqual([0, 0, 4, 0, 0]);
		}
	});
});

describe("system calls", () => {
	test("are refused where the specification does not allow them", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(`(func (export "canister_query q") ${TIMER})
				(func (export "canister_update u") (drop (call $msg_method_name_size)))`),
		);
		await expect(queryCanister(agent, id, "q")).rejects.toMatchObject({
			errorCode: "IC0504",
			message: expect.stringContaining(
				'"ic0_certified_data_set" cannot be executed in non replicated query mode',
			),
		});
		await expect(callCanister(agent, id, "u")).rejects.toThrow(
			'"ic0_msg_method_name_size" cannot be executed in update mode',
		);
	});

	test("that this network lacks can be imported, and trap by their names", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(
				`(func (export "canister_update u") (call $cost_http_request (i64.const 0) (i64.const 0) (i32.const 0)))`,
			),
		);
		await expect(callCanister(agent, id, "u")).rejects.toThrow("ic0.cost_http_request is not supported");
	});

	test("check the bounds of heap and stable memory", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(`(func (export "canister_update heap") (call $msg_reply_data_append (i32.const 262143) (i32.const 2)))
				(func (export "canister_update load") (drop (i32.load (i32.const 262141))))
				(func (export "canister_update stable") (call $stable64_write (i64.const 0) (i64.const 0) (i64.const 1)))
				(func $deep (call $deep) (call $deep))
				(func (export "canister_update stack") (call $deep))
				(func (export "canister_update grow")
					(i64.store (i32.const 0) (call $stable64_grow (i64.const 8192001)))
					(i64.store (i32.const 8) (call $stable64_grow (i64.const 8192000)))
					(call $msg_reply_data_append (i32.const 0) (i32.const 16)) (call $msg_reply))`),
		);
		await expect(callCanister(agent, id, "heap")).rejects.toMatchObject({ errorCode: "IC0504" });
		await expect(callCanister(agent, id, "load")).rejects.toThrow("Canister trapped: heap out of bounds.");
		await expect(callCanister(agent, id, "stable")).rejects.toThrow("stable memory out of bounds");
		await expect(callCanister(agent, id, "stack")).rejects.toThrow("stack overflow");
		expect(numbers(await callCanister(agent, id, "grow"))).toEqual([0xffffffff, 0xffffffff, 0, 0]);
	});

	test("print, and tell caller, self, time, version and cycles", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(`(data (i32.const 0) "printed")
				(func (export "canister_update who")
					(call $debug_print (i32.const 0) (i32.const 7))
					(call $debug_print (i32.const 262140) (i32.const 70))
					(call $msg_caller_copy (i32.const 64) (i32.const 0) (call $msg_caller_size))
					(call $msg_reply_data_append (i32.const 64) (call $msg_caller_size))
					(call $canister_self_copy (i32.const 64) (i32.const 0) (call $canister_self_size))
					(call $msg_reply_data_append (i32.const 64) (call $canister_self_size))
					(i64.store (i32.const 64) (call $time))
					(call $msg_reply_data_append (i32.const 64) (i32.const 8))
					(call $canister_cycle_balance128 (i32.const 64))
					(call $msg_reply_data_append (i32.const 64) (i32.const 16))
					(i32.store (i32.const 64) (call $is_controller (i32.const 64) (i32.const 0)))
					(call $msg_reply_data_append (i32.const 64) (i32.const 4))
					(call $msg_reply))`),
		);
		const reply = Buffer.from(await callCanister(agent, id, "who"));
		expect(reply.subarray(0, 29)).toEqual(Buffer.from((await agent.getPrincipal()).toUint8Array()));
		expect(reply.subarray(29, 39)).toEqual(Buffer.from(id.toUint8Array()));
		expect(Math.abs(Number(reply.readBigUInt64LE(39) / 1_000_000n) - Date.now())).toBeLessThan(10_000);
		expect(reply.readBigUInt64LE(47)).toBeGreaterThan(99_000_000_000_000n);
		expect(printed.slice(-2)).toEqual(["printed", "(debug_print out of bounds)"]);
	});
});

describe("installing", () => {
	const VERSIONED = (version: number, more = "") =>
		canister(`
		(data (i32.const 32) "\\0${version}\\00\\00\\00")
		(func $keep (param $at i32)
			(if (i64.eqz (call $stable64_size)) (then (drop (call $stable64_grow (i64.const 1)))))
			(call $stable64_read (i64.const 128) (i64.const 0) (i64.const 64))
			(i32.store (local.get $at) (i32.const ${version}))
			(call $msg_arg_data_copy_or_nothing (i32.add (local.get $at) (i32.const 4)))
			(call $stable64_write (i64.const 0) (i64.const 128) (i64.const 64)))
		(func $msg_arg_data_copy_or_nothing (param i32))
		(func (export "canister_init") (call $keep (i32.const 128)))
		(func (export "canister_pre_upgrade") (call $keep (i32.const 136)))
		(func (export "canister_post_upgrade") (call $keep (i32.const 144)) ${more})
		(func (export "canister_query versions")
			(call $stable64_read (i64.const 0) (i64.const 0) (i64.const 24))
			(call $msg_reply_data_append (i32.const 0) (i32.const 24))
			(call $msg_reply))`);

	test("init; then pre_upgrade of the old module, post_upgrade of the new", async () => {
		const agent = await agentFor(network);
		const id = await deploy(agent, VERSIONED(1));
		const versions = async () => numbers(await queryCanister(agent, id, "versions"));
		expect(await versions()).toEqual([1, 0, 0, 0, 0, 0]);
		await installCode(agent, id, VERSIONED(2), "upgrade");
		expect(await versions()).toEqual([1, 0, 1, 0, 2, 0]);
		await installCode(agent, id, VERSIONED(3), "upgrade");
		expect(await versions()).toEqual([1, 0, 2, 0, 3, 0]);
		await installCode(agent, id, VERSIONED(4), "reinstall");
		expect(await versions()).toEqual([4, 0, 0, 0, 0, 0]);
	});

	test("an upgrade that fails changes nothing", async () => {
		const agent = await agentFor(network);
		const id = await deploy(agent, VERSIONED(1));
		const versions = async () => numbers(await queryCanister(agent, id, "versions"));
		const hashBefore = (
			(await manage(agent, "canister_status", { canister_id: id })) as { module_hash: unknown }
		).module_hash;
		await expect(installCode(agent, id, VERSIONED(2, "(unreachable)"), "upgrade")).rejects.toMatchObject({
			errorCode: "IC0502",
		});
		await expect(installCode(agent, id, VERSIONED(2, "(call $msg_reply)"), "upgrade")).rejects.toThrow(
			"in init mode",
		);
		expect(await versions()).toEqual([1, 0, 0, 0, 0, 0]);
		const status = (await manage(agent, "canister_status", { canister_id: id })) as { module_hash: unknown };
		expect(status.module_hash).toEqual(hashBefore);
		await installCode(agent, id, VERSIONED(3), "upgrade");
		expect(await versions()).toEqual([1, 0, 1, 0, 3, 0]);
	});

	test("refuses what is no canister module", async () => {
		const agent = await agentFor(network);
		const id = await createCanister(agent);
		const { assemble } = await import("./support/wat.js");
		for (const [wasm, text] of [
			[Buffer.from("not wasm"), "unsupported canister module format"],
			[Buffer.from("0061736d01000000ff", "hex"), "Failed to decode wasm module"],
			[
				assemble(`(module (import "ic0" "nothing" (func)))`),
				"Module imports function 'nothing' from 'ic0' that is not exported by the runtime",
			],
			[assemble(`(module (import "env" "time" (func)))`), "from 'env'"],
			[assemble(`(module (func (export "canister_foo")))`), "Exporting reserved function 'canister_foo'"],
			[
				assemble(`(module (func (export "canister_query a")) (func (export "canister_update a")))`),
				"exported multiple times",
			],
		] as const) {
			await expect(installCode(agent, id, wasm)).rejects.toMatchObject({
				errorCode: "IC0505",
				message: expect.stringContaining(text),
			});
		}
		await expect(callCanister(agent, id, "any")).rejects.toMatchObject({ errorCode: "IC0537" });
		await expect(installCode(agent, id, canister(""), "upgrade")).rejects.toMatchObject({
			errorCode: "IC0537",
		});
		await installCode(agent, id, canister(""));
		await expect(installCode(agent, id, canister(""))).rejects.toMatchObject({ errorCode: "IC0514" });
	});
});

describe("timers", () => {
	test("run when they are due, and once", async () => {
		const agent = await agentFor(network);
		const id = await deploy(
			agent,
			canister(`(global $ran (mut i32) (i32.const 0))
				(func (export "canister_global_timer") (global.set $ran (i32.add (global.get $ran) (i32.const 1))))
				(func (export "canister_update arm")
					(drop (call $global_timer_set (i64.add (call $time) (i64.const 1000000000)))) (call $msg_reply))
				(func (export "canister_query ran")
					(i32.store (i32.const 0) (global.get $ran))
					(call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))`),
		);
		const ran = async () => numbers(await queryCanister(agent, id, "ran"))[0];
		await callCanister(agent, id, "arm");
		expect(await ran()).toBe(0);
		await expect.poll(ran, { timeout: 10_000 }).toBe(1);
		await new Promise((resolve) => setTimeout(resolve, 150));
		expect(await ran()).toBe(1);
	});

	test("follow a clock that a test moves", async () => {
		let now = BigInt(Date.now()) * 1_000_000n;
		const moved = await createNetwork({ signatures: "test", clock: () => now });
		try {
			const agent = await agentFor(moved);
			const id = await deploy(
				agent,
				canister(`(global $ran (mut i32) (i32.const 0))
					(func (export "canister_init") (drop (call $global_timer_set (i64.add (call $time) (i64.const 60000000000)))))
					(func (export "canister_global_timer") (global.set $ran (i32.const 1)))
					(func (export "canister_query ran")
						(i32.store (i32.const 0) (global.get $ran))
						(call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))`),
			);
			moved.tick();
			expect(numbers(await queryCanister(agent, id, "ran"))).toEqual([0]);
			now += 61_000_000_000n;
			moved.tick();
			expect(numbers(await queryCanister(agent, id, "ran"))).toEqual([1]);
		} finally {
			await moved.dispose();
		}
	});
});

test("a module's start function runs once at each installation, and may not do everything", async () => {
	const agent = await agentFor(network);
	const { assemble } = await import("./support/wat.js");
	const starting = (call: string) =>
		assemble(`(module (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
			(import "ic0" "time" (func $time (result i64)))
			(import "ic0" "stable64_size" (func $size (result i64)))
			(import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
			(import "ic0" "msg_reply" (func $reply))
			(memory 1)
			(func $start ${call})
			(start $start)
			(func $tell
				(drop (memory.grow (i32.const 1)))
				(i64.store (i32.const 0) (call $size))
				(call $append (i32.const 0) (i32.const 4))
				(call $reply))
			(func (export "canister_query size") (call $tell)))`);
	const id = await deploy(agent, starting("(drop (call $grow (i64.const 3)))"));
	for (let i = 0; i < 2; i++) expect(numbers(await queryCanister(agent, id, "size"))).toEqual([3]);
	await expect(installCode(agent, id, starting("(drop (call $time))"), "reinstall")).rejects.toThrow(
		"in start mode",
	);
	expect(numbers(await queryCanister(agent, id, "size"))).toEqual([3]);
	await installCode(agent, id, starting("(drop (call $grow (i64.const 3)))"), "upgrade");
	expect(numbers(await queryCanister(agent, id, "size"))).toEqual([6]);
});
