import { query, update } from "./methods.js";
import * as owners from "./owners.js";
import { Version, type WireVersion } from "./version.js";

/** The methods that are about owners. */
export const OWNER_METHODS = {
	blobs_offer: update<[owners.WireOfferBlobs], WireVersion>([owners.OfferBlobs], Version),
	/** Of an offer that is not there, to the last change that was made. */
	blobs_withdraw_offer: update<[owners.WireAnswerOffer], WireVersion>([owners.AnswerOffer], Version),
	/** A step: to be repeated, with other ids, until it is done. */
	blobs_take_offer: update<[owners.WireAnswerOffer], owners.WireTaken>([owners.AnswerOffer], owners.Taken),
	/** A step: to be repeated, with other ids and where the last one ended, until nothing is left. */
	blobs_remove_owned: update<[owners.WireRemoveOwned], owners.WireRemoved>(
		[owners.RemoveOwned],
		owners.Removed,
	),
	blobs_offer_link: update<[owners.WireOfferLink], WireVersion>([owners.OfferLink], Version),
	blobs_accept_link: update<[owners.WireAcceptLink], WireVersion>([owners.AcceptLink], Version),
	/** Of a link that is not there, to the last change that was made. */
	blobs_end_link: update<[owners.WireEndLink], WireVersion>([owners.EndLink], Version),
	blobs_list_offers: query<[owners.WireListOffers], owners.WireOffers>([owners.ListOffers], owners.Offers),
	blobs_list_owned: query<[owners.WireListOwned], owners.WireOwned>([owners.ListOwned], owners.Owned),
	blobs_list_links: query<[owners.WireListLinks], owners.WireLinks>([owners.ListLinks], owners.Links),
} as const;
