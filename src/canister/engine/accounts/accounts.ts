import { fromUnits } from "../../../protocol/codec/utf8.js";
import { DEFAULT_OPEN_UPLOADS } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { knownVersion, readU64, writeU64 } from "../base/codec.js";

/**
 * What a principal may have at the most: whole numbers from 0 on, or Infinity for no bound; at anything else
 * createBlobStore throws, and so the build fails. What would be over one of them is refused with `quota_exceeded`, before anything
 * is written.
 */
export interface Quota {
	/** Uploads that are open at a time, from begin to commit, abort or expiry. Default 1,000; at most 4,294,967,295. */
	readonly openUploads: number;
	/** Keys that hold a blob of the principal's or that it has an open upload to, each once. Default no bound. */
	readonly blobs: number;
	/**
	 * Bytes of its blobs and uploads: a chunk counts as at least 4,096, and keys, metadata and records count too (charges.ts).
	 * An upload counts for what arrived and up to 1 GiB ahead. Given back when the space is free again, some time after a
	 * deletion. Default no bound.
	 */
	readonly bytes: number;
	/** Bytes of chunks and blobs that it sends in a day of UTC, kept, sent again or refused. Default no bound. */
	readonly receivedPerDay: number;
	/**
	 * Records of changes that it causes in a day of UTC: each entry of the feed, and each receipt, which is kept for
	 * 15 minutes. Default no bound.
	 */
	readonly changesPerDay: number;
	/**
	 * Cycles that its messages, and the work they leave to timers, cost in a day of UTC, as estimated on a subnet of 13
	 * nodes. Its next message is refused where they are spent, and let in no more where a tenth more is. Default no bound.
	 */
	readonly cyclesPerDay: number;
}

/** No bound but that of open uploads, which cost the canister something before a byte has arrived. */
export const DEFAULT_QUOTA: Quota = {
	openUploads: DEFAULT_OPEN_UPLOADS,
	blobs: Number.MAX_SAFE_INTEGER,
	bytes: Number.MAX_SAFE_INTEGER,
	receivedPerDay: Number.MAX_SAFE_INTEGER,
	changesPerDay: Number.MAX_SAFE_INTEGER,
	cyclesPerDay: Number.MAX_SAFE_INTEGER,
};

/** What the store knows about a principal. */
export interface Account {
	/** Roles as bits (roles.ts). */
	roles: number;
	openUploads: number;
	/** Keys that hold a blob of it, or that it uploads to. */
	blobs: number;
	/** Bytes it is charged with. */
	bytes: number;
	/** The day (since 1970) that the three figures below are of. */
	day: number;
	received: number;
	changes: number;
	cycles: number;
	quota: Quota | undefined;
	/** Random, with what its private keys are salted in the certified tree; nothing until it has one. */
	salt: Uint8Array;
	/** What it was given in grants (grant-record.ts); nothing where it was given none. */
	grants: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** Not a principal: the record of the quota that is everybody's. */
const EVERYBODY = new Uint8Array(0);

interface Entry {
	who: Uint8Array;
	readonly account: Account;
	isChanged: boolean;
}

/** Most accounts that are kept from one message to the next. */
const MOST_KEPT = 64;

/**
 * Accounts, written at the end of a message, each once. One that says nothing has no record. What a message read or wrote
 * is kept for the next, which is often the same caller's: a trap takes heap and stable memory back together.
 */
export class Accounts {
	readonly #map: StableMap;
	readonly #seen = new Map<string, Entry>();
	#last: Entry | undefined;
	/** Everybody's record, which nearly every message asks for. */
	#everybody: Entry | undefined;
	/** Those that are to be written. */
	#changed: Entry[] = [];

	constructor(map: StableMap) {
		this.#map = map;
	}

	/** To be read only; `change` answers the same to be written to. */
	get(who: Uint8Array): Readonly<Account> {
		// Nearly always the caller, in the very array that the last call had too.
		if (this.#last?.who === who) return this.#last.account;
		return this.#entry(who).account;
	}

	change(who: Uint8Array): Account {
		return this.#toChange(this.#last?.who === who ? this.#last : this.#entry(who));
	}

	#toChange(entry: Entry): Account {
		if (!entry.isChanged) this.#changed.push(entry);
		entry.isChanged = true;
		return entry.account;
	}

