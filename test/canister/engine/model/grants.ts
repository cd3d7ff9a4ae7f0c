import {
	MAX_GRANT_LEVELS,
	MAX_GRANTS,
	MAX_GRANTS_OF_GIVER,
	type MethodArgs,
	type WireGrantTerms,
} from "../../../../src/protocol/index.js";
import { type Model, type ModelUpload, numberOf, PRINCIPALS, refuse } from "./model.js";

/** Grants as anybody would write them down: a list, each with the one that it is part of. */

const DAY_MS = 86_400_000;
const LOOK_MS = 7 * DAY_MS;

export interface ModelGrant {
	readonly who: number;
	readonly id: string;
	readonly sequence: bigint;
	readonly role: "writer" | "reader";
	readonly terms: WireGrantTerms;
	readonly under: ModelGrant | undefined;
	readonly level: number;
	bytes: number;
	blobs: number;
}

export interface Use {
	readonly isPublic?: boolean;
	readonly bytes?: number;
	readonly blobs?: number;
	readonly only?: ModelGrant | undefined;
}

export const hexOf = (id: Uint8Array): string => Buffer.from(id).toString("hex");
const chargeOf = ({ terms }: ModelGrant): number => 512 + Buffer.byteLength(terms.prefix);

export class Grants {
	all: ModelGrant[] = [];
	/** Who has a record, and when it is looked at next. */
	readonly lookAt = new Map<number, number>();
	readonly #model: { readonly now: number };

	constructor(model: { readonly now: number }) {
		this.#model = model;
	}

	/** Of one principal, in order of their ids. */
	of(who: number): ModelGrant[] {
		return this.all.filter((grant) => grant.who === who).sort((a, b) => (a.id < b.id ? -1 : 1));
	}

	isLive(grant: ModelGrant): boolean {
		const [endsAt] = grant.terms.ends_at;
		if (endsAt !== undefined && endsAt <= BigInt(this.#model.now) * 1_000_000n) return false;
		return chainOf(grant).every((its) => this.all.includes(its));
	}

	holds(who: number, role?: ModelGrant["role"]): boolean {
		return this.of(who).some((grant) => (role ?? grant.role) === grant.role && this.isLive(grant));
	}

	reads(who: number, key: string): boolean {
		return this.of(who).some(
			(grant) => grant.role === "reader" && key.startsWith(grant.terms.prefix) && this.isLive(grant),
		);
	}

	purges(who: number, key: string, isOthers: boolean): boolean {
		return this.of(who).some(
			(grant) =>
				grant.terms.may_purge &&
				key.startsWith(grant.terms.prefix) &&
				(!isOthers || grant.terms.over_others) &&
				this.isLive(grant),
		);
	}

	/** By which grant somebody may write to a key, whether or not it has room. */
	writing(who: number, key: string, isOthers: boolean, use: Use): ModelGrant | undefined {
		const may = this.of(who).filter(
			(grant) =>
				grant.role === "writer" &&
				key.startsWith(grant.terms.prefix) &&
				(!isOthers || grant.terms.over_others) &&
				!(use.isPublic === false && grant.terms.public_only) &&
				(use.only ?? grant) === grant &&
				this.isLive(grant),
		);
		return may.find((grant) => this.#hasRoom(grant, use)) ?? may[0];
	}

	#hasRoom(grant: ModelGrant, { bytes = 0, blobs = 0 }: Use): boolean {
		const isOver = (used: number, more: number, [most]: [] | [bigint]) =>
			more > 0 && most !== undefined && BigInt(used + more) > most;
		return this.#counting(grant).every(
			(its) => !isOver(its.bytes, bytes, its.terms.bytes) && !isOver(its.blobs, blobs, its.terms.blobs),
		);
	}

	/** The grant and those above, up to the first that was taken away. */
	#counting(grant: ModelGrant): ModelGrant[] {
		const chain = chainOf(grant);
		const end = chain.findIndex((its) => !this.all.includes(its));
		return end < 0 ? chain : chain.slice(0, end);
	}

