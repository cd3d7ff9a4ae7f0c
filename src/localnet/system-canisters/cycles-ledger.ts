/** The cycles ledger, `um5iw-rqaaa-aaaaq-qaaba-cai`: accounts of cycles, creating canisters and topping them up. */
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { equal, hex, principalText } from "../encoding/bytes.js";
import { explicitTrap, type Reject, RejectCode } from "../execution/rejects.js";
import type { SettingsValue } from "../management/candid.js";
import { Accounts, type AccountValue, FEE } from "./accounts.js";
import * as types from "./candid.js";
import { SystemCanister, type SystemMessage, type SystemMethod } from "./system-canister.js";

export const CYCLES_LEDGER = Buffer.from("00000000021000020101", "hex");

const MEMO_BYTES = 32;
const CANNOT_TRANSFER_ZERO = 100_002n;

/** Operations with cycles on the management canister. */
export interface CyclesLedgerEnvironment {
	readonly subnetId: Uint8Array;
	/** @returns the new canister's id, or the reject */
	create(cycles: bigint, settings: object): Principal | Reject;
	/** @returns the reject if the canister cannot receive them */
	deposit(canister: Principal, cycles: bigint): Reject | undefined;
}

interface CreateArgs {
	readonly from_subaccount: [] | [Uint8Array];
	readonly created_at_time: [] | [bigint];
	readonly amount: bigint;
	readonly creation_args:
		| []
		| [
				{
					readonly settings: [] | [SettingsValue];
					readonly subnet_selection:
						| []
						| [{ Subnet?: { subnet: Principal }; Filter?: { subnet_type: [] | [string] } }];
				},
		  ];
}
interface WithdrawArgs {
	readonly amount: bigint;
	readonly from_subaccount: [] | [Uint8Array];
	readonly to: Principal;
	readonly created_at_time: [] | [bigint];
}
interface TransferArgs {
	readonly from_subaccount: [] | [Uint8Array];
	readonly to: AccountValue;
	readonly amount: bigint;
	readonly fee: [] | [bigint];
	readonly memo: [] | [Uint8Array];
	readonly created_at_time: [] | [bigint];
}

const query = (args: readonly IDL.Type[], result: IDL.Type, run: SystemMethod["run"]): SystemMethod => ({
	kind: "query",
	args,
	result,
	run,
});

export function cyclesLedger(env: CyclesLedgerEnvironment): SystemCanister {
	const accounts = new Accounts();
	/** Created canisters by their blocks. */
	const created = new Map<bigint, Principal>();
	const of = (caller: Uint8Array, subaccount: [] | [Uint8Array]) =>
		accounts.key({ owner: Principal.fromUint8Array(Uint8Array.from(caller)), subaccount });

	return new SystemCanister(CYCLES_LEDGER, "cycles ledger", {
		icrc1_name: query([], IDL.Text, () => "Trillion Cycles"),
		icrc1_symbol: query([], IDL.Text, () => "TCYCLES"),
		icrc1_decimals: query([], IDL.Nat8, () => 12),
		icrc1_fee: query([], IDL.Nat, () => FEE),
		icrc1_minting_account: query([], IDL.Opt(types.Account), () => []),
		icrc1_balance_of: query([types.Account], IDL.Nat, (account: AccountValue) =>
			accounts.balance(accounts.key(account)),
		),
		icrc1_transfer: {
			kind: "update",
			args: [types.TransferArgs],
			result: types.TransferResult,
			run: (args: TransferArgs, message) =>
				transfer(accounts, of(message.caller, args.from_subaccount), args, message),
		},
		deposit: {
			kind: "update",
			args: [types.DepositArgs],
			result: types.DepositResult,
			takesCycles: true,
			run({ to }: { to: AccountValue }, { cycles }) {
				if (cycles <= FEE)
					throw explicitTrap(
						`The requested amount ${cycles} to be deposited is less than the cycles ledger fee: ${FEE}`,
					);
				const key = accounts.key(to);
				return { block_index: accounts.add(key, cycles - FEE), balance: accounts.balance(key) };
			},
		},
		withdraw: {
			kind: "update",
			args: [types.WithdrawArgs],
			result: types.WithdrawResult,
			run: (args: WithdrawArgs, message) =>
				withdraw(env, accounts, of(message.caller, args.from_subaccount), args, message),
		},
		create_canister: {
			kind: "update",
			args: [types.CreateCanisterArgs],
			result: types.CreateCanisterResult,
			run: (args: CreateArgs, message) =>
				createCanister(
					{ ...env, created },
					accounts,
					of(message.caller, args.from_subaccount),
					args,
					message,
				),
		},
	});
}

function transfer(accounts: Accounts, from: string, args: TransferArgs, { time }: SystemMessage) {
	const { amount, fee, memo, created_at_time } = args;
	if (memo[0] && memo[0].length > MEMO_BYTES)
		throw explicitTrap(`memo field is too large: ${memo[0].length}`);
	if (fee[0] !== undefined && fee[0] !== FEE) return { Err: { BadFee: { expected_fee: FEE } } };
	const to = accounts.key(args.to);
	const transaction = [
		"transfer",
		from,
		to,
		amount,
		hex(memo[0] ?? new Uint8Array()),
		created_at_time,
	].join();
	const refusal = accounts.refusal(transaction, created_at_time[0], time);
	if (refusal) return { Err: refusal };
	const balance = accounts.balance(from);
	if (balance < amount + FEE) return { Err: { InsufficientFunds: { balance } } };
	const block = accounts.move(from, to, amount);
	accounts.remember(transaction, created_at_time[0], block, time);
	return { Ok: block };
}

