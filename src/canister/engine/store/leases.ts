import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { sameBytes } from "../../../protocol/index.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import { fromHex, getU64, toHex, u64Key, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";
import { type Blob, decodeBlob, encodeBlob } from "./blobs.js";

/** Keeps for its holder what keys held at one place of the feed. */
export interface Lease {
	readonly id: Uint8Array;
	readonly holder: Uint8Array;
	/** The change that it was taken by, and the canister's version then. */
	readonly sequence: number;
	readonly canisterVersion: bigint;
	readonly takenAt: number;
	readonly endsAt: number;
	/** Bytes that may be kept for it, and that are. */
	readonly bytes: number;
	readonly used: number;
	readonly isBroken: boolean;
}

/** A version that its key holds no more. */
export interface Leased {
	readonly blob: Blob;
	/** The change by which it went: leases taken before that cover it. */
	readonly gone: number;
	/** What it counts for in each of them. */
	readonly charged: number;
}

const VERSIONS = new RecordVersions<Lease[]>("leases", (reader) =>
	Array.from({ length: reader.u32() }, () => ({
		sequence: reader.u64(),
		canisterVersion: BigInt(reader.u64()),
		takenAt: reader.u64(),
		endsAt: reader.u64(),
		bytes: reader.u64(),
		used: reader.u64(),
		isBroken: reader.u8() === 1,
		id: reader.bytes(),
		holder: reader.bytes(),
	})),
);

const LEASED = new RecordVersions<Leased>("leased version", (reader) => ({
	gone: reader.u64(),
	charged: reader.u64(),
	blob: decodeBlob(reader.rest()),
}));

/** In the map of leased versions, whose other keys have 8 bytes. */
const KEY = Uint8Array.of(0);
/** Under which the catalog lists those versions. */
const ROOT = encodeUtf8("l");

/** Whether the blob was published and not over when the lease was taken. */
export const saw = ({ sequence, takenAt }: Lease, blob: Blob): boolean =>
	blob.sequence <= sequence && (blob.expiresAt ?? Number.POSITIVE_INFINITY) > takenAt;

/** Whether the lease was taken while the key held this version. */
export const spans = (lease: Lease, { blob, gone }: Leased): boolean =>
	saw(lease, blob) && lease.sequence < gone;

/**
 * Leases, and the versions that are kept for them, each with a hold of its own on its content. A store without leases
 * looks at a counter. The few leases are kept in the heap from message to message, as the rules by which blobs end are.
 */
export class Leases {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #counters: Counters;
	#leases: readonly Lease[] | undefined;
	#isChanged = false;

	constructor(map: StableMap, catalog: Catalog, counters: Counters) {
		this.#map = map;
		this.#catalog = catalog;
		this.#counters = counters;
	}

	/** Reads what is kept from message to message: what a query reads is forgotten when it ends. */
	open(): void {
		this.#leases = this.#read();
	}

	get count(): number {
		return this.#counters.get(COUNTER.leases);
	}

	/** In the order in which they were taken, broken ones too. */
	get all(): readonly Lease[] {
		if (this.count === 0) return [];
		this.#leases ??= this.#read();
		return this.#leases;
	}

	get(id: Uint8Array): Lease | undefined {
		return this.all.find((lease) => sameBytes(lease.id, id));
	}

	set(leases: readonly Lease[]): void {
		this.#leases = leases;
		this.#counters.set(COUNTER.leases, leases.length);
		this.#isChanged = true;
	}

	/** Written once a message, since each of a thousand deletions may count in them. */
	flush(): void {
		if (!this.#isChanged) return;
		this.#isChanged = false;
		const leases = this.all;
		if (leases.length === 0) {
			this.#map.delete(KEY);
			return;
		}
		const record = new Writer().u8(VERSIONS.newest).u32(leases.length);
		for (const lease of leases) {
			record.u64(lease.sequence).u64(Number(lease.canisterVersion)).u64(lease.takenAt).u64(lease.endsAt);
			record
				.u64(lease.bytes)
				.u64(lease.used)
				.u8(lease.isBroken ? 1 : 0);
			record.bytes(lease.id).bytes(lease.holder);
		}
		this.#map.set(KEY, record.done());
	}

	#read(): readonly Lease[] {
		const record = this.count === 0 ? undefined : this.#map.get(KEY);
		return record === undefined ? [] : VERSIONS.read(record);
	}

	/** Versions that are kept for any lease. */
	get kept(): number {
		return this.#counters.get(COUNTER.leased);
	}

	keep({ blob, gone, charged }: Leased): void {
		const record = new Writer().u8(LEASED.newest).u64(gone).u64(charged).raw(encodeBlob(blob));
		this.#map.set(u64Key(blob.sequence), record.done());
		this.#catalog.insert(ROOT, toHex(u64Key(blob.sequence)));
		this.#counters.add(COUNTER.leased, 1);
	}

	drop({ blob: { sequence } }: Leased): void {
		this.#map.delete(u64Key(sequence));
		this.#catalog.remove(ROOT, toHex(u64Key(sequence)));
		this.#counters.add(COUNTER.leased, -1);
	}

	/** What was published by the change of this number, if it is kept. */
	version(sequence: number): Leased | undefined {
		const record = this.kept === 0 ? undefined : this.#map.get(u64Key(sequence));
		return record === undefined ? undefined : LEASED.read(record);
	}

	/** In the order of their numbers, past one. */
	*list(after: number): Generator<Leased> {
		if (this.kept === 0) return;
		const range = { prefix: "", recursive: true, after: toHex(u64Key(after)) };
		for (const entry of this.#catalog.list(ROOT, range)) {
			if (!("key" in entry)) continue;
			const kept = this.version(getU64(fromHex(entry.key), 0));
			if (kept === undefined) throw new Error("a list names a leased version that is not stored");
			yield kept;
		}
	}
}
