import { sortable } from "../../protocol/listing.js";
import { damaged } from "../errors.js";
import { decodeJson, encodeJson, type Fields } from "../format/json.js";
import { hex, sha256 } from "../format/names.js";
import type { Entry, EntryCodec } from "./entry.js";

/**
 * A tree is cut into pages by its keys alone, so that equal entries make equal pages independent of history, and two
 * trees share all pages without differences.
 *
 * A page of level 0 holds entries; a page of level n holds pages of level n - 1. Let h be the SHA-256 of the last key.
 * A page of level 0 ends if h[0] < 16 (one key in 16), a page of level n if h[n] < 8 (one in 32), and any page if it is
 * full.
 */

const END_BELOW = [16, 8] as const;
/** A page is full with this many entries or pages, */
const MAX_CHILDREN = 256;
/** or this many bytes. */
const FULL_BYTES = 48 * 1024;
/** Upper bound of a page: its last entry may exceed FULL_BYTES, and has little more than 64 KiB at most. */
export const MAX_PAGE_BYTES = 512 * 1024;
/** 32^8 is more than the keys of any store. */
export const MAX_LEVEL = 12;

/** Reference to a page from its parent. */
export interface PageRef {
	/** Its last key. */
	readonly last: string;
	/** SHA-256 of its bytes. */
	readonly page: string;
	/** Number of entries below the page. */
	readonly blobs: number;
	/** Bytes that these entries stand for. */
	readonly bytes: number;
}

export type Page<T extends Entry> =
	| { readonly level: 0; readonly entries: readonly T[] }
	| { readonly level: number; readonly pages: readonly PageRef[] };

export const isLeafPage = <T extends Entry>(page: Page<T>): page is Page<T> & { entries: readonly T[] } =>
	"entries" in page;

/** Whether `a` precedes `b` in the order of lists: by segment, then by bytes. */
export const isBefore = (a: string, b: string): boolean => sortable(a) < sortable(b);

/** Whether a page ends after this key, even if it is not full. */
export function endsAt(key: string, level: number): boolean {
	const hash = sha256(Buffer.from(key, "utf8"));
	return (hash[level] as number) < (END_BELOW[Math.min(level, 1)] as number);
}

export const isFull = (children: number, bytes: number): boolean =>
	children >= MAX_CHILDREN || bytes >= FULL_BYTES;

export function encodePage<T extends Entry>(page: Page<T>, codec: EntryCodec<T>): Buffer {
	if (isLeafPage(page)) return encodeJson({ level: 0, entries: page.entries.map(codec.encode) });
	const { level, pages } = page as { level: number; pages: readonly PageRef[] };
	return encodeJson({
		level,
		pages: pages.map(({ last, page, blobs, bytes }) => ({ last, page, blobs, bytes })),
	});
}

export function decodePage<T extends Entry>(name: string, bytes: Uint8Array, codec: EntryCodec<T>): Page<T> {
	if (bytes.length > MAX_PAGE_BYTES) throw damaged(name, "a page is too long");
	const fields = decodeJson(name, bytes);
	const level = fields.integer("level", MAX_LEVEL);
	if (level === 0) {
		const entries = fields.objects("entries", MAX_CHILDREN).map(codec.decode);
		checkOrder(
			name,
			entries.map(({ key }) => key),
		);
		return { level: 0, entries };
	}
	const pages = fields.objects("pages", MAX_CHILDREN).map(decodeRef);
	if (pages.length === 0) throw damaged(name, "a page that is not a leaf is empty");
	checkOrder(
		name,
		pages.map(({ last }) => last),
	);
	return { level, pages };
}

const decodeRef = (fields: Fields): PageRef => ({
	last: fields.text("last", 1_024),
	page: fields.sha256("page"),
	blobs: fields.integer("blobs"),
	bytes: fields.integer("bytes"),
});

function checkOrder(name: string, keys: readonly string[]): void {
	for (let index = 1; index < keys.length; index++)
		if (!isBefore(keys[index - 1] as string, keys[index] as string))
			throw damaged(name, "the keys of a page are not in order");
}

const EMPTY: Page<never> = { level: 0, entries: [] };

/** SHA-256 of the page of an empty tree. */
export const EMPTY_PAGE = hex(sha256(encodeJson(EMPTY as never)));
