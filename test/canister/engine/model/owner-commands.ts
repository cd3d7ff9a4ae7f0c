import fc from "fast-check";
import type { WireOfferName } from "../../../../src/protocol/index.js";
import { admin, changeId, command, KEYS, opt, pick, principal, who } from "./draws.js";
import type { Model } from "./model.js";
import { numberOf, PRINCIPALS } from "./model.js";
import type { ModelOffer } from "./owners.js";

/** What gives blobs to others, removes what one has, and has principals act for each other. The controller is no party to a link: its rights are its own. */

const nameOfOffer = ({ giver, id }: ModelOffer): WireOfferName => ({
	giver: PRINCIPALS[giver]!,
	id: new Uint8Array(Buffer.from(id, "hex")),
});
const NO_OFFER: WireOfferName = { giver: PRINCIPALS[1]!, id: new Uint8Array(16) };

const offer = command(
	14,
	{
		who,
		id: changeId,
		pick,
		to: fc.oneof(
			{ weight: 5, arbitrary: fc.constantFrom(...PRINCIPALS.slice(1, 3)) },
			{ weight: 1, arbitrary: principal },
		),
		owner: fc.option(principal, { freq: 5 }),
		text: fc.constantFrom("", "a/", "a/", ...KEYS),
	},
	(c, model) => {
		// Mostly who has something.
		const blob = [...model.blobs.values()][c.pick % Math.max(1, model.blobs.size)];
		const isBlob = KEYS.includes(c.text);
		const key = c.pick > 2 && blob !== undefined ? blob.manifest.key : c.text;
		return {
			who: c.pick > 0 && blob !== undefined && c.owner === null ? blob.owner : c.who,
			method: "blobs_offer",
			args: [{ id: c.id, owner: opt(c.owner), to: c.to, what: isBlob ? { blob: key } : { prefix: c.text } }],
		};
	},
);
function standing(model: Model, at: number) {
	const { offers } = model.owners;
	return offers[at % Math.max(1, offers.length)];
}
/** Every other time one that acts for it, where there is one. */
const takerOf = (model: Model, to: number, at: number): number =>
	(at % 3 > 0 ? model.owners.links.find((link) => link.holds && link.owner === to)?.who : undefined) ?? to;
const takeOffer = command(28, { who, id: changeId, pick }, (c, model) => {
	const its = standing(model, c.pick);
	return {
		who: its === undefined || c.pick === 0 ? c.who : takerOf(model, its.to, c.pick),
		method: "blobs_take_offer",
		args: [{ id: c.id, offer: its === undefined ? NO_OFFER : nameOfOffer(its) }],
	};
});
const withdrawOffer = command(4, { who, id: changeId, pick }, (c, model) => {
	const its = standing(model, c.pick);
	return {
		who: c.pick % 2 === 0 && its !== undefined ? its.giver : c.who,
		method: "blobs_withdraw_offer",
		args: [{ id: c.id, offer: its === undefined ? NO_OFFER : nameOfOffer(its) }],
	};
});
const removeOwned = command(
	3,
	{
		who: admin,
		id: changeId,
		owner: fc.option(principal, { freq: 3 }),
		purge: fc.boolean(),
		rights: fc.nat(5),
	},
	(c) => ({
		who: c.who,
		method: "blobs_remove_owned",
		args: [{ id: c.id, owner: opt(c.owner), purge: c.purge, rights: c.rights === 0, after: [] }],
	}),
);
/** Who mostly has nothing of its own. */
const mostlyThird = fc.oneof(
	{ weight: 4, arbitrary: fc.constant(PRINCIPALS[3]!) },
	{ weight: 1, arbitrary: principal },
);
const offerLink = command(7, { id: changeId, owner: principal, who: mostlyThird }, (c) => ({
	who: numberOf(c.owner),
	method: "blobs_offer_link",
	args: [{ id: c.id, who: c.who, as: [] }],
}));
const acceptLink = command(14, { id: changeId, pick, owner: principal, who: principal }, (c, model) => {
	const links = model.owners.links.filter(({ holds }) => !holds);
	const its = c.pick === 0 ? undefined : links[c.pick % Math.max(1, links.length)];
	return {
		who: its?.who ?? numberOf(c.who),
		method: "blobs_accept_link",
		args: [{ id: c.id, owner: its === undefined ? c.owner : PRINCIPALS[its.owner]! }],
	};
});
const endLink = command(5, { id: changeId, pick, by: who }, (c, model) => {
	const { links } = model.owners;
	const its = links[c.pick % Math.max(1, links.length)] ?? { owner: 1, who: 2 };
	return {
		who: c.pick % 3 === 0 ? c.by : its.owner,
		method: "blobs_end_link",
		args: [{ id: c.id, link: { owner: PRINCIPALS[its.owner]!, who: PRINCIPALS[its.who]! } }],
	};
});

export const owning = [offer, takeOffer, withdrawOffer, removeOwned, offerLink, acceptLink, endLink];