	/** The quota of those who have none of their own, where an administrator set one. */
	get everybodys(): Quota | undefined {
		return (this.#everybody ?? this.#readEverybody()).account.quota;
	}

	/** With what the store seals what callers must not read: the salt of everybody's record, which has no other use. */
	get secret(): Uint8Array {
		return (this.#everybody ?? this.#readEverybody()).account.salt;
	}

	setSecret(secret: Uint8Array): void {
		this.#toChange(this.#everybody ?? this.#readEverybody()).salt = secret;
	}

	setEverybodys(quota: Quota | undefined): void {
		this.#toChange(this.#everybody ?? this.#readEverybody()).quota = quota;
	}

	/** To be called before each message: what one left that was not written is no part of the next. */
	forget(): void {
		this.#last = undefined;
		if (this.#changed.length > 0) {
			if (this.#everybody?.isChanged) this.#everybody = undefined;
			this.#changed = [];
			this.#seen.clear();
		} else if (this.#seen.size > MOST_KEPT) this.#seen.clear();
	}

	/** Reads what is kept from message to message: what a query reads is forgotten when it ends. */
	open(): void {
		this.#readEverybody();
	}

	get isChanged(): boolean {
		return this.#changed.length > 0;
	}

	flush(): void {
		if (this.#changed.length === 0) return;
		for (const entry of this.#changed) this.#write(entry);
		this.#changed = [];
	}

	#write(entry: Entry): void {
		const { who, account } = entry;
		if (saysNothing(account) && account.grants.length === 0) this.#map.delete(who);
		else this.#map.set(who, encode(account));
		entry.isChanged = false;
	}

	#readEverybody(): Entry {
		const account = decode(this.#map.get(EVERYBODY));
		this.#everybody = { who: EVERYBODY, account, isChanged: false };
		return this.#everybody;
	}

	#entry(who: Uint8Array): Entry {
		const name = fromUnits(who);
		let entry = this.#seen.get(name);
		if (entry === undefined) {
			const record = this.#map.get(who);
			entry = { who, account: decode(record), isChanged: false };
			this.#seen.set(name, entry);
		}
		entry.who = who;
		this.#last = entry;
		return entry;
	}
}

/** Whether all is 0, whatever it was given in grants. */
export function saysNothing(account: Readonly<Account>): boolean {
	const { roles, openUploads, blobs, bytes, received, changes, cycles, quota, salt } = account;
	return (
		roles === 0 &&
		openUploads === 0 &&
		blobs === 0 &&
		bytes === 0 &&
		received === 0 &&
		changes === 0 &&
		cycles === 0 &&
		quota === undefined &&
		salt.length === 0
	);
}

// Where fields are in a record (docs/STORAGE.md, "Accounts"), and in the quota behind its salt. Read and written at these
// places, not by Reader and Writer: nearly every message has an account, and this is 50,000 instructions less for it.
const RECORD_VERSION = 2;
const ROLES = 1;
const OPEN_UPLOADS = 2;
const BLOBS = 6;
const BYTES = 10;
const DAY = 18;
const RECEIVED = 22;
const CHANGES = 30;
const CYCLES = 38;
const SALT_LENGTH = 46;
const SALT = 50;
const QUOTA_BLOBS = 4;
const QUOTA_BYTES = 12;
const QUOTA_RECEIVED = 20;
const QUOTA_CHANGES = 28;
const QUOTA_CYCLES = 36;
const QUOTA_LENGTH = 44;

function encode(account: Account): Uint8Array {
	const { roles, openUploads, blobs, bytes, day, received, changes, cycles, salt, quota, grants } = account;
	const flag = SALT + salt.length;
	const grantsAt = flag + 1 + (quota === undefined ? 0 : QUOTA_LENGTH);
	const record = new Uint8Array(grantsAt + grants.length);
	const view = new DataView(record.buffer);
	record[0] = RECORD_VERSION;
	record[ROLES] = roles;
	view.setUint32(OPEN_UPLOADS, openUploads);
	view.setUint32(BLOBS, blobs);
	writeU64(view, BYTES, bytes);
	view.setUint32(DAY, day);
	writeU64(view, RECEIVED, received);
	writeU64(view, CHANGES, changes);
	writeU64(view, CYCLES, cycles);
	view.setUint32(SALT_LENGTH, salt.length);
	record.set(salt, SALT);
	if (grants.length > 0) record.set(grants, grantsAt);
	if (quota === undefined) return record;
	record[flag] = 1;
	view.setUint32(flag + 1, quota.openUploads);
	writeU64(view, flag + 1 + QUOTA_BLOBS, quota.blobs);
	writeU64(view, flag + 1 + QUOTA_BYTES, quota.bytes);
	writeU64(view, flag + 1 + QUOTA_RECEIVED, quota.receivedPerDay);
	writeU64(view, flag + 1 + QUOTA_CHANGES, quota.changesPerDay);
	writeU64(view, flag + 1 + QUOTA_CYCLES, quota.cyclesPerDay);
	return record;
}

function decode(record: Uint8Array | undefined): Account {
	if (record === undefined)
		return {
			roles: 0,
			openUploads: 0,
			blobs: 0,
			bytes: 0,
			day: 0,
			received: 0,
			changes: 0,
			cycles: 0,
			quota: undefined,
			salt: NO_BYTES,
			grants: NO_BYTES,
		};
	const view = new DataView(record.buffer, record.byteOffset, record.length);
	knownVersion("account", view.getUint8(0), RECORD_VERSION);
	const length = view.getUint32(SALT_LENGTH);
	const quota = decodeQuota(view, SALT + length);
	// In a record of version 1 nothing stands here.
	const grantsAt = SALT + length + 1 + (quota === undefined ? 0 : QUOTA_LENGTH);
	return {
		roles: view.getUint8(ROLES),
		openUploads: view.getUint32(OPEN_UPLOADS),
		blobs: view.getUint32(BLOBS),
		bytes: readU64(view, BYTES),
		day: view.getUint32(DAY),
		received: readU64(view, RECEIVED),
		changes: readU64(view, CHANGES),
		cycles: readU64(view, CYCLES),
		quota,
		salt: length === 0 ? NO_BYTES : record.subarray(SALT, SALT + length),
		grants: record.length === grantsAt ? NO_BYTES : record.subarray(grantsAt),
	};
}

/** Past the record's end the view throws: one that is cut short is damage. */
function decodeQuota(view: DataView, flag: number): Quota | undefined {
	if (view.getUint8(flag) === 0) return undefined;
	return {
		openUploads: view.getUint32(flag + 1),
		blobs: readU64(view, flag + 1 + QUOTA_BLOBS),
		bytes: readU64(view, flag + 1 + QUOTA_BYTES),
		receivedPerDay: readU64(view, flag + 1 + QUOTA_RECEIVED),
		changesPerDay: readU64(view, flag + 1 + QUOTA_CHANGES),
		cyclesPerDay: readU64(view, flag + 1 + QUOTA_CYCLES),
	};
}
