import {
	MAX_CHUNK_BYTES,
	MAX_ITEMS,
	type WirePutItem,
	type WirePutMany,
	type WireVersion,
} from "../../../protocol/index.js";
import { utf8 } from "../../util/bytes.js";
import { publicationOf } from "../commit.js";
import type { UploadPlan } from "../options.js";

/** A file that goes up together with others. */
export interface PackItem {
	readonly plan: UploadPlan;
	readonly root: Uint8Array;
	readonly content: Uint8Array;
	/** Called when it has ended. */
	readonly done: (outcome: PackOutcome) => Promise<void>;
}
export type PackOutcome =
	| { readonly version: WireVersion; readonly at: Date; readonly expiresAt: Date | undefined }
	| { readonly error: unknown };

/**
 * Bytes of Candid in one message: as many as a chunk has, so that the signed envelope has the same 16 KiB. Where an
 * identity takes more, the message is refused before it is sent, and cut in two.
 */
export const PACK_BYTES = MAX_CHUNK_BYTES;

/** Type table, id and number of items come before the items: 263 bytes and a few. */
const HEAD_BYTES = 512;

/** A larger file than this goes in a message of its own: with four or more to a message little of it stays empty. */
export const MAX_PACKED_BYTES = PACK_BYTES / 4;

/**
 * What the store counts of a blob in a message of many (PROTOCOL.md, "Limits"): its fields, and an entry of metadata as
 * three. It reads as many as MAX_ITEMS blobs without metadata have; a message with more is malformed.
 */
const BLOB_VALUES = 12;
export const ENTRY_VALUES = 3;
const MAX_VALUES = MAX_ITEMS * BLOB_VALUES;
const valuesOf = ({ metadata }: UploadPlan): number => BLOB_VALUES + metadata.length * ENTRY_VALUES;

/** Files gathered for one message. */
export class Pack {
	readonly items: PackItem[] = [];
	#bytes = HEAD_BYTES;
	#values = 0;
	#capacity = Number.POSITIVE_INFINITY;

	/** Bytes of the message, at the most. */
	get bytes(): number {
		return this.#bytes;
	}

	fits({ plan }: Pick<PackItem, "plan">, bytes: number, capacity: number): boolean {
		if (this.items.length === 0) return true;
		const most = Math.min(capacity, this.#capacity, plan.chunkBytes);
		return this.#bytes + bytes <= most && this.#values + valuesOf(plan) <= MAX_VALUES;
	}

	add(item: PackItem, bytes = candidBytes(toWire(item))): void {
		this.items.push(item);
		this.#bytes += bytes;
		this.#values += valuesOf(item.plan);
		this.#capacity = Math.min(this.#capacity, item.plan.chunkBytes);
	}

	request(id: Uint8Array): WirePutMany {
		return { id, blobs: this.items.map(toWire) };
	}

	/** The items from this one on, as a pack of their own. */
	from(index: number): Pack {
		return packOf(this.items.slice(index));
	}

	halves(): [Pack, Pack] {
		const middle = this.items.length >> 1;
		return [packOf(this.items.slice(0, middle)), packOf(this.items.slice(middle))];
	}
}

function packOf(items: readonly PackItem[]): Pack {
	const pack = new Pack();
	for (const item of items) pack.add(item);
	return pack;
}

export const toWire = ({ plan, root, content }: Omit<PackItem, "done">): WirePutItem => ({
	...publicationOf(plan, root),
	key: plan.key,
	content,
});

/** That there is one, that its owner is given by bytes, two times. */
const IMPORTED_BYTES = 18;

const lebBytes = (value: number): number => (value < 0x80 ? 1 : 1 + lebBytes(value >> 7));
const blobBytes = (bytes: number): number => lebBytes(bytes) + bytes;
const textBytes = (text: string): number => blobBytes(utf8(text).length);

/** What an item's value takes in Candid, to the byte. */
export function candidBytes(item: WirePutItem): number {
	const metadata = item.metadata.reduce((sum, [name, value]) => sum + textBytes(name) + textBytes(value), 0);
	return (
		blobBytes(item.root.length) +
		blobBytes(item.content.length) +
		textBytes(item.key) +
		textBytes(item.content_type) +
		lebBytes(item.metadata.length) +
		metadata +
		1 + // visibility
		(item.sha256[0] ? 1 + blobBytes(item.sha256[0].length) : 1) +
		("version" in item.precondition ? 17 : 1) +
		(item.expires_at[0] === undefined ? 1 : 9) +
		(item.as[0] === undefined ? 1 : IMPORTED_BYTES + blobBytes(item.as[0].owner.toUint8Array().length))
	);
}
