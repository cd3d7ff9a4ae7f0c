import {
	checkKey,
	checkPrefix,
	type Encodable,
	MAX_OFFERS,
	Message,
	OFFER_LIFE_MS,
	sameBytes,
	Taken,
	type WireAnswerOffer,
	type WireChangeOf,
	type WireListOffers,
	type WireOffer,
	type WireOfferBlobs,
	type WireOffered,
	type WireOfferName,
	type WireOffers,
	type WireTaken,
	type WireVersion,
} from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { chargeOfOffer } from "../accounts/charges.js";
import { nanoseconds } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid, refuseOver } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Offer } from "../store/offers.js";
import { RECEIPT } from "../store/receipts.js";
import { refuseNobody } from "./administering.js";
import { isOwn } from "./discarding.js";
import { readable } from "./publishing.js";
import { administer, checkId, onceFor, pageLimit } from "./requests.js";
import { takeStep } from "./taking.js";

const answers = new Message(Taken);

/** Giving blobs to another principal: offering, taking, withdrawing, and lists of offers and of what somebody has. */
export class Offering {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	offer(request: WireOfferBlobs): WireVersion {
		const state = this.#state;
		const { id, what } = request;
		const offer = (giver: Uint8Array) => {
			const to = request.to.toUint8Array();
			const owner = request.owner[0]?.toUint8Array() ?? giver;
			if (!sameBytes(owner, giver) && !state.access.isAdmin)
				refuse("not_authorized", { needs: "the owner of the blobs, or the role admin" });
			refuseNobody(to);
			// What a principal gets that acts for another is that one's.
			const taker = state.links.ownerFor(to) ?? to;
			if (sameBytes(taker, owner)) refuseArgument("to", "the blobs are its own");
			const text = checkWhat(state, giver, owner, what);
			if (state.offers.get({ giver, id }) !== undefined) refuse("upload_conflict", { field: "id" });
			const own = [...state.offers.list({ by: giver })];
			const dead = own.filter(({ endsAt }) => endsAt <= state.now);
			const count = own.length - dead.length;
			if (count >= MAX_OFFERS) refuseOver("offers", MAX_OFFERS, count, 1);
			const charged = state.access.isAdmin ? 0 : chargeOfOffer(text);
			state.charges.check(giver, { bytes: charged }, state.now);
			state.capacity.check(0);

			for (const ended of dead) dropOffer(state, ended);
			const made: Offer = {
				giver,
				// A copy: what is read is a view into the message.
				id: id.slice(),
				owner,
				to: taker,
				text,
				isPrefix: "prefix" in what,
				sequence: state.feed.sequence + 1,
				endsAt: state.now + OFFER_LIFE_MS,
				charged,
				at: "",
			};
			// What of the owner's is got ready to be revealed has versions before the offer, and no key holds them yet.
			state.preparing.restart(state, owner);
			state.charges.charge(giver, charged);
			state.offers.add(made);
			state.wakeAt(made.endsAt);
			return changeOf(made, true);
		};
		return administer(state, "blobs_offer", request, offer, 2);
	}

	/** Where there is no such offer nothing changes, and the answer names the last change. */
	withdraw(request: WireAnswerOffer): WireVersion {
		const state = this.#state;
		const withdraw = (caller: Uint8Array) => {
			const offer = this.#named(request.offer);
			if (offer === undefined) {
				if (!state.access.isKnown) refuse("not_authorized", { needs: "an offer of the caller's, or to it" });
				return undefined;
			}
			const isParty = sameBytes(offer.giver, caller) || sameBytes(offer.to, caller);
			if (!isParty && !state.access.isAdmin)
				refuse("not_authorized", { needs: "who made the offer, or to whom it was made, or the role admin" });
			return endOffer(state, offer);
		};
		const changes = state.access.isAdmin ? 0 : 2;
		return administer(state, "blobs_withdraw_offer", request, withdraw, changes);
	}

