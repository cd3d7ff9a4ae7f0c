import type { Host } from "../../host/ports.js";
import type { Certified } from "./certified.js";

/**
 * Instructions that a message of many items may have taken when its last item begins, what its end will take counted.
 * A message has 40 B; a request within the protocol's bounds costs at most 20 B (bench, `dearestRequestInstructions`).
 */
const MOST = 15e9;
/** Instructions that a step of cleaning may have taken when its last piece of work begins. */
export const MOST_OF_CLEANING = 5e9;
/**
 * Instructions that a query may have taken when the last entry of a page is added that brings a witness along: the
 * witness takes about as many again, and a query has 5 B.
 */
export const MOST_OF_PROVEN_PAGE = 1.5e9;
/** What a message takes at its end beside lists and tree: the accounts of 1,000 owners, the answer and its receipt. */
const ENDING = 1.5e9;
/** What a label costs to change in a list or tree, until this message has shown that it costs more. */
export const PER_LABEL = 1.5e6;
/**
 * Labels whose change is put off to the message's end, so that keys which are near each other share what they touch.
 * 1,000 blobs in one directory are fewer.
 */
const MOST_GATHERED = 2_048;

/** How many items begin without a look at what is spent: it takes 15,000 instructions, and an item at most 50 M. */
const ITEMS = 4;

/**
 * What is left of a message's instructions for more items. Lists and tree are changed for many items at once, which
 * costs most where keys have many segments: it is done in groups, and the dearest group tells what the next may cost.
 */
export class Budget {
	readonly #host: Host;
	readonly #certified: Certified;
	#perLabel = PER_LABEL;
	#asked = 0;

	constructor(host: Host, certified: Certified) {
		this.#host = host;
		this.#certified = certified;
	}

	/** Whether another item may begin. Changes lists and tree where enough is gathered. Looked at for one item in four. */
	hasRoom(): boolean {
		if (this.#asked++ % ITEMS !== 0) return true;
		let spent = this.#host.instructions();
		const { gathered } = this.#certified;
		if (gathered >= MOST_GATHERED) {
			this.#certified.settle();
			const before = spent;
			spent = this.#host.instructions();
			this.#perLabel = Math.max(this.#perLabel, (spent - before) / gathered);
		}
		return spent + this.#certified.gathered * this.#perLabel + ENDING <= MOST;
	}
}
