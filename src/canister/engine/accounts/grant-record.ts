import { decodeUtf8, encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { ID_BYTES } from "../../../protocol/index.js";
import { concat, getU32, getU64, knownVersion, putU32, putU64, u64Key } from "../base/codec.js";
import type { Marks } from "../base/marks.js";

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
	readonly mayPurge: boolean;
	/** How many grants lead to it, itself counted. */
	readonly level: number;
	/** The one that it is part of; none where an administrator gave it. */
	readonly under: GrantRef | undefined;
	/** The number of its mark (marks.ts), if parts of it may be given; else 0. */
	readonly mark: number;
	/** Marks of the grants above it, from the one on that it is part of. */
	readonly above: readonly number[];
	usedBytes: number;
	usedBlobs: number;
}

export const NO_BOUND = Number.MAX_SAFE_INTEGER;
/** The second of the eight bytes of NO_BOUND: no time has it that will ever be. */
const NEVER_BYTE = 0x1f;

const RECORD_VERSION = 1;
/** Version, count, whether prefixes are ASCII; then for each the number of its change, so many bytes, then the prefixes. */
const HEAD = 3;
const SEQUENCE_BYTES = 8;
const STRIDE = 124;
const ID = 0;
const FLAGS = 16;
const LEVEL = 17;
const ENDS_AT = 18;
const BYTES = 26;
const BLOBS = 34;
const USED_BYTES = 42;
const USED_BLOBS = 50;
const MARK = 58;
/** Marks of the grants above it, two at the most (MAX_GRANT_LEVELS). */
const ABOVE = 62;
const MARK_BYTES = 4;
const UNDER_SEQUENCE = 70;
const UNDER_ID = 78;
const UNDER_WHO_LENGTH = 94;
const UNDER_WHO = 95;

const PUBLIC_ONLY = 1;
const OVER_OTHERS = 2;
const MAY_GIVE = 4;
const MAY_PURGE = 8;

const ASCII = 1;
const MOST_UNITS = 64;
/** Prefixes hold no control character. */
const SEPARATOR = "\0";

/**
 * The grants that a principal holds, in order of their ids. Nearly every message of a grantee asks for them, and most
 * of them for one. So what a check asks is read from the record as it lies, and all prefixes are one text: to make
 * an object of each would cost twice what the check does.
 */
export class Holding {
	readonly who: Uint8Array;
	count: number;
	#record: Uint8Array;
	#view: DataView | undefined;
	/** Where what follows the numbers begins. */
	#fixed: number;
	readonly #grants: Grant[] = [];
	#targets: string[] | undefined;
	#names: string | undefined;
	/** Whether there is a record, which cleaning looks at from time to time. */
	readonly isStored: boolean;
	isChanged = false;

	/** `record`: nothing where it was never given any. */
	constructor(who: Uint8Array, record: Uint8Array) {
		this.who = who;
		this.isStored = record.length > 0;
		this.#record = this.isStored ? record : NO_GRANTS;
		if (this.#record[0] !== RECORD_VERSION) knownVersion("grants", this.#record[0]!, RECORD_VERSION);
		this.count = this.#record[1]!;
		this.#fixed = HEAD + this.count * SEQUENCE_BYTES;
	}

	/** Of each the letter of its role, and its prefix. */
	get targets(): readonly string[] {
		if (this.#targets === undefined) {
			const texts = this.#record.subarray(this.#fixed + this.count * STRIDE);
			// Most prefixes are ASCII: then they are their bytes, which takes half as long for few.
			const isShort = this.#record[2] === ASCII && texts.length < MOST_UNITS;
			const text = isShort ? fromUnits(texts) : decodeUtf8(texts);
			this.#targets = this.count === 0 ? [] : text.split(SEPARATOR);
		}
		return this.#targets;
	}

	/** Whether it has not ended by now, and the marks of all those above it are there. */
	isLive(index: number, now: number, marks: Marks): boolean {
		const record = this.#record;
		const at = this.#fixed + index * STRIDE;
		// It ends no later than those that it is part of. Of most, which have no end, one byte tells that.
		if (record[at + ENDS_AT + 1] !== NEVER_BYTE && getU64(record, at + ENDS_AT) <= now) return false;
		const level = record[at + LEVEL]!;
		if (level < 2) return true;
		this.#view ??= new DataView(record.buffer, record.byteOffset);
		const view = this.#view;
		return (
			marks.has(view.getUint32(at + ABOVE)) &&
			(level < 3 || marks.has(view.getUint32(at + ABOVE + MARK_BYTES)))
		);
	}

	isPublicOnly(index: number): boolean {
		return this.#has(index, PUBLIC_ONLY);
	}

	isOverOthers(index: number): boolean {
		return this.#has(index, OVER_OTHERS);
	}

	mayPurge(index: number): boolean {
		return this.#has(index, MAY_PURGE);
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
		this.#view = undefined;
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
		const above = Array.from({ length: record[at + LEVEL]! - 1 }, (_, level) =>
			getU32(record, at + ABOVE + level * MARK_BYTES),
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
			mayPurge: (flags & MAY_PURGE) !== 0,
			level: record[at + LEVEL]!,
			under:
				above.length === 0
					? undefined
					: {
							who,
							id: record.slice(at + UNDER_ID, at + UNDER_ID + ID_BYTES),
							sequence: number(UNDER_SEQUENCE),
						},
			mark: getU32(record, at + MARK),
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
		(grant.mayGive ? MAY_GIVE : 0) |
		(grant.mayPurge ? MAY_PURGE : 0);
	record[at + LEVEL] = grant.level;
	putU64(record, at + ENDS_AT, grant.endsAt);
	putU64(record, at + BYTES, grant.bytes);
	putU64(record, at + BLOBS, grant.blobs);
	putU64(record, at + USED_BYTES, grant.usedBytes);
	putU64(record, at + USED_BLOBS, grant.usedBlobs);
	putU32(record, at + MARK, grant.mark);
	for (const [level, mark] of grant.above.entries()) putU32(record, at + ABOVE + level * MARK_BYTES, mark);
	if (grant.under === undefined) return;
	putU64(record, at + UNDER_SEQUENCE, grant.under.sequence);
	record.set(grant.under.id, at + UNDER_ID);
	record[at + UNDER_WHO_LENGTH] = grant.under.who.length;
	record.set(grant.under.who, at + UNDER_WHO);
}
