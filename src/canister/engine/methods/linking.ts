import {
	MAX_LINKS,
	sameBytes,
	type WireAcceptLink,
	type WireChangeOf,
	type WireEndLink,
	type WireLinkName,
	type WireLinks,
	type WireListLinks,
	type WireOfferLink,
	type WireVersion,
} from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { LINK_BYTES } from "../accounts/charges.js";
import type { Link } from "../accounts/links.js";
import { nanoseconds } from "../base/codec.js";
import { refuse, refuseArgument, refuseOver } from "../base/refusal.js";
import type { State } from "../state.js";
import { refuseNobody } from "./administering.js";
import { requireImporter } from "./importing.js";
import { administer, pageLimit } from "./requests.js";
import { isStaged } from "./settling.js";

/**
 * Links: a principal acts for another, since a person has one of each identity provider and each site. Both agree; from
 * then on what the one sends counts as the other's.
 */
export class Linking {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	/** Where it is offered already nothing changes, and the answer names the last change. */
	offer(request: WireOfferLink): WireVersion {
		const state = this.#state;
		const who = request.who.toUint8Array();
		const [as] = request.as;
		const offer = (caller: Uint8Array) => {
			refuseNobody(who);
			if (as === undefined) this.#requireOwn(caller);
			else requireImporter(state);
			const owner = as?.toUint8Array() ?? caller;
			if (as !== undefined) refuseNobody(owner);
			if (sameBytes(owner, who)) refuseArgument("who", "it is the principal itself");
			if (state.links.get({ owner, who }) !== undefined) return undefined;
			if (as !== undefined) checkFree(state, owner, who);
			const count = [...state.links.list(owner)].length;
			if (count >= MAX_LINKS) refuseOver("links", MAX_LINKS, count, 1);
			state.charges.check(owner, { bytes: LINK_BYTES }, state.now);
			state.capacity.check(0);

			const link = { owner, who, holds: as !== undefined, since: state.now };
			state.charges.charge(owner, LINK_BYTES);
			state.links.set(link);
			return changeOf(link);
		};
		return administer(state, "blobs_offer_link", request, offer, this.#changes);
	}

	accept(request: WireAcceptLink): WireVersion {
		const state = this.#state;
		const owner = request.owner.toUint8Array();
		const accept = (caller: Uint8Array) => {
			const who = state.access.signer;
			const link = state.links.get({ owner, who });
			if (link === undefined)
				return refuse("not_authorized", { needs: "a link that this principal offers to the caller" });
			// As at a repetition, whose caller is the owner by now.
			if (link.holds && sameBytes(caller, owner)) return undefined;
			checkFree(state, owner, who);
			const { blobs, openUploads } = state.accounts.get(who);
			// Of a batch that only deletes nothing counts.
			const stages = state.batches.all.some((batch) => isStaged(batch) && sameBytes(batch.owner, who));
			if (blobs > 0 || openUploads > 0 || stages)
				refuseArgument(
					"who",
					"it has blobs, uploads or a staged batch of its own: give them to the other first, or delete them",
				);
			const accepted = { owner, who, holds: true, since: state.now };
			state.links.set(accepted);
			return changeOf(accepted);
		};
		return administer(state, "blobs_accept_link", request, accept, this.#changes);
	}

	/** Where there is no such link nothing changes, and the answer names the last change. */
	end(request: WireEndLink): WireVersion {
		const state = this.#state;
		const owner = request.link.owner.toUint8Array();
		const who = request.link.who.toUint8Array();
		const end = () => {
			const { access } = state;
			const isParty = sameBytes(access.signer, owner) || sameBytes(access.signer, who);
			if (!isParty && !access.isAdmin)
				refuse("not_authorized", { needs: "one of the two, or the role admin" });
			const link = state.links.get({ owner, who });
			return link === undefined ? undefined : endLink(state, link);
		};
		return administer(state, "blobs_end_link", request, end, this.#changes);
	}

	/** Who acts for another cannot have more act for it, nor so keep what is taken away from it. */
	#requireOwn(caller: Uint8Array): void {
		const { access } = this.#state;
		if (!access.isKnown) refuse("not_authorized", { needs: "a role or a grant" });
		if (!sameBytes(access.signer, caller))
			refuse("not_authorized", { needs: "the principal itself, not one that acts for it" });
	}

	list({ of, after: [after], limit }: WireListLinks): WireLinks {
		const { access, links } = this.#state;
		const caller = access.caller();
		const left = pageLimit(limit);
		const owner = "owner" in of ? of.owner.toUint8Array() : undefined;
		if (owner === undefined || !sameBytes(owner, caller)) access.require("backup");
		const start = after && { owner: after.owner.toUint8Array(), who: after.who.toUint8Array() };
		const page: WireLinks = { links: [], next: [] };
		for (const link of links.list(owner, start)) {
			const last = page.links.at(-1);
			if (page.links.length === left && last !== undefined)
				return { ...page, next: [{ owner: last.owner, who: last.who }] };
			page.links.push({ ...nameOf(link), holds: link.holds, since: nanoseconds(link.since) });
		}
		return page;
	}

	/** Of one who is no administrator a change is made as far as its quota goes. */
	get #changes(): number {
		return this.#state.access.isAdmin ? 0 : 2;
	}
}

/** Refuses a link over which it would not be plain who acts for whom. */
function checkFree({ links }: State, owner: Uint8Array, who: Uint8Array): void {
	if (links.ownerFor(owner) !== undefined) refuseArgument("owner", "it acts for another itself");
	if (links.ownerFor(who) !== undefined) refuseArgument("who", "it acts for another already");
	if (!links.list(who).next().done) refuseArgument("who", "others act for it, or are asked to");
}

/** Ends a link; the change is still to be recorded. */
export function endLink(state: State, link: Link): WireChangeOf {
	state.links.remove(link);
	state.charges.charge(link.owner, -LINK_BYTES);
	return { link: { ...nameOf(link), state: "ended" } };
}

const nameOf = ({ owner, who }: Link): WireLinkName => ({
	owner: Principal.fromUint8Array(owner),
	who: Principal.fromUint8Array(who),
});

const changeOf = (link: Link): WireChangeOf => ({
	link: { ...nameOf(link), state: link.holds ? "holds" : "offered" },
});
