import type { Charges } from "./charges.js";
import type { Chunks } from "./chunks.js";
import { Reader, Writer } from "./codec.js";
import type { Contents } from "./contents.js";
import type { Queue } from "./queue.js";

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
		.u64(item.content)
		.u32(item.pages)
		.u64(item.charged)
		.bytes(item.leaf)
		.bytes(item.uploader)
		.bytes(item.holder)
		.done();
}

function decode(record: Uint8Array): Discarded {
	const reader = new Reader(record);
	return {
		content: reader.u64(),
		pages: reader.u32(),
		charged: reader.u64(),
		leaf: reader.bytes(),
		uploader: reader.bytes(),
		holder: reader.bytes(),
	};
}

/**
 * Contents of blobs replaced or deleted and of uploads given up. Emptying a slot reads its old bytes, so it is done
 * later, in bounded steps, never in the call that dropped the content; and only then its holder's quota is given back.
 */
export class Garbage {
	readonly #queue: Queue;
	readonly #contents: Contents;
	readonly #chunks: Chunks;
	readonly #charges: Charges;

	constructor(queue: Queue, contents: Contents, chunks: Chunks, charges: Charges) {
		this.#queue = queue;
		this.#contents = contents;
		this.#chunks = chunks;
		this.#charges = charges;
	}

	get length(): number {
		return this.#queue.length;
	}

	add(item: Discarded): void {
		this.#queue.push(encode(item));
	}

	/** Releases the chunks of one page, at most 32; false if there is nothing to release. */
	collectOne(): boolean {
		const record = this.#queue.peek();
		if (record === undefined) return false;
		const item = decode(record);
		const isShared = item.content !== 0 && !this.#contents.isLast(item.content);
		const pages = isShared ? 0 : Math.max(0, item.pages - 1);
		if (isShared) this.#contents.drop(item.content);
		else for (const leaf of this.#leaves(item)) this.#chunks.release(item.uploader, leaf);
		if (pages > 0) this.#queue.replaceHead(encode({ ...item, pages }));
		else {
			this.#queue.shift();
			this.#charges.charge(item.holder, -item.charged);
		}
		return true;
	}

	#leaves({ content, leaf, pages }: Discarded): Uint8Array[] {
		if (content === 0) return leaf.length === 0 ? [] : [leaf];
		return pages === 0 ? [] : this.#contents.removePage(content, pages - 1);
	}
}
