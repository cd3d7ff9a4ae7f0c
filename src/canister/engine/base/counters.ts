import type { StableMap } from "../../host/ports.js";
import { knownVersion, readU64, u64Key } from "./codec.js";

/** The store's own numbers, each at a frozen place in one record. */
export const COUNTER = {
	layout: 0,
	/** The last change's sequence number. */
	sequence: 1,
	/** LeafLists handed out: the number of the last one. */
	contents: 2,
	slotsMade: 3,
	slotsUsed: 4,
	slotsFree: 5,
	openUploads: 6,
	blobs: 7,
	chunks: 8,
	/** Bytes that accounts are charged with: blobs, uploads, and what is not cleaned away yet. */
	charged: 9,
	/** Of those, bytes that open uploads have announced and that have not arrived. */
	promised: 10,
	/** Bytes in slots, and the most there ever were: stable memory keeps what it once took. */
	stored: 11,
	peakStored: 12,
	/** The oldest change that the feed still has. */
	feedFirst: 13,
	mode: 14,
	generation: 15,
	/** Head and tail of the queues, two each: five times two (queue.ts). */
	queues: 16,
	/** The next place in the slot that small chunks share; in no slot, or past the last of one, none is left. */
	sharedNext: 26,
	/** Places in shared slots that were freed. */
	sharedFree: 27,
	/** Items of all principals in the queue in which they take turns (fair-queue.ts). */
	turnItems: 28,
	/** Sets of HTTP answers that were ever begun: the number of the last one (answer-sets.ts). */
	answerSets: 29,
	/** The canister's version when the last change was made. */
	changedAt: 30,
	/** The day (since 1970) of what follows, and the cycles that strangers caused on it (spending.ts). */
	strangersDay: 31,
	strangersCycles: 32,
	/** Head and tail of the queue of those who hold grants. */
	grantQueue: 33,
	/** Rules by which blobs end, and blobs that have an end (ends.ts). */
	expiryRules: 35,
	expiring: 36,
	/** Days that what is deleted is kept, and blobs that are (bin.ts). */
	keepDays: 37,
	kept: 38,
	/** Staged batches that there are, and their numbers: that of the last one (staged-batches.ts). */
	batches: 40,
	batchNumbers: 41,
	/** Changes of the tree that the draft has not followed yet: the first and the last record (draft-log.ts). */
	logFirst: 42,
	logLast: 43,
	/** Whether the store was ever imported into (importing.ts): 1 from the moment on at which that began. */
	imported: 45,
	/** Changes that are no changes of blobs: of who may do what, and of the mode. */
	administered: 46,
	/** Leases, versions that are kept for them, and from which one on to look whether they still are; 0: from none. */
	leases: 47,
	leased: 48,
	leasedNext: 49,
	/** Marks of grants that were ever set: the number of the last one (marks.ts). */
	grantMarks: 50,
	/** By which rules HTTP answers are made, and whether some are still of others (http/renewing.ts). */
	answersMade: 51,
	renewing: 52,
	/** The day (since 1970) of what follows, and the cycles that exact ranges took on it (http/exact.ts). */
	exactDay: 53,
	exactCycles: 54,
	/** Links between principals that hold (links.ts), offers that stand (offers.ts), head and tail of their queue. */
	links: 56,
	offers: 57,
	offerQueue: 58,
} as const;

const COUNTERS = 60;
const KEY = u64Key(0);

/** What the record begins with. Layout 5 has the counters from the beginning, and in the first byte always 0. */
const FORM = 1;
const COUNTERS_AT = 8;

/**
 * Counters, kept in the heap while a message runs and written at its end, all in one record: a trap rolls heap and
 * stable memory back together, and after an upgrade the heap is empty and the record is read again.
 */
export class Counters {
	readonly #map: StableMap;
	#values: number[] | undefined;
	#isChanged = false;
	readonly #record = new Uint8Array(COUNTERS_AT + COUNTERS * 8);
	/** As JavaScript has them, little-endian wherever Wasm runs: to copy all costs less than to find those that changed. */
	readonly #numbers = new Float64Array(this.#record.buffer, COUNTERS_AT);

	constructor(map: StableMap) {
		this.#map = map;
		this.#record[0] = FORM;
	}

	// Asked a dozen times for each blob of many: a call within is as much as all else.
	get(counter: number): number {
		return (this.#values ?? this.#read())[counter]!;
	}

	set(counter: number, value: number): void {
		(this.#values ?? this.#read())[counter] = value;
		this.#isChanged = true;
	}

	add(counter: number, change: number): number {
		const values = this.#values ?? this.#read();
		const value = values[counter]! + change;
		values[counter] = value;
		this.#isChanged = true;
		return value;
	}

	get isChanged(): boolean {
		return this.#isChanged;
	}

	flush(): void {
		if (!this.#isChanged) return;
		this.#numbers.set(this.#values ?? this.#read());
		this.#map.set(KEY, this.#record);
		this.#isChanged = false;
	}

	#read(): number[] {
		const values = read(this.#map.get(KEY));
		this.#values = values;
		return values;
	}
}

/** A counter that an earlier release did not know begins at 0. */
function read(record: Uint8Array | undefined): number[] {
	const values = new Array<number>(COUNTERS).fill(0);
	if (record === undefined) return values;
	const isFirst = record[0] === 0;
	if (!isFirst) knownVersion("counters", record[0]!, FORM);
	const from = isFirst ? 0 : COUNTERS_AT;
	const count = Math.min(COUNTERS, (record.length - from) / 8);
	const view = new DataView(record.buffer, record.byteOffset + from, count * 8);
	for (let i = 0; i < count; i++) values[i] = isFirst ? readU64(view, i * 8) : view.getFloat64(i * 8, true);
	return values;
}
