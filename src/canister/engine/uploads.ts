import { ID_BYTES } from "../../protocol/index.js";
import type { Catalog } from "../catalog/index.js";
import type { StableMap } from "../ports.js";
import type { Charges } from "./charges.js";
import { concat, fromHex, Reader, toHex, Writer } from "./codec.js";

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
	/** Whether it waits in the queue of those whose reserve ends when they are idle. */
	isWatched: boolean;
	expiresAt: number;
}

const ROOT = new Uint8Array([0x75]);
const UNKNOWN = Number.MAX_SAFE_INTEGER;

const RECORD_VERSION = 1;

function encode(upload: Upload): Uint8Array {
	return new Writer()
		.u8(RECORD_VERSION)
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
		.text(upload.key)
		.done();
}

function decode(bytes: Uint8Array): Upload {
	const reader = new Reader(bytes);
	reader.version("upload", RECORD_VERSION);
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
		key: reader.text(),
	};
}

/**
 * Open uploads, under their creator and the id that the creator chose: nobody can name another's upload, and two
 * principals that choose the same id never meet. The catalog holds them in order, `creator/id` in hex.
 */
export class Uploads {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #charges: Charges;

	constructor(map: StableMap, catalog: Catalog, charges: Charges) {
		this.#map = map;
		this.#catalog = catalog;
		this.#charges = charges;
	}

	get(owner: Uint8Array, id: Uint8Array): Upload | undefined {
		const bytes = this.#map.get(ownedKey(owner, id));
		return bytes === undefined ? undefined : decode(bytes);
	}

	/** Stores what is new about an upload that is open. */
	update(owner: Uint8Array, id: Uint8Array, upload: Upload): void {
		this.#map.set(ownedKey(owner, id), encode(upload));
	}

	/** `isHeld` says whether the key holds a blob of the owner's: here and below, what it counts for in the quota. */
	open(owner: Uint8Array, id: Uint8Array, upload: Upload, isHeld: boolean): void {
		this.update(owner, id, upload);
		this.#catalog.insert(ROOT, listName({ owner, id }));
		this.#charges.countUpload(owner, upload.key, 1, isHeld);
	}

	close(owner: Uint8Array, id: Uint8Array, upload: Upload, isHeld: boolean): void {
		this.#map.delete(ownedKey(owner, id));
		this.#catalog.remove(ROOT, listName({ owner, id }));
		this.#charges.countUpload(owner, upload.key, -1, isHeld);
	}

	/** Names of open uploads in order, of everybody's or one owner's, from the one after `after`. */
	*list(owner?: Uint8Array, after?: UploadName): Generator<UploadName> {
		const prefix = owner === undefined ? "" : `${toHex(owner)}/`;
		const start = after === undefined ? {} : { after: listName(after) };
		for (const entry of this.#catalog.list(ROOT, { prefix, recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const [who, id] = entry.key.split("/") as [string, string];
			yield { owner: fromHex(who), id: fromHex(id) };
		}
	}
}

/** Who created an upload, and under which id. */
export interface UploadName {
	readonly owner: Uint8Array;
	readonly id: Uint8Array;
}

const listName = ({ owner, id }: UploadName): string => `${toHex(owner)}/${toHex(id)}`;

/** A map's key for something that a principal named by an id: the principal's length keeps the two apart. */
export function ownedKey(owner: Uint8Array, id: Uint8Array): Uint8Array {
	return concat(Uint8Array.of(owner.length), owner, id);
}

export function splitOwnedKey(key: Uint8Array): UploadName {
	const end = key.length - ID_BYTES;
	return { owner: key.subarray(1, end), id: key.subarray(end) };
}
