import {
	changes,
	type Encodable,
	type WireChangeOf,
	type WireCursor,
	type WireVersion,
} from "../../protocol/index.js";
import type { Host, StableMap } from "../ports.js";
import { getU64, nanoseconds, principalOf, putU64, u64Key } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";

/** In a record: the canister's version, the head, the change. */
const HEAD_AT = 8;
const HEAD_BYTES = 32;
const CHANGE_AT = HEAD_AT + HEAD_BYTES;
const BEGINNING = new Uint8Array(HEAD_BYTES);

/**
 * Every change in order, each under its sequence number with its head: SHA-256(head before | the change as it
 * travels). The last head is certified, so whoever holds one can tell whether a store is still the one it was. The
 * oldest are pruned past a cap, but for the head of the last one that was, from which the next goes on.
 */
export class Feed {
	readonly #map: StableMap;
	readonly #meta: Meta;
	readonly #host: Host;
	readonly #cap: number;
	/** The last head, read again after an upgrade. */
	#head: Uint8Array | undefined;

	constructor(map: StableMap, meta: Meta, host: Host, cap: number) {
		this.#map = map;
		this.#meta = meta;
		this.#host = host;
		this.#cap = cap;
	}

	/** Number of the last change. */
	get sequence(): number {
		return this.#meta.get(COUNTER.sequence);
	}

	/** The last change. */
	get version(): WireVersion {
		const sequence = this.#meta.get(COUNTER.sequence);
		return { sequence: BigInt(sequence), canister_version: BigInt(this.#meta.get(COUNTER.changedAt)) };
	}

	/**
	 * Whether a change is part of this history: one that it knows by its number may be another, made before the store
	 * was rolled back. Of one that is pruned this cannot be told any more.
	 */
	has({ sequence, canister_version }: WireVersion): boolean {
		if (sequence > BigInt(this.sequence)) return false;
		const number = Number(sequence);
		if (number === this.sequence) return Number(canister_version) === this.#meta.get(COUNTER.changedAt);
		const record = this.#map.get(u64Key(number));
		return record === undefined || BigInt(getU64(record, 0)) === canister_version;
	}

	/** The oldest change that is kept; one past the last if none is. */
	get first(): number {
		return this.#meta.get(COUNTER.feedFirst) + 1;
	}

	get head(): Uint8Array {
		this.#head ??= this.headOf(this.sequence);
		return this.#head!;
	}

	/** Records a change as the one that `version` names; its manifest, if it has one, carries that already. */
	append(by: Uint8Array, at: number, version: WireVersion, change: Encodable<WireChangeOf>): void {
		const before = this.head;
		const sequence = this.#meta.add(COUNTER.sequence, 1);
		const changedAt = Number(version.canister_version);
		this.#meta.set(COUNTER.changedAt, changedAt);
		const { canister_version } = version;
		const bytes = changes.encode({
			sequence: version.sequence,
			canister_version,
			at: nanoseconds(at),
			by: principalOf(by),
			change: [change],
		});
		// The head comes into the place of the one before it: what is hashed and what is stored are one array.
		const record = new Uint8Array(CHANGE_AT + bytes.length);
		putU64(record, 0, changedAt);
		record.set(before, HEAD_AT);
		record.set(bytes, CHANGE_AT);
		this.#head = this.#host.hashing.sha256(record.subarray(HEAD_AT));
		record.set(this.#head, HEAD_AT);
		this.#map.set(u64Key(sequence), record);
	}

	/** The head after this change; undefined if it is not kept. */
	headOf(sequence: number): Uint8Array | undefined {
		if (sequence === 0) return BEGINNING;
		return this.#map.get(u64Key(sequence))?.slice(HEAD_AT, CHANGE_AT);
	}

	/** A change that is kept, as it travels. */
	change(sequence: number): Uint8Array {
		const record = this.#map.get(u64Key(sequence));
		if (record === undefined) throw new Error(`the feed has no change ${sequence}`);
		return record.subarray(CHANGE_AT);
	}

	cursor(sequence: number): WireCursor {
		const head = this.headOf(sequence);
		if (head === undefined) throw new Error(`the feed has no head ${sequence}`);
		return { sequence: BigInt(sequence), head };
	}

	get isOverfull(): boolean {
		return this.sequence - this.#meta.get(COUNTER.feedFirst) > this.#cap;
	}

	/** Forgets the oldest change; its head stays as where the feed begins, that of the one before goes. */
	pruneOne(): void {
		const oldest = this.first;
		const record = this.#map.get(u64Key(oldest));
		if (record === undefined) throw new Error(`the feed has no change ${oldest}`);
		this.#map.set(u64Key(oldest), record.subarray(0, CHANGE_AT));
		if (oldest > 1) this.#map.delete(u64Key(oldest - 1));
		this.#meta.set(COUNTER.feedFirst, oldest);
	}
}
