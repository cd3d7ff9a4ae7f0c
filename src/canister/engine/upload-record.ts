import { type Reader, Writer } from "./codec.js";
import { Forms } from "./forms.js";

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

/** In the newest form. */
export function encodeUpload(upload: Upload): Uint8Array {
	return new Writer()
		.u8(UPLOAD_FORMS.newest)
		.u64(upload.content)
		.u64(upload.createdAt)
		.u64(upload.expiresAt)
		.u64(upload.size ?? UNKNOWN)
		.u32(upload.chunkSize)
		.u32(upload.received)
		.u32(upload.extent)
		.u8(upload.tail === undefined ? 0 : 1)
		.u32(upload.tail?.index ?? 0)
		.u32(upload.tail?.length ?? 0)
		.u64(upload.charged)
		.u64(upload.promised)
		.u8(upload.isWatched ? 1 : 0)
		.u64(upload.grant)
		.u64(upload.granted)
		.text(upload.key)
		.done();
}

/** Without a grant. */
const readFirst = (reader: Reader): Upload => read(reader, () => ({ grant: 0, granted: 0 }));

const readSecond = (reader: Reader): Upload =>
	read(reader, () => ({ grant: reader.u64(), granted: reader.u64() }));

/** `readGrant` reads what stands before the key. */
function read(reader: Reader, readGrant: () => Pick<Upload, "grant" | "granted">): Upload {
	const content = reader.u64();
	const createdAt = reader.u64();
	const expiresAt = reader.u64();
	const size = reader.u64();
	const chunkSize = reader.u32();
	const received = reader.u32();
	const extent = reader.u32();
	const hasTail = reader.u8() === 1;
	const tail = { index: reader.u32(), length: reader.u32() };
	return {
		content,
		createdAt,
		expiresAt,
		size: size === UNKNOWN ? undefined : size,
		chunkSize,
		received,
		extent,
		tail: hasTail ? tail : undefined,
		charged: reader.u64(),
		promised: reader.u64(),
		isWatched: reader.u8() === 1,
		...readGrant(),
		key: reader.text(),
	};
}

export const UPLOAD_FORMS = new Forms<Upload>("upload", readFirst, readSecond);
