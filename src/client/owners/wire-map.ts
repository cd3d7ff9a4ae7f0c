import type { WireLink, WireOffer, WireOffered, WireOfferName } from "../../protocol/index.js";
import type { OfferedBlobs, OfferName } from "../types.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { date } from "../wire-map.js";
import type { Link, Offer } from "./types.js";

/** Owners as they travel, and as they are given. */

export const toOfferName = ({ giver, id }: WireOfferName): OfferName =>
	withJson({ giver: giver.toText(), id: hex(id) });

export const toOffered = (what: WireOffered): OfferedBlobs =>
	"blob" in what ? { key: what.blob } : { prefix: what.prefix };

export const toOffer = ({ giver, id, owner, to, what, sequence, ends_at }: WireOffer): Offer =>
	withJson({
		...toOfferName({ giver, id }),
		owner: owner.toText(),
		to: to.toText(),
		what: toOffered(what),
		sequence,
		endsAt: date(ends_at),
	});

export const toLink = ({ owner, who, holds, since }: WireLink): Link =>
	withJson({ owner: owner.toText(), who: who.toText(), holds, since: date(since) });
