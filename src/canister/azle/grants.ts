import { Principal } from "@dfinity/principal";
import { MAX_PRINCIPAL_BYTES } from "../../protocol/codec/read.js";
import type { WireGrant, WireGrantTerms } from "../../protocol/index.js";

/** Grants as code of the application gives them and reads them. */

/** What a principal may do under a prefix, until when, and how much (docs/PROTOCOL.md, "Grants"). */
export interface StoreGrantTerms {
	/** `writer`: upload, change and delete its own; `reader`: read private blobs. */
	readonly role: "writer" | "reader";
	/** Whole segments with a `/` at the end, such as `inbox/ann/`; `""` for every key. */
	readonly prefix: string;
	/** From this moment on it does nothing. Default: it has no end. */
	readonly endsAt?: Date;
	/** Bytes that may be put by it in all, as quotas count them. Default: no bound. For writers. */
	readonly bytes?: number;
	/** Blobs that may be put by it in all. Default: no bound. For writers. */
	readonly blobs?: number;
	/** Only public blobs. Default false. For writers. */
	readonly publicOnly?: boolean;
	/** Whether blobs of others may be replaced, changed and deleted. Default false. For writers. */
	readonly overOthers?: boolean;
	/** Whether its holder may give parts of it. Default false. */
	readonly mayGive?: boolean;
	/** Whether its holder may remove for good what was deleted. Default false. For writers. */
	readonly mayPurge?: boolean;
}

/** What was used of a grant. */
export interface StoreGrantUse {
	/** As quotas count them. */
	readonly bytes: number;
	/** How many. */
	readonly blobs: number;
}

/** A grant that a principal holds. */
export interface StoreGrant extends StoreGrantTerms {
	/** Who holds it. */
	readonly who: Principal;
	/** Its id, by which it is taken away. */
	readonly id: Uint8Array;
	/** Bytes and blobs that were put by it and by its parts. */
	readonly used: StoreGrantUse;
	/** False where it has ended, or one that it is part of was taken away. */
	readonly holds: boolean;
}

/** The bytes of a principal that code of the application names. @throws RangeError for what is none */
export function bytesOf(who: Principal): Uint8Array {
	const bytes: unknown =
		typeof (who as Principal | undefined)?.toUint8Array === "function" ? who.toUint8Array() : undefined;
	if (bytes instanceof Uint8Array && bytes.length <= MAX_PRINCIPAL_BYTES) return bytes;
	throw new RangeError(`who must be a Principal, and is ${who === null ? "null" : typeof who}`);
}

/** @throws RangeError where a number or a time is none, and where there are no terms */
export function fromGrantTerms(terms: StoreGrantTerms): WireGrantTerms {
	if (typeof terms !== "object" || terms === null) throw new RangeError("terms must be an object");
	const { role, prefix, endsAt } = terms;
	if (role !== "writer" && role !== "reader")
		throw new RangeError('the role of a grant is "writer" or "reader"');
	if (typeof prefix !== "string") throw new RangeError("the prefix of a grant is a text");
	if (endsAt !== undefined && !(endsAt instanceof Date)) throw new RangeError("endsAt must be a Date");
	for (const name of ["publicOnly", "overOthers", "mayGive", "mayPurge"] as const)
		if (!["boolean", "undefined"].includes(typeof terms[name]))
			throw new RangeError(`${name} is true or false`);
	const bound = (value: number | undefined): [] | [bigint] =>
		value === undefined || value === Number.POSITIVE_INFINITY ? [] : [BigInt(value)];
	return {
		prefix: terms.prefix,
		ends_at: terms.endsAt === undefined ? [] : [BigInt(terms.endsAt.getTime()) * 1_000_000n],
		bytes: bound(terms.bytes),
		blobs: bound(terms.blobs),
		public_only: terms.publicOnly ?? false,
		over_others: terms.overOthers ?? false,
		may_give: terms.mayGive ?? false,
		may_purge: terms.mayPurge ?? false,
	};
}

export function toGrant({ who, id, role, terms, used, holds }: WireGrant): StoreGrant {
	const [endsAt] = terms.ends_at;
	const [bytes] = terms.bytes;
	const [blobs] = terms.blobs;
	return {
		who: Principal.fromUint8Array(who.toUint8Array()),
		id: id.slice(),
		role: role as StoreGrantTerms["role"],
		prefix: terms.prefix,
		...(endsAt !== undefined && { endsAt: new Date(Number(endsAt / 1_000_000n)) }),
		...(bytes !== undefined && { bytes: Number(bytes) }),
		...(blobs !== undefined && { blobs: Number(blobs) }),
		publicOnly: terms.public_only,
		overOthers: terms.over_others,
		mayGive: terms.may_give,
		mayPurge: terms.may_purge,
		used: { bytes: Number(used.bytes), blobs: Number(used.blobs) },
		holds,
	};
}

/** A call of the application's that the store refused; nothing was changed. */
export class StoreRefusal extends Error {
	/** Tells it from other errors. */
	override readonly name = "StoreRefusal";
	/** The error's name, as docs/PROTOCOL.md has it. */
	readonly code: string;
	/** What it carries. */
	readonly details: unknown;

	constructor(code: string, details: unknown) {
		const text = JSON.stringify(details, (_, value) => (typeof value === "bigint" ? String(value) : value));
		super(`canister-blobs: ${code} ${text}`);
		this.code = code;
		this.details = details;
	}
}
