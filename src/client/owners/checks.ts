import type { Checks } from "../arguments.js";
import * as is from "../arguments.js";
import type { CallOptions } from "../asking.js";
import type {
	ListLinksOptions,
	ListOffersOptions,
	ListOwnedOptions,
	OfferLinkOptions,
	OfferOptions,
	RemoveOptions,
	RightsOptions,
	StepOptions,
	Taken,
} from "./types.js";

/** What the options of each method may be. */

const { signal } = is;
const asked = { trust: is.oneOf("subnet", "node"), signal };

export const CALL: Checks<CallOptions> = { signal };
export const OFFER: Checks<OfferOptions> = { owner: is.principal, signal };
export const STEPS: Checks<StepOptions<Taken>> = { onProgress: is.callback, signal };
export const LIST_OFFERS: Checks<ListOffersOptions> = {
	givenBy: is.principal,
	madeTo: is.principal,
	...asked,
};
export const LIST_OWNED: Checks<ListOwnedOptions> = {
	owner: is.principal,
	offer: is.object,
	prefix: is.text,
	...asked,
};
export const REMOVE: Checks<RemoveOptions> = {
	owner: is.principal,
	purge: is.flag,
	rights: is.flag,
	onProgress: is.callback,
	signal,
};
export const OFFER_LINK: Checks<OfferLinkOptions> = { importAs: is.object, signal };
export const LIST_LINKS: Checks<ListLinksOptions> = { owner: is.principal, ...asked };
export const RIGHTS: Checks<RightsOptions> = {
	of: is.principal,
	after: is.cursor,
	pageSize: is.number,
	signal,
};
