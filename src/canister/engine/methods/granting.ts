import {
	caseOf,
	checkPrefix,
	MAX_GRANT_LEVELS,
	MAX_GRANTS,
	MAX_GRANTS_OF_GIVER,
	sameBytes,
	type WireGiveGrant,
	type WireGivenAs,
	type WireGrant,
	type WireGrants,
	type WireGrantTerms,
	type WireGrantUsed,
	type WireListGrants,
	type WireRevokeGrant,
	type WireVersion,
} from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { chargeOfGrant } from "../accounts/charges.js";
import { type Grant, type GrantRole, NO_BOUND } from "../accounts/grant-record.js";
import { millisecondOf, nanoseconds } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid, refuseOver } from "../base/refusal.js";
import type { State } from "../state.js";
import { boundOf, refuseNobody } from "./administering.js";
import { removeGrant, watchGrantee } from "./grantees.js";
import { requireImporter } from "./importing.js";
import { administer, checkId, pageLimit } from "./requests.js";

/** Giving grants, parts of them, and taking them away. */
export class Granting {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	give(request: WireGiveGrant): WireVersion {
		const state = this.#state;
		const { id } = request;
		const who = request.who.toUint8Array();
		const give = (caller: Uint8Array) => {
			refuseNobody(who);
			if (state.grants.named(who, id) !== undefined) refuse("upload_conflict", { field: "id" });
			const role = caseOf<GrantRole>(request.role);
			checkTerms(request.terms, role, state.now);
			const [as] = request.as;
			if (as !== undefined) checkGivenAs(state, as, request.terms);
			const giver = as?.giver[0]?.toUint8Array() ?? caller;
			const above = this.#above(giver, request, role);
			if (above !== undefined) checkPart(request.terms, above);
			const dead = state.grants.dead(who);
			const count = state.grants.of(who).count - dead.length;
			if (count >= MAX_GRANTS) refuseOver("grants", MAX_GRANTS, count, 1);
			if (!state.access.isAdmin) {
				const isTheirs = (grant: Grant) => grant.under !== undefined && sameBytes(grant.under.who, giver);
				const given = state.grants.of(who).all().filter(isTheirs);
				const own = given.filter((grant) => !dead.includes(grant)).length;
				if (own >= MAX_GRANTS_OF_GIVER) refuseOver("grants", MAX_GRANTS_OF_GIVER, own, 1);
			}
			const numbers = { sequence: state.feed.sequence + 1, mark: state.grants.nextMark };
			const grant = toGrant(who, id, role, request.terms, above, numbers, as?.used);
			// Who gives parts of its own is charged for what is stored about them, and refused if it is no administrator.
			if (!state.access.isAdmin) {
				state.charges.check(caller, { bytes: chargeOfGrant(grant.prefix) }, state.now);
				state.capacity.check(0);
			}

			for (const ended of dead) removeGrant(state, ended);
			watchGrantee(state, who);
			state.grants.add(grant);
			if (above !== undefined) state.charges.charge(giver, chargeOfGrant(grant.prefix));
			// Lists by it may end on a key that its holder may not read.
			if (role === "reader") state.keepSecret(true);
			return { grant: toWireChange(grant, true) };
		};
		return administer(state, "blobs_give_grant", request, give, this.#changes);
	}

