import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import { concat, fromHex, getU64, toHex, u64Key, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import type { Queue } from "../base/queue.js";
import { RecordVersions } from "../base/record-versions.js";
import { ownedKey, splitOwnedKey } from "./uploads.js";

/** Who made an offer, and its id. */
export interface OfferName {
	readonly giver: Uint8Array;
	readonly id: Uint8Array;
}

/** Blobs of an owner that another may take. */
export interface Offer extends OfferName {
	readonly owner: Uint8Array;
	readonly to: Uint8Array;
	/** A key, or a prefix. */
	readonly text: string;
	readonly isPrefix: boolean;
	/** The change by which it was made: it is of blobs that were published before. */
	readonly sequence: number;
	readonly endsAt: number;
	/** What its giver is charged for it. */
	readonly charged: number;
	/** The key that the last step of taking it came to; nothing before the first. */
	readonly at: string;
}

const VERSIONS = new RecordVersions<Omit<Offer, keyof OfferName>>("offer", (reader) => ({
	isPrefix: reader.u8() === 1,
	sequence: reader.u64(),
	endsAt: reader.u64(),
	charged: reader.u64(),
	owner: reader.bytes(),
	to: reader.bytes(),
	text: reader.text(),
	at: reader.text(),
}));

/** In the map of owners. */
const KIND = Uint8Array.of(0x6f);
const keyOf = ({ giver, id }: OfferName): Uint8Array => concat(KIND, ownedKey(giver, id));

/** What the catalog lists: all offers, and those that were made to somebody. */
const ALL = encodeUtf8("f");
const madeTo = (to: Uint8Array): Uint8Array => concat(ALL, to);
const listName = ({ giver, id }: OfferName): string => `${toHex(giver)}/${toHex(id)}`;

/** Offers of blobs, until they are taken or withdrawn, or end. All live equally long, so that a queue has them in order. */
export class Offers {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #counters: Counters;
	readonly #queue: Queue;

	constructor(map: StableMap, catalog: Catalog, counters: Counters, queue: Queue) {
		this.#map = map;
		this.#catalog = catalog;
		this.#counters = counters;
		this.#queue = queue;
	}

	get({ giver, id }: OfferName): Offer | undefined {
		const record = this.#counters.get(COUNTER.offers) === 0 ? undefined : this.#map.get(keyOf({ giver, id }));
		return record === undefined ? undefined : { giver, id, ...VERSIONS.read(record) };
	}

	add(offer: Offer): void {
		this.update(offer);
		this.#catalog.insert(ALL, listName(offer));
		this.#catalog.insert(madeTo(offer.to), listName(offer));
		this.#queue.push(concat(u64Key(offer.endsAt), ownedKey(offer.giver, offer.id)));
		this.#counters.add(COUNTER.offers, 1);
	}

	update(offer: Offer): void {
		const { owner, to, text, isPrefix, sequence, endsAt, charged, at } = offer;
		const record = new Writer()
			.u8(VERSIONS.newest)
			.u8(Number(isPrefix))
			.u64(sequence)
			.u64(endsAt)
			.u64(charged);
		this.#map.set(keyOf(offer), record.bytes(owner).bytes(to).text(text).text(at).done());
	}

	remove(offer: Offer): void {
		this.#map.delete(keyOf(offer));
		this.#catalog.remove(ALL, listName(offer));
		this.#catalog.remove(madeTo(offer.to), listName(offer));
		this.#counters.add(COUNTER.offers, -1);
	}

	/** When the oldest is to be looked at. */
	nextAt(): number | undefined {
		const head = this.#queue.peek();
		return head === undefined ? undefined : getU64(head, 0);
	}

	/** Passes over the oldest. @returns what is to be removed, if it still stands */
	shiftOld(now: number): Offer | undefined {
		const name = splitOwnedKey(this.#queue.peek()!.slice(8));
		this.#queue.shift();
		const offer = this.get({ giver: name.owner, id: name.id });
		// Another may have its name by now, which comes later in the queue.
		return offer === undefined || offer.endsAt > now ? undefined : offer;
	}

	/** Offers in order of givers and ids, past one: all, those made to somebody, or those that somebody made. */
	*list(of: { readonly to?: Uint8Array; readonly by?: Uint8Array }, after?: OfferName): Generator<Offer> {
		const prefix = of.by === undefined ? "" : `${toHex(of.by)}/`;
		const root = of.to === undefined ? ALL : madeTo(of.to);
		const start = after === undefined ? {} : { after: listName(after) };
		for (const entry of this.#catalog.list(root, { prefix, recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const [giver, id] = entry.key.split("/") as [string, string];
			const offer = this.get({ giver: fromHex(giver), id: fromHex(id) });
			if (offer === undefined) throw new Error("a list of offers names one that is not stored");
			yield offer;
		}
	}
}
