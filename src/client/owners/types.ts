import type { AskOptions, CallOptions } from "../asking.js";
import type { ChangesOptions } from "../feed/changes.js";
import type { PrincipalLike } from "../options.js";
import type {
	BlobGiven,
	Change,
	ChangeStamp,
	GrantChanged,
	LeaseChanged,
	LinkChanged,
	ModeChanged,
	OfferChanged,
	OfferedBlobs,
	OfferName,
	PrincipalText,
	QuotaChanged,
	RoleChanged,
} from "../types.js";

/** An offer of blobs, open until it ends, is accepted or is withdrawn. */
export interface Offer extends OfferName {
	/** The owner of the blobs. */
	readonly owner: PrincipalText;
	/** The recipient. */
	readonly to: PrincipalText;
	/** The offered blobs. */
	readonly what: OfferedBlobs;
	/** Only blobs published by this change or an earlier one are offered. */
	readonly sequence: bigint;
	/** Expiry. */
	readonly endsAt: Date;
}

/** A link that was offered or accepted: the permission of a principal to act for an owner. */
export interface Link extends LinkName {
	/** Whether the link was accepted. */
	readonly holds: boolean;
	/** When it was accepted; if not accepted yet, when it was offered. */
	readonly since: Date;
}

/** Identifies a link. */
export interface LinkName {
	/** The owner acted for. */
	readonly owner: PrincipalText;
	/** The principal that acts. */
	readonly who: PrincipalText;
}

/** Options of `offer`. */
export interface OfferOptions extends CallOptions {
	/** The owner of the blobs; only an administrator may name another principal. Default: the caller. */
	owner?: PrincipalLike | undefined;
}

/** Result of taking an offer. */
export interface Taken {
	/** Blobs that the caller now owns. */
	readonly blobs: number;
	/** Bytes that these blobs add to its quota usage. */
	readonly bytes: number;
	/** Blobs that stay with their owner, because the application's rule or the caller's grants refuse the transfer. */
	readonly refused: number;
}

/** What `removeAll` removed. */
export interface Removed {
	/** Removed roles, quotas, grants, offers and links. */
	readonly rights: number;
	/** Aborted uploads. */
	readonly uploads: number;
	/** Deleted blobs. */
	readonly blobs: number;
	/** Bytes of the contents of the deleted blobs. */
	readonly bytes: number;
	/** Purged blobs. */
	readonly purged: number;
	/** Blobs not deleted, because the application's rule does not let the caller delete them. */
	readonly refused: number;
}

/** Options of an operation that takes several calls. */
export interface StepOptions<Sum> extends CallOptions {
	/** Called after each step with the sums so far. */
	onProgress?: (((soFar: Sum) => void) | undefined) | undefined;
}

/** Options of `removeAll`. */
export interface RemoveOptions extends StepOptions<Removed> {
	/** The principal whose blobs are removed; only an administrator may name another. Default: the caller. */
	owner?: PrincipalLike | undefined;
	/** Also purge deleted blobs that are kept. Requires an administrator. @default false */
	purge?: boolean | undefined;
	/**
	 * First end the principal's roles, quota, grants, offers and links, so that it cannot add anything meanwhile.
	 * Requires an administrator. @default false
	 */
	rights?: boolean | undefined;
}

/** Which offers to list. Without a filter: all, which requires an administrator or the role `backup`. */
export interface ListOffersOptions extends AskOptions {
	/** Offers by this principal. Another principal than the caller requires an administrator or the role `backup`. */
	givenBy?: PrincipalLike | undefined;
	/** Offers to this principal, with the same requirement as `givenBy`. */
	madeTo?: PrincipalLike | undefined;
}

/** Options of `list`. */
export interface ListOwnedOptions extends AskOptions {
	/**
	 * The owner. Another principal than the caller requires an administrator or the role `backup`. Default: the caller.
	 */
	owner?: PrincipalLike | undefined;
	/** Lists the blobs of an offer that the caller made or received, instead of an owner's. */
	offer?: OfferNameLike | undefined;
	/** Only keys that begin with this text. @default "" (all) */
	prefix?: string | undefined;
}

/** Options of `offerLink`. */
export interface OfferLinkOptions extends CallOptions {
	/**
	 * Creates an accepted link for this owner during an import (`beginImport`), by a controller of the canister: as
	 * listed by the original store.
	 */
	importAs?: ImportLinkAs | undefined;
}

/** A link of the store that is being imported. A `Link` from that store has this shape. */
export interface ImportLinkAs {
	/** The owner acted for. */
	readonly owner: PrincipalLike;
}

/** Options of `listLinks`. */
export interface ListLinksOptions extends AskOptions {
	/**
	 * Links of this principal. Another principal than the caller requires an administrator or the role `backup`.
	 * Default: all.
	 */
	owner?: PrincipalLike | undefined;
}

/** Identifies an offer, as returned or listed. */
export interface OfferNameLike {
	/** The principal that made the offer. */
	readonly giver: PrincipalLike;
	/** Its id. */
	readonly id: string;
}

/** Identifies a link, as listed. */
export interface LinkNameLike {
	/** The owner acted for. */
	readonly owner: PrincipalLike;
	/** The principal that acts. */
	readonly who: PrincipalLike;
}

/** Options of `rights`. */
export interface RightsOptions extends Omit<ChangesOptions, "minVersion"> {
	/** Only changes made by this principal or about it. Default: all. */
	of?: PrincipalLike | undefined;
}

/** A change of permissions or of ownership. */
export type RightsChange = Extract<
	Change,
	| RoleChanged
	| QuotaChanged
	| GrantChanged
	| LinkChanged
	| OfferChanged
	| BlobGiven
	| LeaseChanged
	| ModeChanged
> &
	ChangeStamp;
