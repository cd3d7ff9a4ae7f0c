import { bool, bytes, nat32, nat64, nothing, opt, principal, record, text, variant, vec } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";
import { ManifestBytes } from "./blob.js";
import { Offered, OfferName, type WireOffered, type WireOfferName } from "./offered.js";
import { Version, type WireVersion } from "./version.js";

/** Owners: giving blobs away, what somebody has and removing it, and principals that act for another. */

export interface WireOfferBlobs {
	/** Of this change, and of the offer from then on. */
	id: Uint8Array;
	/** Whose blobs; absent: the caller's. Of others it takes an administrator. */
	owner: [] | [WirePrincipal];
	to: WirePrincipal;
	what: WireOffered;
}
export const OfferBlobs = record<WireOfferBlobs>({
	id: bytes,
	owner: opt(principal),
	to: principal,
	what: Offered,
});

export interface WireAnswerOffer {
	id: Uint8Array;
	offer: WireOfferName;
}
export const AnswerOffer = record<WireAnswerOffer>({ id: bytes, offer: OfferName });

/** What a step of taking an offer did. */
export interface WireTaken {
	/** Blobs that are the caller's from now on, and what they count for in its quota. */
	blobs: number;
	bytes: bigint;
	/** Blobs of the offer that stay whose they are: the rule of the application lets one of the two not do it. */
	refused: number;
	/** Whether the whole offer was gone through, so that it is no more. */
	done: boolean;
	/** The last change that it made. */
	version: WireVersion;
}
export const Taken = record<WireTaken>({
	blobs: nat32,
	bytes: nat64,
	refused: nat32,
	done: bool,
	version: Version,
});

export interface WireOffer extends WireOfferName {
	owner: WirePrincipal;
	to: WirePrincipal;
	what: WireOffered;
	/** It is of blobs that were published by this change or before. */
	sequence: bigint;
	ends_at: bigint;
}
export const Offer = record<WireOffer>({
	giver: principal,
	id: bytes,
	owner: principal,
	to: principal,
	what: Offered,
	sequence: nat64,
	ends_at: nat64,
});

/** All, those that a principal made, or those that were made to it. */
export type WireOffersOf = { all: null } | { given_by: WirePrincipal } | { made_to: WirePrincipal };
export const OffersOf = variant<WireOffersOf>({ all: nothing, given_by: principal, made_to: principal });

export interface WireListOffers {
	of: WireOffersOf;
	after: [] | [WireOfferName];
	limit: number;
}
export const ListOffers = record<WireListOffers>({ of: OffersOf, after: opt(OfferName), limit: nat32 });
export interface WireOffers {
	offers: WireOffer[];
	next: [] | [WireOfferName];
}
export const Offers = record<WireOffers>({ offers: vec(Offer), next: opt(OfferName) });

/** The caller's, somebody's, or what an offer is of. */
export type WireOwnedOf = { mine: null } | { owner: WirePrincipal } | { offer: WireOfferName };
export const OwnedOf = variant<WireOwnedOf>({ mine: nothing, owner: principal, offer: OfferName });

export interface WireListOwned {
	of: WireOwnedOf;
	/** Keys that begin with this text. */
	prefix: string;
	/** What the page before named as the next one. */
	after: [] | [string];
	limit: number;
}
export const ListOwned = record<WireListOwned>({
	of: OwnedOf,
	prefix: keyText,
	after: opt(keyText),
	limit: nat32,
});
export interface WireOwned {
	/** In the order of keys. */
	manifests: Uint8Array[];
	next: [] | [string];
}
export const Owned = record<WireOwned>({ manifests: vec(ManifestBytes), next: opt(text) });

export interface WireRemoveOwned {
	id: Uint8Array;
	/** Whose; absent: the caller's. Of others it takes an administrator. */
	owner: [] | [WirePrincipal];
	/** Whether what was deleted and is kept is removed for good, too. It takes an administrator. */
	purge: boolean;
	/** Whether roles, quota, grants, offers and links of the principal end first. It takes an administrator. */
	rights: boolean;
	/** What the step before named as the next one. */
	after: [] | [string];
}
export const RemoveOwned = record<WireRemoveOwned>({
	id: bytes,
	owner: opt(principal),
	purge: bool,
	rights: bool,
	after: opt(keyText),
});

/** What a step of removing did. */
export interface WireRemoved {
	/** Roles, quotas, grants, offers and links that ended. */
	rights: number;
	/** Uploads that were given up. */
	uploads: number;
	/** Blobs that were deleted, and the bytes of their contents. */
	blobs: number;
	bytes: bigint;
	/** Deleted blobs that were removed for good. */
	purged: number;
	/** Blobs that stay, since the rule of the application does not let the caller delete them. */
	refused: number;
	/** Where the next step goes on; absent where nothing is left. */
	next: [] | [string];
	/** The last change that it made. */
	version: WireVersion;
}
export const Removed = record<WireRemoved>({
	rights: nat32,
	uploads: nat32,
	blobs: nat32,
	bytes: nat64,
	purged: nat32,
	refused: nat32,
	next: opt(text),
	version: Version,
});

export interface WireOfferLink {
	id: Uint8Array;
	/** Who is to act for the caller. */
	who: WirePrincipal;
	/** For the importer of a store, while it is imported into: for whom, from now on; absent: the caller offers it. */
	as: [] | [WirePrincipal];
}
export const OfferLink = record<WireOfferLink>({ id: bytes, who: principal, as: opt(principal) });

export interface WireAcceptLink {
	id: Uint8Array;
	/** For whom the caller acts from now on. */
	owner: WirePrincipal;
}
export const AcceptLink = record<WireAcceptLink>({ id: bytes, owner: principal });

/** Who acts for whom. */
export interface WireLinkName {
	owner: WirePrincipal;
	who: WirePrincipal;
}
export const LinkName = record<WireLinkName>({ owner: principal, who: principal });

export interface WireEndLink {
	id: Uint8Array;
	link: WireLinkName;
}
export const EndLink = record<WireEndLink>({ id: bytes, link: LinkName });

export interface WireLink extends WireLinkName {
	/** Whether it was accepted; else it was offered only. */
	holds: boolean;
	/** When it was accepted, or offered. */
	since: bigint;
}
export const Link = record<WireLink>({ owner: principal, who: principal, holds: bool, since: nat64 });

/** All, or those of a principal, for which others act. */
export type WireLinksOf = { all: null } | { owner: WirePrincipal };
export const LinksOf = variant<WireLinksOf>({ all: nothing, owner: principal });

export interface WireListLinks {
	of: WireLinksOf;
	after: [] | [WireLinkName];
	limit: number;
}
export const ListLinks = record<WireListLinks>({ of: LinksOf, after: opt(LinkName), limit: nat32 });
export interface WireLinks {
	links: WireLink[];
	next: [] | [WireLinkName];
}
export const Links = record<WireLinks>({ links: vec(Link), next: opt(LinkName) });
