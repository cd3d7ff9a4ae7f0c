import { ClientError } from "../errors.js";

/** One page of a list, and where the next one begins, if there is one. */
export interface Page<Item, Position> {
	readonly items: readonly Item[];
	readonly next: readonly [] | readonly [Position];
}

/** How a list is read page by page. */
export interface Pages<Item, Position> {
	readonly method: string;
	/** Most items of a page, as they were asked for. */
	readonly limit: number;
	readonly fetch: (after: Position | undefined) => Promise<Page<Item, Position>>;
	/** A text that is another one for each position. */
	readonly nameOf: (position: Position) => string;
}

/**
 * The items of all pages, as they are taken.
 * @throws ClientError `reply_invalid` where a page is longer than asked for, or leads back to an earlier one: such a
 *   list would never end
 */
export async function* pages<Item, Position>({
	method,
	limit,
	fetch,
	nameOf,
}: Pages<Item, Position>): AsyncGenerator<Item> {
	const seen = new Set<string>();
	let after: Position | undefined;
	do {
		const { items, next } = await fetch(after);
		const invalid = (reason: string) => new ClientError("reply_invalid", { method, reason });
		if (items.length > limit)
			throw invalid(`a page has ${items.length} entries, over the ${limit} that were asked for`);
		after = next[0];
		if (after !== undefined) {
			const name = nameOf(after);
			if (seen.has(name)) throw invalid("its pages lead back to an earlier one");
			seen.add(name);
		}
		yield* items;
	} while (after !== undefined);
}