	require(grant: ModelGrant, use: Use): void {
		if (!this.#hasRoom(grant, use)) refuse("quota_exceeded");
	}

	use(grant: ModelGrant, bytes: number, blobs: number): void {
		for (const its of this.#counting(grant)) {
			its.bytes += bytes;
			its.blobs += blobs;
		}
	}

	/** What an upload takes of its grant, or gives back. */
	useOf(upload: ModelUpload, bytes: number, blobs: number): void {
		if (upload.grant === undefined || !this.all.includes(upload.grant)) return;
		this.use(upload.grant, bytes, blobs);
		upload.granted += bytes;
	}

	/** What somebody is charged with for parts of its grants. */
	bytesOf(who: number): number {
		const given = this.all.filter(({ under }) => under?.who === who);
		return given.reduce((sum, grant) => sum + chargeOf(grant), 0);
	}

	dropDead(who: number): void {
		const dead = this.of(who).filter((grant) => !this.isLive(grant));
		this.all = this.all.filter((grant) => !dead.includes(grant));
	}

	clean(now: number): void {
		for (const [who, at] of this.lookAt) {
			if (at > now) continue;
			this.dropDead(who);
			if (this.of(who).length === 0) this.lookAt.delete(who);
			else this.lookAt.set(who, now + LOOK_MS);
		}
	}
}

function chainOf(grant: ModelGrant): ModelGrant[] {
	return grant.under === undefined ? [grant] : [grant, ...chainOf(grant.under)];
}

/** Administrators at any time; who holds a grant while changes are taken. */
export function requireGrantee(model: Model, who: number): void {
	if (model.has(who)) return;
	model.requireMode("draining");
	if (who === 4) refuse("anonymous");
	if (!model.grants.holds(who)) refuse("not_authorized");
}

export function give(model: Model, who: number, [request]: MethodArgs<"blobs_give_grant">) {
	requireGrantee(model, who);
	const { grants } = model;
	const changes = model.has(who) ? 0 : 2;
	return model.once(who, request.id, "administered", "blobs_give_grant", request, changes, () => {
		const holder = numberOf(request.who);
		const id = hexOf(request.id);
		const role = Object.keys(request.role)[0] as ModelGrant["role"];
		const { terms } = request;
		const { prefix, ends_at, bytes, blobs, public_only, over_others, may_give, may_purge } = terms;
		if (grants.of(holder).some((grant) => grant.id === id)) refuse("upload_conflict");
		if (ends_at[0] !== undefined && ends_at[0] <= model.nanoseconds()) refuse("invalid_argument");
		const writes = bytes.length > 0 || blobs.length > 0 || public_only || over_others || may_purge;
		if (role === "reader" && writes) refuse("invalid_argument");
		const [as] = request.as;
		const giver = as?.giver[0] === undefined ? who : numberOf(as.giver[0]);
		if (as !== undefined) {
			const isOver = (used: bigint, [most]: [] | [bigint]) => most !== undefined && used > most;
			const isMore = isOver(as.used.bytes, bytes) || isOver(as.used.blobs, blobs);
			if (!model.isImporting || isMore) refuse("invalid_argument");
		}
		const gives = grants
			.of(giver)
			.filter((grant) => grant.terms.may_give && grant.role === role && grants.isLive(grant));
		const [wanted] = request.under;
		let under: ModelGrant | undefined;
		if (wanted !== undefined) under = gives.find((grant) => grant.id === hexOf(wanted));
		else if (!model.has(who)) under = gives.find((grant) => prefix.startsWith(grant.terms.prefix));
		if (under === undefined && (wanted !== undefined || !model.has(who))) refuse("not_authorized");
		if (under !== undefined) requirePart(terms, under);
		if (grants.of(holder).filter((grant) => grants.isLive(grant)).length >= MAX_GRANTS)
			refuse("quota_exceeded");
		const own = grants.of(holder).filter((grant) => grant.under?.who === giver && grants.isLive(grant));
		if (!model.has(who) && own.length >= MAX_GRANTS_OF_GIVER) refuse("quota_exceeded");
		const ends = [...ends_at, ...(under?.terms.ends_at ?? [])].sort((a, b) => (a < b ? -1 : 1));
		const grant: ModelGrant = {
			who: holder,
			id,
			sequence: model.sequence + 1n,
			role,
			terms: {
				prefix,
				ends_at: ends.slice(0, 1) as [] | [bigint],
				bytes,
				blobs,
				public_only,
				over_others,
				may_give,
				may_purge,
			},
			under,
			level: (under?.level ?? 0) + 1,
			bytes: Number(as?.used.bytes ?? 0n),
			blobs: Number(as?.used.blobs ?? 0n),
		};
		if (under !== undefined) model.requireQuota(who, { bytes: chargeOf(grant) });
		grants.dropDead(holder);
		if (!grants.lookAt.has(holder)) grants.lookAt.set(holder, model.now + LOOK_MS);
		grants.all.push(grant);
		model.changed(who);
		model.sequence++;
		model.administered++;
		return model.version;
	});
}

function requirePart(terms: WireGrantTerms, under: ModelGrant): void {
	const isOver = ([wanted]: [] | [bigint], [most]: [] | [bigint]) =>
		wanted !== undefined && most !== undefined && wanted > most;
	const its = under.terms;
	if (
		!terms.prefix.startsWith(its.prefix) ||
		isOver(terms.ends_at, its.ends_at) ||
		isOver(terms.bytes, its.bytes) ||
		isOver(terms.blobs, its.blobs) ||
		(its.public_only && !terms.public_only) ||
		(terms.over_others && !its.over_others) ||
		(terms.may_purge && !its.may_purge) ||
		(terms.may_give && under.level + 1 >= MAX_GRANT_LEVELS)
	)
		refuse("invalid_argument");
}

export function revokeGrant(model: Model, who: number, [request]: MethodArgs<"blobs_revoke_grant">) {
	requireGrantee(model, who);
	const { grants } = model;
	const changes = model.has(who) ? 0 : 2;
	return model.once(who, request.id, "administered", "blobs_revoke_grant", request, changes, () => {
		const holder = numberOf(request.who);
		const grant = grants.of(holder).find(({ id }) => id === hexOf(request.grant));
		if (grant === undefined) return model.version;
		const above = chainOf(grant).slice(1);
		const isAbove = above.some((its) => its.who === who && grants.all.includes(its));
		if (!model.has(who) && who !== holder && !isAbove) refuse("not_authorized");
		grants.all = grants.all.filter((other) => other !== grant);
		model.changed(who);
		model.sequence++;
		model.administered++;
		return model.version;
	});
}

/** All grants in the order in which they are listed. */
export function listed(model: Model) {
	const name = ({ who, id }: ModelGrant) => `${hexOf(PRINCIPALS[who]!.toUint8Array())}/${id}`;
	return [...model.grants.all]
		.sort((a, b) => (name(a) < name(b) ? -1 : 1))
		.map((grant) => ({
			who: PRINCIPALS[grant.who]!,
			id: new Uint8Array(Buffer.from(grant.id, "hex")),
			role: grant.role as string,
			terms: grant.terms,
			under:
				grant.under === undefined
					? []
					: [{ who: PRINCIPALS[grant.under.who]!, id: new Uint8Array(Buffer.from(grant.under.id, "hex")) }],
			used: { bytes: BigInt(grant.bytes), blobs: BigInt(grant.blobs) },
			holds: model.grants.isLive(grant),
		}));
}
