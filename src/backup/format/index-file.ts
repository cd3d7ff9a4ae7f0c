import { damaged } from "../errors.js";
import { chunkName, hex, packName, parseChunkName, parsePackName, unhex } from "./names.js";
import { codeOf, formOf, type ItemForm, MAX_ITEM_BYTES, MAX_PACK_BYTES } from "./pack.js";

/**
 * An index: the location of each item, sorted by SHA-256. It is derived from packs and names of chunks and can be
 * rebuilt.
 *
 *     "cbindex1" | runs (4) | packs (4) | records (4) | fanout 256 × 4 | runs × 8 | packs × 36 | records × 45
 *
 * Fanout i counts the records whose first byte is at most i. A pack is SHA-256 (32) and size (4). A record is SHA-256
 * (32), kind as in a pack (1), place (4), offset (4), length (4). A place below 2^31 is the number of a pack. The place
 * of a chunk that is stored alone is 2^31 plus the number of its run. Numbers are big-endian.
 */

const MAGIC = Buffer.from("cbindex1");
const FANOUT_AT = 20;
const HEADER_BYTES = FANOUT_AT + 256 * 4;
const RUN_BYTES = 8;
const PACK_ENTRY_BYTES = 36;
export const RECORD_BYTES = 45;
const ALONE = 2 ** 31;

/** Maximum number of records in an index, which is built in memory. */
export const MAX_INDEX_RECORDS = 65_536;
export const MAX_INDEX_BYTES =
	HEADER_BYTES + MAX_INDEX_RECORDS * (RUN_BYTES + PACK_ENTRY_BYTES + RECORD_BYTES);

/** Where an item is stored. */
export interface Location extends ItemForm {
	readonly sha: string;
	/** Name of the pack, or of the chunk that is stored alone. */
	readonly object: string;
	/** Size of that object. */
	readonly objectBytes: number;
	readonly offset: number;
	/** Stored length in bytes. */
	readonly length: number;
}

const compare = (a: Location, b: Location) => (a.sha < b.sha ? -1 : a.sha > b.sha ? 1 : 0);

export function encodeIndex(locations: readonly Location[]): Buffer {
	const runs = new Map<string, number>();
	const packs = new Map<string, { number: number; bytes: number }>();
	const records = Buffer.alloc(locations.length * RECORD_BYTES);
	const fanout = new Uint32Array(256);
	const sorted = [...locations].sort(compare);
	for (const [index, location] of sorted.entries()) {
		const { sha, object, objectBytes, offset, length } = location;
		const at = index * RECORD_BYTES;
		records.write(sha, at, "hex");
		const first = records[at] as number;
		fanout[first] = (fanout[first] as number) + 1;
		records.writeUInt8(codeOf(location), at + 32);
		records.writeUInt32BE(placeOf(object, objectBytes, runs, packs), at + 33);
		records.writeUInt32BE(offset, at + 37);
		records.writeUInt32BE(length, at + 41);
	}
	const header = Buffer.alloc(HEADER_BYTES);
	header.set(MAGIC);
	header.writeUInt32BE(runs.size, 8);
	header.writeUInt32BE(packs.size, 12);
	header.writeUInt32BE(sorted.length, 16);
	let sum = 0;
	for (const [byte, count] of fanout.entries()) {
		sum += count;
		header.writeUInt32BE(sum, FANOUT_AT + byte * 4);
	}
	const packTable = [...packs].map(([sha, { bytes }]) => {
		const entry = Buffer.alloc(PACK_ENTRY_BYTES);
		entry.write(sha, "hex");
		entry.writeUInt32BE(bytes, 32);
		return entry;
	});
	return Buffer.concat([header, ...[...runs.keys()].map(unhex), ...packTable, records]);
}

function placeOf(
	object: string,
	bytes: number,
	runs: Map<string, number>,
	packs: Map<string, { number: number; bytes: number }>,
): number {
	const alone = parseChunkName(object);
	if (alone) {
		const number = runs.get(alone.run) ?? runs.size;
		runs.set(alone.run, number);
		return ALONE + number;
	}
	const sha = parsePackName(object);
	if (sha === undefined) throw new RangeError(`${object} is neither a pack nor a chunk`);
	const pack = packs.get(sha) ?? { number: packs.size, bytes };
	packs.set(sha, pack);
	return pack.number;
}

/** The part of an index that stays in memory: the position of its records, and the packs and runs that they name. */
export class IndexTables {
	readonly name: string;
	readonly count: number;
	readonly #fanout: Uint32Array;
	readonly #runs: Buffer;
	readonly #packs: Buffer;
	/** Offset of the first record. */
	readonly recordsAt: number;

