import { decodeUtf8, encodeUtf8, fromUnits } from "../../protocol/codec/utf8.js";
import { ID_BYTES } from "../../protocol/index.js";
import { concat, knownVersion, putU64, readU64, writeU64 } from "./codec.js";

/** By number; frozen, since the number is stored. */
const ROLES = ["writer", "reader"] as const;
export type GrantRole = (typeof ROLES)[number];

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
	usedBytes: number;
	usedBlobs: number;
}

export const NO_BOUND = Number.MAX_SAFE_INTEGER;

const RECORD_VERSION = 1;
/** Version and count, then so many bytes for each grant, then their prefixes. */
const HEAD = 2;
const STRIDE = 121;
const SEQUENCE = 0;
const ID = 8;
const ROLE = 24;
const FLAGS = 25;
const LEVEL = 26;
const ENDS_AT = 27;
const BYTES = 35;
const BLOBS = 43;
const USED_BYTES = 51;
const USED_BLOBS = 59;
const UNDER_SEQUENCE = 67;
const UNDER_ID = 75;
const UNDER_WHO_LENGTH = 91;
const UNDER_WHO = 92;

const PUBLIC_ONLY = 1;
const OVER_OTHERS = 2;
const MAY_GIVE = 4;

/** Prefixes hold no control character. */
const SEPARATOR = "\0";

/**
 * The grants that a principal holds, in order of their ids. Nearly every message of a grantee asks for them, and most
 * of them for one: so a field is read from the record when it is asked for, and all prefixes as one text.
 */
export class Holding {
	readonly who: Uint8Array;
	readonly #record: Uint8Array;
	readonly #view: DataView;
	readonly #grants: Grant[];
	#prefixes: string[] | undefined;
	/** Of grants in the record, those that were read; once the list itself changed, all. */
	#isWhole: boolean;
	/** Whether there is a record, which cleaning looks at from time to time. */
	readonly isStored: boolean;
	isChanged = false;

	constructor(who: Uint8Array, record: Uint8Array | undefined) {
		this.who = who;
		this.isStored = record !== undefined;
		this.#record = record ?? Uint8Array.of(RECORD_VERSION, 0);
		this.#view = new DataView(this.#record.buffer, this.#record.byteOffset, this.#record.length);
		knownVersion("grants", this.#record[0]!, RECORD_VERSION);
		this.#isWhole = record === undefined;
		this.#grants = [];
		if (!this.#isWhole) this.#grants.length = this.#record[1]!;
	}

	get count(): number {
		return this.#grants.length;
	}

	prefix(index: number): string {
		return this.#isWhole ? this.#grants[index]!.prefix : this.#texts()[index]!;
	}

	isRole(index: number, role: GrantRole): boolean {
		return this.#isWhole
			? this.#grants[index]!.role === role
			: ROLES[this.#record[this.#at(index) + ROLE]!] === role;
	}

	endsAt(index: number): number {
		return this.#isWhole ? this.#grants[index]!.endsAt : readU64(this.#view, this.#at(index) + ENDS_AT);
	}

	/** Where the grant of this change is; -1 where there is none. */
	indexOf(sequence: number): number {
		for (let index = 0; index < this.count; index++) {
			const its = this.#isWhole
				? this.#grants[index]!.sequence
				: readU64(this.#view, this.#at(index) + SEQUENCE);
			if (its === sequence) return index;
		}
		return -1;
	}

	/** The one that a grant is part of. */
	underOf(index: number): GrantRef | undefined {
		const read = this.#grants[index];
		if (read !== undefined) return read.under;
		const at = this.#at(index);
		const sequence = readU64(this.#view, at + UNDER_SEQUENCE);
		if (sequence === 0) return undefined;
		const length = this.#record[at + UNDER_WHO_LENGTH]!;
		return {
			sequence,
			id: this.#record.slice(at + UNDER_ID, at + UNDER_ID + ID_BYTES),
			who: this.#record.slice(at + UNDER_WHO, at + UNDER_WHO + length),
		};
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
		this.#isWhole = true;
		this.isChanged = true;
	}

	encode(): Uint8Array {
		const grants = this.all();
		const prefixes = encodeUtf8(grants.map(({ prefix }) => prefix).join(SEPARATOR));
		const fixed = new Uint8Array(HEAD + grants.length * STRIDE);
		fixed[0] = RECORD_VERSION;
		fixed[1] = grants.length;
		for (const [index, grant] of grants.entries()) write(fixed, this.#at(index), grant);
		return concat(fixed, prefixes);
	}

	#at(index: number): number {
		return HEAD + index * STRIDE;
	}

	#texts(): string[] {
		this.#prefixes ??= decodeUtf8(this.#record.subarray(this.#at(this.#record[1]!))).split(SEPARATOR);
		return this.#prefixes;
	}

	#read(index: number): Grant {
		const view = this.#view;
		const at = this.#at(index);
		const flags = this.#record[at + FLAGS]!;
		return {
			who: this.who,
			sequence: readU64(view, at + SEQUENCE),
			id: this.#record.slice(at + ID, at + ID + ID_BYTES),
			role: ROLES[this.#record[at + ROLE]!]!,
			prefix: this.#texts()[index]!,
			endsAt: readU64(view, at + ENDS_AT),
			bytes: readU64(view, at + BYTES),
			blobs: readU64(view, at + BLOBS),
			publicOnly: (flags & PUBLIC_ONLY) !== 0,
			overOthers: (flags & OVER_OTHERS) !== 0,
			mayGive: (flags & MAY_GIVE) !== 0,
			level: this.#record[at + LEVEL]!,
			under: this.underOf(index),
			usedBytes: readU64(view, at + USED_BYTES),
			usedBlobs: readU64(view, at + USED_BLOBS),
		};
	}
}

function write(record: Uint8Array, at: number, grant: Grant): void {
	const view = new DataView(record.buffer);
	putU64(record, at + SEQUENCE, grant.sequence);
	record.set(grant.id, at + ID);
	record[at + ROLE] = ROLES.indexOf(grant.role);
	record[at + FLAGS] =
		(grant.publicOnly ? PUBLIC_ONLY : 0) |
		(grant.overOthers ? OVER_OTHERS : 0) |
		(grant.mayGive ? MAY_GIVE : 0);
	record[at + LEVEL] = grant.level;
	writeU64(view, at + ENDS_AT, grant.endsAt);
	writeU64(view, at + BYTES, grant.bytes);
	writeU64(view, at + BLOBS, grant.blobs);
	writeU64(view, at + USED_BYTES, grant.usedBytes);
	writeU64(view, at + USED_BLOBS, grant.usedBlobs);
	if (grant.under === undefined) return;
	writeU64(view, at + UNDER_SEQUENCE, grant.under.sequence);
	record.set(grant.under.id, at + UNDER_ID);
	record[at + UNDER_WHO_LENGTH] = grant.under.who.length;
	record.set(grant.under.who, at + UNDER_WHO);
}
