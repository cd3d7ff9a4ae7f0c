import { sortable } from "../../protocol/listing.js";
import { damaged } from "../errors.js";
import { decodeJson, encodeJson, type Fields } from "../format/json.js";
import { hex, sha256 } from "../format/names.js";
import type { Entry, EntryCodec } from "./entry.js";

/**
 * A tree is cut into pages by its keys alone, so that the same entries make the same pages whatever came before, and two
 * trees share all pages in which they do not differ.
 *
 * A page of level 0 holds entries; one of level n holds pages of level n - 1. With h = SHA-256 of the last key, a page of
 * level 0 ends where h[0] < 16 (of 16 keys one), one of level n where h[n] < 8 (of 32 one); or when it is full.
 */

const END_BELOW = [16, 8] as const;
/** A page is full when it has so many entries or pages, */
const MAX_CHILDREN = 256;
/** or so many bytes. */
const FULL_BYTES = 48 * 1024;
/** An entry has at most 64 KiB and a little; what follows it is in the next page. */
export const MAX_PAGE_BYTES = 512 * 1024;
/** 32^8 is more than any store holds. */
export const MAX_LEVEL = 12;

/** A page as the one above names it. */
export interface PageRef {
	/** Its last key. */
	readonly last: string;
	/** SHA-256 of its bytes. */
	readonly page: string;
	/** Entries below it. */
	readonly blobs: number;
	/** Bytes that they stand for. */
	readonly bytes: number;
}

export type Page<T extends Entry> =
	| { readonly level: 0; readonly entries: readonly T[] }
	| { readonly level: number; readonly pages: readonly PageRef[] };

export const isLeafPage = <T extends Entry>(page: Page<T>): page is Page<T> & { entries: readonly T[] } =>
	"entries" in page;

/** Whether the order of keys has `a` before `b`: that of lists, by segment and then by bytes. */
export const isBefore = (a: string, b: string): boolean => sortable(a) < sortable(b);

/** Whether a page ends with this key, though it is not full. */
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

/** SHA-256 of the page that a tree without entries consists of. */
export const EMPTY_PAGE = hex(sha256(encodeJson(EMPTY as never)));
