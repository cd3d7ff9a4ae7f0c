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

/** Blobs that may be taken. */
export interface Offer extends OfferName {
	/** Whose blobs. */
	readonly owner: PrincipalText;
	/** Who may take them. */
	readonly to: PrincipalText;
	/** Which. */
	readonly what: OfferedBlobs;
	/** Only those that were published by the change of this number or before. */
	readonly sequence: bigint;
	/** When it ends by itself. */
	readonly endsAt: Date;
}

/** A principal that acts for another, or may if it accepts. */
export interface Link extends LinkName {
	/** Whether it was accepted. */
	readonly holds: boolean;
	/** When it was accepted, or offered. */
	readonly since: Date;
}

/** Names a link. */
export interface LinkName {
	/** For whom. */
	readonly owner: PrincipalText;
	/** Who acts. */
	readonly who: PrincipalText;
}

/** How blobs are offered. */
export interface OfferOptions extends CallOptions {
	/** Whose blobs, for administrators. Default: the caller's own. */
	owner?: PrincipalLike | undefined;
}

/** What was taken of an offer. */
export interface Taken {
	/** Blobs that are the caller's now. */
	readonly blobs: number;
	/** What they count for in its quota. */
	readonly bytes: number;
	/** Blobs that stay whose they are: the rule of the application, or the caller's grants, do not let it have them. */
	readonly refused: number;
}

/** What was removed of what a principal has. */
export interface Removed {
	/** Roles, quotas, grants, offers and links that ended. */
	readonly rights: number;
	/** Uploads that were given up. */
	readonly uploads: number;
	/** Blobs that were deleted. */
	readonly blobs: number;
	/** Bytes of their contents. */
	readonly bytes: number;
	/** Deleted blobs that were removed for good. */
	readonly purged: number;
	/** Blobs that stay: the rule of the application does not let the caller delete them. */
	readonly refused: number;
}

/** How something is done in steps, each a message of its own. */
export interface StepOptions<Sum> extends CallOptions {
	/** Told after each step what was done so far. */
	onProgress?: (((soFar: Sum) => void) | undefined) | undefined;
}

/** What is removed. */
export interface RemoveOptions extends StepOptions<Removed> {
	/** Whose, for administrators. Default: the caller's own. */
	owner?: PrincipalLike | undefined;
	/** Also remove for good what was deleted and is kept. Takes an administrator. @default false */
	purge?: boolean | undefined;
	/**
	 * End its roles, quota, grants, offers and links first, so that nothing comes while the rest goes. Takes an
	 * administrator. @default false
	 */
	rights?: boolean | undefined;
}

/** Which offers are listed. Neither of the two: all, which takes an administrator or the role backup. */
export interface ListOffersOptions extends AskOptions {
	/** Those that this principal made. Of others than the caller it takes an administrator or the role backup. */
	givenBy?: PrincipalLike | undefined;
	/** Those that were made to this principal, as for `givenBy`. */
	madeTo?: PrincipalLike | undefined;
}

/** Whose blobs are listed. */
export interface ListOwnedOptions extends AskOptions {
	/** Of others than the caller it takes an administrator or the role backup. Default: the caller's own. */
	owner?: PrincipalLike | undefined;
	/** Those of an offer that the caller made, or that was made to it, in the place of somebody's. */
	offer?: OfferNameLike | undefined;
	/** Those whose key begins with this text. @default "" (all) */
	prefix?: string | undefined;
}

/** How a link is offered. */
export interface OfferLinkOptions extends CallOptions {
	/**
	 * For whom the other acts from now on, while the store is imported into (`beginImport`), by a controller of the
	 * canister: such as the other store listed it.
	 */
	importAs?: ImportLinkAs | undefined;
}

/** What a link was in the store that it is imported from. A `Link` of that store says it as well. */
export interface ImportLinkAs {
	/** For whom the other acts. */
	readonly owner: PrincipalLike;
}

/** Which links are listed. */
export interface ListLinksOptions extends AskOptions {
	/** Of this principal. Of others than the caller it takes an administrator or the role backup. Default: all. */
	owner?: PrincipalLike | undefined;
}

/** An offer's name, as it was given or listed. */
export interface OfferNameLike {
	/** Who made it. */
	readonly giver: PrincipalLike;
	/** Its id. */
	readonly id: string;
}

/** A link's name, as it was listed. */
export interface LinkNameLike {
	/** For whom. */
	readonly owner: PrincipalLike;
	/** Who acts. */
	readonly who: PrincipalLike;
}

/** Which changes of rights are reported. */
export interface RightsOptions extends Omit<ChangesOptions, "minVersion"> {
	/** Those that were made by this principal, or concern it. Default: all. */
	of?: PrincipalLike | undefined;
}

/** A change of who may do what, or of whose something is. */
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
