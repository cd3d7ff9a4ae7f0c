import { replyInvalid } from "../errors/errors.js";

/** One page of a list and the position of the next, if there is one. */
export interface Page<Item, Position> {
	readonly items: readonly Item[];
	readonly next: readonly [] | readonly [Position];
}

/** How to read a list page by page. */
export interface Pages<Item, Position> {
	readonly method: string;
	/** Maximum items of a page, as requested. */
	readonly limit: number;
	readonly fetch: (after: Position | undefined) => Promise<Page<Item, Position>>;
	/** A text that sorts as positions do. */
	readonly orderOf: (position: Position) => string;
}

/** A sequence number as a text that sorts in numeric order. */
export const orderOfSequence = (sequence: bigint): string => sequence.toString(16).padStart(16, "0");

/** Maximum consecutive pages without a match: the largest store has fewer pages. */
export const MAX_EMPTY_PAGES = 10_000;

/**
 * The items of all pages, fetched as the caller iterates.
 * @throws ClientError `reply_invalid` if a page is longer than requested, if the next one does not begin after it, or
 * if
 * too many pages are empty: such a list would never end
 */
export async function* pages<Item, Position>({
	method,
	limit,
	fetch,
	orderOf,
}: Pages<Item, Position>): AsyncGenerator<Item> {
	let order: string | undefined;
	let empty = 0;
	let after: Position | undefined;
	do {
		const { items, next } = await fetch(after);
		const invalid = (reason: string) => replyInvalid(method, reason);
		if (items.length > limit)
			throw invalid(`a page has ${items.length} entries, over the ${limit} that were asked for`);
		after = next[0];
		if (after !== undefined) {
			const next = orderOf(after);
			if (order !== undefined && next <= order)
				throw invalid("the next page does not begin past the last one");
			order = next;
			empty = items.length > 0 ? 0 : empty + 1;
			if (empty > MAX_EMPTY_PAGES) throw invalid("it never comes to an end");
		}
		yield* items;
	} while (after !== undefined);
}
