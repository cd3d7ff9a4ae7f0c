/** Instructions, pages and cycles against numbers worked out by hand from the IC's tables. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNetwork, type MessageRecord, type Network } from "../../src/localnet/index.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, deploy } from "./support/deploy.js";
import { canister } from "./support/wat.js";

let network: Network;
const records: MessageRecord[] = [];

beforeAll(async () => {
	network = await createNetwork({
		signatures: "test",
		metering: true,
		instructionLimits: { update: 1_000_000n, query: 500_000n },
		onMessage: (record) => records.push(record),
	});
});
afterAll(() => network?.dispose());

const last = () => records.at(-1)!;
const LOOP = "(loop $l (br $l))";

test("a message costs its instructions, its system calls, its bytes and its pages", async () => {
	const agent = await agentFor(network);
	const id = await deploy(
		agent,
		canister(`(func (export "canister_update nothing") (call $msg_reply))
			(func (export "canister_update store")
				(i32.store (i32.const 0) (i32.const 1))
				(i32.store (i32.const 4096) (i32.const 1))
				(call $msg_reply_data_append (i32.const 0) (i32.const 100))
				(call $msg_reply))
			(func (export "canister_update stable")
				(drop (call $stable64_grow (i64.const 1)))
				(call $stable64_write (i64.const 4095) (i64.const 0) (i64.const 10))
				(call $msg_reply))`),
	);
	// Function 1, call 5, msg_reply 500.
	await callCanister(agent, id, "nothing");
	expect(last()).toMatchObject({ kind: "update", method: "nothing", instructions: 506n, pagesDirtied: 0 });
	// Method name and argument: 7 bytes.
	expect(last()).toMatchObject({ ingressBytes: 7, cycles: 1_200_000n + 2_000n * 7n + 5_000_000n + 506n });
	// Function 1; two stores of 3 each; 2 constants and a call of 5 with 500 + 100; call 5 with 500; two pages.
	await callCanister(agent, id, "store");
	expect(last()).toMatchObject({
		instructions: 1n + 6n + 7n + 600n + 505n + 2_000n,
		pagesDirtied: 2,
		replyBytes: 100,
	});
	// Function 1; constant, call 5, drop, 500; three constants, call 5, 20 + 10, two pages; call 5, 500.
	await callCanister(agent, id, "stable");
	expect(last()).toMatchObject({
		instructions: 1n + 7n + 500n + 8n + 30n + 2_000n + 505n,
		pagesDirtied: 2,
		stableBytesWritten: 10,
	});
	const sums = network.metrics(id.toText());
	const own = records.filter((record) => record.canister === id.toText());
	expect(sums.messages).toBe(own.length);
	expect(sums.cycles).toBe(own.reduce((sum, { cycles }) => sum + cycles, 0n));
	expect(network.metrics().messages).toBe(records.length);
});

test("a message is known by the canister's version that it found", async () => {
	const agent = await agentFor(network);
	const id = await deploy(
		agent,
		canister(`(func (export "canister_update version")
			(i64.store (i32.const 0) (call $canister_version))
			(call $msg_reply_data_append (i32.const 0) (i32.const 8))
			(call $msg_reply))`),
	);
	for (let times = 0; times < 2; times++) {
		const reply = await callCanister(agent, id, "version");
		expect(last().canisterVersion).toBe(Buffer.from(reply).readBigUInt64LE());
	}
});

test("limits are enforced by kind of message, and the state before is kept", async () => {
	const agent = await agentFor(network);
	const id = await deploy(
		agent,
		canister(`(global $n (mut i32) (i32.const 0))
			(func (export "canister_update loop") (global.set $n (i32.const 9)) ${LOOP})
			(func (export "canister_query loop_query") ${LOOP})
			(func (export "canister_update fill")
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(memory.fill (i32.const 0) (i32.const 1) (i32.const 200000))
				(call $msg_reply))
			(func (export "canister_update copy") (local $i i32)
				(loop $l
					(call $msg_caller_copy (i32.const 0) (i32.const 0) (i32.const 29))
					(br $l)))
			(func (export "canister_query n")
				(i32.store (i32.const 0) (global.get $n))
				(call $msg_reply_data_append (i32.const 0) (i32.const 4)) (call $msg_reply))`),
	);
	for (const method of ["loop", "fill", "copy"]) {
		await expect(callCanister(agent, id, method)).rejects.toMatchObject({
			code: 5,
			errorCode: "IC0522",
			message: expect.stringContaining("exceeded the limit of 1000000 instructions"),
		});
		expect(last()).toMatchObject({ error: "IC0522", instructions: 1_000_000n });
	}
	await expect(queryCanister(agent, id, "loop_query")).rejects.toThrow("limit of 500000 instructions");
	expect(await queryCanister(agent, id, "n")).toEqual(new Uint8Array(4));
});

test("performance counters count the message, and the call's context", async () => {
	const agent = await agentFor(network);
	const id = await deploy(
		agent,
		canister(`(func (export "canister_update counters")
			(i64.store (i32.const 0) (call $performance_counter (i32.const 0)))
			(i64.store (i32.const 8) (call $performance_counter (i32.const 0)))
			(i64.store (i32.const 16) (call $performance_counter (i32.const 1)))
			(call $msg_reply_data_append (i32.const 0) (i32.const 24))
			(call $msg_reply))`),
	);
	const reply = Buffer.from(await callCanister(agent, id, "counters"));
	const [first, second, context] = [0, 8, 16].map((at) => reply.readBigUInt64LE(at));
	expect(second! - first!).toBe(200n);
	expect(context! - second!).toBe(200n);
});
