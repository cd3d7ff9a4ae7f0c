import { concat, getU32, getU64, putU32, u64Key } from "./codec.js";
import { Contents } from "./contents.js";
import type { Queue } from "./queue.js";
import type { Slots } from "./slots.js";

/**
 * Contents that nothing refers to any more: of blobs replaced or deleted and of uploads given up. Emptying a slot
 * reads its old bytes, so it is done later, in bounded steps, never in the call that dropped the content.
 */
export class Garbage {
	readonly #queue: Queue;
	readonly #contents: Contents;
	readonly #slots: Slots;

	constructor(queue: Queue, contents: Contents, slots: Slots) {
		this.#queue = queue;
		this.#contents = contents;
		this.#slots = slots;
	}

	/** A content whose chunks have indexes below `extent`. */
	add(content: number, extent: number): void {
		if (extent === 0) return;
		const pages = new Uint8Array(4);
		putU32(pages, 0, Contents.pages(extent));
		this.#queue.push(concat(u64Key(content), pages));
	}

	/** Garbage does not wait: 0, a moment long past, while there is any. */
	nextAt(): number | undefined {
		return this.#queue.peek() === undefined ? undefined : 0;
	}

	/** Frees the slots of one page, at most 32; false if there is nothing to free. */
	collectOne(): boolean {
		const head = this.#queue.peek();
		if (head === undefined) return false;
		const content = getU64(head, 0);
		const pages = getU32(head, 8);
		for (const slot of this.#contents.removePage(content, pages - 1)) this.#slots.release(slot);
		if (pages === 1) this.#queue.shift();
		else {
			putU32(head, 8, pages - 1);
			this.#queue.replaceHead(head);
		}
		return true;
	}
}
