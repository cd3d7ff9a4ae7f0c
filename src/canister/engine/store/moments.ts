import type { Catalog } from "../../catalog/index.js";
import { concat, fromHex, getU64, toHex, u64Key } from "../base/codec.js";

/** When something is due, and the change that it is told by. */
export interface Moment {
	readonly at: number;
	readonly sequence: number;
}

/** What is due at moments that come in no order, each under its moment and the number of a change: the catalog has the order. */
export class Moments {
	readonly #root: Uint8Array;
	readonly #catalog: Catalog;

	constructor(root: Uint8Array, catalog: Catalog) {
		this.#root = root;
		this.#catalog = catalog;
	}

	add(moment: Moment): void {
		this.#catalog.insert(this.#root, toHex(nameOf(moment)));
	}

	remove(moment: Moment): void {
		this.#catalog.remove(this.#root, toHex(nameOf(moment)));
	}

	/** What is due first; undefined where there is nothing. */
	first(): Moment | undefined {
		for (const entry of this.#catalog.list(this.#root, { prefix: "", recursive: true })) {
			if (!("key" in entry)) continue;
			const name = fromHex(entry.key);
			return { at: getU64(name, 0), sequence: getU64(name, 8) };
		}
		return undefined;
	}
}

/** In the order of moments. */
export const nameOf = ({ at, sequence }: Moment): Uint8Array => concat(u64Key(at), u64Key(sequence));
