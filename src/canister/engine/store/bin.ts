import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { WireVersion } from "../../../protocol/index.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import { concat, fromHex, getU64, toHex, u64Key, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";
import { type Blob, decodeBlob, encodeBlob } from "./blobs.js";
import { type Moment, Moments } from "./moments.js";

/** A blob that was deleted or replaced. */
export interface Kept {
	readonly blob: Blob;
	/** When, and by whom. */
	readonly at: number;
	readonly by: Uint8Array;
	/** When it is removed for good, as was fixed then. */
	readonly until: number;
}

const VERSIONS = new RecordVersions<Kept>("deleted blob", (reader) => ({
	at: reader.u64(),
	until: reader.u64(),
	by: reader.bytes(),
	blob: decodeBlob(reader.rest()),
}));

/** What the catalog lists: all, and those of an owner, each by its key and its version; and when they are due. */
const ALL = encodeUtf8("d");
const ofOwner = (owner: Uint8Array): Uint8Array => concat(ALL, owner);
const DUE = encodeUtf8("t");

/** Begins a segment of no key, and stands before all that do. */
const MARK = "\x01";
const nameOf = (key: string, sequence: number): string => `${key}/${MARK}${toHex(u64Key(sequence))}`;

/**
 * Blobs that were deleted or replaced, each under the number of the change that had published it, which no other blob of
 * this history has. Their content is held, and their owners are charged, until they are restored or removed.
 */
export class Bin {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #due: Moments;
	readonly #counters: Counters;

	constructor(map: StableMap, catalog: Catalog, counters: Counters) {
		this.#map = map;
		this.#catalog = catalog;
		this.#due = new Moments(DUE, catalog);
		this.#counters = counters;
	}

	/** For how many days what is deleted now is kept; 0: not at all. */
	get days(): number {
		return this.#counters.get(COUNTER.keepDays);
	}

	set days(days: number) {
		this.#counters.set(COUNTER.keepDays, days);
	}

	add({ blob, at, by, until }: Kept): void {
		const { key, sequence, owner } = blob;
		const record = new Writer().u8(VERSIONS.newest).u64(at).u64(until).bytes(by).raw(encodeBlob(blob));
		this.#map.set(u64Key(sequence), record.done());
		const name = nameOf(key, sequence);
		this.#catalog.insert(ALL, name);
		this.#catalog.insert(ofOwner(owner), name);
		this.#due.add({ at: until, sequence });
		this.#counters.add(COUNTER.kept, 1);
	}

	remove({ blob: { key, sequence, owner }, until }: Kept): void {
		this.#map.delete(u64Key(sequence));
		const name = nameOf(key, sequence);
		this.#catalog.remove(ALL, name);
		this.#catalog.remove(ofOwner(owner), name);
		this.#due.remove({ at: until, sequence });
		this.#counters.add(COUNTER.kept, -1);
	}

	/** What the key held as this version, if it is kept. */
	get(key: string, { sequence, canister_version }: WireVersion): Kept | undefined {
		if (sequence > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
		const kept = this.#at(Number(sequence));
		const isIt = kept?.blob.key === key && kept.blob.version.canister_version === canister_version;
		return isIt ? kept : undefined;
	}

	/** The one that is due first. */
	first(): Kept | undefined {
		const due = this.#next();
		return due && this.#required(due.sequence);
	}

	/** When that is. */
	nextAt(): number | undefined {
		return this.#next()?.at;
	}

	#next(): Moment | undefined {
		return this.#counters.get(COUNTER.kept) === 0 ? undefined : this.#due.first();
	}

	/** In the order of keys and versions, past one: all, or those of an owner. */
	*list(
		prefix: string,
		owner: Uint8Array | undefined,
		after: { readonly key: string; readonly sequence: number } | undefined,
	): Generator<Kept> {
		const range = {
			prefix,
			recursive: true,
			...(after !== undefined && { after: nameOf(after.key, after.sequence) }),
		};
		for (const entry of this.#catalog.list(owner === undefined ? ALL : ofOwner(owner), range)) {
			if (!("key" in entry)) continue;
			const hex = entry.key.slice(entry.key.lastIndexOf(MARK) + MARK.length);
			const kept = this.#required(getU64(fromHex(hex), 0));
			// A key that ends with what a prefix goes on with is no reason to show it.
			if (kept.blob.key.startsWith(prefix)) yield kept;
		}
	}

	#required(sequence: number): Kept {
		const kept = this.#at(sequence);
		if (kept === undefined) throw new Error("a list names a deleted blob that is not stored");
		return kept;
	}

	#at(sequence: number): Kept | undefined {
		const record = this.#map.get(u64Key(sequence));
		return record === undefined ? undefined : VERSIONS.read(record);
	}
}
