import {
	isPublic,
	type MethodArgs,
	type MethodName,
	sortable,
	type WireOfferName,
} from "../../../../src/protocol/index.js";
import { hold, remove, requireWriter } from "./blobs.js";
import { chargeOfBlob } from "./charges.js";
import { hexOf } from "./grants.js";
import {
	ANONYMOUS,
	CONTROLLER,
	type Model,
	type ModelBlob,
	numberOf,
	PRINCIPALS,
	Refused,
	refuse,
} from "./model.js";
import { abortUpload } from "./uploads.js";

/** Offers and links as anybody would write them down, and what their methods should do. */

const WEEK_MS = 7 * 86_400_000;
const LINK_BYTES = 512;

export interface ModelOffer {
	readonly giver: number;
	readonly id: string;
	readonly owner: number;
	readonly to: number;
	readonly text: string;
	readonly isPrefix: boolean;
	readonly sequence: bigint;
	readonly endsAt: number;
	readonly charged: number;
	at: string;
}

export interface ModelLink {
	readonly owner: number;
	readonly who: number;
	holds: boolean;
	since: number;
}

export class Owners {
	offers: ModelOffer[] = [];
	links: ModelLink[] = [];
	/** Who sent the call at hand, whoever it acts for. */
	signer = CONTROLLER;

	actsFor(who: number): number {
		return this.links.find((link) => link.holds && link.who === who)?.owner ?? who;
	}

	link(owner: number, who: number): ModelLink | undefined {
		return this.links.find((link) => link.owner === owner && link.who === who);
	}

	named({ giver, id }: WireOfferName): ModelOffer | undefined {
		return this.offers.find((offer) => offer.giver === numberOf(giver) && offer.id === hexOf(id));
	}

	bytesOf(who: number): number {
		const offered = this.offers.filter(({ giver }) => giver === who);
		const links = this.links.filter(({ owner }) => owner === who);
		return offered.reduce((sum, { charged }) => sum + charged, 0) + links.length * LINK_BYTES;
	}

	clean(now: number): void {
		this.offers = this.offers.filter(({ endsAt }) => endsAt > now);
	}
}

function administer<Name extends MethodName>(
	model: Model,
	who: number,
	method: Name,
	request: { id: Uint8Array },
	changes: number,
	act: () => boolean,
) {
	return model.once(who, request.id, "administered", method, request, changes, () => {
		if (act()) tell(model, who);
		return model.version;
	});
}

/** A change in the feed that is none of a blob. */
function tell(model: Model, who: number): void {
	model.changed(who);
	model.sequence++;
	model.administered++;
}

/** Whom an offer or a link concerns: administrators at any time, others while changes are taken. */
function requireParty(model: Model, who: number): number {
	if (model.has(who)) return 0;
	model.requireMode("draining");
	if (who === ANONYMOUS) refuse("anonymous");
	return 2;
}

const isKnown = (model: Model, who: number): boolean =>
	model.has(who, "writer", "reader", "backup") || model.grants.holds(who);

export function offer(model: Model, who: number, [request]: MethodArgs<"blobs_offer">) {
	requireWriter(model, who);
	return administer(model, who, "blobs_offer", request, 2, () => {
		const { owners } = model;
		const owner = request.owner[0] === undefined ? who : numberOf(request.owner[0]);
		if (owner !== who && !model.has(who)) refuse("not_authorized");
		const to = owners.actsFor(numberOf(request.to));
		if (to === owner) refuse("invalid_argument");
		const { what } = request;
		if ("blob" in what) {
			const held = model.get(what.blob);
			if (held === undefined || !model.mayRead(who, held)) return refuse("blob_not_found");
			if (held.owner !== owner) refuse("not_authorized");
			model.requireChange(who, what.blob);
		}
		if (owners.named({ giver: PRINCIPALS[who]!, id: request.id })) refuse("upload_conflict");
		const text = "blob" in what ? what.blob : what.prefix;
		const charged = model.has(who) ? 0 : 512 + text.length;
		model.requireQuota(who, { bytes: charged });
		owners.offers = owners.offers.filter(({ giver, endsAt }) => giver !== who || endsAt > model.now);
		owners.offers.push({
			giver: who,
			id: hexOf(request.id),
			owner,
			to,
			text,
			isPrefix: "prefix" in what,
			sequence: model.sequence + 1n,
			endsAt: model.now + WEEK_MS,
			charged,
			at: "",
		});
		return true;
	});
}

export function withdraw(model: Model, who: number, [request]: MethodArgs<"blobs_withdraw_offer">) {
	const changes = requireParty(model, who);
	return administer(model, who, "blobs_withdraw_offer", request, changes, () => {
		const { owners } = model;
		const found = owners.named(request.offer);
		if (found === undefined) return isKnown(model, who) ? false : refuse("not_authorized");
		if (found.giver !== who && found.to !== who && !model.has(who)) refuse("not_authorized");
		owners.offers = owners.offers.filter((each) => each !== found);
		return true;
	});
}

