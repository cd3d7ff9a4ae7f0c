/** Candid types of the system canisters, as far as this network has their methods. */
import { IDL } from "@dfinity/candid";
import { SettingsType } from "../management/candid.js";

const { Record, Variant, Opt, Vec, Nat, Nat8, Nat64, Text, Null, Principal } = IDL;
const Blob = Vec(Nat8);
const Reason = Record({ message: Text, error_code: Nat });
const Balance = Record({ balance: Nat });
const LedgerTime = Record({ ledger_time: Nat64 });
const Time = { TooOld: Null, CreatedInFuture: LedgerTime } as const;

export const Account = Record({ owner: Principal, subaccount: Opt(Blob) });

const SubnetSelection = Variant({
	Subnet: Record({ subnet: Principal }),
	Filter: Record({ subnet_type: Opt(Text) }),
});
export const CreateCanisterArgs = Record({
	from_subaccount: Opt(Blob),
	created_at_time: Opt(Nat64),
	amount: Nat,
	creation_args: Opt(Record({ settings: Opt(SettingsType), subnet_selection: Opt(SubnetSelection) })),
});
export const CreateCanisterResult = Variant({
	Ok: Record({ block_id: Nat, canister_id: Principal }),
	Err: Variant({
		...Time,
		InsufficientFunds: Balance,
		TemporarilyUnavailable: Null,
		Duplicate: Record({ duplicate_of: Nat, canister_id: Opt(Principal) }),
		FailedToCreate: Record({ fee_block: Opt(Nat), refund_block: Opt(Nat), error: Text }),
		GenericError: Reason,
	}),
});

const RejectionCode = Variant({
	NoError: Null,
	CanisterError: Null,
	SysTransient: Null,
	DestinationInvalid: Null,
	Unknown: Null,
	SysFatal: Null,
	CanisterReject: Null,
});
export const WithdrawArgs = Record({
	amount: Nat,
	from_subaccount: Opt(Blob),
	to: Principal,
	created_at_time: Opt(Nat64),
});
export const WithdrawResult = Variant({
	Ok: Nat,
	Err: Variant({
		...Time,
		GenericError: Reason,
		TemporarilyUnavailable: Null,
		FailedToWithdraw: Record({
			fee_block: Opt(Nat),
			rejection_code: RejectionCode,
			rejection_reason: Text,
		}),
		Duplicate: Record({ duplicate_of: Nat }),
		BadFee: Record({ expected_fee: Nat }),
		InvalidReceiver: Record({ receiver: Principal }),
		InsufficientFunds: Balance,
	}),
});

export const TransferArgs = Record({
	from_subaccount: Opt(Blob),
	to: Account,
	amount: Nat,
	fee: Opt(Nat),
	memo: Opt(Blob),
	created_at_time: Opt(Nat64),
});
export const TransferResult = Variant({
	Ok: Nat,
	Err: Variant({
		...Time,
		BadFee: Record({ expected_fee: Nat }),
		BadBurn: Record({ min_burn_amount: Nat }),
		InsufficientFunds: Balance,
		Duplicate: Record({ duplicate_of: Nat }),
		TemporarilyUnavailable: Null,
		GenericError: Reason,
	}),
});

export const DepositArgs = Record({ to: Account, memo: Opt(Blob) });
export const DepositResult = Record({ balance: Nat, block_index: Nat });
