/** Owners of blobs, beside the client: giving, listing and removing what somebody has, and acting for another. */
export { BlobOwners } from "./owners.js";
export type {
	ImportLinkAs,
	Link,
	LinkName,
	LinkNameLike,
	ListLinksOptions,
	ListOffersOptions,
	ListOwnedOptions,
	Offer,
	OfferLinkOptions,
	OfferNameLike,
	OfferOptions,
	Removed,
	RemoveOptions,
	RightsChange,
	RightsOptions,
	StepOptions,
	Taken,
} from "./types.js";
