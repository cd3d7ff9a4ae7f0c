import { BackupError, damaged } from "../errors.js";
import { IndexTables, type Location, MAX_INDEX_BYTES, RECORD_BYTES } from "../format/index-file.js";
import { INDEXES, indexName, unhex } from "../format/names.js";
import type { Sink } from "../sink.js";
import { BlockCache } from "./block-cache.js";

/** Memory for four bytes of each item. For indexes beyond it each look-up reads the sink. */
const PRINT_BYTES = 16 * 2 ** 20;
const CACHE_BYTES = 4 * 2 ** 20;
/** How often a look-up starts again because indexes were merged during it. */
const MAX_ATTEMPTS = 5;

/** A location, and the record that contains it. */
export interface FoundRecord {
	readonly segment: Segment;
	readonly record: number;
	readonly location: Location;
}

/** One index object. */
export interface Segment {
	readonly name: string;
	readonly tables: IndexTables;
	/** Bytes 1 to 4 of the SHA-256 of each record. */
	readonly prints: Uint32Array | undefined;
}

/**
 * Finds items by SHA-256 in all indexes of a repository. It holds four bytes of each item in memory and reads the whole
 * record on a match, so that memory hardly grows with the repository.
 */
export class ItemIndex {
	readonly #sink: Sink;
	#segments: Segment[] = [];
	#condemned: ReadonlySet<string> = new Set();
	readonly #cache = new BlockCache(CACHE_BYTES);
	#printBytes = 0;

	constructor(sink: Sink) {
		this.#sink = sink;
	}

	get segments(): readonly Segment[] {
		return this.#segments;
	}

	/** Excludes objects from look-ups. */
	condemn(objects: Iterable<string>): void {
		this.#condemned = new Set(objects);
	}

	isCondemned(object: string): boolean {
		return this.#condemned.has(object);
	}

	/** Loads added indexes and drops deleted ones. `segments` stays the same array if nothing changed. */
	async refresh(): Promise<void> {
		const known = new Map(this.#segments.map((segment) => [segment.name, segment]));
		const segments: Segment[] = [];
		for await (const { name, size } of this.#sink.list(INDEXES)) {
			const segment = known.get(name);
			known.delete(name);
			if (segment) {
				segments.push(segment);
				continue;
			}
			const bytes = await readIndex(this.#sink, name, size);
			// Merged into another index since the listing; a later refresh finds that one.
			if (bytes === undefined) continue;
			segments.push(this.#segment(name, bytes));
		}
		if (known.size === 0 && segments.length === this.#segments.length) return;
		for (const { prints } of known.values()) this.#printBytes -= prints?.byteLength ?? 0;
		this.#segments = segments;
	}

	/** Adds an index that this process has just written. */
	add(name: string, bytes: Buffer): void {
		if (!this.#segments.some((segment) => segment.name === name))
			this.#segments.push(this.#segment(name, bytes));
	}

	#segment(name: string, bytes: Buffer): Segment {
		const tables = IndexTables.of(name, bytes);
		if (this.#printBytes + tables.count * 4 > PRINT_BYTES) return { name, tables, prints: undefined };
		const prints = new Uint32Array(tables.count);
		for (let record = 0; record < tables.count; record++)
			prints[record] = bytes.readUInt32BE(tables.recordsAt + record * RECORD_BYTES + 1);
		this.#printBytes += prints.byteLength;
		return { name, tables, prints };
	}

	/** Locations of an item according to the indexes, the newest index first, without condemned objects. */
	async find(sha: string): Promise<FoundRecord[]> {
		for (let attempt = 1; ; attempt++) {
			try {
				return await this.#find(sha);
			} catch (error) {
				if (!(error instanceof IndexGone) || attempt === MAX_ATTEMPTS) throw error;
				await this.refresh();
			}
		}
	}

	async #find(sha: string): Promise<FoundRecord[]> {
		const bytes = unhex(sha);
		const print = bytes.readUInt32BE(1);
		const found: FoundRecord[] = [];
		for (let index = this.#segments.length - 1; index >= 0; index--) {
			const segment = this.#segments[index] as Segment;
			const { from, to } = segment.tables.bucket(bytes[0] as number);
			if (from === to || (segment.prints && !hasPrint(segment.prints, from, to, print))) continue;
			const bucket = await this.#bucket(segment, bytes[0] as number);
			for (let record = from; record < to; record++) {
				const at = (record - from) * RECORD_BYTES;
				if (bytes.compare(bucket, at, at + 32) !== 0) continue;
				const location = segment.tables.location(bucket.subarray(at, at + RECORD_BYTES));
				if (!this.#condemned.has(location.object)) found.push({ segment, record, location });
			}
		}
		return found;
	}

	async #bucket({ name, tables }: Segment, byte: number): Promise<Uint8Array> {
		const block = `${name}/${byte}`;
		const cached = this.#cache.get(block);
		if (cached) return cached;
		const { from, to } = tables.bucket(byte);
		const length = (to - from) * RECORD_BYTES;
		const bytes = await this.#sink.get(name, tables.recordsAt + from * RECORD_BYTES, length);
		if (bytes?.length !== length) throw new IndexGone(name);
		this.#cache.set(block, bytes);
		return bytes;
	}

	/** Every record of every index. Holds one index in memory at a time. */
	async *all(): AsyncGenerator<FoundRecord> {
		for (const segment of this.#segments) {
			const bytes = await readIndex(this.#sink, segment.name);
			if (bytes === undefined) throw new IndexGone(segment.name);
			let record = 0;
			for (const location of segment.tables.locations(bytes)) yield { segment, record: record++, location };
		}
	}
}

/** A concurrent process merged this index into another one. */
export class IndexGone extends BackupError<"repository_damaged"> {
	constructor(object: string) {
		super("repository_damaged", { object, reason: "the index is gone" });
	}
}

/** The bytes of an index; undefined if it does not exist. @throws BackupError `repository_damaged` */
export async function readIndex(
	sink: Sink,
	name: string,
	size = MAX_INDEX_BYTES,
): Promise<Buffer | undefined> {
	if (size > MAX_INDEX_BYTES) throw damaged(name, "it is too long");
	const bytes = await sink.get(name, 0, MAX_INDEX_BYTES);
	if (bytes === undefined) return undefined;
	if (indexName(bytes) !== name) throw damaged(name, "its bytes are not those of its name");
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Searches the records of one first byte. Records, and so their prints, are sorted. */
function hasPrint(prints: Uint32Array, from: number, to: number, print: number): boolean {
	let [low, high] = [from, to];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((prints[middle] as number) < print) low = middle + 1;
		else high = middle;
	}
	return low < to && prints[low] === print;
}
