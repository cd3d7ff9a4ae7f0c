import {
	changes,
	type Encodable,
	encodePublished,
	type WireChangeOf,
	type WireCursor,
	type WireVersion,
} from "../../../protocol/index.js";
import type { WirePrincipal } from "../../../protocol/principal.js";
import type { Host, StableMap } from "../../host/ports.js";
import { getU32, getU64, nanoseconds, principalOf, u64Key } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";

const HEAD_BYTES = 32;
const BEGINNING = new Uint8Array(HEAD_BYTES);

/** A record of one change: the canister's version, then what follows of each: its head, the change. */
const HEAD_AT = 8;
/**
 * A record of several: this byte, with which no version begins, how many, the canister's version, and of each the length
 * of what follows, its head, the change.
 */
const SEVERAL = 1;
const SEVERAL_AT = 10;
const LENGTH_BYTES = 4;
/** Most changes in a record, a power of two. */
const MOST = 16;

/** A record, and which changes it has. */
interface Stored {
	readonly record: Uint8Array;
	readonly first: number;
	readonly count: number;
}

/** A change as it is stored. */
interface Entry {
	readonly canisterVersion: number;
	/** Head and change. */
	readonly bytes: Uint8Array;
}

/**
 * Every change in order, each under its sequence number with its head: SHA-256(head before | the change as it
 * travels). The last head is certified, so whoever holds one can tell whether a store is still the one it was. The
 * oldest are pruned past a cap, but for the head of the last one that was, from which the next goes on.
 *
 * What a message changes is written when it ends, up to 16 changes a record, since a record costs 150,000 instructions
 * whatever is in it. It stands under the number of its first change, which is a multiple of a power of two that is at
 * least its length: so a change is found by trying its number with ever more of its last bits cleared.
 */
export class Feed {
	readonly #map: StableMap;
	readonly #counters: Counters;
	readonly #host: Host;
	readonly #cap: number;
	/** The last head, read again after an upgrade. */
	#head: Uint8Array | undefined;
	/** Of the message at hand: what is to be written, and the record that was read last. */
	#pending: Uint8Array[] = [];
	#last: Stored | undefined;
	/**
	 * What changes of the message at hand say beside what each says: of the batch at hand how many changes it has, and how
	 * many of them were made; and who sent them, where that acts for another. One field, asked for at each change.
	 */
	#more: { readonly count: number; index: number; readonly sentBy: WirePrincipal | undefined } | undefined;

	constructor(map: StableMap, counters: Counters, host: Host, cap: number) {
		this.#map = map;
		this.#counters = counters;
		this.#host = host;
		this.#cap = cap;
	}

	/** Number of the last change. */
	get sequence(): number {
		return this.#counters.get(COUNTER.sequence);
	}

