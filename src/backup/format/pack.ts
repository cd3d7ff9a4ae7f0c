import { gunzipSync, gzipSync } from "node:zlib";
import { damaged } from "../errors.js";
import type { Sink } from "../sink.js";
import { hex, parsePackName, sha256 } from "./names.js";

/**
 * A pack: items one after the other, then a table of them, then a footer of 28 bytes.
 *
 *     item 0 | item 1 | … | table | unique (16) | count (4) | "cbpack01"
 *
 * The table has 37 bytes an item: SHA-256 (32), length (4), kind (1). Numbers are big-endian. The highest bit of a kind
 * marks an item that is stored as gzip. Its SHA-256 is over the uncompressed bytes, so it does not depend on the
 * compressor.
 */

export type ItemKind = "chunk" | "page" | "leaves" | "snapshot";

const KINDS: readonly ItemKind[] = ["chunk", "page", "leaves", "snapshot"];
const GZIP = 0x80;

/** How an item is stored in its object. */
export interface ItemForm {
	readonly kind: ItemKind;
	/** Whether the item is stored as gzip. Chunks never are. */
	readonly isGzip: boolean;
}

export const codeOf = ({ kind, isGzip }: ItemForm): number => KINDS.indexOf(kind) + 1 + (isGzip ? GZIP : 0);

/** @returns undefined for a code that this version does not know */
export function formOf(code: number): ItemForm | undefined {
	const isGzip = code >= GZIP;
	const kind = KINDS[(code % GZIP) - 1];
	return kind === undefined || (isGzip && kind === "chunk") ? undefined : { kind, isGzip };
}

/** Size at which a pack is written. */
export const PACK_BYTES = 4 * 2 ** 20;
/** Size from which a chunk becomes an object of its own. */
export const ALONE_BYTES = 512 * 1024;
export const MAX_ITEM_BYTES = 4 * 2 ** 20;
export const MAX_PACK_BYTES = 16 * 2 ** 20;
export const MAX_PACK_ITEMS = 65_536;

const ENTRY_BYTES = 37;
const FOOTER_BYTES = 28;
const MAGIC = Buffer.from("cbpack01");
const UNIQUE_BYTES = 16;

export interface PackItem extends ItemForm {
	readonly sha: Buffer;
	readonly offset: number;
	readonly length: number;
}

export interface NewItem extends ItemForm {
	readonly sha: Uint8Array;
	/** Bytes as stored in the pack. */
	readonly bytes: Uint8Array;
}

/** An item in its stored form. Pages and snapshots are JSON and compress well; other items are stored unchanged. */
export function asStored(
	kind: ItemKind,
	bytes: Uint8Array,
	compresses: boolean,
): ItemForm & { readonly bytes: Uint8Array } {
	if (compresses && (kind === "page" || kind === "snapshot")) {
		const shorter = gzipSync(bytes);
		// A copy: what a compressor returns lies in 16 KiB, which would wait for their pack.
		if (shorter.length < bytes.length) return { kind, isGzip: true, bytes: new Uint8Array(shorter) };
	}
	return { kind, isGzip: false, bytes };
}

/**
 * The bytes of an item.
 * @param sha as hexadecimal digits
 * @param stored bytes as in the object
 * @returns undefined if the bytes do not have this hash, or are too many
 */
export function itemBytes(sha: string, isGzip: boolean, stored: Uint8Array): Uint8Array | undefined {
	const bytes = isGzip ? unzipped(stored) : stored;
	return bytes && hex(sha256(bytes)) === sha ? bytes : undefined;
}

function unzipped(stored: Uint8Array): Uint8Array | undefined {
	try {
		return gunzipSync(stored, { maxOutputLength: MAX_ITEM_BYTES });
	} catch {
		return undefined;
	}
}

/** @param unique 16 bytes that no other pack has, so that the name was never used before */
export function encodePack(items: readonly NewItem[], unique: Uint8Array): Buffer {
	const table = Buffer.alloc(items.length * ENTRY_BYTES + FOOTER_BYTES);
	let at = 0;
	for (const item of items) {
		table.set(item.sha, at);
		table.writeUInt32BE(item.bytes.length, at + 32);
		table.writeUInt8(codeOf(item), at + 36);
		at += ENTRY_BYTES;
	}
	table.set(unique.subarray(0, UNIQUE_BYTES), at);
	table.writeUInt32BE(items.length, at + UNIQUE_BYTES);
	table.set(MAGIC, at + UNIQUE_BYTES + 4);
	return Buffer.concat([...items.map(({ bytes }) => bytes), table]);
}

/** The items of a pack and their positions, read from its footer and table. */
export async function readPackTable(sink: Sink, name: string, size: number): Promise<PackItem[]> {
	if (size < FOOTER_BYTES || size > MAX_PACK_BYTES) throw damaged(name, `a pack cannot have ${size} bytes`);
	const footer = await sink.get(name, size - FOOTER_BYTES, FOOTER_BYTES);
	const count = footerCount(name, footer);
	const bytes = count * ENTRY_BYTES + FOOTER_BYTES;
	if (bytes > size) throw damaged(name, "its table is longer than the pack");
	const table = await sink.get(name, size - bytes, bytes - FOOTER_BYTES);
	if (table?.length !== bytes - FOOTER_BYTES) throw damaged(name, "it is cut short");
	return itemsOf(name, Buffer.from(table), size - bytes);
}

/** Like `readPackTable`, for a pack that was read whole. */
export function packItems(name: string, pack: Uint8Array): PackItem[] {
	const bytes = Buffer.from(pack.buffer, pack.byteOffset, pack.length);
	const count = footerCount(name, bytes.subarray(-FOOTER_BYTES));
	const end = bytes.length - FOOTER_BYTES - count * ENTRY_BYTES;
	if (end < 0) throw damaged(name, "its table is longer than the pack");
	return itemsOf(name, bytes.subarray(end, bytes.length - FOOTER_BYTES), end);
}

function footerCount(name: string, footer: Uint8Array | undefined): number {
	if (footer?.length !== FOOTER_BYTES || !MAGIC.equals(footer.subarray(UNIQUE_BYTES + 4)))
		throw damaged(name, "it does not end as a pack does");
	const count = Buffer.from(footer).readUInt32BE(UNIQUE_BYTES);
	if (count > MAX_PACK_ITEMS) throw damaged(name, `it claims to hold ${count} items`);
	return count;
}

function itemsOf(name: string, table: Buffer, end: number): PackItem[] {
	const items: PackItem[] = [];
	let offset = 0;
	for (let at = 0; at < table.length; at += ENTRY_BYTES) {
		const length = table.readUInt32BE(at + 32);
		const form = formOf(table.readUInt8(at + 36));
		if (form === undefined) throw damaged(name, "it holds an item of a kind that this version does not know");
		items.push({ sha: table.subarray(at, at + 32), ...form, offset, length });
		offset += length;
	}
	if (offset !== end) throw damaged(name, "its items do not fill it");
	return items;
}

/** Whether the bytes are the whole pack of this name. */
export const isPack = (name: string, bytes: Uint8Array): boolean =>
	parsePackName(name) === sha256(bytes).toString("hex");
