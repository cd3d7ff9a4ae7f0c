import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { Catalog } from "../../catalog/index.js";
import type { StableMap } from "../../host/ports.js";
import { concat, fromHex, toHex, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";

/** A principal that acts for another, or was asked whether it would. */
export interface Link {
	readonly owner: Uint8Array;
	readonly who: Uint8Array;
	readonly holds: boolean;
	/** When it was accepted, or offered. */
	readonly since: number;
}

const VERSIONS = new RecordVersions<Pick<Link, "holds" | "since">>("link", (reader) => ({
	holds: reader.u8() === 1,
	since: reader.u64(),
}));
const HOLDERS = new RecordVersions<Uint8Array>("link of a principal", (reader) => reader.bytes());

/** In the map of owners: for whom a principal acts, and each link by both of its principals. */
const HOLDER = Uint8Array.of(0x6c);
const PAIR = Uint8Array.of(0x70);
const pairKey = ({ owner, who }: Pick<Link, "owner" | "who">): Uint8Array =>
	concat(PAIR, Uint8Array.of(owner.length), owner, who);

/** Under which the catalog lists them. */
const ROOT = encodeUtf8("k");
const listName = ({ owner, who }: Pick<Link, "owner" | "who">): string => `${toHex(owner)}/${toHex(who)}`;

/** Links between principals. A store without any that hold looks at a counter, and at nothing else. */
export class Links {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #counters: Counters;

	constructor(map: StableMap, catalog: Catalog, counters: Counters) {
		this.#map = map;
		this.#catalog = catalog;
		this.#counters = counters;
	}

	/** Whether any link holds. */
	get isAny(): boolean {
		return this.#counters.get(COUNTER.links) > 0;
	}

	/** For whom a principal acts; undefined where for itself alone. */
	ownerFor(who: Uint8Array): Uint8Array | undefined {
		const record = this.isAny ? this.#map.get(concat(HOLDER, who)) : undefined;
		return record === undefined ? undefined : HOLDERS.read(record);
	}

	get({ owner, who }: Pick<Link, "owner" | "who">): Link | undefined {
		const record = this.#map.get(pairKey({ owner, who }));
		return record === undefined ? undefined : { owner, who, ...VERSIONS.read(record) };
	}

	/** Writes a link that is new, or holds from now on. */
	set(link: Link): void {
		const { owner, who, holds, since } = link;
		const before = this.get(link);
		this.#map.set(pairKey(link), new Writer().u8(VERSIONS.newest).u8(Number(holds)).u64(since).done());
		if (before === undefined) this.#catalog.insert(ROOT, listName(link));
		if (!holds || before?.holds === true) return;
		this.#map.set(concat(HOLDER, who), new Writer().u8(HOLDERS.newest).bytes(owner).done());
		this.#counters.add(COUNTER.links, 1);
	}

	remove(link: Link): void {
		this.#map.delete(pairKey(link));
		this.#catalog.remove(ROOT, listName(link));
		if (!link.holds) return;
		this.#map.delete(concat(HOLDER, link.who));
		this.#counters.add(COUNTER.links, -1);
	}

	/** Links in order of owners and of those that act for them, past one: all, or those of an owner. */
	*list(owner?: Uint8Array, after?: Pick<Link, "owner" | "who">): Generator<Link> {
		const prefix = owner === undefined ? "" : `${toHex(owner)}/`;
		const start = after === undefined ? {} : { after: listName(after) };
		for (const entry of this.#catalog.list(ROOT, { prefix, recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const [of, who] = entry.key.split("/") as [string, string];
			const link = this.get({ owner: fromHex(of), who: fromHex(who) });
			if (link === undefined) throw new Error("the list of links names one that is not stored");
			yield link;
		}
	}
}
