import { decodeUtf8, encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import { COUNTER, type Counters } from "../base/counters.js";
import type { Blob } from "./blobs.js";
import { type Moment, Moments, nameOf } from "./moments.js";

/** A blob that ends: when, and which version of what its key holds. */
export interface End extends Moment {
	readonly key: string;
}

/** Under which the catalog lists the moments. */
const ROOT = encodeUtf8("e");

/** The blobs that have an end, in order of their ends. The map has the key of each, since keys are long. */
export class Ends {
	readonly #map: StableMap;
	readonly #moments: Moments;
	readonly #counters: Counters;

	constructor(map: StableMap, catalog: Catalog, counters: Counters) {
		this.#map = map;
		this.#moments = new Moments(ROOT, catalog);
		this.#counters = counters;
	}

	add({ expiresAt: at, sequence, key }: Blob): void {
		if (at === undefined) return;
		this.#map.set(nameOf({ at, sequence }), encodeUtf8(key));
		this.#moments.add({ at, sequence });
		this.#counters.add(COUNTER.expiring, 1);
	}

	remove({ expiresAt: at, sequence }: Blob): void {
		if (at === undefined) return;
		this.#map.delete(nameOf({ at, sequence }));
		this.#moments.remove({ at, sequence });
		this.#counters.add(COUNTER.expiring, -1);
	}

	/** The one that ends first. */
	first(): End | undefined {
		const first = this.#counters.get(COUNTER.expiring) === 0 ? undefined : this.#moments.first();
		if (first === undefined) return undefined;
		const key = this.#map.get(nameOf(first));
		if (key === undefined) throw new Error("the order of ends names one that is not stored");
		return { ...first, key: decodeUtf8(key) };
	}
}
