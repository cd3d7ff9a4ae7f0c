import { encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";
import { sameBytes } from "../../protocol/index.js";
import type { Catalog } from "../catalog/index.js";
import type { StableMap } from "../ports.js";
import { concat, fromHex, toHex } from "./codec.js";
import { type Grant, type GrantRef, type GrantRole, Holding, NO_BOUND } from "./grant-record.js";
import { refuse } from "./refusal.js";

/** What is to be done by a grant, as far as it matters to it. */
export interface Use {
	/** Whether the blob will be public; undefined where none is put. */
	readonly isPublic?: boolean;
	/** What it will take, as quotas count it. */
	readonly bytes?: number;
	readonly blobs?: number;
	/** Only by the grant of this change. */
	readonly only?: number;
}

/** What the catalog lists: all grants, and those that are part of somebody's. */
const ALL = encodeUtf8("g");
const givenBy = (who: Uint8Array): Uint8Array => concat(ALL, who);

const listName = ({ who, id }: Pick<GrantRef, "who" | "id">): string => `${toHex(who)}/${toHex(id)}`;

const NEEDS_PRIVATE = "a grant that is for private blobs, too";

/**
 * Grants, in one record for each principal that holds any. One that is part of another ends with that: so a check reads
 * the record of its holder, and one for each level above. Records are kept in the heap while a message runs.
 */
export class Grants {
	readonly #map: StableMap;
	readonly #catalog: Catalog;
	readonly #now: () => number;
	readonly #seen = new Map<string, Holding>();
	#isChanged = false;

	constructor(map: StableMap, catalog: Catalog, now: () => number) {
		this.#map = map;
		this.#catalog = catalog;
		this.#now = now;
	}

	/** To be called before each message. */
	forget(): void {
		this.#seen.clear();
		this.#isChanged = false;
	}

	get isChanged(): boolean {
		return this.#isChanged;
	}

	flush(): void {
		if (!this.#isChanged) return;
		for (const holding of this.#seen.values())
			if (holding.isChanged) this.#map.set(holding.who, holding.encode());
		this.forget();
	}

	of(who: Uint8Array): Holding {
		const name = fromUnits(who);
		let holding = this.#seen.get(name);
		if (holding === undefined) {
			holding = new Holding(who, this.#map.get(who));
			this.#seen.set(name, holding);
		}
		return holding;
	}

	/** Whether a grant has not ended, nor was one taken away that it is part of. */
	isLive(holding: Holding, index: number): boolean {
		// It ends no later than those that it is part of.
		if (holding.endsAt(index) <= this.#now()) return false;
		for (let under = holding.underOf(index); under !== undefined; ) {
			const above = this.of(under.who);
			const at = above.indexOf(under.sequence);
			if (at < 0) return false;
			under = above.underOf(at);
		}
		return true;
	}

	/** Names of the roles that it has under some prefix. */
	rolesOf(who: Uint8Array): GrantRole[] {
		return (["writer", "reader"] as const).filter((role) => this.holds(who, role));
	}

	/** Whether it holds a grant of this role, or any at all, that is live. */
	holds(who: Uint8Array, role?: GrantRole): boolean {
		const holding = this.of(who);
		for (let index = 0; index < holding.count; index++)
			if ((role === undefined || holding.isRole(index, role)) && this.isLive(holding, index)) return true;
		return false;
	}

	/** Whether private blobs under the key are shown to it. */
	reads(who: Uint8Array, key: string): boolean {
		const holding = this.of(who);
		for (let index = 0; index < holding.count; index++)
			if (
				holding.isRole(index, "reader") &&
				key.startsWith(holding.prefix(index)) &&
				this.isLive(holding, index)
			)
				return true;
		return false;
	}

	/**
	 * By which grant a principal may change a key, of several the first that has room for what it takes; or what it
	 * lacks: `needs` where it has none for the key.
	 */
	writing(who: Uint8Array, key: string, isOthers: boolean, use: Use, needs: string): Grant | string {
		const holding = this.of(who);
		let found: Grant | undefined;
		let lack = needs;
		for (let index = 0; index < holding.count; index++) {
			if (!holding.isRole(index, "writer") || !key.startsWith(holding.prefix(index))) continue;
			const grant = holding.grant(index);
			if (use.only !== undefined && grant.sequence !== use.only) continue;
			if ((isOthers && !grant.overOthers) || !this.isLive(holding, index)) continue;
			if (use.isPublic === false && grant.publicOnly) lack = NEEDS_PRIVATE;
			else if (this.#shortage(grant, use) === undefined) return grant;
			else found ??= grant;
		}
		return found ?? lack;
	}

	/** The grant itself and those that it is part of, upwards. */
	*#chain(grant: Grant): Generator<Grant> {
		for (let at: Grant | undefined = grant; at !== undefined; ) {
			yield at;
			at = at.under && this.find(at.under);
		}
	}

	/** The grant that a reference names, if it is still there. */
	find({ who, sequence }: Pick<GrantRef, "who" | "sequence">): Grant | undefined {
		const holding = this.of(who);
		const index = holding.indexOf(sequence);
		return index < 0 ? undefined : holding.grant(index);
	}

	/** The grant of a holder with this id, live or not. */
	named(who: Uint8Array, id: Uint8Array): Grant | undefined {
		return this.of(who)
			.all()
			.find((grant) => sameBytes(grant.id, id));
	}

	/** Which of the grants that count has no room for so much. */
	#shortage(grant: Grant, { bytes = 0, blobs = 0 }: Use): (() => never) | undefined {
		if (bytes <= 0 && blobs <= 0) return undefined;
		for (const its of this.#chain(grant)) {
			if (bytes > 0 && its.usedBytes + bytes > its.bytes)
				return () => exceeded("grant_bytes", its.bytes, its.usedBytes, bytes);
			if (blobs > 0 && its.usedBlobs + blobs > its.blobs)
				return () => exceeded("grant_blobs", its.blobs, its.usedBlobs, blobs);
		}
		return undefined;
	}

	/** Refuses what a grant, or one that it is part of, has no room for. */
	check(grant: Grant, use: Use): void {
		this.#shortage(grant, use)?.();
	}

	/** Counts what is used of a grant and of those that it is part of, or, below zero, gives it back. */
	use(grant: Grant, bytes: number, blobs: number): void {
		if (bytes === 0 && blobs === 0) return;
		for (const its of this.#chain(grant)) {
			its.usedBytes += bytes;
			its.usedBlobs += blobs;
			this.#touch(this.of(its.who));
		}
	}

	#touch(holding: Holding): void {
		holding.isChanged = true;
		this.#isChanged = true;
	}

	add(grant: Grant): void {
		this.of(grant.who).add(grant);
		this.#isChanged = true;
		this.#catalog.insert(ALL, listName(grant));
		if (grant.under !== undefined) this.#catalog.insert(givenBy(grant.under.who), listName(grant));
	}

	remove(grant: Grant): void {
		this.of(grant.who).remove(grant);
		this.#isChanged = true;
		this.#catalog.remove(ALL, listName(grant));
		if (grant.under !== undefined) this.#catalog.remove(givenBy(grant.under.who), listName(grant));
	}

	/** Those that a principal holds and that hold no more. */
	dead(who: Uint8Array): Grant[] {
		const holding = this.of(who);
		return holding.all().filter((_, index) => !this.isLive(holding, index));
	}

	/** Removes the record of one who holds nothing any more. */
	drop(who: Uint8Array): void {
		this.#map.delete(who);
		this.#seen.delete(fromUnits(who));
	}

	/** Grants in order of holder and id, from the first after `after`: all, or the parts that somebody gave. */
	*listed(by?: Uint8Array, after?: Pick<GrantRef, "who" | "id">): Generator<Grant> {
		const start = after === undefined ? {} : { after: listName(after) };
		const root = by === undefined ? ALL : givenBy(by);
		for (const entry of this.#catalog.list(root, { prefix: "", recursive: true, ...start })) {
			if (!("key" in entry)) continue;
			const [who, id] = entry.key.split("/") as [string, string];
			const grant = this.named(fromHex(who), fromHex(id));
			if (grant === undefined) throw new Error("the list of grants names one that is not stored");
			yield grant;
		}
	}
}

function exceeded(quota: string, limit: number, used: number, needed: number): never {
	return refuse("quota_exceeded", {
		quota,
		limit: BigInt(limit),
		used: BigInt(used),
		needed: BigInt(needed),
	});
}

export { NO_BOUND };
