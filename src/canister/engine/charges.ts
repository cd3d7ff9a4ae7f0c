import { chunkCount, MIN_CHARGE_BYTES } from "../../protocol/index.js";
import { type Account, type Accounts, DEFAULT_QUOTA, type Quota } from "./accounts.js";
import type { Claims } from "./claims.js";
import { COUNTER, type Meta } from "./meta.js";
import { refuse } from "./refusal.js";

const DAY_MS = 86_400_000;
/** What an open uploads' bound travels in. */
const MAX_U32 = 0xffff_ffff;

/** What a chunk of so many bytes counts for. */
export const chargeOfChunk = (length: number): number => Math.max(length, MIN_CHARGE_BYTES);

/** What a blob counts for: its chunks, and an empty one like a small one. */
export function chargeOf(size: number, chunkSize: number): number {
	// Without big numbers, which most blobs do not need.
	if (size <= chunkSize) return chargeOfChunk(size);
	const before = Math.max(0, chunkCount(BigInt(size), chunkSize) - 1) * chunkSize;
	return before + chargeOfChunk(size - before);
}

/** Who has how much, and whether that is within its quota. */
export class Charges {
	readonly #accounts: Accounts;
	readonly #claims: Claims;
	readonly #meta: Meta;
	readonly #builtIn: Quota;

	constructor(accounts: Accounts, claims: Claims, meta: Meta, quota: Partial<Quota>) {
		this.#accounts = accounts;
		this.#claims = claims;
		this.#meta = meta;
		const { openUploads, blobs, bytes, receivedPerDay } = { ...DEFAULT_QUOTA, ...quota };
		this.#builtIn = {
			openUploads: Math.min(openUploads, MAX_U32),
			blobs: Math.min(blobs, Number.MAX_SAFE_INTEGER),
			bytes: Math.min(bytes, Number.MAX_SAFE_INTEGER),
			receivedPerDay: Math.min(receivedPerDay, Number.MAX_SAFE_INTEGER),
		};
	}

	quotaOf(account: Readonly<Account>): Quota {
		return account.quota ?? this.#accounts.everybodys ?? this.#builtIn;
	}

	/** Refuses what would be over the quota; to be asked before anything is written. */
	check(who: Uint8Array, needed: { openUploads?: number; blobs?: number; bytes?: number }): void {
		const account = this.#accounts.get(who);
		const quota = this.quotaOf(account);
		// Not a loop over names: QuickJS takes 18,000 instructions more for it.
		const { openUploads = 0, blobs = 0, bytes = 0 } = needed;
		if (openUploads > 0 && account.openUploads + openUploads > quota.openUploads)
			exceeded("openUploads", quota.openUploads, account.openUploads, openUploads);
		if (blobs > 0 && account.blobs + blobs > quota.blobs)
			exceeded("blobs", quota.blobs, account.blobs, blobs);
		if (bytes > 0 && account.bytes + bytes > quota.bytes)
			exceeded("bytes", quota.bytes, account.bytes, bytes);
	}

	/** Refuses bytes beyond those that a principal may send in a day. */
	checkReceived(who: Uint8Array, bytes: number, now: number): void {
		const account = this.#accounts.get(who);
		const { receivedPerDay } = this.quotaOf(account);
		const received = this.receivedToday(account, now);
		if (received + bytes > receivedPerDay) exceeded("receivedPerDay", receivedPerDay, received, bytes);
	}

	received(who: Uint8Array, bytes: number, now: number): void {
		const account = this.#accounts.change(who);
		account.received = this.receivedToday(account, now) + bytes;
		account.day = Math.floor(now / DAY_MS);
	}

	receivedToday(account: Readonly<Account>, now: number): number {
		return account.day === Math.floor(now / DAY_MS) ? account.received : 0;
	}

	/** Charges bytes, or, below zero, gives them back. */
	charge(who: Uint8Array, bytes: number): void {
		if (bytes === 0) return;
		this.#accounts.change(who).bytes += bytes;
		this.#meta.add(COUNTER.charged, bytes);
	}

	/** Counts a key that holds a blob of the principal's from now on, or no more: not one that it uploads to. */
	countBlob(who: Uint8Array, key: string, change: 1 | -1): void {
		if (this.#claims.count(who, key) === 0) this.#accounts.change(who).blobs += change;
	}

	/**
	 * Counts an upload that is open from now on, or no more. The key of the first one counts as a blob until the last
	 * one ends, unless it holds a blob of the principal's, which counts already.
	 */
	countUpload(who: Uint8Array, key: string, change: 1 | -1, isHeld: boolean): void {
		const before = this.#claims.count(who, key);
		const after = before + change;
		if (after < 0) throw new Error("an upload ends to a key that nobody uploads to");
		this.#claims.set(who, key, after);
		const account = this.#accounts.change(who);
		account.openUploads += change;
		if ((before === 0 || after === 0) && !isHeld) account.blobs += change;
		this.#meta.add(COUNTER.openUploads, change);
	}
}

const NAMES = {
	openUploads: "open_uploads",
	blobs: "blobs",
	bytes: "bytes",
	receivedPerDay: "received_per_day",
} as const;

function exceeded(name: keyof typeof NAMES, limit: number, used: number, needed: number): never {
	return refuse("quota_exceeded", {
		quota: NAMES[name],
		limit: BigInt(limit),
		used: BigInt(used),
		needed: BigInt(needed),
	});
}
