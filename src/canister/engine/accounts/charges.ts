import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import {
	chunkCount,
	isPublic,
	MAX_CONTENT_TYPE_BYTES,
	MAX_METADATA_BYTES,
	MIN_CHARGE_BYTES,
	segmentsOf,
	type WireManifest,
} from "../../../protocol/index.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { refuseOver } from "../base/refusal.js";
import { type Account, type Accounts, DEFAULT_QUOTA, type Quota } from "./accounts.js";
import { isImporting } from "./modes.js";
import type { Reservations } from "./reservations.js";

export const DAY_MS = 86_400_000;
/** What an open uploads' bound travels in. */
const MAX_U32 = 0xffff_ffff;

/** What a blob counts for beside its chunks and texts: its record and those of a chunk, its entry in a list. */
export const RECORD_BYTES = 896;
/** Times that a byte of the key counts: it stands in the blob's record twice, and in lists. */
export const KEY_COPIES = 4;
/**
 * What each directory that the key passes counts for, as if no other key passed it. A private key was in two lists of
 * directories in layout 5, and is counted so as long as what was charged then is given back.
 */
export const DIRECTORY_BYTES = 256;
const PRIVATE_DIRECTORY_BYTES = 2 * DIRECTORY_BYTES;

/** What a chunk of so many bytes counts for. */
export const chargeOfChunk = (length: number): number => Math.max(length, MIN_CHARGE_BYTES);

/** What the content of a blob counts for: its chunks, and an empty one like a small one. */
export function chargeOfContent(size: number, chunkSize: number): number {
	// Without big numbers, which most blobs do not need.
	if (size <= chunkSize) return chargeOfChunk(size);
	const before = Math.max(0, chunkCount(BigInt(size), chunkSize) - 1) * chunkSize;
	return before + chargeOfChunk(size - before);
}

/** What an end counts for beside the key once more: its place in the order of ends. */
export const EXPIRY_BYTES = 256;
const chargeOfEnd = (key: string): number => EXPIRY_BYTES + encodeUtf8(key).length;

const chargeOfKey = (key: string, directoryBytes: number): number =>
	RECORD_BYTES + KEY_COPIES * encodeUtf8(key).length + (segmentsOf(key).length - 1) * directoryBytes;

/** What is said of a blob, as far as it counts. */
interface Described {
	readonly content_type: string;
	readonly metadata: readonly (readonly [string, string])[];
}

/** What a blob counts for: its content, and what is stored about it. */
export function chargeOf(
	key: string,
	size: number,
	chunkSize: number,
	isPublic: boolean,
	{ content_type, metadata }: Described,
	hasEnd = false,
): number {
	let bytes = hasEnd ? chargeOfEnd(key) : 0;
	bytes += chargeOfContent(size, chunkSize) + content_type.length;
	if (metadata.length > 0)
		for (const [name, value] of metadata) bytes += name.length + encodeUtf8(value).length;
	return bytes + chargeOfKey(key, isPublic ? DIRECTORY_BYTES : PRIVATE_DIRECTORY_BYTES);
}

/**
 * What an open upload counts for beside its chunks: as much as the blob may take that its commit publishes, so that no
 * commit is refused for the quota of bytes.
 */
export const chargeOfSession = (key: string): number =>
	chargeOfKey(key, PRIVATE_DIRECTORY_BYTES) +
	chargeOfEnd(key) +
	MAX_CONTENT_TYPE_BYTES +
	MAX_METADATA_BYTES +
	MIN_CHARGE_BYTES;

/** What a grant that is part of another takes, by whose holder it was given: its records and its entries in lists. */
export const GRANT_BYTES = 512;
export const chargeOfGrant = (prefix: string): number => GRANT_BYTES + encodeUtf8(prefix).length;

/** What a link counts for that somebody offers, and an offer of blobs beside its key or prefix: records and lists. */
export const LINK_BYTES = 512;
export const chargeOfOffer = (text: string): number => 512 + encodeUtf8(text).length;

/** What is asked of a quota at once. */
interface Needed {
	readonly openUploads?: number;
	readonly blobs?: number;
	readonly bytes?: number;
	/** Entries of the feed, and receipts. */
	readonly changes?: number;
}

/** What was checked and is not made yet. */
interface Expected {
	blobs: number;
	bytes: number;
	changes: number;
}

