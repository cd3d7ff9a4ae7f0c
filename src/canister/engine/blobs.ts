import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import type { Catalog, ListEntry, ListRange } from "../catalog/index.js";
import type { StableMap } from "../ports.js";
import { concat, Reader, Writer } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";

/** A published blob: its manifest, and where its chunks are. */
export interface Blob {
	readonly key: string;
	readonly sequence: number;
	readonly content: number;
	readonly size: number;
	readonly chunkSize: number;
	readonly createdAt: number;
	readonly modifiedAt: number;
	readonly isPublic: boolean;
	readonly root: Uint8Array;
	readonly owner: Uint8Array;
	readonly contentType: string;
	readonly metadata: [string, string][];
	/** SHA-256 of the whole, as its uploader gave it. */
	readonly sha256: Uint8Array | undefined;
}

const NO_BYTES = new Uint8Array(0);

export function encodeBlob(blob: Blob): Uint8Array {
	const writer = new Writer()
		.u64(blob.sequence)
		.u64(blob.content)
		.u64(blob.size)
		.u32(blob.chunkSize)
		.u64(blob.createdAt)
		.u64(blob.modifiedAt)
		.u8(blob.isPublic ? 1 : 0)
		.raw(blob.root)
		.bytes(blob.owner)
		.bytes(blob.sha256 ?? NO_BYTES)
		.text(blob.key)
		.text(blob.contentType)
		.u8(blob.metadata.length);
	for (const [name, value] of blob.metadata) writer.text(name).text(value);
	return writer.done();
}

export function decodeBlob(bytes: Uint8Array): Blob {
	const reader = new Reader(bytes);
	const fixed = {
		sequence: reader.u64(),
		content: reader.u64(),
		size: reader.u64(),
		chunkSize: reader.u32(),
		createdAt: reader.u64(),
		modifiedAt: reader.u64(),
		isPublic: reader.u8() === 1,
		root: reader.raw(32),
		owner: reader.bytes(),
	};
	const sha256 = reader.bytes();
	const key = reader.text();
	const contentType = reader.text();
	const metadata: [string, string][] = [];
	for (let left = reader.u8(); left > 0; left--) metadata.push([reader.text(), reader.text()]);
	return { ...fixed, key, contentType, metadata, sha256: sha256.length === 0 ? undefined : sha256 };
}

const PUBLIC = new Uint8Array([0x62]);
const PRIVATE = new Uint8Array([0x70]);
const ownersTree = (owner: Uint8Array) => concat(Uint8Array.of(0x6f), owner);

/** Which keys a list may show: those of everybody's public blobs, and whose private ones. */
export type Sight = "public" | "all" | { readonly owner: Uint8Array };

/**
 * Manifests by key, and the trees that list them. Private keys stand in trees of their own, one of all and one for
 * each owner, so that a list never has to pass over what its caller may not see, and shows no directory that
 * holds nothing else.
 */
export class Blobs {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #meta: Meta;

	constructor(map: StableMap, catalog: Catalog, meta: Meta) {
		this.#map = map;
		this.#catalog = catalog;
		this.#meta = meta;
	}

	get(key: string): Blob | undefined {
		const bytes = this.#map.get(encodeUtf8(key));
		return bytes === undefined ? undefined : decodeBlob(bytes);
	}

	/** Puts `blob` in the place of `previous`, what its key holds now. */
	publish(blob: Blob, previous: Blob | undefined): void {
		this.#map.set(encodeUtf8(blob.key), encodeBlob(blob));
		const stays = previous !== undefined && trees(previous).join() === trees(blob).join();
		if (stays) return;
		if (previous === undefined) this.#meta.add(COUNTER.blobs, 1);
		else for (const tree of trees(previous)) this.#catalog.remove(tree, previous.key);
		for (const tree of trees(blob)) this.#catalog.insert(tree, blob.key);
	}

	remove(blob: Blob): void {
		this.#map.delete(encodeUtf8(blob.key));
		this.#meta.add(COUNTER.blobs, -1);
		for (const tree of trees(blob)) this.#catalog.remove(tree, blob.key);
	}

	list(tree: Uint8Array, range: ListRange): Generator<ListEntry> {
		return this.#catalog.list(tree, range);
	}

	/** The trees that a list with this sight reads. */
	static visible(sight: Sight): Uint8Array[] {
		if (sight === "public") return [PUBLIC];
		return [PUBLIC, sight === "all" ? PRIVATE : ownersTree(sight.owner)];
	}
}

function trees(blob: Blob): Uint8Array[] {
	return blob.isPublic ? [PUBLIC] : [PRIVATE, ownersTree(blob.owner)];
}
