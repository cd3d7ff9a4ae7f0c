/** The accounts of the cycles ledger, its block numbers, and its detection of duplicate transactions. */
import type { Principal } from "@dfinity/principal";
import { equal, hex } from "../encoding/bytes.js";
import { explicitTrap } from "../execution/rejects.js";

/** 100 M cycles for each block. */
export const FEE = 100_000_000n;
/** Initial balance of each principal's default account: 1,000 T. */
export const FIRST_BALANCE = 1_000_000_000_000_000n;

const SUBACCOUNT_BYTES = 32;
const DEFAULT_SUBACCOUNT = new Uint8Array(SUBACCOUNT_BYTES);
const SECOND_NS = 1_000_000_000n;
const PERMITTED_DRIFT_NS = 60n * SECOND_NS;
const WINDOW_NS = 86_400n * SECOND_NS;

export interface AccountValue {
	readonly owner: Principal;
	readonly subaccount: [] | [Uint8Array];
}

/** The refusal of a transaction that names its creation time. */
export type Refusal =
	| { readonly TooOld: null }
	| { readonly CreatedInFuture: { ledger_time: bigint } }
	| { readonly Duplicate: { duplicate_of: bigint } };

export class Accounts {
	readonly #balances = new Map<string, bigint>();
	/** Recent transactions by content, with their blocks; the oldest first. */
	readonly #recent = new Map<string, { readonly block: bigint; readonly time: bigint }>();
	#blocks = 0n;

	/** Text that identifies an account. */
	key({ owner, subaccount: [subaccount] }: AccountValue): string {
		if (subaccount && subaccount.length !== SUBACCOUNT_BYTES)
			throw explicitTrap(`a subaccount has ${SUBACCOUNT_BYTES} bytes, not ${subaccount.length}`);
		const bytes = subaccount ?? DEFAULT_SUBACCOUNT;
		return `${owner.toText()}${equal(bytes, DEFAULT_SUBACCOUNT) ? "" : `.${hex(bytes)}`}`;
	}

	balance(key: string): bigint {
		return this.#balances.get(key) ?? (key.includes(".") ? 0n : FIRST_BALANCE);
	}

	/** Changes a balance. @returns the index of its block */
	add(key: string, cycles: bigint): bigint {
		this.#balances.set(key, this.balance(key) + cycles);
		return this.#blocks++;
	}

	/** Moves cycles in one block. */
	move(from: string, to: string, amount: bigint): bigint {
		this.#balances.set(from, this.balance(from) - amount - FEE);
		return this.add(to, amount);
	}

	/** Why a transaction with a creation time is refused. */
	refusal(transaction: string, createdAt: bigint | undefined, now: bigint): Refusal | undefined {
		if (createdAt === undefined) return undefined;
		if (createdAt + WINDOW_NS + PERMITTED_DRIFT_NS < now) return { TooOld: null };
		if (createdAt > now + PERMITTED_DRIFT_NS) return { CreatedInFuture: { ledger_time: now } };
		const known = this.#recent.get(transaction);
		return known && { Duplicate: { duplicate_of: known.block } };
	}

	/** Records a transaction, to detect duplicates within the time in which it may be repeated. */
	remember(transaction: string, createdAt: bigint | undefined, block: bigint, now: bigint): void {
		for (const [old, { time }] of this.#recent) {
			if (time + WINDOW_NS + 2n * PERMITTED_DRIFT_NS >= now) break;
			this.#recent.delete(old);
		}
		if (createdAt !== undefined) this.#recent.set(transaction, { block, time: now });
	}
}
