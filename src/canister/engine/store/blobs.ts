import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import {
	encodeManifest,
	isPublic,
	manifests,
	SHA256_BYTES,
	WITHOUT_LISTS,
	type WireManifest,
	type WireVersion,
} from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { millisecondOf, putU64, type Reader } from "../base/codec.js";
import { RecordVersions } from "../base/record-versions.js";

/** Where a blob's chunks are, and what HTTP certification made of them. */
export interface Place {
	/** A content (leaf-lists.ts); 0 for a blob of at most one chunk, whose leaf stands here. */
	readonly content: number;
	/** Nothing, or the one chunk's leaf. */
	readonly leaf: Uint8Array;
	/** Under whom the chunks are stored: who uploaded them, which may be another than the blob's owner. */
	readonly uploader: Uint8Array;
	/**
	 * Digests of what stands beside the manifest in the certified tree, and behind them the blob's first two bytes, where
	 * its answers need them (responses.ts); nothing until they are made.
	 */
	readonly responses: Uint8Array;
	/** The catalog's directory of response hashes, where there are several; else 0. */
	readonly directory: number;
}

/** What a list needs of a blob, which never looks into its manifest. */
export type Listed = Pick<Blob, "bytes" | "place">;

/** A published blob: its manifest, as it is and as it travels, and its place. */
export class Blob {
	readonly manifest: WireManifest;
	/** The manifest as it travels and is hashed. */
	readonly bytes: Uint8Array;
	readonly place: Place;
	// Asked for several times for each blob of many, and a getter costs more than a field.
	readonly key: string;
	readonly owner: Uint8Array;
	readonly isPublic: boolean;
	/** As it was stored: the receipt of a put has the same. */
	record: Uint8Array | undefined;

	constructor(manifest: WireManifest, place: Place, bytes?: Uint8Array) {
		this.manifest = manifest;
		this.place = place;
		this.key = manifest.key;
		this.owner = manifest.owner.toUint8Array();
		this.isPublic = isPublic(manifest);
		this.bytes = bytes ?? encodeManifest(manifest);
	}

	get sequence(): number {
		return Number(this.manifest.sequence);
	}

	get version(): WireVersion {
		const { sequence, canister_version } = this.manifest;
		return { sequence, canister_version };
	}

	get size(): number {
		return Number(this.manifest.size);
	}

	get chunkSize(): number {
		return this.manifest.chunk_size;
	}

	/** Milliseconds since 1970 from which on the key holds nothing; undefined: it has no end. */
	get expiresAt(): number | undefined {
		const [end] = this.manifest.expires_at;
		return end === undefined ? undefined : millisecondOf(end);
	}
}

/** A blob of which neither metadata nor long texts were read. */
export type Shown = Omit<Blob, "manifest" | "key" | "record">;

/** Bytes of a record beside its four parts: version, content, directory, and the lengths of the first three. */
const FIXED = 1 + 8 + 4 + 3 * 4;

/** The frame of the last record, of a blob in one chunk with its answer: all but leaf, answer and manifest. */
let frame = new Uint8Array(0);
let framed: Uint8Array | undefined;
const LEAF_AT = 17;
const RESPONSES_AT = LEAF_AT + SHA256_BYTES + 4;

export function encodeBlob(blob: Blob): Uint8Array {
	blob.record ??= recordOf(blob);
	return blob.record;
}

/** Written part by part, not by a Writer: one is made for each blob of many, and this takes a third of it. */
function recordOf(blob: Blob): Uint8Array {
	const { place, bytes } = blob;
	const { leaf, responses, uploader } = place;
	if (place.content !== 0 || leaf.length !== SHA256_BYTES || responses.length !== SHA256_BYTES)
		return encodeParts(blob);
	if (framed !== uploader || place.directory !== 0) {
		const record = encodeParts(blob);
		if (place.directory === 0) {
			framed = uploader;
			frame = record.slice(0, record.length - bytes.length);
		}
		return record;
	}
	const { length } = frame;
	const record = new Uint8Array(length + bytes.length);
	record.set(frame);
	record.set(leaf, LEAF_AT);
	record.set(responses, RESPONSES_AT);
	record.set(bytes, length);
	return record;
}

