import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { chunkCount, isPublic, type WireManifest } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { putU32, putU64, type Reader, writeU64 } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";

/** The HTTP answers that all public blobs of one content and one type share. */
export interface AnswerSet {
	/** Public blobs that have these answers. */
	readonly holders: number;
	/** Its number, under which what it is made of stands. No other set has it, not even a later one of the same blobs. */
	readonly number: number;
	/** The catalog's set of their hashes, and the digest over it (key-tree.ts): 0 and nothing until it is made. */
	readonly labels: number;
	readonly digest: Uint8Array;
	/** How many blobs were published before it was made, and wait for it. */
	readonly waiting: number;
	/** By which rules its answers are (OwnAnswers): those of others are none that this code gives. */
	readonly made: number;
}

/** A blob that was published before its answers were made: they are certified for it afterwards. */
export interface Waiting {
	/** The principal whose change published it. */
	readonly by: Uint8Array;
	readonly sequence: number;
	readonly key: string;
}

const readFirst = (reader: Reader): AnswerSet => ({
	holders: reader.u32(),
	number: reader.u64(),
	labels: reader.u32(),
	digest: reader.bytes(),
	waiting: reader.u32(),
	made: 0,
});
const SET_VERSIONS = new RecordVersions<AnswerSet>("answer set", readFirst, (reader) => ({
	...readFirst(reader),
	made: reader.u64(),
}));
const WAITING_VERSIONS = new RecordVersions<Waiting>("waiting blob", (reader) => ({
	by: reader.bytes(),
	sequence: reader.u64(),
	key: reader.text(),
}));

/**
 * Sets of HTTP answers by content and type, each with the number of its holders: a copy holds the set of its source, as
 * it holds its content, and the last holder gone, the set goes. Beside each stand the blobs that wait for it, and the
 * hashes that are made and not in the catalog's set yet.
 */
export class AnswerSets {
	readonly #map: StableMap;
	readonly #counters: Counters;

	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
	}

	/** Whether such a blob has a set: one of at most one chunk has a single answer, which nothing shares. */
	static isFor(manifest: WireManifest, content: number): boolean {
		return content !== 0 && isPublic(manifest) && chunkCount(manifest.size, manifest.chunk_size) > 1;
	}

	/** The number of a new set. */
	next(): number {
		return this.#counters.add(COUNTER.answerSets, 1);
	}

	get(content: number, type: string): AnswerSet | undefined {
		const record = this.#map.get(setKey(content, type));
		return record === undefined ? undefined : SET_VERSIONS.read(record);
	}

	set(content: number, type: string, { holders, number, labels, digest, waiting, made }: AnswerSet): void {
		const record = new Uint8Array(33 + digest.length);
		const view = new DataView(record.buffer);
		record[0] = SET_VERSIONS.newest;
		view.setUint32(1, holders);
		writeU64(view, 5, number);
		view.setUint32(13, labels);
		view.setUint32(17, digest.length);
		record.set(digest, 21);
		view.setUint32(21 + digest.length, waiting);
		writeU64(view, 25 + digest.length, made);
		this.#map.set(setKey(content, type), record);
	}

	delete(content: number, type: string): void {
		this.#map.delete(setKey(content, type));
	}

	waiting(number: number, index: number): Waiting | undefined {
		const record = this.#map.get(waitingKey(number, index));
		return record === undefined ? undefined : WAITING_VERSIONS.read(record);
	}

	addWaiting(number: number, index: number, { by, sequence, key }: Waiting): void {
		const utf8 = encodeUtf8(key);
		const keyAt = 5 + by.length + 12;
		const record = new Uint8Array(keyAt + utf8.length);
		const view = new DataView(record.buffer);
		record[0] = WAITING_VERSIONS.newest;
		view.setUint32(1, by.length);
		record.set(by, 5);
		writeU64(view, keyAt - 12, sequence);
		view.setUint32(keyAt - 4, utf8.length);
		record.set(utf8, keyAt);
		this.#map.set(waitingKey(number, index), record);
	}

	removeWaiting(number: number, index: number): void {
		this.#map.delete(waitingKey(number, index));
	}

	/** Hashes of answers that a step made; undefined where there are none. */
	hashes(number: number, step: number): Uint8Array | undefined {
		return this.#map.get(hashesKey(number, step));
	}

	setHashes(number: number, step: number, hashes: Uint8Array): void {
		this.#map.set(hashesKey(number, step), hashes);
	}

	removeHashes(number: number, step: number): void {
		this.#map.delete(hashesKey(number, step));
	}
}

// Three kinds of keys in one map: 9 bytes; 13 of which the ninth is 255; and 8 and a type, which begins in ASCII and has
// at least 3.
function hashesKey(number: number, step: number): Uint8Array {
	const key = new Uint8Array(9);
	putU64(key, 0, number);
	key[8] = step;
	return key;
}

function waitingKey(number: number, index: number): Uint8Array {
	const key = new Uint8Array(13);
	putU64(key, 0, number);
	key[8] = 255;
	putU32(key, 9, index);
	return key;
}

function setKey(content: number, type: string): Uint8Array {
	const utf8 = encodeUtf8(type);
	const key = new Uint8Array(8 + utf8.length);
	putU64(key, 0, content);
	key.set(utf8, 8);
	return key;
}
