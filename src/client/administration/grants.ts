import type { WirePrincipal } from "../../protocol/index.js";
import {
	MAX_LIST_PAGE,
	unit,
	type WireGivenAs,
	type WireGrant,
	type WireGrantName,
	type WireGrantRole,
	type WireGrantsOf,
	type WireGrantTerms,
} from "../../protocol/index.js";
import { toBound } from "../account.js";
import * as is from "../arguments.js";
import { checkArgument, checkId, checkOptions, invalidOption } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, change, newId } from "../asking.js";
import type { ClientContext } from "../context.js";
import { checkInteger, checkPrincipal, type PrincipalLike } from "../options.js";
import type { Grant, GrantName, GrantTerms } from "../types.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { pages } from "../util/pages.js";
import { date, fromTime, optional } from "../wire-map.js";
import { GRANT_TERMS } from "./checks.js";
import { fromBound } from "./wire-map.js";

/** Options of `grant`. */
export interface GrantOptions extends CallOptions {
	/**
	 * Id of the caller's own grant of which the new one is a part. Default: none for an administrator; for other
	 * callers one of their grants that allows it.
	 */
	under?: string | undefined;
	/**
	 * Id, parent and usage of the grant, during an import (`beginImport`) by a controller of the canister: as listed by
	 * the original store. Import the parent first.
	 */
	importAs?: ImportGrantAs | undefined;
}

/** A grant of the store that is being imported. A `Grant` from that store has this shape. */
export type ImportGrantAs = Pick<Grant, "id" | "under" | "used">;

/** Which grants to list. Without a filter: all, which requires an administrator or the role `backup`. */
export interface ListGrantsOptions extends AskOptions {
	/**
	 * Grants that this principal holds. Another principal than the caller requires an administrator or the role
	 * `backup`.
	 */
	heldBy?: PrincipalLike | undefined;
	/** Parts of grants that this principal holds, with the same requirement as `heldBy`. */
	givenBy?: PrincipalLike | undefined;
}

export async function grant(
	context: ClientContext,
	who: PrincipalLike,
	terms: GrantTerms,
	{ under, importAs, signal }: GrantOptions = {},
): Promise<GrantName> {
	const principal = checkPrincipal("who", who);
	checkArgument("terms", terms, is.object);
	checkOptions(terms, GRANT_TERMS, "terms");
	checkArgument("terms.prefix", terms.prefix, is.text);
	checkArgument("terms.role", terms.role, GRANT_TERMS.role);
	const id = importAs === undefined ? newId(context) : checkId("importAs.id", importAs.id);
	const parent = importAs === undefined ? under : importAs.under?.id;
	const request = {
		id,
		who: principal,
		role: unit<WireGrantRole>(terms.role),
		terms: fromTerms(terms),
		under: optional(parent === undefined ? undefined : checkId("under", parent)),
		as: optional(importAs && fromImportAs(importAs)),
	};
	await change(context, "blobs_give_grant", request, { signal });
	return withJson({ who: principal.toText(), id: hex(id) });
}

export async function revokeGrant(
	context: ClientContext,
	grant: { readonly who: PrincipalLike; readonly id: string },
	{ signal }: CallOptions = {},
): Promise<void> {
	checkArgument("grant", grant, is.object);
	const { who, id } = grant;
	const request = {
		id: newId(context),
		who: checkPrincipal("grant.who", who),
		grant: checkId("grant.id", id),
	};
	await change(context, "blobs_revoke_grant", request, { signal });
}

export function listGrants(context: ClientContext, options: ListGrantsOptions = {}): AsyncGenerator<Grant> {
	const of = grantsOf(options);
	return pages({
		method: "blobs_list_grants",
		limit: MAX_LIST_PAGE,
		orderOf: ({ who, id }: WireGrantName) => `${hex(who.toUint8Array())} ${hex(id)}`,
		fetch: async (after: WireGrantName | undefined) => {
			const request = { of, after: optional(after), limit: MAX_LIST_PAGE };
			const { grants, next } = await ask(context, "blobs_list_grants", [request], options);
			return { items: grants.map(toGrant), next };
		},
	});
}

function grantsOf({ heldBy, givenBy }: ListGrantsOptions): WireGrantsOf {
	if (heldBy !== undefined && givenBy !== undefined)
		throw invalidOption(
			"givenBy",
			"a list has those that somebody holds or those that somebody gave: give heldBy or givenBy",
		);
	if (heldBy !== undefined) return { held_by: checkPrincipal("heldBy", heldBy) };
	return givenBy === undefined ? { all: null } : { given_by: checkPrincipal("givenBy", givenBy) };
}

/** @throws ClientError `option_invalid` */
function fromTerms(terms: GrantTerms): WireGrantTerms {
	const bound = (name: "bytes" | "blobs"): [] | [bigint] => {
		const value = terms[name];
		if (value === undefined || value === Number.POSITIVE_INFINITY) return [];
		return [fromBound(checkInteger(`terms.${name}`, value, 0))];
	};
	return {
		prefix: terms.prefix,
		ends_at: terms.endsAt === undefined ? [] : [fromTime("terms.endsAt", terms.endsAt)],
		bytes: bound("bytes"),
		blobs: bound("blobs"),
		public_only: terms.publicOnly ?? false,
		over_others: terms.overOthers ?? false,
		may_give: terms.mayGive ?? false,
		may_purge: terms.mayPurge ?? false,
	};
}

/** @throws ClientError `option_invalid` */
function fromImportAs({ under, used }: ImportGrantAs): WireGivenAs {
	const bytes = BigInt(checkInteger("importAs.used.bytes", used.bytes, 0));
	const blobs = BigInt(checkInteger("importAs.used.blobs", used.blobs, 0));
	return {
		giver: optional(under && checkPrincipal("importAs.under.who", under.who)),
		used: { bytes, blobs },
	};
}

const MAX_NAT64 = 2n ** 64n - 1n;

export function toTerms(role: string, terms: WireGrantTerms): Required<Grant["terms"]> {
	return withJson({
		prefix: terms.prefix,
		role,
		endsAt: terms.ends_at[0] === undefined ? undefined : date(terms.ends_at[0]),
		bytes: toBound(terms.bytes[0] ?? MAX_NAT64),
		blobs: toBound(terms.blobs[0] ?? MAX_NAT64),
		publicOnly: terms.public_only,
		overOthers: terms.over_others,
		mayGive: terms.may_give,
		mayPurge: terms.may_purge,
	});
}

export const toGrantName = ({ who, id }: { who: WirePrincipal; id: Uint8Array }): GrantName =>
	withJson({ who: who.toText(), id: hex(id) });

function toGrant({ who, id, role, terms, under, used, holds }: WireGrant): Grant {
	return withJson({
		...toGrantName({ who, id }),
		terms: toTerms(role, terms),
		under: under[0] && toGrantName(under[0]),
		used: { bytes: Number(used.bytes), blobs: Number(used.blobs) },
		holds,
	});
}
