import { decodeUtf8, encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";
import { ID_BYTES } from "../../protocol/index.js";
import { concat, getU64, knownVersion, putU64, u64Key } from "./codec.js";

/** By the letter that stands before the prefix; frozen, since the letter is stored. */
const ROLES = { w: "writer", r: "reader" } as const;
export type GrantRole = (typeof ROLES)[keyof typeof ROLES];

/** One that another is part of: who holds it, its id, and the change that gave it, which no other grant shares. */
export interface GrantRef {
	readonly who: Uint8Array;
	readonly id: Uint8Array;
	readonly sequence: number;
}

/** What its holder may do under a prefix. */
export interface Grant extends GrantRef {
	readonly role: GrantRole;
	/** Whole segments with a `/` at the end, or nothing. */
	readonly prefix: string;
	/** Milliseconds since 1970; NO_BOUND: never. */
	readonly endsAt: number;
	/** Bytes and blobs in all; NO_BOUND: none of its own. */
	readonly bytes: number;
	readonly blobs: number;
	readonly publicOnly: boolean;
	readonly overOthers: boolean;
	readonly mayGive: boolean;
	/** How many grants lead to it, itself counted. */
	readonly level: number;
	/** The one that it is part of; none where an administrator gave it. */
	readonly under: GrantRef | undefined;
	/** Numbers of the changes that gave the grants above it, from that one on. */
	readonly above: readonly number[];
	usedBytes: number;
	usedBlobs: number;
}

export const NO_BOUND = Number.MAX_SAFE_INTEGER;

const RECORD_VERSION = 1;
/** Version, count, whether prefixes are ASCII; then for each the number of its change, so many bytes, then the prefixes. */
const HEAD = 3;
const SEQUENCE_BYTES = 8;
const STRIDE = 120;
const ID = 0;
const FLAGS = 16;
const LEVEL = 17;
const ENDS_AT = 18;
const BYTES = 26;
const BLOBS = 34;
const USED_BYTES = 42;
const USED_BLOBS = 50;
/** Of the grants above it, two at the most (MAX_GRANT_LEVELS). */
const ABOVE_AT = 58;
const UNDER_ID = 74;
const UNDER_WHO_LENGTH = 90;
const UNDER_WHO = 91;

const PUBLIC_ONLY = 1;
const OVER_OTHERS = 2;
const MAY_GIVE = 4;

const ASCII = 1;
/** Prefixes hold no control character. */
const SEPARATOR = "\0";

/** Longer than a principal, so that no holder's record has it for a key. */
const MARK_BYTES = 30;

/** Under what a grant of which parts may be given has its mark in the map: parts of it look whether that is there. */
export function markOf(sequence: Uint8Array): Uint8Array {
	const key = new Uint8Array(MARK_BYTES);
	key.set(sequence, MARK_BYTES - SEQUENCE_BYTES);
	return key;
}

/**
 * The grants that a principal holds, in order of their ids. Nearly every message of a grantee asks for them, and most
 * of them for one. So what a check asks is read from the record as it lies, and all prefixes are one text: to make
 * an object of each would cost twice what the check does.
 */
export class Holding {
	readonly who: Uint8Array;
	count: number;
	#record: Uint8Array;
	/** Where what follows the numbers begins. */
	#fixed: number;
	readonly #grants: Grant[] = [];
	#targets: string[] | undefined;
	#names: string | undefined;
	/** Whether there is a record, which cleaning looks at from time to time. */
	readonly isStored: boolean;
	isChanged = false;

	constructor(who: Uint8Array, record: Uint8Array | undefined) {
		this.who = who;
		this.isStored = record !== undefined;
		this.#record = record ?? NO_GRANTS;
		if (this.#record[0] !== RECORD_VERSION) knownVersion("grants", this.#record[0]!, RECORD_VERSION);
		this.count = this.#record[1]!;
		this.#fixed = HEAD + this.count * SEQUENCE_BYTES;
	}

	/** Of each the letter of its role, and its prefix. */
	get targets(): readonly string[] {
		if (this.#targets === undefined) {
			const texts = this.#record.subarray(this.#fixed + this.count * STRIDE);
			// Most prefixes are ASCII: then they are their bytes, which takes half as long.
			const text = this.#record[2] === ASCII ? fromUnits(texts) : decodeUtf8(texts);
			this.#targets = this.count === 0 ? [] : text.split(SEPARATOR);
		}
		return this.#targets;
	}

	endsAt(index: number): number {
		return getU64(this.#record, this.#fixed + index * STRIDE + ENDS_AT);
	}

	isPublicOnly(index: number): boolean {
		return this.#has(index, PUBLIC_ONLY);
	}

	isOverOthers(index: number): boolean {
		return this.#has(index, OVER_OTHERS);
	}

	#has(index: number, flag: number): boolean {
		return (this.#record[this.#at(index) + FLAGS]! & flag) !== 0;
	}

	/** Where the grant of this change is; -1 where there is none. */
	indexOf(sequence: number): number {
		const name = fromUnits(u64Key(sequence));
		this.#names ??= fromUnits(this.#record.subarray(HEAD, this.#fixed));
		let at = this.#names.indexOf(name);
		while (at % SEQUENCE_BYTES > 0) at = this.#names.indexOf(name, at + 1);
		return at < 0 ? -1 : at / SEQUENCE_BYTES;
	}

	/** How many grants are above one. */
	aboveCount(index: number): number {
		return this.#record[this.#fixed + index * STRIDE + LEVEL]! - 1;
	}

	/** The numbers of their changes, as they stand in the record. */
	above(index: number): Uint8Array {
		const at = this.#fixed + index * STRIDE + ABOVE_AT;
		return this.#record.subarray(at, at + this.aboveCount(index) * SEQUENCE_BYTES);
	}

	/** The grant, always the same object: what is written to it is written with the holding. */
	grant(index: number): Grant {
		this.#grants[index] ??= this.#read(index);
		return this.#grants[index]!;
	}

	/** All of them. */
	all(): Grant[] {
		return Array.from({ length: this.count }, (_, index) => this.grant(index));
	}

	add(grant: Grant): void {
		const order = fromUnits(grant.id);
		const grants = this.all();
		const index = grants.findIndex(({ id }) => fromUnits(id) > order);
		grants.splice(index < 0 ? grants.length : index, 0, grant);
		this.#keep(grants);
	}

	remove(grant: Grant): void {
		this.#keep(this.all().filter((other) => other !== grant));
	}

	#keep(grants: Grant[]): void {
		this.#grants.splice(0, this.#grants.length, ...grants);
		this.count = grants.length;
		this.#fixed = HEAD + grants.length * SEQUENCE_BYTES;
		this.#record = this.encode();
		this.#targets = undefined;
		this.#names = undefined;
		this.isChanged = true;
	}

	encode(): Uint8Array {
		const grants = this.all();
		const targets = grants.map(({ role, prefix }) => (role === "writer" ? "w" : "r") + prefix);
		const record = new Uint8Array(this.#fixed + grants.length * STRIDE);
		record[0] = RECORD_VERSION;
		record[1] = grants.length;
		for (const [index, grant] of grants.entries()) {
			putU64(record, HEAD + index * SEQUENCE_BYTES, grant.sequence);
			write(record, this.#at(index), grant);
		}
		const text = targets.join(SEPARATOR);
		const utf8 = encodeUtf8(text);
		record[2] = utf8.length === text.length ? ASCII : 0;
		return concat(record, utf8);
	}

	#at(index: number): number {
		return this.#fixed + index * STRIDE;
	}

	#read(index: number): Grant {
		const record = this.#record;
		const at = this.#at(index);
		const number = (field: number) => getU64(record, at + field);
		const flags = record[at + FLAGS]!;
		const target = this.targets[index]!;
		const above = Array.from({ length: this.aboveCount(index) }, (_, n) =>
			number(ABOVE_AT + n * SEQUENCE_BYTES),
		);
		const who = record.subarray(at + UNDER_WHO, at + UNDER_WHO + record[at + UNDER_WHO_LENGTH]!);
		return {
			who: this.who,
			sequence: getU64(record, HEAD + index * SEQUENCE_BYTES),
			id: record.slice(at + ID, at + ID + ID_BYTES),
			role: ROLES[target[0] as keyof typeof ROLES],
			prefix: target.slice(1),
			endsAt: number(ENDS_AT),
			bytes: number(BYTES),
			blobs: number(BLOBS),
			publicOnly: (flags & PUBLIC_ONLY) !== 0,
			overOthers: (flags & OVER_OTHERS) !== 0,
			mayGive: (flags & MAY_GIVE) !== 0,
			level: record[at + LEVEL]!,
			under:
				above[0] === undefined
					? undefined
					: { who, id: record.slice(at + UNDER_ID, at + UNDER_ID + ID_BYTES), sequence: above[0] },
			above,
			usedBytes: number(USED_BYTES),
			usedBlobs: number(USED_BLOBS),
		};
	}
}

const NO_GRANTS = Uint8Array.of(RECORD_VERSION, 0, 0);

function write(record: Uint8Array, at: number, grant: Grant): void {
	record.set(grant.id, at + ID);
	record[at + FLAGS] =
		(grant.publicOnly ? PUBLIC_ONLY : 0) |
		(grant.overOthers ? OVER_OTHERS : 0) |
		(grant.mayGive ? MAY_GIVE : 0);
	record[at + LEVEL] = grant.level;
	putU64(record, at + ENDS_AT, grant.endsAt);
	putU64(record, at + BYTES, grant.bytes);
	putU64(record, at + BLOBS, grant.blobs);
	putU64(record, at + USED_BYTES, grant.usedBytes);
	putU64(record, at + USED_BLOBS, grant.usedBlobs);
	if (grant.under === undefined) return;
	for (const [n, sequence] of grant.above.entries())
		putU64(record, at + ABOVE_AT + n * SEQUENCE_BYTES, sequence);
	record.set(grant.under.id, at + UNDER_ID);
	record[at + UNDER_WHO_LENGTH] = grant.under.who.length;
	record.set(grant.under.who, at + UNDER_WHO);
}
