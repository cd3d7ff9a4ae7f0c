import { decodeUtf8, encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { WirePrecondition, WireVersion } from "../../../protocol/index.js";
import { caseOf } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { putU32, putU64, type Reader, readVersion, versionRecord, Writer } from "../base/codec.js";
import { RecordVersions } from "../base/record-versions.js";
import { type Blob, decodeBlob, encodeBlob } from "./blobs.js";
import type { StagedBatch } from "./staged-batches.js";

/** What is to become of a key. */
export interface StagedItem {
	/** Its place in the order of the batch. */
	readonly place: number;
	/** What the key is to hold, without a version until it is ready; undefined: it is to be emptied. */
	readonly blob: Blob | undefined;
	readonly precondition: WirePrecondition;
	/** Bytes that its owner is charged with for it. */
	readonly charged: number;
	/** The change that gave the grant that it counts in, and the bytes that count there; 0: none. */
	readonly grant: number;
	readonly granted: number;
	/** The end that was asked for: a rule may bring it forward when the item is made ready. */
	readonly expiresAt: WireExpiresAt;
	/** The attempt that made it ready; 0: none. */
	readonly attempt: number;
	/** Of one that is ready: whether anything changes by it, and by how many more keys hold a blob. */
	readonly isNothing: boolean;
	readonly more: number;
}
type WireExpiresAt = [] | [bigint];

const PRECONDITIONS = { none: 0, absent: 1, version: 2 } as const;
const NO_VERSION: WireVersion = { sequence: 0n, canister_version: 0n };

function encode(item: StagedItem): Uint8Array {
	const { precondition, blob, expiresAt } = item;
	const kind = caseOf<keyof typeof PRECONDITIONS>(precondition);
	const version = "version" in precondition ? precondition.version : NO_VERSION;
	const record = new Writer().u8(VERSIONS.newest).u32(item.place).u32(item.attempt).u64(item.charged);
	record
		.u64(item.grant)
		.u64(item.granted)
		.u8(item.more + 1)
		.u8(item.isNothing ? 1 : 0);
	record.u8(PRECONDITIONS[kind]).raw(versionRecord(version));
	record.text(expiresAt.length === 0 ? "" : String(expiresAt[0]));
	if (blob !== undefined) record.raw(encodeBlob(blob));
	return record.done();
}

function read(reader: Reader): StagedItem {
	const fields = {
		place: reader.u32(),
		attempt: reader.u32(),
		charged: reader.u64(),
		grant: reader.u64(),
		granted: reader.u64(),
		more: reader.u8() - 1,
		isNothing: reader.u8() === 1,
	};
	const kind = reader.u8();
	const version = readVersion(reader.raw(16));
	const end = reader.text();
	const blob = reader.rest();
	return {
		...fields,
		precondition:
			kind === PRECONDITIONS.none
				? { none: null }
				: kind === PRECONDITIONS.absent
					? { absent: null }
					: { version },
		expiresAt: end === "" ? [] : [BigInt(end)],
		blob: blob.length === 0 ? undefined : decodeBlob(blob),
	};
}

const VERSIONS = new RecordVersions<StagedItem>("staged item", read);

/** Items of batches: each under its key, and the keys in the order in which they were staged. */
export class StagedItems {
	readonly #map: StableMap;

	constructor(map: StableMap) {
		this.#map = map;
	}

	get({ number }: Pick<StagedBatch, "number">, key: string): StagedItem | undefined {
		const record = this.#map.get(itemKey(number, key));
		return record === undefined ? undefined : VERSIONS.read(record);
	}

	/** What the key holds by a batch that was revealed; null: nothing; undefined: what it held before. */
	recordOf(batch: StagedBatch, key: string): Uint8Array | null | undefined {
		const item = this.get(batch, key);
		if (item === undefined || item.isNothing) return undefined;
		return item.blob === undefined ? null : encodeBlob(item.blob);
	}

	/** The key at a place; undefined where it was unstaged, or staged again. */
	keyAt({ number }: StagedBatch, place: number): string | undefined {
		const key = this.#map.get(placeKey(number, place));
		return key === undefined ? undefined : decodeUtf8(key);
	}

	add(batch: StagedBatch, key: string, item: StagedItem): void {
		this.#map.set(placeKey(batch.number, item.place), encodeUtf8(key));
		this.set(batch, key, item);
	}

	/** Stores what is new about an item. */
	set({ number }: StagedBatch, key: string, item: StagedItem): void {
		this.#map.set(itemKey(number, key), encode(item));
	}

	remove({ number }: StagedBatch, key: string, { place }: StagedItem): void {
		this.#map.delete(placeKey(number, place));
		this.#map.delete(itemKey(number, key));
	}
}

/** Two kinds of keys in the map, told by the ninth byte. */
function placeKey(number: number, place: number): Uint8Array {
	const name = new Uint8Array(13);
	putU64(name, 0, number);
	putU32(name, 9, place);
	return name;
}

function itemKey(number: number, key: string): Uint8Array {
	const utf8 = encodeUtf8(key);
	const name = new Uint8Array(9 + utf8.length);
	putU64(name, 0, number);
	name[8] = 1;
	name.set(utf8, 9);
	return name;
}