	/** The last change. */
	get version(): WireVersion {
		const sequence = this.#counters.get(COUNTER.sequence);
		return { sequence: BigInt(sequence), canister_version: BigInt(this.#counters.get(COUNTER.changedAt)) };
	}

	/**
	 * Whether a change is part of this history: one that it knows by its number may be another, made before the store
	 * was rolled back. Of one that is pruned this cannot be told any more.
	 */
	has({ sequence, canister_version }: WireVersion): boolean {
		if (sequence > BigInt(this.sequence)) return false;
		const number = Number(sequence);
		if (number === this.sequence) return Number(canister_version) === this.#counters.get(COUNTER.changedAt);
		if (number < this.#counters.get(COUNTER.feedFirst)) return true;
		const entry = this.#find(number);
		return entry === undefined || BigInt(entry.canisterVersion) === canister_version;
	}

	/** The oldest change that is kept; one past the last if none is. */
	get first(): number {
		return this.#counters.get(COUNTER.feedFirst) + 1;
	}

	get head(): Uint8Array {
		this.#head ??= this.headOf(this.sequence);
		return this.#head!;
	}

	/** Makes so many changes that belong together. */
	inBatch(changes: number, make: () => void): void {
		const sentBy = this.#more?.sentBy;
		this.#more = { count: changes, index: 0, sentBy };
		make();
		this.#more = { count: 0, index: 0, sentBy };
	}

	/** Says who sent the message at hand and acts for another, who makes its changes. */
	sentBy(who: Uint8Array): void {
		this.#more = { count: 0, index: 0, sentBy: principalOf(who) };
	}

	/** Records a change as the one that `version` names; its manifest, if it has one, carries that already. */
	append(by: Uint8Array, at: number, version: WireVersion, change: Encodable<WireChangeOf>): void {
		const before = this.head;
		const { sequence, canister_version } = version;
		this.#counters.add(COUNTER.sequence, 1);
		this.#counters.set(COUNTER.changedAt, Number(canister_version));
		const time = nanoseconds(at);
		const who = principalOf(by);
		const more = this.#more;
		const bytes =
			more === undefined && "published" in change
				? encodePublished(sequence, canister_version, time, who, change.published)
				: this.#encodeMore({ sequence, canister_version, at: time, by: who }, change);
		// The head comes into the place of the one before it: what is hashed and what is stored are one array.
		const entry = new Uint8Array(HEAD_BYTES + bytes.length);
		entry.set(before);
		entry.set(bytes, HEAD_BYTES);
		this.#head = this.#host.hashing.sha256(entry);
		entry.set(this.#head);
		this.#pending.push(entry);
	}

	#encodeMore(
		stamp: WireVersion & { at: bigint; by: WirePrincipal },
		change: Encodable<WireChangeOf>,
	): Uint8Array {
		const more = this.#more;
		const inBatch =
			more === undefined || more.count === 0 ? undefined : { index: more.index++, count: more.count };
		// What ends of itself nobody sends.
		const sentBy = stamp.by.toUint8Array().length === 0 ? undefined : more?.sentBy;
		if ("published" in change && sentBy === undefined) {
			const { sequence, canister_version, at, by } = stamp;
			return encodePublished(sequence, canister_version, at, by, change.published, inBatch);
		}
		return changes.encode({ ...stamp, change: [change] }, inBatch, sentBy);
	}

	/** Whether there is anything to be written. */
	get isChanged(): boolean {
		return this.#pending.length > 0;
	}

	/** To be called before each message: what one left that was not written is no part of the next. */
	forget(): void {
		this.#last = undefined;
		this.#more = undefined;
		if (this.#pending.length === 0) return;
		this.#pending = [];
		this.#head = undefined;
	}

	/** Writes the changes that the message made. */
	flush(): void {
		const pending = this.#pending;
		if (pending.length === 0) return;
		const canisterVersion = this.#counters.get(COUNTER.changedAt);
		this.#pending = [];
		this.#last = undefined;
		let sequence = this.sequence - pending.length + 1;
		if (pending.length === 1) {
			this.#map.set(u64Key(sequence), recordOf(canisterVersion, pending));
			return;
		}
		for (let from = 0; from < pending.length; ) {
			const entries = pending.slice(from, from + mostFrom(sequence));
			this.#map.set(u64Key(sequence), recordOf(canisterVersion, entries));
			sequence += entries.length;
			from += entries.length;
		}
	}

	/** The head after this change; undefined if it is not kept. */
	headOf(sequence: number): Uint8Array | undefined {
		if (sequence === 0) return BEGINNING;
		if (sequence < this.#counters.get(COUNTER.feedFirst)) return undefined;
		return this.#find(sequence)?.bytes.slice(0, HEAD_BYTES);
	}

	/** A change that is kept, as it travels. */
	change(sequence: number): Uint8Array {
		return this.#required(sequence).bytes.subarray(HEAD_BYTES);
	}

	cursor(sequence: number): WireCursor {
		const head = this.headOf(sequence);
		if (head === undefined) throw new Error(`the feed has no head ${sequence}`);
		return { sequence: BigInt(sequence), head };
	}

	get isOverfull(): boolean {
		return this.sequence - this.#counters.get(COUNTER.feedFirst) > this.#cap;
	}

	/**
	 * Forgets the oldest change; its head stays as where the feed begins, that of the one before goes. A record goes with
	 * the last of its changes.
	 */
	pruneOne(): void {
		const oldest = this.first;
		const { canisterVersion, bytes } = this.#required(oldest);
		const { first, count } = this.#last!;
		if (oldest > 1 && oldest === first) this.#map.delete(u64Key(oldest - 1));
		if (oldest === first + count - 1) {
			if (oldest !== first) this.#map.delete(u64Key(first));
			this.#map.set(u64Key(oldest), recordOf(canisterVersion, [bytes.subarray(0, HEAD_BYTES)]));
			this.#last = undefined;
		}
		this.#counters.set(COUNTER.feedFirst, oldest);
	}

	#required(sequence: number): Entry {
		const entry = this.#find(sequence);
		if (entry === undefined) throw new Error(`the feed has no change ${sequence}`);
		return entry;
	}

	#find(sequence: number): Entry | undefined {
		const last = this.#last;
		if (last !== undefined && sequence >= last.first && sequence < last.first + last.count)
			return entryOf(last, sequence);
		for (let span = 1; span <= MOST; span *= 2) {
			const first = sequence - (sequence % span);
			const record = this.#map.get(u64Key(first));
			if (record === undefined) continue;
			const stored = { record, first, count: record[0] === SEVERAL ? record[1]! : 1 };
			if (sequence >= first + stored.count) return undefined;
			this.#last = stored;
			return entryOf(stored, sequence);
		}
		return undefined;
	}
}

/** How many changes the record may have whose first one has this number. */
function mostFrom(sequence: number): number {
	let most = 1;
	while (most < MOST && sequence % (2 * most) === 0) most *= 2;
	return most;
}

function recordOf(canisterVersion: number, entries: readonly Uint8Array[]): Uint8Array {
	const version = u64Key(canisterVersion);
	if (entries.length === 1) {
		const record = new Uint8Array(HEAD_AT + entries[0]!.length);
		record.set(version);
		record.set(entries[0]!, HEAD_AT);
		return record;
	}
	let length = SEVERAL_AT;
	for (let i = 0; i < entries.length; i++) length += LENGTH_BYTES + entries[i]!.length;
	const record = new Uint8Array(length);
	const view = new DataView(record.buffer);
	record[0] = SEVERAL;
	record[1] = entries.length;
	record.set(version, 2);
	for (let i = 0, at = SEVERAL_AT; i < entries.length; i++) {
		const entry = entries[i]!;
		view.setUint32(at, entry.length);
		record.set(entry, at + LENGTH_BYTES);
		at += LENGTH_BYTES + entry.length;
	}
	return record;
}

function entryOf({ record, first, count }: Stored, sequence: number): Entry {
	if (count === 1) return { canisterVersion: getU64(record, 0), bytes: record.subarray(HEAD_AT) };
	let at = SEVERAL_AT;
	for (let left = sequence - first; left > 0; left--) at += LENGTH_BYTES + getU32(record, at);
	const from = at + LENGTH_BYTES;
	return { canisterVersion: getU64(record, 2), bytes: record.subarray(from, from + getU32(record, at)) };
}
