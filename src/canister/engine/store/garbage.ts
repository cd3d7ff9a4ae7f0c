import type { Charges } from "../accounts/charges.js";
import { Writer } from "../base/codec.js";
import type { Queue } from "../base/queue.js";
import { RecordVersions } from "../base/record-versions.js";
import type { Chunks } from "./chunks.js";
import type { LeafLists } from "./leaf-lists.js";

/** What somebody no longer holds. */
export interface Discarded {
	/** A content, or 0 for the one chunk with this leaf, if it has 32 bytes. */
	readonly content: number;
	readonly leaf: Uint8Array;
	/** Under whom the chunks are stored. */
	readonly uploader: Uint8Array;
	/** Pages of the content that are left to remove. */
	readonly pages: number;
	/** Who is charged for it, and with how many bytes, until the space is free. */
	readonly holder: Uint8Array;
	readonly charged: number;
}

function encode(item: Discarded): Uint8Array {
	return new Writer()
		.u8(VERSIONS.newest)
		.u64(item.content)
		.u32(item.pages)
		.u64(item.charged)
		.bytes(item.leaf)
		.bytes(item.uploader)
		.bytes(item.holder)
		.done();
}

const VERSIONS = new RecordVersions<Discarded>("garbage", (reader) => ({
	content: reader.u64(),
	pages: reader.u32(),
	charged: reader.u64(),
	leaf: reader.bytes(),
	uploader: reader.bytes(),
	holder: reader.bytes(),
}));

/**
 * LeafLists of blobs replaced or deleted and of uploads given up. Emptying a slot reads its old bytes, so it is done
 * later, in bounded steps, never in the call that dropped the content; and only then its holder's quota is given back.
 */
export class Garbage {
	readonly #queue: Queue;
	readonly #leafLists: LeafLists;
	readonly #chunks: Chunks;
	readonly #charges: Charges;

	constructor(queue: Queue, leafLists: LeafLists, chunks: Chunks, charges: Charges) {
		this.#queue = queue;
		this.#leafLists = leafLists;
		this.#chunks = chunks;
		this.#charges = charges;
	}

	get length(): number {
		return this.#queue.length;
	}

	add(item: Discarded): void {
		this.#queue.push(encode(item));
	}

	/**
	 * Works off what has waited longest until it is gone, or until `steps` are done: a chunk released is one, and so is
	 * a page or an item that has none. The last page may take 31 more. Answers the steps done, 0 if nothing waits.
	 */
	collect(steps: number): number {
		const record = this.#queue.peek();
		if (record === undefined) return 0;
		const item = VERSIONS.read(record);
		if (item.content === 0) {
			if (item.leaf.length > 0) this.#chunks.release(item.uploader, item.leaf);
			return this.#finish(item, 1);
		}
		if (!this.#leafLists.isLast(item.content)) {
			this.#leafLists.drop(item.content);
			return this.#finish(item, 1);
		}
		let { pages } = item;
		let done = 0;
		while (pages > 0 && done < steps) {
			pages--;
			const leaves = this.#leafLists.removePage(item.content, pages);
			for (const leaf of leaves) this.#chunks.release(item.uploader, leaf);
			done += Math.max(1, leaves.length);
		}
		if (pages === 0) return this.#finish(item, Math.max(1, done));
		this.#queue.replaceHead(encode({ ...item, pages }));
		return done;
	}

	/** The item is gone, and its holder has its quota back. */
	#finish({ holder, charged }: Discarded, done: number): number {
		this.#queue.shift();
		this.#charges.charge(holder, -charged);
		return done;
	}
}
