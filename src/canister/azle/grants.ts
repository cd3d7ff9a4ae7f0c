import { Principal } from "@dfinity/principal";
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

/** @throws RangeError where a number or a time is none */
export function fromGrantTerms(terms: StoreGrantTerms): WireGrantTerms {
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