/** Who has how much, and whether that is within its quota. */
export class Charges {
	readonly #accounts: Accounts;
	readonly #reservations: Reservations;
	readonly #counters: Counters;
	readonly #builtIn: Quota;
	/** By principal, in a batch. */
	#expected: Map<string, Expected> | undefined;

	constructor(accounts: Accounts, reservations: Reservations, counters: Counters, quota: Partial<Quota>) {
		this.#accounts = accounts;
		this.#reservations = reservations;
		this.#counters = counters;
		const { openUploads, blobs, bytes, receivedPerDay, changesPerDay, cyclesPerDay } = {
			...DEFAULT_QUOTA,
			...quota,
		};
		this.#builtIn = {
			openUploads: Math.min(openUploads, MAX_U32),
			blobs: Math.min(blobs, Number.MAX_SAFE_INTEGER),
			bytes: Math.min(bytes, Number.MAX_SAFE_INTEGER),
			receivedPerDay: Math.min(receivedPerDay, Number.MAX_SAFE_INTEGER),
			changesPerDay: Math.min(changesPerDay, Number.MAX_SAFE_INTEGER),
			cyclesPerDay: Math.min(cyclesPerDay, Number.MAX_SAFE_INTEGER),
		};
	}

	quotaOf(account: Readonly<Account>): Quota {
		return account.quota ?? this.#accounts.everybodys ?? this.#builtIn;
	}

	/** To be called when a batch was made, or refused. */
	expectNothing(): void {
		this.#expected = undefined;
	}

	/** Says what a change will take that was checked, so that what is checked after it in the same message counts it. */
	expect(who: Uint8Array, blobs: number, bytes: number, changes: number): void {
		this.#expected ??= new Map();
		const name = fromUnits(who);
		const expected = this.#expected.get(name);
		if (expected === undefined) {
			this.#expected.set(name, { blobs, bytes, changes });
			return;
		}
		expected.blobs += blobs;
		expected.bytes += bytes;
		expected.changes += changes;
	}

	/** The account as it will be. */
	#asExpected(who: Uint8Array, now: number): Readonly<Account> {
		const account = this.#accounts.get(who);
		const expected = this.#expected?.get(fromUnits(who));
		if (expected === undefined) return account;
		return {
			...account,
			blobs: account.blobs + expected.blobs,
			bytes: account.bytes + expected.bytes,
			day: dayOf(now),
			changes: this.changesToday(account, now) + expected.changes,
		};
	}

	/** Refuses what would be over the quota; to be asked before anything is written. */
	check(who: Uint8Array, needed: Needed, now: number): void {
		const account = this.#expected === undefined ? this.#accounts.get(who) : this.#asExpected(who, now);
		const quota = this.quotaOf(account);
		// Not a loop over names: QuickJS takes 18,000 instructions more for it.
		const { openUploads = 0, blobs = 0, bytes = 0, changes = 0 } = needed;
		if (openUploads > 0 && account.openUploads + openUploads > quota.openUploads)
			this.#exceeded("openUploads", quota.openUploads, account.openUploads, openUploads);
		if (blobs > 0 && account.blobs + blobs > quota.blobs)
			this.#exceeded("blobs", quota.blobs, account.blobs, blobs);
		if (bytes > 0 && account.bytes + bytes > quota.bytes)
			this.#exceeded("bytes", quota.bytes, account.bytes, bytes);
		if (changes > 0 && account.changes + changes > quota.changesPerDay) {
			const used = this.changesToday(account, now);
			if (used + changes > quota.changesPerDay)
				this.#exceeded("changesPerDay", quota.changesPerDay, used, changes);
		}
	}

	/** A store that is imported into takes what its backup has: quotas go on counting, and refuse nothing. */
	#exceeded(name: keyof typeof NAMES, limit: number, used: number, needed: number): void {
		if (!isImporting(this.#counters)) refuseOver(NAMES[name], limit, used, needed);
	}

	/** Bytes that the quota has left; below zero where it was lowered. */
	left(who: Uint8Array): number {
		if (isImporting(this.#counters)) return Number.POSITIVE_INFINITY;
		const account = this.#accounts.get(who);
		return this.quotaOf(account).bytes - account.bytes;
	}

	/** Refuses bytes beyond those that a principal may send in a day; a message without any is no matter of theirs. */
	checkReceived(who: Uint8Array, bytes: number, now: number): void {
		if (bytes === 0) return;
		const account = this.#accounts.get(who);
		const { receivedPerDay } = this.quotaOf(account);
		const received = this.receivedToday(account, now);
		if (received + bytes > receivedPerDay) this.#exceeded("receivedPerDay", receivedPerDay, received, bytes);
	}

	received(who: Uint8Array, bytes: number, now: number): void {
		this.#today(who, now).received += bytes;
	}

	/** Entries of the feed and receipts that a principal may still cause today. */
	changesLeft(who: Uint8Array, now: number): number {
		if (isImporting(this.#counters)) return Number.POSITIVE_INFINITY;
		const account = this.#accounts.get(who);
		return this.quotaOf(account).changesPerDay - this.changesToday(account, now);
	}

	/** Counts an entry of the feed, or a receipt. */
	changed(who: Uint8Array, now: number): void {
		this.#today(who, now).changes++;
	}

	/** Counts cycles that the principal caused. */
	spent(who: Uint8Array, cycles: number, now: number): void {
		this.#today(who, now).cycles += cycles;
	}

	/** Refuses a principal whose cycles of today are spent. */
	checkCycles(who: Uint8Array, now: number): void {
		const account = this.#accounts.get(who);
		const { cyclesPerDay } = this.quotaOf(account);
		if (account.cycles < cyclesPerDay) return;
		const cycles = this.cyclesToday(account, now);
		if (cycles >= cyclesPerDay) this.#exceeded("cyclesPerDay", cyclesPerDay, cycles, 0);
	}

	cyclesToday(account: Readonly<Account>, now: number): number {
		return isToday(account, now) ? account.cycles : 0;
	}

	receivedToday(account: Readonly<Account>, now: number): number {
		return isToday(account, now) ? account.received : 0;
	}

	changesToday(account: Readonly<Account>, now: number): number {
		return isToday(account, now) ? account.changes : 0;
	}

	/** The account to be changed, with the figures of today. */
	#today(who: Uint8Array, now: number): Account {
		const account = this.#accounts.change(who);
		if (!isToday(account, now)) {
			account.day = dayOf(now);
			account.received = 0;
			account.changes = 0;
			account.cycles = 0;
		}
		return account;
	}

	/** Charges bytes, or, below zero, gives them back. */
	charge(who: Uint8Array, bytes: number): void {
		if (bytes === 0) return;
		this.#accounts.change(who).bytes += bytes;
		this.#counters.add(COUNTER.charged, bytes);
	}

	/** Counts a key that holds a blob of the principal's from now on, or no more: not one that it uploads to. */
	countBlob(who: Uint8Array, key: string, change: 1 | -1): void {
		if (this.#reservations.count(who, key) === 0) this.#accounts.change(who).blobs += change;
	}

	/**
	 * Counts an upload that is open from now on, or no more. The key of the first one counts as a blob until the last
	 * one ends, unless it holds a blob of the principal's, which counts already.
	 */
	countUpload(who: Uint8Array, key: string, change: 1 | -1, isHeld: boolean): void {
		const before = this.#reservations.count(who, key);
		const after = before + change;
		if (after < 0) throw new Error("an upload ends to a key that nobody uploads to");
		this.#reservations.set(who, key, after);
		const account = this.#accounts.change(who);
		account.openUploads += change;
		if ((before === 0 || after === 0) && !isHeld) account.blobs += change;
		this.#counters.add(COUNTER.openUploads, change);
	}
}

export const dayOf = (now: number): number => Math.floor(now / DAY_MS);
const isToday = ({ day }: Readonly<Account>, now: number): boolean => day === dayOf(now);

const NAMES = {
	openUploads: "open_uploads",
	blobs: "blobs",
	bytes: "bytes",
	receivedPerDay: "received_per_day",
	changesPerDay: "changes_per_day",
	cyclesPerDay: "cycles_per_day",
} as const;

export const chargeOfBlob = (manifest: WireManifest): number =>
	chargeOf(
		manifest.key,
		Number(manifest.size),
		manifest.chunk_size,
		isPublic(manifest),
		manifest,
		manifest.expires_at.length > 0,
	);
