import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { sameBytes } from "../../../protocol/index.js";
import type { Catalog } from "../../catalog/index.js";
import { concat, fromHex, toHex } from "../base/codec.js";
import type { Marks } from "../base/marks.js";
import { refuseOver } from "../base/refusal.js";
import type { Accounts } from "./accounts.js";
import { type Grant, type GrantRef, type GrantRole, Holding } from "./grant-record.js";

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

/** A grant by which something may be done, which is read when it counts. */
export interface Found {
	readonly holding: Holding;
	readonly index: number;
}

/** What the catalog lists: all grants, and those that are part of somebody's. */
const ALL = encodeUtf8("g");
const givenBy = (who: Uint8Array): Uint8Array => concat(ALL, who);

const listName = ({ who, id }: Pick<GrantRef, "who" | "id">): string => `${toHex(who)}/${toHex(id)}`;

const NO_BYTES = new Uint8Array(0);
const NO_USE = { bytes: 0, blobs: 0 };
const NEEDS_PRIVATE = "a grant that is for private blobs, too";

/**
 * Grants, in the account of the principal that holds them, which is read for every message anyway. One that is part of
 * another ends with that: so each of which parts may be given has a mark (marks.ts), and a check looks at the marks of
 * those above. What is read is kept in the heap while a message runs.
 */
export class Grants {
	readonly #accounts: Accounts;
	readonly #marks: Marks;
	readonly #catalog: Catalog;
	readonly #now: () => number;
	readonly #seen = new Map<string, Holding>();
	/** Who was asked about last: nearly always the caller, in the very array that the last call had too. */
	#last: Holding | undefined;
	/** In a batch, what changes will use that were checked and are not made yet. */
	#expected: Map<Grant, Required<Pick<Use, "bytes" | "blobs">>> | undefined;
	#isChanged = false;

	constructor(accounts: Accounts, marks: Marks, catalog: Catalog, now: () => number) {
		this.#accounts = accounts;
		this.#marks = marks;
		this.#catalog = catalog;
		this.#now = now;
	}

	/** To be called before each message. */
	forget(): void {
		this.#seen.clear();
		this.#last = undefined;
		this.#isChanged = false;
	}

	/** To be called when a batch was made, or refused. */
	expectNothing(): void {
		this.#expected = undefined;
	}

	get isChanged(): boolean {
		return this.#isChanged;
	}

