/** Responses of the cycles minting canister and the cycles ledger. test/tools/icp.ts runs icp-cli on them. */
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import * as types from "../../src/localnet/system-canisters/candid.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, manage, testIdentity } from "./support/deploy.js";
import { canister } from "./support/wat.js";

const LEDGER = Principal.fromText("um5iw-rqaaa-aaaaq-qaaba-cai");
const MINTING = Principal.fromText("rkp4c-7iaaa-aaaaa-aaaca-cai");
const T = 1_000_000_000_000n;
const FEE = 100_000_000n;
const FIRST = 1_000n * T;

let network: Network;
const now = BigInt(Date.now()) * 1_000_000n;

beforeAll(async () => {
	network = await createNetwork({ signatures: "test" });
});

afterAll(() => network.dispose());

const bytes = (type: IDL.Type, value: unknown) => new Uint8Array(IDL.encode([type], [value]));
const value = (type: IDL.Type, reply: Uint8Array) => IDL.decode([type], reply)[0] as never;
const as = (number: number) => agentFor(network, testIdentity(number));
const principal = (number: number) => testIdentity(number).getPrincipal();
const account = (owner: Principal, subaccount: [] | [Uint8Array] = []) => ({ owner, subaccount });

const balance = async (owner: Principal, subaccount: [] | [Uint8Array] = []): Promise<bigint> => {
	const arg = bytes(types.Account, account(owner, subaccount));
	return value(IDL.Nat, await queryCanister(await as(9), LEDGER, "icrc1_balance_of", arg));
};
const update = async (number: number, method: string, args: IDL.Type, result: IDL.Type, given: object) =>
	value(result, await callCanister(await as(number), LEDGER, method, bytes(args, given)));
const transfer = (from: number, to: object, amount: bigint, more: object = {}) =>
	update(from, "icrc1_transfer", types.TransferArgs, types.TransferResult, {
		from_subaccount: [],
		to,
		amount,
		fee: [],
		memo: [],
		created_at_time: [],
		...more,
	});
const create = (from: number, amount: bigint, more: object = {}) =>
	update(from, "create_canister", types.CreateCanisterArgs, types.CreateCanisterResult, {
		from_subaccount: [],
		created_at_time: [],
		amount,
		creation_args: [],
		...more,
	}) as Promise<{ Ok: { canister_id: Principal; block_id: bigint }; Err: Record<string, object> }>;
const withdraw = (from: number, to: Principal, amount: bigint) =>
	update(from, "withdraw", types.WithdrawArgs, types.WithdrawResult, {
		amount,
		from_subaccount: [],
		to,
		created_at_time: [],
	});
const statusOf = async (number: number, canister_id: Principal) =>
	(await manage(await as(number), "canister_status", { canister_id })) as {
		cycles: bigint;
		settings: Record<string, unknown> & { controllers: Principal[] };
	};

test("the cycles minting canister names the application subnet", async () => {
	const agent = await as(1);
	const arg = new Uint8Array(IDL.encode([], []));
	const subnets: Principal[] = value(
		IDL.Vec(IDL.Principal),
		await queryCanister(agent, MINTING, "get_default_subnets", arg),
	);
	const status = await agent.readState(MINTING, { paths: [[Buffer.from("subnet")]] });
	expect(subnets).toHaveLength(1);
	expect(Buffer.from(status.certificate).includes(Buffer.from(subnets[0]!.toUint8Array()))).toBe(true);
});

