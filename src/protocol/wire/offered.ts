import { bytes, principal, record, variant } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";

/** What of owners stands in the feed, too. */

/** A blob by its key, or all under a prefix: whole segments with a `/` at the end, or nothing for every key. */
export type WireOffered = { blob: string } | { prefix: string };
export const Offered = variant<WireOffered>({ blob: keyText, prefix: keyText });

/** Who made an offer, and its id. */
export interface WireOfferName {
	giver: WirePrincipal;
	id: Uint8Array;
}
export const OfferName = record<WireOfferName>({ giver: principal, id: bytes });
