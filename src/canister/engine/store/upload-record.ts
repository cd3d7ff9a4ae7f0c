import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { Reader, readU64, writeU64 } from "../base/codec.js";
import { RecordVersions } from "../base/record-versions.js";

/** An upload that is open: what its creator said at begin, and what has arrived. */
export interface Upload {
	readonly key: string;
	/** Bytes in all; undefined for a stream whose end is not known yet. */
	readonly size: number | undefined;
	readonly chunkSize: number;
	readonly content: number;
	readonly createdAt: number;
	/** Chunks held. */
	received: number;
	/** One past the highest index held. */
	extent: number;
	/** The one chunk that is shorter than the others, and its length; without a size, any may turn out the last. */
	tail: { readonly index: number; readonly length: number } | undefined;
	/** Bytes that its creator is charged with for it. */
	charged: number;
	/** Of those, bytes that are reserved ahead of what arrived. */
	promised: number;
	/** The change that gave the grant by which it was begun; 0: by none. And the bytes that count for it there. */
	readonly grant: number;
	granted: number;
	/** Whether it waits in the queue of those whose reserve ends when they are idle. */
	isWatched: boolean;
	expiresAt: number;
}

const UNKNOWN = Number.MAX_SAFE_INTEGER;

/** Where fields are behind the version; the content's number stands first (docs/STORAGE.md, "Uploads"). */
const CREATED_AT = 8;
const EXPIRES_AT = 16;
const SIZE = 24;
const CHUNK_SIZE = 32;
const RECEIVED = 36;
const EXTENT = 40;
const HAS_TAIL = 44;
const TAIL_INDEX = 45;
const TAIL_LENGTH = 49;
const CHARGED = 53;
const PROMISED = 61;
const IS_WATCHED = 69;
const GRANT = 70;
const GRANTED = 78;
const KEY_LENGTH = 86;
const KEY = 90;

/**
 * In the newest form. Written and read at these places, not by Writer and Reader: each chunk reads one and writes one,
 * which takes half as long so.
 */
export function encodeUpload(upload: Upload): Uint8Array {
	const key = encodeUtf8(upload.key);
	const { tail } = upload;
	const record = new Uint8Array(1 + KEY + key.length);
	const view = new DataView(record.buffer, 1);
	record[0] = UPLOAD_VERSIONS.newest;
	writeU64(view, 0, upload.content);
	writeU64(view, CREATED_AT, upload.createdAt);
	writeU64(view, EXPIRES_AT, upload.expiresAt);
	writeU64(view, SIZE, upload.size ?? UNKNOWN);
	view.setUint32(CHUNK_SIZE, upload.chunkSize);
	view.setUint32(RECEIVED, upload.received);
	view.setUint32(EXTENT, upload.extent);
	if (tail !== undefined) {
		view.setUint8(HAS_TAIL, 1);
		view.setUint32(TAIL_INDEX, tail.index);
		view.setUint32(TAIL_LENGTH, tail.length);
	}
	writeU64(view, CHARGED, upload.charged);
	writeU64(view, PROMISED, upload.promised);
	if (upload.isWatched) view.setUint8(IS_WATCHED, 1);
	if (upload.grant !== 0) {
		writeU64(view, GRANT, upload.grant);
		writeU64(view, GRANTED, upload.granted);
	}
	view.setUint32(KEY_LENGTH, key.length);
	record.set(key, 1 + KEY);
	return record;
}

/** Without a grant: the key's length stands where the grant does by now. */
function readFirst(reader: Reader): Upload {
	const bytes = reader.rest();
	return { ...readFields(bytes), grant: 0, granted: 0, key: keyAt(bytes, GRANT) };
}

function readSecond(reader: Reader): Upload {
	const bytes = reader.rest();
	const upload = readFields(bytes);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	upload.grant = readU64(view, GRANT);
	upload.granted = readU64(view, GRANTED);
	upload.key = keyAt(bytes, KEY_LENGTH);
	return upload;
}

type Read = { -readonly [Field in keyof Upload]: Upload[Field] };

/** What stands before the grant. Past the record's end the view throws: one that is cut short is damage. */
function readFields(bytes: Uint8Array): Read {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const size = readU64(view, SIZE);
	return {
		content: readU64(view, 0),
		createdAt: readU64(view, CREATED_AT),
		expiresAt: readU64(view, EXPIRES_AT),
		size: size === UNKNOWN ? undefined : size,
		chunkSize: view.getUint32(CHUNK_SIZE),
		received: view.getUint32(RECEIVED),
		extent: view.getUint32(EXTENT),
		tail:
			view.getUint8(HAS_TAIL) === 1
				? { index: view.getUint32(TAIL_INDEX), length: view.getUint32(TAIL_LENGTH) }
				: undefined,
		charged: readU64(view, CHARGED),
		promised: readU64(view, PROMISED),
		isWatched: view.getUint8(IS_WATCHED) === 1,
		grant: 0,
		granted: 0,
		key: "",
	};
}

/** The text whose length stands at this place. */
const keyAt = (bytes: Uint8Array, at: number): string => new Reader(bytes.subarray(at)).text();

export const UPLOAD_VERSIONS = new RecordVersions<Upload>("upload", readFirst, readSecond);