	private constructor(
		name: string,
		count: number,
		{
			fanout,
			runs,
			packs,
			recordsAt,
		}: { fanout: Uint32Array; runs: Buffer; packs: Buffer; recordsAt: number },
	) {
		this.name = name;
		this.count = count;
		this.#fanout = fanout;
		this.#runs = runs;
		this.#packs = packs;
		this.recordsAt = recordsAt;
	}

	/** @param bytes of the whole index */
	static of(name: string, bytes: Buffer): IndexTables {
		if (bytes.length < HEADER_BYTES || !MAGIC.equals(bytes.subarray(0, 8)))
			throw damaged(name, "it does not begin as an index does");
		const runs = bytes.readUInt32BE(8);
		const packs = bytes.readUInt32BE(12);
		const count = bytes.readUInt32BE(16);
		const runsAt = HEADER_BYTES;
		const packsAt = runsAt + runs * RUN_BYTES;
		const recordsAt = packsAt + packs * PACK_ENTRY_BYTES;
		if (count > MAX_INDEX_RECORDS || bytes.length !== recordsAt + count * RECORD_BYTES)
			throw damaged(name, "its length is not what its header says");
		const fanout = new Uint32Array(256);
		let before = 0;
		for (let byte = 0; byte < 256; byte++) {
			const sum = bytes.readUInt32BE(FANOUT_AT + byte * 4);
			if (sum < before || sum > count) throw damaged(name, "its fanout does not grow");
			fanout[byte] = sum;
			before = sum;
		}
		if (before !== count) throw damaged(name, "its fanout does not end with its records");
		return new IndexTables(name, count, {
			fanout,
			// Copies, so that a slice does not keep the whole buffer alive.
			runs: Buffer.from(bytes.subarray(runsAt, packsAt)),
			packs: Buffer.from(bytes.subarray(packsAt, recordsAt)),
			recordsAt,
		});
	}

	/** Whether a record may name this pack. */
	hasPack(sha: string): boolean {
		const sought = unhex(sha);
		for (let at = 0; at < this.#packs.length; at += PACK_ENTRY_BYTES)
			if (sought.equals(this.#packs.subarray(at, at + 32))) return true;
		return false;
	}

	/** Range of the records whose SHA-256 begins with this byte. */
	bucket(byte: number): { readonly from: number; readonly to: number } {
		return { from: byte === 0 ? 0 : (this.#fanout[byte - 1] as number), to: this.#fanout[byte] as number };
	}

	/** The locations in all records, read from the bytes of the whole index. */
	*locations(bytes: Uint8Array): Generator<Location> {
		for (let at = this.recordsAt; at < bytes.length; at += RECORD_BYTES)
			yield this.location(bytes.subarray(at, at + RECORD_BYTES));
	}

	/** The location in a record. */
	location(record: Uint8Array): Location {
		const bytes = Buffer.from(record.buffer, record.byteOffset, RECORD_BYTES);
		const sha = bytes.toString("hex", 0, 32);
		const form = formOf(bytes.readUInt8(32));
		if (form === undefined)
			throw damaged(this.name, "it names an item of a kind that this version does not know");
		const place = bytes.readUInt32BE(33);
		const offset = bytes.readUInt32BE(37);
		const length = bytes.readUInt32BE(41);
		if (length > MAX_ITEM_BYTES) throw damaged(this.name, `an item of ${length} bytes is too long`);
		if (place >= ALONE) {
			const at = (place - ALONE) * RUN_BYTES;
			if (at + RUN_BYTES > this.#runs.length || offset !== 0)
				throw damaged(this.name, "a record names no run");
			const run = this.#runs.toString("hex", at, at + RUN_BYTES);
			return { sha, ...form, object: chunkName(sha, run), objectBytes: length, offset, length };
		}
		const at = place * PACK_ENTRY_BYTES;
		if (at + PACK_ENTRY_BYTES > this.#packs.length) throw damaged(this.name, "a record names no pack");
		const objectBytes = this.#packs.readUInt32BE(at + 32);
		if (objectBytes > MAX_PACK_BYTES || offset + length > objectBytes)
			throw damaged(this.name, "a record goes beyond its pack");
		return {
			sha,
			...form,
			object: packName(hex(this.#packs.subarray(at, at + 32))),
			objectBytes,
			offset,
			length,
		};
	}
}