function withdraw(
	env: CyclesLedgerEnvironment,
	accounts: Accounts,
	from: string,
	args: WithdrawArgs,
	{ time }: SystemMessage,
) {
	const { amount, to, created_at_time } = args;
	if (isSelfAuthenticating(to.toUint8Array())) return { Err: { InvalidReceiver: { receiver: to } } };
	if (amount === 0n) {
		const message = "The withdraw_from 0 cycles is not possible";
		return { Err: { GenericError: { error_code: CANNOT_TRANSFER_ZERO, message } } };
	}
	const transaction = ["withdraw", from, to.toText(), amount, created_at_time].join();
	const refusal = accounts.refusal(transaction, created_at_time[0], time);
	if (refusal) return { Err: refusal };
	const balance = accounts.balance(from);
	if (balance < amount + FEE) return { Err: { InsufficientFunds: { balance } } };
	const block = accounts.add(from, -(amount + FEE));
	accounts.remember(transaction, created_at_time[0], block, time);
	const failure = env.deposit(to, amount);
	if (!failure) return { Ok: block };
	const refund = refunded(accounts, from, amount);
	return {
		Err: {
			FailedToWithdraw: {
				fee_block: refund === undefined ? [] : [refund],
				rejection_code: rejectionCode(failure),
				rejection_reason: failure.message,
			},
		},
	};
}

function createCanister(
	{ created, ...env }: CyclesLedgerEnvironment & { readonly created: Map<bigint, Principal> },
	accounts: Accounts,
	from: string,
	args: CreateArgs,
	{ caller, time }: SystemMessage,
) {
	const { amount, created_at_time } = args;
	const transaction = ["create", from, amount, created_at_time].join();
	const refusal = accounts.refusal(transaction, created_at_time[0], time);
	if (refusal && "Duplicate" in refusal) {
		const known = created.get(refusal.Duplicate.duplicate_of);
		return { Err: { Duplicate: { ...refusal.Duplicate, canister_id: known ? [known] : [] } } };
	}
	if (refusal) return { Err: refusal };
	const balance = accounts.balance(from);
	if (balance < amount + FEE) return { Err: { InsufficientFunds: { balance } } };
	const block = accounts.add(from, -(amount + FEE));
	accounts.remember(transaction, created_at_time[0], block, time);
	const [
		{
			settings: [settings],
			subnet_selection: [selection],
		} = { settings: [], subnet_selection: [] },
	] = args.creation_args;
	const controllers = settings?.controllers[0] ?? [Principal.fromUint8Array(Uint8Array.from(caller))];
	const outcome =
		otherSubnet(env, selection) ?? env.create(amount, { ...settings, controllers: [controllers] });
	if (outcome instanceof Principal) {
		created.set(block, outcome);
		return { Ok: { block_id: block, canister_id: outcome } };
	}
	const refund = refunded(accounts, from, amount);
	return {
		Err: {
			FailedToCreate: {
				fee_block: [block],
				refund_block: refund === undefined ? [] : [refund],
				error: typeof outcome === "string" ? outcome : outcome.message,
			},
		},
	};
}

/** Why the canister is not created on the requested subnet. */
function otherSubnet(
	{ subnetId }: CyclesLedgerEnvironment,
	selection: { Subnet?: { subnet: Principal }; Filter?: { subnet_type: [] | [string] } } | undefined,
): string | undefined {
	const subnet = selection?.Subnet?.subnet.toUint8Array();
	if (subnet && !equal(subnet, subnetId))
		return `Subnet ${principalText(subnet)} is no application subnet of this local network, which has ${principalText(subnetId)} alone`;
	const type = selection?.Filter?.subnet_type[0];
	return type === undefined
		? undefined
		: `This local network has no subnet of the type ${JSON.stringify(type)}`;
}

/** Returns unused cycles, minus the fee of that block. */
function refunded(accounts: Accounts, from: string, amount: bigint): bigint | undefined {
	return amount > FEE ? accounts.add(from, amount - FEE) : undefined;
}

const CODES: Readonly<Record<number, string>> = {
	[RejectCode.SysFatal]: "SysFatal",
	[RejectCode.SysTransient]: "SysTransient",
	[RejectCode.DestinationInvalid]: "DestinationInvalid",
	[RejectCode.CanisterReject]: "CanisterReject",
	[RejectCode.CanisterError]: "CanisterError",
};

const rejectionCode = ({ code }: Reject) => ({ [CODES[code] ?? "Unknown"]: null });

const SELF_AUTHENTICATING = 2;

function isSelfAuthenticating(principal: Uint8Array): boolean {
	return principal.length === 29 && principal.at(-1) === SELF_AUTHENTICATING;
}