/** The grant by which a blob may be taken, undefined where by a role. */
function checkTaken(model: Model, who: number, { giver }: ModelOffer, blob: ModelBlob) {
	const { key } = blob.manifest;
	const use = { isPublic: isPublic(blob.manifest) };
	model.requireChange(giver, key);
	// As if the key were empty.
	model.requireChange(who, key, use, who);
	const bytes = chargeOfBlob(blob);
	model.requireQuota(who, { key, bytes });
	model.requireChanges(who, 3);
	const grant = model.requireChange(who, key, { ...use, bytes, blobs: 1 }, who);
	if (grant !== undefined) model.grants.require(grant, { bytes, blobs: 1 });
	return grant;
}

export function take(model: Model, who: number, [request]: MethodArgs<"blobs_take_offer">) {
	requireWriter(model, who);
	return model.once(who, request.id, "step", "blobs_take_offer", request, 2, () => {
		const { owners } = model;
		const its = owners.named(request.offer);
		if (its === undefined || its.to !== who || its.endsAt <= model.now) return refuse("not_authorized");
		const isIn = (key: string) => (its.isPrefix ? key.startsWith(its.text) : key === its.text);
		const blobs = ownedBy(model, its.owner).filter(
			({ manifest: { key, sequence } }) =>
				isIn(key) && sequence <= its.sequence && (its.at === "" || sortable(key) > sortable(its.at)),
		);
		const step = { blobs: 0, bytes: 0n, refused: 0, done: true };
		let at = its.at;
		let why: Refused | undefined;
		for (const blob of blobs) {
			const bytes = chargeOfBlob(blob);
			try {
				const grant = checkTaken(model, who, its, blob);
				const manifest = { ...blob.manifest, owner: PRINCIPALS[who]!, modified_at: model.nanoseconds() };
				hold(model, who, { ...blob, manifest, owner: who }, true);
				if (grant !== undefined) model.grants.use(grant, bytes, 1);
				step.blobs++;
				step.bytes += BigInt(bytes);
			} catch (error) {
				if (!(error instanceof Refused)) throw error;
				if (error.code !== "not_authorized" && step.blobs === 0) throw error;
				if (error.code !== "not_authorized") {
					step.done = false;
					break;
				}
				step.refused++;
				why ??= error;
			}
			at = blob.manifest.key;
		}
		if (its.at === "" && step.blobs === 0 && step.done && why !== undefined) throw why;
		its.at = at;
		if (step.done) {
			owners.offers = owners.offers.filter((each) => each !== its);
			tell(model, who);
		}
		return { ...step, version: model.version };
	});
}

export const ownedBy = (model: Model, owner: number): ModelBlob[] =>
	[...model.blobs.values()]
		.filter((blob) => blob.owner === owner && !model.isOver(blob))
		.sort((a, b) => (sortable(a.manifest.key) < sortable(b.manifest.key) ? -1 : 1));

export function removeOwned(model: Model, who: number, [request]: MethodArgs<"blobs_remove_owned">) {
	requireWriter(model, who);
	const isAdmin = model.has(who);
	const owner = request.owner[0] === undefined ? who : numberOf(request.owner[0]);
	return model.once(who, request.id, "step", "blobs_remove_owned", request, isAdmin ? 0 : 2, () => {
		if (!isAdmin && (owner !== who || request.purge || request.rights)) refuse("not_authorized");
		if (request.rights && owner === who) refuse("invalid_argument");
		const counts = { rights: 0, uploads: 0, blobs: 0, bytes: 0n, purged: 0, refused: 0 };
		if (request.rights) counts.rights = endRights(model, who, owner);
		const staged = model.staged.all.filter((each) => each.owner === owner && each.state !== "dropping");
		for (const each of staged) model.staged.drop(each);
		for (const name of [...model.uploads.keys()].filter((each) => each.startsWith(`${owner}/`))) {
			abortUpload(model, who, owner, new Uint8Array(Buffer.from(name.split("/")[1]!, "hex")));
			counts.uploads++;
		}
		const isLeft = removeBlobs(model, who, owner, counts, staged.length);
		if (!isLeft && request.purge)
			for (const [sequence, { blob }] of [...model.bin]) {
				if (blob.owner !== owner) continue;
				model.bin.delete(sequence);
				model.throwAway(blob);
				model.leases.drop(sequence);
				counts.purged++;
				tell(model, who);
			}
		return { ...counts, next: isLeft, version: model.version };
	});
}

type Counts = { rights: number; uploads: number; blobs: number; bytes: bigint; refused: number };