	flush(): void {
		if (!this.#isChanged) return;
		if (this.#last !== undefined) this.#seen.set(fromUnits(this.#last.who), this.#last);
		for (const holding of this.#seen.values())
			if (holding.isChanged) this.#accounts.change(holding.who).grants = holding.encode();
		this.forget();
	}

	of(who: Uint8Array): Holding {
		const last = this.#last;
		if (last?.who === who) return last;
		// Most messages ask about one principal alone, and are spared its name.
		if (last !== undefined) this.#seen.set(fromUnits(last.who), last);
		const isFirst = last === undefined && this.#seen.size === 0;
		const name = isFirst ? "" : fromUnits(who);
		let holding = isFirst ? undefined : this.#seen.get(name);
		if (holding === undefined) {
			holding = new Holding(who, this.#accounts.get(who).grants);
			if (!isFirst) this.#seen.set(name, holding);
		}
		this.#last = holding;
		return holding;
	}

	/** Whether a grant has not ended, nor was one taken away that it is part of. */
	isLive(holding: Holding, index: number): boolean {
		return holding.isLive(index, this.#now(), this.#marks);
	}

	/** The same of the grant of a change, which may be gone. */
	isLiveOf(who: Uint8Array, sequence: number): boolean {
		const holding = this.of(who);
		const index = holding.indexOf(sequence);
		return index >= 0 && this.isLive(holding, index);
	}

	/** The mark that the next grant will have of which parts may be given. */
	get nextMark(): number {
		return this.#marks.next;
	}

	/** Names of the roles that it has under some prefix. */
	rolesOf(who: Uint8Array): GrantRole[] {
		return (["writer", "reader"] as const).filter((role) => this.holds(who, role));
	}

	/** Whether it holds a grant of this role, or any at all, that is live. */
	holds(who: Uint8Array, role?: GrantRole): boolean {
		const holding = this.of(who);
		const { count } = holding;
		if (count === 0) return false;
		const { targets } = holding;
		const now = this.#now();
		const letter = role === undefined ? "" : role[0]!;
		for (let index = 0; index < count; index++)
			if (targets[index]!.startsWith(letter) && holding.isLive(index, now, this.#marks)) return true;
		return false;
	}

	/** Whether private blobs under the key are shown to it. */
	reads(who: Uint8Array, key: string): boolean {
		const holding = this.of(who);
		const target = `r${key}`;
		for (let index = 0; index < holding.count; index++)
			if (target.startsWith(holding.targets[index]!) && this.isLive(holding, index)) return true;
		return false;
	}

	/**
	 * By which grant a principal may change a key, of several the first that has room for what it takes; or what it
	 * lacks: `needs` where it has none for the key.
	 */
	writing(who: Uint8Array, key: string, isOthers: boolean, use: Use, needs: string): Found | string {
		const holding = this.of(who);
		if (holding.count === 0) return needs;
		const { targets } = holding;
		const now = this.#now();
		const target = `w${key}`;
		const only = use.only === undefined ? -1 : holding.indexOf(use.only);
		let found: Found | undefined;
		let lack = needs;
		for (let index = 0; index < targets.length; index++) {
			if (!target.startsWith(targets[index]!) || (use.only !== undefined && index !== only)) continue;
			if (isOthers && !holding.isOverOthers(index)) continue;
			if (!holding.isLive(index, now, this.#marks)) continue;
			if (use.isPublic === false && holding.isPublicOnly(index)) lack = NEEDS_PRIVATE;
			else if (this.#hasRoom(holding, index, use)) return { holding, index };
			else found ??= { holding, index };
		}
		return found ?? lack;
	}

	/** Whether it may remove for good what was deleted from the key. */
	purges(who: Uint8Array, key: string, isOthers: boolean): boolean {
		const holding = this.of(who);
		const target = `w${key}`;
		for (let index = 0; index < holding.count; index++)
			if (
				target.startsWith(holding.targets[index]!) &&
				holding.mayPurge(index) &&
				(!isOthers || holding.isOverOthers(index)) &&
				this.isLive(holding, index)
			)
				return true;
		return false;
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

	#hasRoom(holding: Holding, index: number, use: Use): boolean {
		const takesAny = (use.bytes ?? 0) > 0 || (use.blobs ?? 0) > 0;
		return !takesAny || this.#shortage(holding.grant(index), use) === undefined;
	}

	/** Which of the grants that count has no room for so much. */
	#shortage(grant: Grant, { bytes = 0, blobs = 0 }: Use): (() => never) | undefined {
		for (const its of this.#chain(grant)) {
			const expected = this.#expected?.get(its);
			const usedBytes = its.usedBytes + (expected?.bytes ?? 0);
			const usedBlobs = its.usedBlobs + (expected?.blobs ?? 0);
			if (bytes > 0 && usedBytes + bytes > its.bytes)
				return () => refuseOver("grant_bytes", its.bytes, usedBytes, bytes);
			if (blobs > 0 && usedBlobs + blobs > its.blobs)
				return () => refuseOver("grant_blobs", its.blobs, usedBlobs, blobs);
		}
		return undefined;
	}

	/** Refuses what a grant, or one that it is part of, has no room for. */
	check(grant: Grant, use: Use): void {
		this.#shortage(grant, use)?.();
	}

	/** Says what a change will use that was checked, or, below zero, give back, for what is checked after it. */
	expect(grant: Grant, bytes: number, blobs: number): void {
		this.#expected ??= new Map();
		for (const its of this.#chain(grant)) {
			const { bytes: usedBytes, blobs: usedBlobs } = this.#expected.get(its) ?? NO_USE;
			this.#expected.set(its, { bytes: usedBytes + bytes, blobs: usedBlobs + blobs });
		}
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
		if (grant.mayGive) this.#marks.add();
		this.#isChanged = true;
		this.#catalog.insert(ALL, listName(grant));
		if (grant.under !== undefined) this.#catalog.insert(givenBy(grant.under.who), listName(grant));
	}

	remove(grant: Grant): void {
		this.of(grant.who).remove(grant);
		if (grant.mayGive) this.#marks.remove(grant.mark);
		this.#isChanged = true;
		this.#catalog.remove(ALL, listName(grant));
		if (grant.under !== undefined) this.#catalog.remove(givenBy(grant.under.who), listName(grant));
	}

	/** Those that a principal holds and that hold no more. */
	dead(who: Uint8Array): Grant[] {
		const holding = this.of(who);
		return holding.all().filter((_, index) => !this.isLive(holding, index));
	}

	/** Removes what is stored of one who holds nothing any more. */
	drop(who: Uint8Array): void {
		this.#accounts.change(who).grants = NO_BYTES;
		this.#seen.delete(fromUnits(who));
		this.#last = undefined;
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
