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
 * Ownership of blobs: transfer to another principal, lists and removal of an owner's blobs, links between principals,
 * and the history of permissions. All errors are BlobErrors.
 */
export class BlobOwners {
	readonly #context: ClientContext;

	/** The methods call the store as the client's principal. */
	constructor(client: BlobClient) {
		learnMethods(OWNER_METHODS);
		this.#context = contextOf(client);
	}

	/**
	 * Offers blobs to another principal, which may take them within a week: one blob, or all blobs now under a prefix.
	 * Ownership does not change until then. Requires an administrator, or the owner with permission to delete the
	 * blobs.
	 * @returns the offer's name, which the recipient needs to take it and also finds by `listOffers`
	 * @throws CanisterError `not_authorized`, `blob_not_found`, `quota_exceeded` (`offers`) with 100 open offers
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
	 * Withdraws or declines an offer. Succeeds if it does not exist. Requires its giver, its recipient or an
	 * administrator.
	 * @throws CanisterError `not_authorized`
	 */
	withdraw(offer: OfferNameLike, options: CallOptions = {}): Promise<void> {
		return checked(options, checks.CALL, () => {
			const request = { id: newId(this.#context), offer: fromOfferName(offer) };
			return change(this.#context, "blobs_withdraw_offer", request, options);
		});
	}

	/**
	 * Takes the blobs of an offer to the caller, in as many calls as needed. The caller must have permission to put
	 * each blob, which then counts against its quota and grant. If a call is refused, blobs already taken stay with the
	 * caller, and the offer remains open for another try.
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

	/** Lists open offers: those by the caller (`givenBy`) or to the caller (`madeTo`); for administrators all. */
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

	/**
	 * Lists the blobs of an owner or an offer, in order of their keys. The list is not proven: `trust` is `"node"` or
	 * `"subnet"`.
	 */
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
			// The end of a page may be sealed; then only its keys show whether it is past the last one.
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
	 * Removes everything that a principal has, in as many calls as needed: aborts its uploads, deletes its blobs, and
	 * with `purge` and `rights` removes those too. Deleted blobs are kept if the store keeps deleted blobs. A repeated
	 * call resumes.
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
	 * Offers a link: another principal of the same person may act for this one after it calls `acceptLink` with its own
	 * client. Requires a role or a grant; a principal that itself acts for another may not offer links.
	 * @throws CanisterError `not_authorized`, `invalid_argument`, `quota_exceeded` (`links`) with 8 links
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
	 * Accepts a link: from now on every call of this principal acts for the owner. Make a new client with the option
	 * `actsFor` to continue. The caller must not own blobs or open uploads.
	 * @throws CanisterError `not_authorized` if the link was not offered, `invalid_argument`
	 */
	acceptLink(owner: PrincipalLike, options: CallOptions = {}): Promise<void> {
		return checked(options, checks.CALL, () => {
			const request = { id: newId(this.#context), owner: checkPrincipal("owner", owner) };
			return change(this.#context, "blobs_accept_link", request, options);
		});
	}

	/**
	 * Ends a link. Succeeds if it does not exist. Requires one of the two principals, or an administrator.
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

	/**
	 * Lists the links of a principal, offered ones included; for administrators and the role `backup` of all
	 * principals.
	 */
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
	 * Yields changes of permissions and ownership in order, with author and time: roles, quotas, grants, links, offers,
	 * transferred blobs, leases and modes. They are proven as the feed is. Requires a reader, a backup or an
	 * administrator.
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