function removeBlobs(model: Model, who: number, owner: number, counts: Counts, batches: number): boolean {
	const keys = model.blobsOf(owner);
	const blobs = ownedBy(model, owner);
	for (const { manifest } of blobs) {
		const { key, size } = manifest;
		try {
			model.requireChange(who, key);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			counts.refused++;
			continue;
		}
		try {
			model.requireChanges(who, 2);
		} catch (error) {
			if (counts.rights + batches + counts.uploads + counts.blobs === 0) throw error;
			return true;
		}
		remove(model, who, { key, precondition: { none: null } });
		counts.blobs++;
		counts.bytes += size;
	}
	// All that it has were looked at, and some stayed: a walk that went on would find that out.
	return keys > 0 && blobs.length === keys && model.blobsOf(owner) > 0;
}

function endRights(model: Model, who: number, owner: number): number {
	const { owners, grants } = model;
	const before = model.administered;
	for (const role of ["admin", "writer", "reader", "backup"] as const)
		if (model.roles[owner]!.delete(role)) tell(model, who);
	if (model.quotas.delete(owner)) tell(model, who);
	model.leases.endOver();
	for (const grant of grants.of(owner)) {
		grants.all = grants.all.filter((each) => each !== grant);
		tell(model, who);
	}
	for (const link of owners.links.filter(
		(each) => each.owner === owner || (each.who === owner && each.holds),
	)) {
		owners.links = owners.links.filter((each) => each !== link);
		tell(model, who);
	}
	for (const each of owners.offers.filter(({ giver, to }) => giver === owner || to === owner)) {
		owners.offers = owners.offers.filter((other) => other !== each);
		tell(model, who);
	}
	return Number(model.administered - before);
}

export function offerLink(model: Model, who: number, [request]: MethodArgs<"blobs_offer_link">) {
	const changes = requireParty(model, who);
	return administer(model, who, "blobs_offer_link", request, changes, () => {
		const { owners } = model;
		if (!isKnown(model, who) || owners.signer !== who) refuse("not_authorized");
		const other = numberOf(request.who);
		if (other === who) refuse("invalid_argument");
		if (owners.link(who, other) !== undefined) return false;
		model.requireQuota(who, { bytes: LINK_BYTES });
		owners.links.push({ owner: who, who: other, holds: false, since: model.now });
		return true;
	});
}

export function acceptLink(model: Model, who: number, [request]: MethodArgs<"blobs_accept_link">) {
	const changes = requireParty(model, who);
	return administer(model, who, "blobs_accept_link", request, changes, () => {
		const { owners } = model;
		const { signer } = owners;
		const owner = numberOf(request.owner);
		const link = owners.link(owner, signer);
		if (link === undefined) return refuse("not_authorized");
		if (link.holds && who === owner) return false;
		const acts = owners.actsFor(owner) !== owner || owners.actsFor(signer) !== signer;
		const isOwner = owners.links.some((each) => each.owner === signer);
		const stages = model.staged.all.some(({ owner, state }) => owner === signer && state !== "dropping");
		if (acts || isOwner || model.blobsOf(signer) > 0 || stages) refuse("invalid_argument");
		Object.assign(link, { holds: true, since: model.now });
		return true;
	});
}

export function endLink(model: Model, who: number, [request]: MethodArgs<"blobs_end_link">) {
	const changes = requireParty(model, who);
	return administer(model, who, "blobs_end_link", request, changes, () => {
		const { owners } = model;
		const [owner, other] = [numberOf(request.link.owner), numberOf(request.link.who)];
		if (owners.signer !== owner && owners.signer !== other && !model.has(who)) refuse("not_authorized");
		const link = owners.link(owner, other);
		owners.links = owners.links.filter((each) => each !== link);
		return link !== undefined;
	});
}

/** As they are listed. */
export function listedOffers(model: Model) {
	const name = ({ giver, id }: ModelOffer) => `${hexOf(PRINCIPALS[giver]!.toUint8Array())}/${id}`;
	return model.owners.offers
		.filter(({ endsAt }) => endsAt > model.now)
		.sort((a, b) => (name(a) < name(b) ? -1 : 1))
		.map(({ giver, id, owner, to, text, isPrefix, sequence, endsAt }) => ({
			giver: PRINCIPALS[giver]!,
			id: new Uint8Array(Buffer.from(id, "hex")),
			owner: PRINCIPALS[owner]!,
			to: PRINCIPALS[to]!,
			what: isPrefix ? { prefix: text } : { blob: text },
			sequence,
			ends_at: BigInt(endsAt) * 1_000_000n,
		}));
}

export const linkName = (owner: number, who: number): string => `${owner}/${who}`;

export function listedLinks(model: Model) {
	return [...model.owners.links]
		.sort((a, b) => a.owner - b.owner || a.who - b.who)
		.map(({ owner, who, holds, since }) => ({
			owner: PRINCIPALS[owner]!,
			who: PRINCIPALS[who]!,
			holds,
			since: BigInt(since) * 1_000_000n,
		}));
}
