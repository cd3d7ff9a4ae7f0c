import { fromUnits } from "../../protocol/codec/utf8.js";
import { DEFAULT_OPEN_UPLOADS } from "../../protocol/index.js";
import type { StableMap } from "../ports.js";
import { Reader, Writer } from "./codec.js";

/**
 * What a principal may have at the most: whole numbers from 0 on, or Infinity for no bound; at anything else installing
 * and upgrading trap with a RangeError. What would be over one of them is refused with `quota_exceeded`, before anything
 * is written.
 */
export interface Quota {
	/** Uploads that are open at a time, from begin to commit, abort or expiry. Default 1,000; at most 4,294,967,295. */
	readonly openUploads: number;
	/** Keys that hold a blob of the principal's or that it has an open upload to, each once. Default no bound. */
	readonly blobs: number;
	/**
	 * Bytes of its blobs and uploads: a chunk counts as at least 4,096, and an upload whose size was given as a whole from
	 * its begin. Given back when the space is free again, some time after a deletion. Default no bound.
	 */
	readonly bytes: number;
	/** Bytes of chunks that it sends in a day of UTC, whether they are kept or not. Default no bound. */
	readonly receivedPerDay: number;
}

/** No bound but that of open uploads, which cost the canister something before a byte has arrived. */
export const DEFAULT_QUOTA: Quota = {
	openUploads: DEFAULT_OPEN_UPLOADS,
	blobs: Number.MAX_SAFE_INTEGER,
	bytes: Number.MAX_SAFE_INTEGER,
	receivedPerDay: Number.MAX_SAFE_INTEGER,
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
	/** The day (since 1970) that `received` is of. */
	day: number;
	received: number;
	quota: Quota | undefined;
	/** Random, with what its private keys are salted in the certified tree; nothing until it has one. */
	salt: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** Not a principal: the record of the quota that is everybody's. */
const EVERYBODY = new Uint8Array(0);

interface Entry {
	readonly who: Uint8Array;
	readonly account: Account;
	isChanged: boolean;
}

/**
 * Accounts, kept in the heap while a message runs and written at its end, each once. One that says nothing has no
 * record.
 */
export class Accounts {
	readonly #map: StableMap;
	readonly #seen = new Map<string, Entry>();
	#last: Entry | undefined;
	#everybody: Entry | undefined;
	/** Whether anybody's is. */
	#isChanged = false;

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
		const entry = this.#last?.who === who ? this.#last : this.#entry(who);
		entry.isChanged = true;
		this.#isChanged = true;
		return entry.account;
	}

	/** The quota of those who have none of their own, where an administrator set one. */
	get everybodys(): Quota | undefined {
		// Asked for in between, once for each bound that is checked.
		return (this.#everybody ?? this.#entry(EVERYBODY)).account.quota;
	}

	setEverybodys(quota: Quota | undefined): void {
		this.change(EVERYBODY).quota = quota;
	}

	/** Drops what is in the heap: nothing of it was changed, or it was written. */
	forget(): void {
		this.#seen.clear();
		this.#last = undefined;
		this.#everybody = undefined;
		this.#isChanged = false;
	}

	get isChanged(): boolean {
		return this.#isChanged;
	}

	flush(): void {
		for (const { who, account, isChanged } of this.#seen.values()) {
			if (!isChanged) continue;
			if (saysNothing(account)) this.#map.delete(who);
			else this.#map.set(who, encode(account));
		}
		this.forget();
	}

	#entry(who: Uint8Array): Entry {
		const name = fromUnits(who);
		let entry = this.#seen.get(name);
		if (entry === undefined) {
			const record = this.#map.get(who);
			entry = { who, account: decode(record), isChanged: false };
			this.#seen.set(name, entry);
		}
		if (who === EVERYBODY) this.#everybody = entry;
		else this.#last = entry;
		return entry;
	}
}

function saysNothing(account: Account): boolean {
	const { roles, openUploads, blobs, bytes, received, quota, salt } = account;
	return (
		roles === 0 &&
		openUploads === 0 &&
		blobs === 0 &&
		bytes === 0 &&
		received === 0 &&
		quota === undefined &&
		salt.length === 0
	);
}

function encode(account: Account): Uint8Array {
	const { quota } = account;
	const writer = new Writer()
		.u8(account.roles)
		.u32(account.openUploads)
		.u32(account.blobs)
		.u64(account.bytes)
		.u32(account.day)
		.u64(account.received)
		.bytes(account.salt)
		.u8(quota === undefined ? 0 : 1);
	if (quota !== undefined)
		writer.u32(quota.openUploads).u64(quota.blobs).u64(quota.bytes).u64(quota.receivedPerDay);
	return writer.done();
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
			quota: undefined,
			salt: NO_BYTES,
		};
	const reader = new Reader(record);
	return {
		roles: reader.u8(),
		openUploads: reader.u32(),
		blobs: reader.u32(),
		bytes: reader.u64(),
		day: reader.u32(),
		received: reader.u64(),
		salt: reader.bytes(),
		quota:
			reader.u8() === 0
				? undefined
				: {
						openUploads: reader.u32(),
						blobs: reader.u64(),
						bytes: reader.u64(),
						receivedPerDay: reader.u64(),
					},
	};
}