function encodeParts({ place, bytes }: Blob): Uint8Array {
	const { leaf, responses, uploader } = place;
	const record = new Uint8Array(FIXED + leaf.length + responses.length + uploader.length + bytes.length);
	const view = new DataView(record.buffer);
	record[0] = VERSIONS.newest;
	putU64(record, 1, place.content);
	view.setUint32(9, place.directory);
	view.setUint32(13, leaf.length);
	record.set(leaf, 17);
	let at = 17 + leaf.length;
	view.setUint32(at, responses.length);
	record.set(responses, at + 4);
	at += 4 + responses.length;
	view.setUint32(at, uploader.length);
	record.set(uploader, at + 4);
	record.set(bytes, at + 4 + uploader.length);
	return record;
}

function readFirst(reader: Reader): { place: Place; bytes: Uint8Array } {
	const place: Place = {
		content: reader.u64(),
		directory: reader.u32(),
		leaf: reader.bytes(),
		responses: reader.bytes(),
		uploader: reader.bytes(),
	};
	return { place, bytes: reader.rest() };
}

/** Of a record's own fields; the manifest behind them says itself how it is to be read. */
const VERSIONS = new RecordVersions("blob", readFirst);

export function decodeBlob(record: Uint8Array): Blob {
	const { place, bytes } = VERSIONS.read(record);
	return new Blob(manifests.decode(bytes), place, bytes);
}

/** What a batch that was revealed has for keys until they are settled (settling.ts). */
export interface Revealed {
	/** Whether there is such a batch. */
	readonly isAny: boolean;
	/** The record of what the key holds by it; null: nothing. Undefined where that is none of its keys. */
	record(key: string): Uint8Array | null | undefined;
}

/**
 * What each key holds. A blob whose time is over is not there from that moment on, whether or not cleaning has come by:
 * whoever decides anything asks `get`, and only what frees the blob, or counts what it takes, what is stored.
 */
export class Blobs {
	readonly #map: StableMap;
	readonly #now: () => number;
	readonly #revealed: Revealed;
	/** What was found last by `get`, and is over. */
	#over: Blob | undefined;

	constructor(map: StableMap, now: () => number, revealed: Revealed) {
		this.#map = map;
		this.#now = now;
		this.#revealed = revealed;
	}

	#record(key: string): Uint8Array | undefined {
		const record = this.#revealed.isAny ? this.#revealed.record(key) : undefined;
		if (record === undefined) return this.#map.get(encodeUtf8(key));
		return record ?? undefined;
	}

	/** To be called before each message. */
	forget(): void {
		this.#over = undefined;
	}

	get(key: string): Blob | undefined {
		const blob = this.stored(key);
		if (blob === undefined || !this.isOver(blob)) return blob;
		this.#over = blob;
		return undefined;
	}

	/** What is stored under the key although its time is over. The key was asked for by `get` in this message. */
	over(key: string): Blob | undefined {
		return this.#over?.key === key ? this.#over : undefined;
	}

	isOver({ expiresAt }: Pick<Blob, "expiresAt">): boolean {
		return expiresAt !== undefined && expiresAt <= this.#now();
	}

	/** What is stored under the key, over or not. */
	stored(key: string): Blob | undefined {
		const record = this.#record(key);
		return record === undefined ? undefined : decodeBlob(record);
	}

	/** What stands under a key of a batch that was revealed until its turn to be settled comes. */
	unsettled(key: string): Blob | undefined {
		const record = this.#map.get(encodeUtf8(key));
		return record === undefined ? undefined : decodeBlob(record);
	}

	/** The same as `stored` for answers that name it as it travels: metadata cost more to read than all else. */
	shown(key: string): Shown | undefined {
		const record = this.#record(key);
		if (record === undefined) return undefined;
		const { place, bytes } = VERSIONS.read(record);
		return new Blob(manifests.decode(bytes, WITHOUT_LISTS), place, bytes);
	}

	/** The same for lists, which never look into manifests, but for the end of those that have one. */
	listed(key: string): Listed | undefined {
		const record = this.#record(key);
		return record === undefined ? undefined : VERSIONS.read(record);
	}

	isListedOver({ bytes }: Listed): boolean {
		const end = manifests.endOf(bytes);
		return end !== undefined && millisecondOf(end) <= this.#now();
	}

	set(blob: Blob): void {
		this.#over = undefined;
		this.#map.set(encodeUtf8(blob.key), encodeBlob(blob));
	}

	delete(key: string): void {
		this.#over = undefined;
		this.#map.delete(encodeUtf8(key));
	}
}
