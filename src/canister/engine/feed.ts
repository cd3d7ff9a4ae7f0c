import {
	Change,
	type Encodable,
	Encoded,
	encodeValue,
	type WireChangeOf,
	type WireCursor,
} from "../../protocol/index.js";
import type { Host, StableMap } from "../ports.js";
import { nanoseconds, principalOf, u64Key } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";

const HEAD_BYTES = 32;
const BEGINNING = new Uint8Array(HEAD_BYTES);

/**
 * Every change in order, each under its sequence number with its head: SHA-256(head before | the change's Candid
 * value). The last head is certified, so whoever holds one can tell whether a store is still the one it was. The
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

	/** The number that the next change gets. */
	get next(): bigint {
		return BigInt(this.sequence + 1);
	}

	/** The oldest change that is kept; one past the last if none is. */
	get first(): number {
		return this.#meta.get(COUNTER.feedFirst) + 1;
	}

	get head(): Uint8Array {
		this.#head ??= this.headOf(this.sequence);
		return this.#head!;
	}

	/** Records a change, which gets the next number; its manifest, if it has one, carries that number already. */
	append(by: Uint8Array, at: number, change: Encodable<WireChangeOf>): number {
		const before = this.head;
		const sequence = this.#meta.add(COUNTER.sequence, 1);
		const value = encodeValue(Change, {
			sequence: BigInt(sequence),
			at: nanoseconds(at),
			by: principalOf(by),
			change,
		});
		// The head comes into the place of the one before it: what is hashed and what is stored are one array.
		const record = new Uint8Array(HEAD_BYTES + value.length);
		record.set(before);
		record.set(value, HEAD_BYTES);
		this.#head = this.#host.hashing.sha256(record);
		record.set(this.#head);
		this.#map.set(u64Key(sequence), record);
		return sequence;
	}

	/** The head after this change; undefined if it is not kept. */
	headOf(sequence: number): Uint8Array | undefined {
		if (sequence === 0) return BEGINNING;
		return this.#map.get(u64Key(sequence))?.slice(0, HEAD_BYTES);
	}

	/** A change that is kept, as it travels. */
	change(sequence: number): Encoded {
		const record = this.#map.get(u64Key(sequence));
		if (record === undefined) throw new Error(`the feed has no change ${sequence}`);
		return new Encoded(record.subarray(HEAD_BYTES));
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
		const head = this.headOf(oldest);
		if (head === undefined) throw new Error(`the feed has no change ${oldest}`);
		this.#map.set(u64Key(oldest), head);
		if (oldest > 1) this.#map.delete(u64Key(oldest - 1));
		this.#meta.set(COUNTER.feedFirst, oldest);
	}
}