	/** A step: takes as many blobs of the offer as the message has instructions for. */
	take(request: WireAnswerOffer): Encodable<WireTaken> {
		const state = this.#state;
		const caller = state.access.caller();
		const take = () => {
			const offer = this.#named(request.offer);
			if (offer === undefined || !sameBytes(offer.to, caller) || offer.endsAt <= state.now)
				return refuse("not_authorized", { needs: "an offer to the caller that stands" });
			state.capacity.check(0);
			const taken = takeStep(state, caller, request.id, offer);
			if (taken.at === undefined) state.recordAdministration(caller, endOffer(state, offer));
			else state.offers.update({ ...offer, at: taken.at });
			return answers.encode({
				blobs: taken.blobs,
				bytes: BigInt(taken.bytes),
				refused: taken.refused,
				done: taken.at === undefined,
				version: state.lastVersion,
			});
		};
		return answers.part(onceFor(state, caller, "blobs_take_offer", request, RECEIPT.step, 2, take));
	}

	#named({ giver, id }: WireOfferName): Offer | undefined {
		checkId(id);
		return this.#state.offers.get({ giver: giver.toUint8Array(), id });
	}

	list({ of, after: [after], limit }: WireListOffers): WireOffers {
		const { access, offers, now } = this.#state;
		const caller = access.caller();
		let left = pageLimit(limit);
		if (after !== undefined) checkId(after.id);
		const by = "given_by" in of ? of.given_by.toUint8Array() : undefined;
		const to = "made_to" in of ? of.made_to.toUint8Array() : undefined;
		const who = by ?? to;
		if (who === undefined || !sameBytes(who, caller)) access.require("backup");
		const start = after && { giver: after.giver.toUint8Array(), id: after.id };
		const page: WireOffers = { offers: [], next: [] };
		let last: WireOfferName | undefined;
		for (const offer of offers.list({ ...(by && { by }), ...(to && { to }) }, start)) {
			if (left-- === 0) return { ...page, next: last === undefined ? [] : [last] };
			last = nameOf(offer);
			if (offer.endsAt > now) page.offers.push(toWire(offer));
		}
		return page;
	}
}

/** Refuses what cannot be offered. @returns its key or prefix */
function checkWhat(state: State, giver: Uint8Array, owner: Uint8Array, what: WireOffered): string {
	if ("prefix" in what) {
		refuseInvalid(checkPrefix(what.prefix));
		return what.prefix;
	}
	const { blob: key } = what;
	refuseInvalid(checkKey(key));
	const held = readable(state, key);
	if (!isOwn(owner, held)) refuse("not_authorized", { needs: "a blob of the owner under the key" });
	const needs = state.access.needed(giver, "delete", key, held);
	if (needs !== undefined) refuse("not_authorized", { needs });
	return key;
}

/** Ends an offer; the change is still to be recorded. */
export function endOffer(state: State, offer: Offer): WireChangeOf {
	dropOffer(state, offer);
	return changeOf(offer, false);
}

function dropOffer(state: State, offer: Offer): void {
	state.offers.remove(offer);
	state.charges.charge(offer.giver, -offer.charged);
}

/** Drops the offer that was made longest ago, if its time is over; false if it has not come. */
export function dropOldOffer(state: State, now: number): boolean {
	if ((state.offers.nextAt() ?? Number.POSITIVE_INFINITY) > now) return false;
	const offer = state.offers.shiftOld(now);
	if (offer !== undefined) dropOffer(state, offer);
	return true;
}

const nameOf = ({ giver, id }: Offer): WireOfferName => ({ giver: Principal.fromUint8Array(giver), id });

const whatOf = ({ text, isPrefix }: Offer): WireOffered => (isPrefix ? { prefix: text } : { blob: text });

const toWire = (offer: Offer): WireOffer => ({
	...nameOf(offer),
	owner: Principal.fromUint8Array(offer.owner),
	to: Principal.fromUint8Array(offer.to),
	what: whatOf(offer),
	sequence: BigInt(offer.sequence),
	ends_at: nanoseconds(offer.endsAt),
});

const changeOf = (offer: Offer, isMade: boolean): WireChangeOf => ({
	offer: {
		...nameOf(offer),
		owner: Principal.fromUint8Array(offer.owner),
		to: Principal.fromUint8Array(offer.to),
		what: isMade ? [whatOf(offer)] : [],
	},
});
