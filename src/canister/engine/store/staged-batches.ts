import {
	brokenBatches,
	ID_BYTES,
	sameBytes,
	type WireBroken,
	type WireVersion,
} from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { type Reader, readVersion, versionRecord, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";

/** What a batch is at, by number; frozen, since the number is stored. */
export const STATES = ["open", "waiting", "preparing", "settling", "dropping"] as const;
export type BatchState = (typeof STATES)[number];

/** A staged batch: of the store's own numbers the one that its items stand under, and how far it is. */
export interface StagedBatch {
	readonly number: number;
	readonly id: Uint8Array;
	readonly owner: Uint8Array;
	readonly state: BatchState;
	readonly expiresAt: number;
	/** Keys that are staged, and places that were ever given to them. */
	readonly items: number;
	readonly places: number;
	/** How often it was begun to be prepared: an item is ready that this time has made so. And at which place that is. */
	readonly attempt: number;
	readonly place: number;
	/** By how many more keys hold a blob, and changes that are sealed. */
	readonly more: number;
	readonly sealed: number;
	/** With what they are sealed, and the place in the feed from which on: sequence number and head. */
	readonly key: Uint8Array;
	readonly after: number;
	readonly head: Uint8Array;
	/** The last change of others that was made while it is prepared, or before. */
	readonly shown: WireVersion;
	/** By what its owner may change keys, as it was when it was begun to be prepared (Roles.changing), and by which grants items are ready. */
	readonly roles: number;
	readonly grants: readonly number[];
	/** The change that revealed it; 0: none yet. When that was, and for how many days the store kept then what was replaced. */
	readonly revealed: number;
	readonly revealedAt: number;
	readonly keptDays: number;
	readonly broken: WireBroken | undefined;
}

const NO_BYTES = new Uint8Array(0);

function readBatch(reader: Reader): StagedBatch {
	const batch = {
		number: reader.u64(),
		id: reader.raw(ID_BYTES),
		owner: reader.bytes(),
		state: STATES[reader.u8()]!,
		expiresAt: reader.u64(),
		items: reader.u32(),
		places: reader.u32(),
		attempt: reader.u32(),
		place: reader.u32(),
		// Below zero where keys are emptied.
		more: reader.u64() - MORE_ZERO,
		sealed: reader.u32(),
		key: reader.bytes(),
		after: reader.u64(),
		head: reader.bytes(),
		shown: readVersion(reader.raw(16)),
		roles: reader.u8(),
		grants: Array.from({ length: reader.u8() }, () => reader.u64()),
		revealed: reader.u64(),
		revealedAt: reader.u64(),
		keptDays: reader.u32(),
	};
	const broken = reader.bytes();
	return { ...batch, broken: broken.length === 0 ? undefined : brokenBatches.decode(broken) };
}
const MORE_ZERO = 2 ** 40;

const VERSIONS = new RecordVersions<StagedBatch[]>("staged batches", (reader) =>
	Array.from({ length: reader.u32() }, () => readBatch(reader)),
);

const KEY = Uint8Array.of(0);

/** The few batches that are staged, in the order in which they were opened, or asked to be revealed: kept in the heap from message to message. */
export class StagedBatches {
	readonly #map: StableMap;
	readonly #counters: Counters;
	#batches: readonly StagedBatch[] | undefined;
	#isChanged = false;
	/** Whether one is revealed and not settled yet: a field, since it is asked for whenever a key is looked at. */
	isSettling = false;
	/** The same of one that is got ready. */
	isPreparing = false;

	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
	}

	/** Reads what is kept from message to message: what a query reads is forgotten when it ends. */
	open(): void {
		this.#batches = this.#read();
		this.#look();
	}

	#look(): void {
		this.isSettling = this.in("settling") !== undefined;
		this.isPreparing = this.in("preparing") !== undefined;
	}

	get count(): number {
		return this.#counters.get(COUNTER.batches);
	}

	get all(): readonly StagedBatch[] {
		if (this.count === 0) return [];
		this.#batches ??= this.#read();
		return this.#batches;
	}

	/** The one that is prepared, or revealed and not settled yet: one at a time is. */
	in(state: "preparing" | "settling"): StagedBatch | undefined {
		return this.count === 0 ? undefined : this.all.find((batch) => batch.state === state);
	}

	get(owner: Uint8Array, id: Uint8Array): StagedBatch | undefined {
		return this.all.find((batch) => sameBytes(batch.id, id) && sameBytes(batch.owner, owner));
	}

	add(batch: Pick<StagedBatch, "id" | "owner" | "expiresAt">): StagedBatch {
		const added: StagedBatch = {
			id: batch.id.slice(),
			owner: batch.owner.slice(),
			expiresAt: batch.expiresAt,
			number: this.#counters.add(COUNTER.batchNumbers, 1),
			state: "open",
			items: 0,
			places: 0,
			attempt: 0,
			place: 0,
			more: 0,
			sealed: 0,
			key: NO_BYTES,
			after: 0,
			head: NO_BYTES,
			shown: { sequence: 0n, canister_version: 0n },
			roles: 0,
			grants: [],
			revealed: 0,
			revealedAt: 0,
			keptDays: 0,
			broken: undefined,
		};
		this.#set([...this.all, added]);
		return added;
	}

	/** @returns the batch as it is now */
	change(batch: StagedBatch, changes: Partial<StagedBatch>): StagedBatch {
		const changed = { ...batch, ...changes };
		this.#set(this.all.map((each) => (each.number === batch.number ? changed : each)));
		return changed;
	}

	/** Has a batch wait for its turn to be revealed, behind all that wait already. */
	queue(batch: StagedBatch): StagedBatch {
		const waiting: StagedBatch = { ...batch, state: "waiting", broken: undefined };
		this.#set([...this.all.filter(({ number }) => number !== batch.number), waiting]);
		return waiting;
	}

	remove({ number }: StagedBatch): void {
		this.#set(this.all.filter((batch) => batch.number !== number));
	}

	#set(batches: readonly StagedBatch[]): void {
		this.#batches = batches;
		this.#counters.set(COUNTER.batches, batches.length);
		this.#isChanged = true;
		this.#look();
	}

	/** Written once a message. */
	flush(): void {
		if (!this.#isChanged) return;
		this.#isChanged = false;
		const batches = this.all;
		if (batches.length === 0) {
			this.#map.delete(KEY);
			return;
		}
		const record = new Writer().u8(VERSIONS.newest).u32(batches.length);
		for (const batch of batches) {
			record.u64(batch.number).raw(batch.id).bytes(batch.owner).u8(STATES.indexOf(batch.state));
			record.u64(batch.expiresAt).u32(batch.items).u32(batch.places).u32(batch.attempt).u32(batch.place);
			record.u64(batch.more + MORE_ZERO).u32(batch.sealed);
			record.bytes(batch.key).u64(batch.after).bytes(batch.head);
			record.raw(versionRecord(batch.shown)).u8(batch.roles).u8(batch.grants.length);
			for (const grant of batch.grants) record.u64(grant);
			record.u64(batch.revealed).u64(batch.revealedAt).u32(batch.keptDays);
			record.bytes(batch.broken === undefined ? NO_BYTES : brokenBatches.encode(batch.broken));
		}
		this.#map.set(KEY, record.done());
	}

	#read(): readonly StagedBatch[] {
		const record = this.count === 0 ? undefined : this.#map.get(KEY);
		return record === undefined ? [] : VERSIONS.read(record.slice());
	}
}
