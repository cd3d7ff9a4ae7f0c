import { BackupError, damaged } from "../errors.js";
import type { Items } from "../repository/items.js";
import type { Entry, EntryCodec } from "./entry.js";
import { decodePage, EMPTY_PAGE, isBefore, isLeafPage, MAX_LEVEL, type Page, type PageRef } from "./page.js";

/** Reads the pages of trees of one kind. */
export class TreePages<T extends Entry> {
	readonly #items: Pick<Items, "get">;
	readonly codec: EntryCodec<T>;

	constructor(items: Pick<Items, "get">, codec: EntryCodec<T>) {
		this.#items = items;
		this.codec = codec;
	}

	async get(sha: string): Promise<Page<T>> {
		// The empty page may be absent from the repository.
		if (sha === EMPTY_PAGE) return { level: 0, entries: [] };
		return decodePage(sha, await this.#items.get(sha), this.codec);
	}
}

/** Position of a cursor: at a page that it has not opened, or at an entry. */
export type Position<T extends Entry> =
	| { readonly kind: "page"; readonly level: number; readonly ref: PageRef }
	| { readonly kind: "entry"; readonly entry: T };

interface Frame<T extends Entry> {
	readonly page: Page<T>;
	at: number;
	/** Upper bound for the keys below. */
	readonly last: string | undefined;
}

const lengthOf = <T extends Entry>(page: Page<T>): number =>
	isLeafPage(page) ? page.entries.length : (page as { pages: readonly PageRef[] }).pages.length;

/** Iterates over a tree from its first key to its last, and can skip whole pages. */
export class TreeCursor<T extends Entry> {
	readonly #pages: TreePages<T>;
	readonly #frames: Frame<T>[] = [];

	private constructor(pages: TreePages<T>) {
		this.#pages = pages;
	}

	static async at<T extends Entry>(pages: TreePages<T>, root: string): Promise<TreeCursor<T>> {
		const cursor = new TreeCursor(pages);
		cursor.#push(await pages.get(root), undefined, root);
		return cursor;
	}

	/** Current position; undefined at the end. */
	get position(): Position<T> | undefined {
		const frame = this.#frames.at(-1);
		if (frame === undefined) return undefined;
		const { page, at } = frame;
		if (isLeafPage(page)) return { kind: "entry", entry: page.entries[at] as T };
		const { level, pages } = page as { level: number; pages: readonly PageRef[] };
		return { kind: "page", level: level - 1, ref: pages[at] as PageRef };
	}

	/** Whether nothing follows the current position. */
	get isAtEdge(): boolean {
		return this.#frames.every(({ page, at }) => at === lengthOf(page) - 1);
	}

	/** Skips the current page or entry. */
	skip(): void {
		for (let frame = this.#frames.at(-1); frame; frame = this.#frames.at(-1)) {
			frame.at++;
			if (frame.at < lengthOf(frame.page)) return;
			this.#frames.pop();
		}
	}

	/** Opens the current page. */
	async descend(): Promise<void> {
		const { position } = this;
		if (position?.kind !== "page") throw new RangeError("there is no page to look into");
		const { ref, level } = position;
		const page = await this.#pages.get(ref.page);
		if (page.level !== level) throw damaged(ref.page, "the page is of another level than the one above says");
		if (lengthOf(page) === 0) throw damaged(ref.page, "the page is empty");
		this.#push(page, ref.last, ref.page);
	}

	#push(page: Page<T>, last: string | undefined, name: string): void {
		const length = lengthOf(page);
		if (this.#frames.length > MAX_LEVEL) throw damaged(name, "the tree is too high");
		if (length === 0) return;
		const end = isLeafPage(page)
			? page.entries[length - 1]?.key
			: (page as { pages: readonly PageRef[] }).pages[length - 1]?.last;
		if (last !== undefined && end !== last)
			throw damaged(name, "the page does not end where the one above says");
		this.#frames.push({ page, at: 0, last });
	}

	/** Moves to the first entry at or after a key. */
	async seek(key: string): Promise<void> {
		for (let position = this.position; position; position = this.position) {
			const last = position.kind === "page" ? position.ref.last : position.entry.key;
			if (isBefore(last, key)) this.skip();
			else if (position.kind === "page") await this.descend();
			else return;
		}
	}
}

export interface RangeOptions {
	/** Prefix of the keys. */
	readonly prefix?: string | undefined;
}

/** The entries of a tree in order. */
export async function* entriesOf<T extends Entry>(
	pages: TreePages<T>,
	root: string,
	{ prefix = "" }: RangeOptions = {},
): AsyncGenerator<T> {
	const cursor = await TreeCursor.at(pages, root);
	await cursor.seek(prefix);
	for (let position = cursor.position; position; position = cursor.position) {
		if (position.kind === "page") {
			await cursor.descend();
			continue;
		}
		// Keys with a common prefix are neighbours.
		if (!position.entry.key.startsWith(prefix)) return;
		yield position.entry;
		cursor.skip();
	}
}

/** The entry of a key. @throws BackupError `key_not_found` */
export async function entryAt<T extends Entry>(pages: TreePages<T>, root: string, key: string): Promise<T> {
	const found = await findEntry(pages, root, key);
	if (found === undefined) throw new BackupError("key_not_found", { key });
	return found;
}

export async function findEntry<T extends Entry>(
	pages: TreePages<T>,
	root: string,
	key: string,
): Promise<T | undefined> {
	const cursor = await TreeCursor.at(pages, root);
	await cursor.seek(key);
	const { position } = cursor;
	return position?.kind === "entry" && position.entry.key === key ? position.entry : undefined;
}
