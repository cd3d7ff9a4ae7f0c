import { bool, bytes, nat32, nat64, nothing, opt, principal, record, text, variant, vec } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";

/** Grants: what a principal may do under one prefix of keys, until when, and how much. */

export type WireGrantRole = { writer: null } | { reader: null };
export const GrantRole = variant<WireGrantRole>({ writer: nothing, reader: nothing });

/** Within which bounds a grant holds. */
export interface WireGrantTerms {
	/** Whole segments of keys with a `/` at the end; nothing: every key. */
	prefix: string;
	/** Absent: without an end, or with that of the grant it is part of. */
	ends_at: [] | [bigint];
	/** Bytes in all, as quotas count them; absent: no bound of its own. */
	bytes: [] | [bigint];
	/** Blobs in all; absent: no bound of its own. */
	blobs: [] | [bigint];
	/** Only public blobs are put under it. */
	public_only: boolean;
	/** Whether blobs of others may be replaced, changed and deleted. */
	over_others: boolean;
	/** Whether parts of it may be given on. */
	may_give: boolean;
	/** Whether what was deleted and is kept may be removed for good. */
	may_purge: boolean;
}
export const GrantTerms = record<WireGrantTerms>({
	prefix: keyText,
	ends_at: opt(nat64),
	bytes: opt(nat64),
	blobs: opt(nat64),
	public_only: bool,
	over_others: bool,
	may_give: bool,
	may_purge: bool,
});

/** What was used of a grant. */
export interface WireGrantUsed {
	bytes: bigint;
	blobs: bigint;
}
export const GrantUsed = record<WireGrantUsed>({ bytes: nat64, blobs: nat64 });

/** What a grant was in the store that it is imported from. */
export interface WireGivenAs {
	/** Whose grant `under` is; absent: the caller's. */
	giver: [] | [WirePrincipal];
	used: WireGrantUsed;
}
export const GivenAs = record<WireGivenAs>({ giver: opt(principal), used: GrantUsed });

export interface WireGiveGrant {
	/** Of this change, and of the grant from then on. */
	id: Uint8Array;
	who: WirePrincipal;
	role: WireGrantRole;
	terms: WireGrantTerms;
	/** Which grant of the caller's it is part of; absent: one that has it, or, of an administrator, none. */
	under: [] | [Uint8Array];
	/** For the importer of a store, while it is imported into; absent: the caller gives it now, unused. */
	as: [] | [WireGivenAs];
}
export const GiveGrant = record<WireGiveGrant>({
	id: bytes,
	who: principal,
	role: GrantRole,
	terms: GrantTerms,
	under: opt(bytes),
	as: opt(GivenAs),
});

export interface WireRevokeGrant {
	id: Uint8Array;
	who: WirePrincipal;
	/** The grant's id. */
	grant: Uint8Array;
}
export const RevokeGrant = record<WireRevokeGrant>({ id: bytes, who: principal, grant: bytes });

/** Who holds a grant, and its id. */
export interface WireGrantName {
	who: WirePrincipal;
	id: Uint8Array;
}
export const GrantName = record<WireGrantName>({ who: principal, id: bytes });

export interface WireGrant extends WireGrantName {
	role: string;
	terms: WireGrantTerms;
	/** The grant that it is part of. */
	under: [] | [WireGrantName];
	/** What was used of it, by its holder and by those to whom parts of it were given. */
	used: WireGrantUsed;
	/** False where it has ended, or a grant that it is part of was taken away. */
	holds: boolean;
}
export const Grant = record<WireGrant>({
	who: principal,
	id: bytes,
	role: text,
	terms: GrantTerms,
	under: opt(GrantName),
	used: GrantUsed,
	holds: bool,
});

/** All, those that a principal holds, or the parts that it gave of those. */
export type WireGrantsOf = { all: null } | { held_by: WirePrincipal } | { given_by: WirePrincipal };
export const GrantsOf = variant<WireGrantsOf>({ all: nothing, held_by: principal, given_by: principal });

export interface WireListGrants {
	of: WireGrantsOf;
	after: [] | [WireGrantName];
	limit: number;
}
export const ListGrants = record<WireListGrants>({ of: GrantsOf, after: opt(GrantName), limit: nat32 });

export interface WireGrants {
	grants: WireGrant[];
	next: [] | [WireGrantName];
}
export const Grants = record<WireGrants>({ grants: vec(Grant), next: opt(GrantName) });