	/** Where there is no such grant nothing changes, and the answer names the last change. */
	revoke(request: WireRevokeGrant): WireVersion {
		const state = this.#state;
		const who = request.who.toUint8Array();
		const revoke = (caller: Uint8Array) => {
			checkId(request.grant);
			const grant = state.grants.named(who, request.grant);
			if (grant === undefined) return undefined;
			if (!state.access.isAdmin && !sameBytes(caller, who) && !this.#isAbove(caller, grant))
				refuse("not_authorized", { needs: "the role admin, or a grant that this one is part of" });
			removeGrant(state, grant);
			return { grant: toWireChange(grant, false) };
		};
		return administer(state, "blobs_revoke_grant", request, revoke, this.#changes);
	}

	/** Of one who is no administrator a change is made as far as its quota goes. */
	get #changes(): number {
		return this.#state.access.isAdmin ? 0 : 2;
	}

	/** The giver's grant that a new one is part of; none where an administrator names none. */
	#above(giver: Uint8Array, { under: [under], terms }: WireGiveGrant, role: GrantRole): Grant | undefined {
		const { access, grants } = this.#state;
		if (under !== undefined) checkId(under);
		else if (access.isAdmin) return undefined;
		const holding = grants.of(giver);
		const gives = holding
			.all()
			.filter((grant, index) => grant.mayGive && grant.role === role && grants.isLive(holding, index));
		const above =
			under === undefined
				? gives.find(({ prefix }) => terms.prefix.startsWith(prefix))
				: gives.find(({ id }) => sameBytes(id, under));
		return (
			above ??
			refuse("not_authorized", {
				needs: `a grant as ${role} that holds, with the right to give parts of it on`,
			})
		);
	}