describe("the cycles ledger", () => {
	test("begins with 1,000 T in each principal's default account, and moves cycles for a fee", async () => {
		const sub = [new Uint8Array(32).fill(7)] as [Uint8Array];
		expect([await balance(principal(1)), await balance(principal(1), sub)]).toEqual([FIRST, 0n]);
		expect(await transfer(1, account(principal(2), sub), T)).toMatchObject({ Ok: expect.any(BigInt) });
		expect([await balance(principal(1)), await balance(principal(2), sub)]).toEqual([FIRST - T - FEE, T]);
		expect(await transfer(2, account(principal(1)), T, { from_subaccount: sub })).toEqual({
			Err: { InsufficientFunds: { balance: T } },
		});
		expect(await transfer(1, account(principal(2)), T, { fee: [1n] })).toEqual({
			Err: { BadFee: { expected_fee: FEE } },
		});
	});

	test("knows a transaction that names its time again, and takes none of another day", async () => {
		const once = { created_at_time: [now] };
		const { Ok: block } = (await transfer(3, account(principal(4)), T, once)) as { Ok: bigint };
		expect(await transfer(3, account(principal(4)), T, once)).toEqual({
			Err: { Duplicate: { duplicate_of: block } },
		});
		expect(await balance(principal(4))).toBe(FIRST + T);
		const at = (created: bigint) => transfer(3, account(principal(4)), T, { created_at_time: [created] });
		expect(await at(now - 86_461_000_000_000n)).toEqual({ Err: { TooOld: null } });
		expect(await at(now + 600_000_000_000n)).toMatchObject({ Err: { CreatedInFuture: {} } });
	});

	test("creates a canister with settings for its caller, and tops it up", async () => {
		const before = await balance(principal(5));
		const { Ok } = await create(5, 2n * T);
		const mine = await statusOf(5, Ok.canister_id);
		expect(mine.settings.controllers.map(String)).toEqual([principal(5).toText()]);
		expect(mine.cycles).toBeGreaterThan(1_499n * 10n ** 9n);
		expect(await balance(principal(5))).toBe(before - 2n * T - FEE);
		expect(await withdraw(6, Ok.canister_id, T)).toMatchObject({ Ok: expect.any(BigInt) });
		expect((await statusOf(5, Ok.canister_id)).cycles).toBeGreaterThan(2_499n * 10n ** 9n);
		expect(await balance(principal(6))).toBe(FIRST - T - FEE);
	});

	test("gives back what it could not use, and says why", async () => {
		const before = await balance(principal(7));
		expect(await create(7, T / 10n)).toMatchObject({
			Err: { FailedToCreate: { error: expect.stringContaining("requires a fee of 500000000000") } },
		});
		const subnet_selection = [{ Subnet: { subnet: principal(1) } }];
		expect(await create(7, T, { creation_args: [{ settings: [], subnet_selection }] })).toMatchObject({
			Err: { FailedToCreate: { error: expect.stringContaining("is no application subnet") } },
		});
		expect(await withdraw(7, MINTING, T)).toMatchObject({
			Err: { FailedToWithdraw: { rejection_code: { DestinationInvalid: null } } },
		});
		expect(await withdraw(7, principal(1), T)).toMatchObject({ Err: { InvalidReceiver: {} } });
		expect(await withdraw(7, MINTING, 0n)).toMatchObject({ Err: { GenericError: {} } });
		// Each of the three that were tried cost the block that burnt and the one that refunded.
		expect(await balance(principal(7))).toBe(before - 6n * FEE);
		expect(await withdraw(7, MINTING, FIRST)).toEqual({
			Err: { InsufficientFunds: { balance: before - 6n * FEE } },
		});
	});

	test("takes the cycles that a canister sends with deposit", async () => {
		const id = Principal.fromText(
			await network.install(
				canister(`(data (i32.const 0) "\\00\\00\\00\\00\\02\\10\\00\\02\\01\\01deposit")
				(table funcref (elem $replied))
				(func $replied (param i32) (call $msg_reply))
				(func (export "canister_update send")
					(call $msg_arg_data_copy (i32.const 100) (i32.const 0) (call $msg_arg_data_size))
					(call $call_new (i32.const 0) (i32.const 10) (i32.const 10) (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
					(call $call_data_append (i32.const 100) (call $msg_arg_data_size))
					(call $call_cycles_add128 (i64.const 0) (i64.const 5000000000000))
					(drop (call $call_perform)))`),
			),
		);
		const arg = bytes(types.DepositArgs, { to: account(principal(8)), memo: [] });
		await callCanister(await as(8), id, "send", arg);
		expect(await balance(principal(8))).toBe(FIRST + 5n * T - FEE);
	});

	test("refuses by name what it has not, and arguments that are none", async () => {
		const agent = await as(1);
		const arg = new Uint8Array(IDL.encode([], []));
		await expect(callCanister(agent, LEDGER, "icrc2_approve", arg)).rejects.toThrow(
			"The cycles ledger has no update method 'icrc2_approve' in this local network",
		);
		await expect(queryCanister(agent, LEDGER, "withdraw", arg)).rejects.toThrow(
			"has no query method 'withdraw'",
		);
		await expect(callCanister(agent, LEDGER, "withdraw", arg)).rejects.toThrow(
			"failed to decode call arguments",
		);
		const long = account(principal(1), [new Uint8Array(31)]);
		await expect(transfer(1, long, T)).rejects.toThrow("a subaccount has 32 bytes, not 31");
	});
});
