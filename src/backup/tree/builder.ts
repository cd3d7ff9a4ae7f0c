import { encodeJson } from "../format/json.js";
import { hex, sha256 } from "../format/names.js";
import type { ItemWriter } from "../repository/item-writer.js";
import type { Entry, EntryCodec } from "./entry.js";
import { encodePage, endsAt, isBefore, isFull, MAX_LEVEL, type Page, type PageRef } from "./page.js";

interface Open<Child> {
	children: Child[];
	bytes: number;
}

/** A tree whose root is a page of this level. */
export interface TreeRef {
	readonly root: string;
	readonly level: number;
	readonly entries: number;
	readonly bytes: number;
}

/** Writes a tree from entries, or from whole pages of another tree, that come in order. Holds one open page a level. */
export class TreeBuilder<T extends Entry> {
	readonly #writer: Pick<ItemWriter, "add">;
	readonly #codec: EntryCodec<T>;
	#leaf: Open<T> = { children: [], bytes: 0 };
	/** Open pages by level, from level 1. */
	readonly #inner: Open<PageRef>[] = [];
	#last: string | undefined;

	constructor(writer: Pick<ItemWriter, "add">, codec: EntryCodec<T>) {
		this.#writer = writer;
		this.#codec = codec;
	}

	#open(level: number): Open<PageRef> {
		let open = this.#inner[level];
		if (!open) {
			open = { children: [], bytes: 0 };
			this.#inner[level] = open;
		}
		return open;
	}

	#advance(key: string): void {
		if (this.#last !== undefined && !isBefore(this.#last, key))
			throw new RangeError(`the key ${JSON.stringify(key)} is out of order`);
		this.#last = key;
	}

	async add(entry: T): Promise<void> {
		this.#advance(entry.key);
		const leaf = this.#leaf;
		leaf.children.push(entry);
		leaf.bytes += encodeJson(this.#codec.encode(entry)).length;
		if (endsAt(entry.key, 0) || isFull(leaf.children.length, leaf.bytes)) await this.#closeLeaf();
	}

	/** Whether a page of another tree can be reused at this level: no page below it is open. */
	canTake(level: number): boolean {
		if (this.#leaf.children.length > 0) return false;
		for (let below = 1; below <= level; below++)
			if ((this.#inner[below]?.children.length ?? 0) > 0) return false;
		return true;
	}

	/** Reuses a page that ends by its last key, or because it is full. */
	async take(level: number, ref: PageRef): Promise<void> {
		this.#advance(ref.last);
		await this.#addRef(level + 1, ref);
	}

	async #addRef(level: number, ref: PageRef): Promise<void> {
		if (level > MAX_LEVEL) throw new RangeError("the tree is too high");
		const open = this.#open(level);
		open.children.push(ref);
		open.bytes += encodeJson({ ...ref }).length;
		if (endsAt(ref.last, level) || isFull(open.children.length, open.bytes)) await this.#closeInner(level);
	}

	async #closeLeaf(): Promise<void> {
		const { children } = this.#leaf;
		this.#leaf = { children: [], bytes: 0 };
		const bytes = children.reduce((sum, entry) => sum + this.#codec.bytesOf(entry), 0);
		const page = await this.#write({ level: 0, entries: children });
		await this.#addRef(1, { last: (children.at(-1) as T).key, page, blobs: children.length, bytes });
	}

	async #closeInner(level: number): Promise<void> {
		const { children } = this.#open(level);
		this.#inner[level] = { children: [], bytes: 0 };
		const page = await this.#write({ level, pages: children });
		await this.#addRef(level + 1, {
			last: (children.at(-1) as PageRef).last,
			page,
			blobs: children.reduce((sum, { blobs }) => sum + blobs, 0),
			bytes: children.reduce((sum, { bytes }) => sum + bytes, 0),
		});
	}

	async #write(page: Page<T>): Promise<string> {
		const bytes = encodePage(page, this.#codec);
		const sha = hex(sha256(bytes));
		await this.#writer.add("page", sha, bytes);
		return sha;
	}

	/** Closes the open pages. The root is the lowest page that holds everything. */
	async finish(): Promise<TreeRef> {
		if (this.#last === undefined)
			return { root: await this.#write({ level: 0, entries: [] }), level: 0, entries: 0, bytes: 0 };
		if (this.#leaf.children.length > 0) await this.#closeLeaf();
		for (let level = 1; ; level++) {
			const { children } = this.#open(level);
			const isTop = this.#inner.slice(level + 1).every((above) => above.children.length === 0);
			const [only] = children;
			if (isTop && children.length === 1 && only)
				return { root: only.page, level: level - 1, entries: only.blobs, bytes: only.bytes };
			if (children.length > 0) await this.#closeInner(level);
		}
	}
}