	#isAbove(caller: Uint8Array, grant: Grant): boolean {
		for (let above = grant.under; above !== undefined; above = this.#state.grants.find(above)?.under)
			if (sameBytes(above.who, caller) && this.#state.grants.find(above) !== undefined) return true;
		return false;
	}

	list({ of, after: [after], limit }: WireListGrants): WireGrants {
		const { access, grants } = this.#state;
		const caller = access.caller();
		const left = pageLimit(limit);
		if (after !== undefined) checkId(after.id);
		const start = after && { who: after.who.toUint8Array(), id: after.id };
		if ("held_by" in of) {
			const who = of.held_by.toUint8Array();
			if (!sameBytes(who, caller)) access.require("backup");
			const held = grants.of(who).all();
			const first = start === undefined ? 0 : held.findIndex(({ id }) => isAfter(id, start.id));
			return this.#page(first < 0 ? [] : held.slice(first), left);
		}
		const giver = "given_by" in of ? of.given_by.toUint8Array() : undefined;
		if (giver === undefined || !sameBytes(giver, caller)) access.require("backup");
		return this.#page(grants.listed(giver, start), left);
	}

	#page(all: Iterable<Grant>, limit: number): WireGrants {
		const page: WireGrants = { grants: [], next: [] };
		for (const grant of all) {
			const last = page.grants.at(-1);
			if (page.grants.length === limit && last !== undefined)
				return { ...page, next: [{ who: last.who, id: last.id }] };
			page.grants.push(this.#toWire(grant));
		}
		return page;
	}

	#toWire(grant: Grant): WireGrant {
		const { grants } = this.#state;
		const holding = grants.of(grant.who);
		const { who, id, role, under } = toWireChange(grant, true);
		return {
			who,
			id,
			role,
			terms: toTerms(grant),
			under,
			used: { bytes: BigInt(grant.usedBytes), blobs: BigInt(grant.usedBlobs) },
			holds: grants.isLive(holding, holding.indexOf(grant.sequence)),
		};
	}
}

const isAfter = (id: Uint8Array, other: Uint8Array): boolean => {
	const at = id.findIndex((byte, i) => byte !== other[i]);
	return at >= 0 && id[at]! > other[at]!;
};

function checkTerms(terms: WireGrantTerms, role: GrantRole, now: number): void {
	refuseInvalid(checkPrefix(terms.prefix));
	const [endsAt] = terms.ends_at;
	if (endsAt !== undefined && millisecondOf(endsAt) <= now)
		refuseArgument(
			"ends_at",
			"it is over: it must be in a millisecond after the limit, which is now",
			nanoseconds(now),
		);
	if (role === "writer") return;
	for (const [field, value] of Object.entries({ bytes: terms.bytes, blobs: terms.blobs }))
		if (value.length > 0) refuseArgument(field, "a reader puts nothing, so it has no such bound");
	for (const field of ["public_only", "over_others", "may_purge"] as const)
		if (terms[field]) refuseArgument(field, "it is for writers");
}

/** Refuses what is more than the grant has that it is to be part of. */
function checkPart(terms: WireGrantTerms, above: Grant): void {
	if (!terms.prefix.startsWith(above.prefix))
		refuseArgument("prefix", "it must begin with that of the grant it is part of", above.prefix.length);
	const isOver = (bound: bigint | undefined, most: number) => bound !== undefined && bound > BigInt(most);
	const [endsAt] = terms.ends_at;
	if (endsAt !== undefined && millisecondOf(endsAt) > above.endsAt)
		refuseArgument("ends_at", "the grant that it is part of ends before", nanoseconds(above.endsAt));
	for (const field of ["bytes", "blobs"] as const)
		if (above[field] !== NO_BOUND && isOver(terms[field][0], above[field]))
			refuseArgument(field, "it is more than the grant has that it is part of", above[field]);
	if (above.publicOnly && !terms.public_only)
		refuseArgument("public_only", "the grant that it is part of is for public blobs only");
	if (terms.over_others && !above.overOthers)
		refuseArgument("over_others", "the grant that it is part of is not over what others own");
	if (terms.may_purge && !above.mayPurge)
		refuseArgument("may_purge", "the grant that it is part of may not remove for good what was deleted");
	if (above.level >= MAX_GRANT_LEVELS || (terms.may_give && above.level + 1 >= MAX_GRANT_LEVELS))
		refuseArgument("may_give", "so many grants may be part of each other as the limit", MAX_GRANT_LEVELS);
}

/** A grant that is imported goes on with what was left of it. */
function checkGivenAs(state: State, { used }: WireGivenAs, terms: WireGrantTerms): void {
	requireImporter(state);
	for (const field of ["bytes", "blobs"] as const) {
		const most = BigInt(boundOf(terms[field][0] ?? BigInt(Number.MAX_SAFE_INTEGER)));
		if (used[field] > most) refuseArgument(`as.used.${field}`, "it is more than the grant is for", most);
	}
}

const UNUSED: WireGrantUsed = { bytes: 0n, blobs: 0n };

function toGrant(
	who: Uint8Array,
	id: Uint8Array,
	role: GrantRole,
	terms: WireGrantTerms,
	above: Grant | undefined,
	{ sequence, mark }: Pick<Grant, "sequence" | "mark">,
	used: WireGrantUsed = UNUSED,
): Grant {
	const [endsAt] = terms.ends_at;
	return {
		who,
		id,
		sequence,
		role,
		prefix: terms.prefix,
		endsAt: Math.min(endsAt === undefined ? NO_BOUND : millisecondOf(endsAt), above?.endsAt ?? NO_BOUND),
		bytes: terms.bytes[0] === undefined ? NO_BOUND : boundOf(terms.bytes[0]),
		blobs: terms.blobs[0] === undefined ? NO_BOUND : boundOf(terms.blobs[0]),
		publicOnly: terms.public_only,
		overOthers: terms.over_others,
		mayGive: terms.may_give,
		mayPurge: terms.may_purge,
		level: (above?.level ?? 0) + 1,
		under: above && { who: above.who, id: above.id, sequence: above.sequence },
		mark: terms.may_give ? mark : 0,
		above: above === undefined ? [] : [above.mark, ...above.above],
		usedBytes: Number(used.bytes),
		usedBlobs: Number(used.blobs),
	};
}

const optional = (bound: number): [] | [bigint] => (bound === NO_BOUND ? [] : [BigInt(bound)]);

const toTerms = (grant: Grant): WireGrantTerms => ({
	prefix: grant.prefix,
	ends_at: grant.endsAt === NO_BOUND ? [] : [nanoseconds(grant.endsAt)],
	bytes: optional(grant.bytes),
	blobs: optional(grant.blobs),
	public_only: grant.publicOnly,
	over_others: grant.overOthers,
	may_give: grant.mayGive,
	may_purge: grant.mayPurge,
});

export function toWireChange(grant: Grant, isGiven: boolean) {
	const { under } = grant;
	return {
		who: Principal.fromUint8Array(grant.who),
		id: grant.id,
		role: grant.role,
		terms: (isGiven ? [toTerms(grant)] : []) as [] | [WireGrantTerms],
		under: (under === undefined
			? []
			: [{ who: Principal.fromUint8Array(under.who), id: under.id }]) as WireGrant["under"],
	};
}
