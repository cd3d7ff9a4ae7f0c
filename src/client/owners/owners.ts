import {
	checkKey,
	checkPrefix,
	MAX_LIST_PAGE,
	type MethodArgs,
	type MethodOk,
	OWNER_METHODS,
	sortable,
	type WireLinkName,
	type WireOffered,
	type WireOfferName,
	type WireOffersOf,
	type WireOwnedOf,
} from "../../protocol/index.js";
import * as is from "../arguments.js";
import { checkArgument, checked, checkedAll, checkId, invalidOption } from "../arguments.js";
import { ask, type CallOptions, change, newId } from "../asking.js";
import { learnMethods } from "../call/methods.js";
import type { BlobClient } from "../client.js";
import { type ClientContext, contextOf, noteVersion } from "../context.js";
import { refuseInvalid, replyInvalid } from "../errors/errors.js";
import { changes } from "../feed/changes.js";
import { toManifest } from "../manifest.js";
import { checkPrincipal, type PrincipalLike } from "../options.js";
import type { Manifest, OfferedBlobs, OfferName } from "../types.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { MAX_EMPTY_PAGES, pages } from "../util/pages.js";
import { optional } from "../wire-map.js";
import * as checks from "./checks.js";
import { concerns, isOfRights } from "./rights.js";
import type {
	Link,
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
import { toLink, toOffer } from "./wire-map.js";

/**
 * Whose blobs are whose: giving them to another principal, what somebody owns and removing it, principals that act for
 * others, and who gave and took which right. Everything it throws is a BlobError.
 */
export class BlobOwners {
	readonly #context: ClientContext;

	/** Asks by a client, as whom that acts. */
	constructor(client: BlobClient) {
		learnMethods(OWNER_METHODS);
		this.#context = contextOf(client);
	}

	/**
	 * Offers blobs to another principal, which may take them for a week: one, or all that are under a prefix by now.
	 * Nothing changes until it does. Takes their owner, if that may delete them, or an administrator.
	 * @returns its name, which the other needs to take it, and finds by `listOffers`
	 * @throws CanisterError `not_authorized`, `blob_not_found`, `quota_exceeded` (`offers`) where 100 stand
	 */
	offer(to: PrincipalLike, what: OfferedBlobs, options: OfferOptions = {}): Promise<OfferName> {
		return checked(options, checks.OFFER, async () => {
			const id = newId(this.#context);
			const owner = options.owner === undefined ? undefined : checkPrincipal("owner", options.owner);
			const request = { id, owner: optional(owner), to: checkPrincipal("to", to), what: fromOffered(what) };
			await change(this.#context, "blobs_offer", request, options);
			return withJson({ giver: (await this.#context.principal()).toText(), id: hex(id) });
		});
	}

	/**
	 * Withdraws an offer, or declines it; that there is none is no error. Takes who made it, or to whom it was made, or
	 * an administrator.
	 * @throws CanisterError `not_authorized`
	 */
	withdraw(offer: OfferNameLike, options: CallOptions = {}): Promise<void> {
		return checked(options, checks.CALL, () => {
			const request = { id: newId(this.#context), offer: fromOfferName(offer) };
			return change(this.#context, "blobs_withdraw_offer", request, options);
		});
	}

	/**
	 * Takes what an offer to the caller is of, in as many steps as it takes. Each blob must be one that the caller could
	 * put, and counts in its quota and its grant. What was taken stays taken where a later step is refused; the offer
	 * stands then, and can be taken again.
	 * @throws CanisterError `not_authorized`, `quota_exceeded`
	 */
	take(offer: OfferNameLike, options: StepOptions<Taken> = {}): Promise<Taken> {
		return checked(options, checks.STEPS, async () => {
			const name = fromOfferName(offer);
			let sum: Taken = { blobs: 0, bytes: 0, refused: 0 };
			for (let done = false; !done; ) {
				const request = { id: newId(this.#context), offer: name };
				const answer = await this.#step("blobs_take_offer", request, options.signal);
				sum = {
					blobs: sum.blobs + answer.blobs,
					bytes: sum.bytes + Number(answer.bytes),
					refused: sum.refused + answer.refused,
				};
				options.onProgress?.(sum);
				done = answer.done;
			}
			return sum;
		});
	}

	/** Offers that stand: those that the caller made (`givenBy`) or that were made to it (`madeTo`), for administrators all. */
	listOffers(options: ListOffersOptions = {}): AsyncGenerator<Offer> {
		return checkedAll(options, checks.LIST_OFFERS, () => {
			const of = offersOf(options);
			return pages({
				method: "blobs_list_offers",
				limit: MAX_LIST_PAGE,
				orderOf: ({ giver, id }: WireOfferName) => `${hex(giver.toUint8Array())} ${hex(id)}`,
				fetch: async (after: WireOfferName | undefined) => {
					const request = { of, after: optional(after), limit: MAX_LIST_PAGE };
					const { offers, next } = await ask(this.#context, "blobs_list_offers", [request], options);
					return { items: offers.map(toOffer), next };
				},
			});
		});
	}

	/** All blobs that somebody owns, or that an offer is of, in order of their keys. No hash binds it: see `certified`. */
	list(options: ListOwnedOptions = {}): AsyncGenerator<Manifest> {
		return checkedAll(options, checks.LIST_OWNED, () => this.#owned(options));
	}

	async *#owned(options: ListOwnedOptions): AsyncGenerator<Manifest> {
		const { prefix = "" } = options;
		const of = ownedOf(options);
		const invalid = (reason: string) => replyInvalid("blobs_list_owned", reason);
		let after: string | undefined;
		let last: string | undefined;
		let empty = 0;
		do {
			const request = { of, prefix, after: optional(after), limit: MAX_LIST_PAGE };
			const { manifests, next } = await ask(this.#context, "blobs_list_owned", [request], options);
			// Where a page ends may be sealed, so that only its keys show whether it is past the last one.
			for (const bytes of manifests) {
				const manifest = toManifest(bytes);
				const order = sortable(manifest.key);
				if (last !== undefined && order <= last) throw invalid("its keys are in no order");
				last = order;
				yield manifest;
			}
			[after] = next;
			empty = manifests.length > 0 ? 0 : empty + 1;
			if (empty > MAX_EMPTY_PAGES) throw invalid("it never comes to an end");
		} while (after !== undefined);
	}

	/**
	 * Removes all that somebody has, in as many steps as it takes: gives its uploads up, deletes its blobs, and what
	 * `purge` and `rights` say. What is deleted is kept as ever, where the store keeps such. Again it goes on.
	 * @throws CanisterError `not_authorized`; `quota_exceeded` (`changes_per_day`) of the caller
	 */
	removeAll(options: RemoveOptions = {}): Promise<Removed> {
		return checked(options, checks.REMOVE, async () => {
			const { purge = false, rights = false } = options;
			const owner = options.owner === undefined ? undefined : checkPrincipal("owner", options.owner);
			let sum: Removed = { rights: 0, uploads: 0, blobs: 0, bytes: 0, purged: 0, refused: 0 };
			let after: string | undefined;
			do {
				const request = {
					id: newId(this.#context),
					owner: optional(owner),
					purge,
					rights,
					after: optional(after),
				};
				const answer = await this.#step("blobs_remove_owned", request, options.signal);
				sum = {
					rights: sum.rights + answer.rights,
					uploads: sum.uploads + answer.uploads,
					blobs: sum.blobs + answer.blobs,
					bytes: sum.bytes + Number(answer.bytes),
					purged: sum.purged + answer.purged,
					refused: sum.refused + answer.refused,
				};
				options.onProgress?.(sum);
				[after] = answer.next;
			} while (after !== undefined);
			return sum;
		});
	}

	/**
	 * Lets another principal of the same person act as this one, once that accepts it: `acceptLink`, by a client of its
	 * own. Takes the principal itself, with a role or a grant, not one that acts for it.
	 * @throws CanisterError `not_authorized`, `invalid_argument`, `quota_exceeded` (`links`) where it has 8
	 */
	offerLink(who: PrincipalLike, options: OfferLinkOptions = {}): Promise<void> {
		return checked(options, checks.OFFER_LINK, () => {
			const { importAs } = options;
			const as = importAs === undefined ? undefined : checkPrincipal("importAs.owner", importAs.owner);
			const request = { id: newId(this.#context), who: checkPrincipal("who", who), as: optional(as) };
			return change(this.#context, "blobs_offer_link", request, options);
		});
	}

	/**
	 * From now on the caller acts for the owner, in all that it asks of the store: a client that goes on is made anew,
	 * with the option `actsFor`. The caller must have no blobs and no uploads of its own.
	 * @throws CanisterError `not_authorized` where that was not offered, `invalid_argument`
	 */
	acceptLink(owner: PrincipalLike, options: CallOptions = {}): Promise<void> {
		return checked(options, checks.CALL, () => {
			const request = { id: newId(this.#context), owner: checkPrincipal("owner", owner) };
			return change(this.#context, "blobs_accept_link", request, options);
		});
	}

	/**
	 * Has a principal act for another no more; that it does not is no error. Takes one of the two, or an administrator.
	 * @throws CanisterError `not_authorized`
	 */
	endLink(link: LinkNameLike, options: CallOptions = {}): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("link", link, is.object);
			const name = {
				owner: checkPrincipal("link.owner", link.owner),
				who: checkPrincipal("link.who", link.who),
			};
			return change(this.#context, "blobs_end_link", { id: newId(this.#context), link: name }, options);
		});
	}

	/** Who acts for a principal, or may: for administrators and backups for all. */
	listLinks(options: ListLinksOptions = {}): AsyncGenerator<Link> {
		return checkedAll(options, checks.LIST_LINKS, () => {
			const { owner } = options;
			const of = owner === undefined ? { all: null } : { owner: checkPrincipal("owner", owner) };
			return pages({
				method: "blobs_list_links",
				limit: MAX_LIST_PAGE,
				orderOf: ({ owner, who }: WireLinkName) => `${hex(owner.toUint8Array())} ${hex(who.toUint8Array())}`,
				fetch: async (after: WireLinkName | undefined) => {
					const request = { of, after: optional(after), limit: MAX_LIST_PAGE };
					const { links, next } = await ask(this.#context, "blobs_list_links", [request], options);
					return { items: links.map(toLink), next };
				},
			});
		});
	}

	/**
	 * Who gave and took which right, and whose blobs became whose, in order, with who did it and when: what the feed has
	 * of roles, quotas, grants, links, offers, blobs that were given, leases and modes. Proven as the feed is. Takes a
	 * reader, a backup or an administrator.
	 * @throws CanisterError `not_authorized`, `cursor_pruned`; ClientError as `changes`
	 */
	rights(options: RightsOptions = {}): AsyncGenerator<RightsChange> {
		return checkedAll(options, checks.RIGHTS, () => this.#rights(options));
	}

	async *#rights({ of, ...options }: RightsOptions): AsyncGenerator<RightsChange> {
		const who = of === undefined ? undefined : checkPrincipal("of", of).toText();
		for await (const each of changes(this.#context, options))
			if (isOfRights(each) && (who === undefined || concerns(each, who))) yield each;
	}

	async #step<Name extends "blobs_take_offer" | "blobs_remove_owned">(
		method: Name,
		request: MethodArgs<Name>[0],
		signal: AbortSignal | undefined,
	): Promise<MethodOk<Name>> {
		const { caller } = this.#context;
		const answer = await caller.update(method, [request] as MethodArgs<Name>, { signal, verify: true });
		noteVersion(this.#context, answer.version);
		return answer;
	}
}

/** @throws ClientError `option_invalid`, CanisterError `invalid_argument` */
function fromOffered(what: OfferedBlobs): WireOffered {
	checkArgument("what", what, is.object);
	if ("prefix" in what) {
		checkArgument("what.prefix", what.prefix, is.text);
		refuseInvalid(checkPrefix(what.prefix));
		return { prefix: what.prefix };
	}
	checkArgument("what.key", what.key, is.text);
	refuseInvalid(checkKey(what.key));
	return { blob: what.key };
}

function fromOfferName(offer: OfferNameLike): WireOfferName {
	checkArgument("offer", offer, is.object);
	return { giver: checkPrincipal("offer.giver", offer.giver), id: checkId("offer.id", offer.id) };
}

function offersOf({ givenBy, madeTo }: ListOffersOptions): WireOffersOf {
	if (givenBy !== undefined && madeTo !== undefined)
		throw invalidOption(
			"madeTo",
			"a list has those that somebody made or those made to somebody: give givenBy or madeTo",
		);
	if (givenBy !== undefined) return { given_by: checkPrincipal("givenBy", givenBy) };
	return madeTo === undefined ? { all: null } : { made_to: checkPrincipal("madeTo", madeTo) };
}

function ownedOf({ owner, offer }: ListOwnedOptions): WireOwnedOf {
	if (owner !== undefined && offer !== undefined)
		throw invalidOption("offer", "a list has what somebody owns or what an offer is of: give owner or offer");
	if (offer !== undefined) return { offer: fromOfferName(offer) };
	return owner === undefined ? { mine: null } : { owner: checkPrincipal("owner", owner) };
}
