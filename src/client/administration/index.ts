import * as is from "../arguments.js";
import { checkArgument, checked, checkedAll, checkId, checkOptions } from "../arguments.js";
import type { AskOptions, CallOptions } from "../asking.js";
import { purge, setKeepDeleted } from "../blobs/deleted.js";
import * as checks from "../checks.js";
import type { ClientContext } from "../context.js";
import type { PrincipalLike } from "../options.js";
import type {
	Account,
	DeletedName,
	ExpiryRule,
	Grant,
	GrantName,
	GrantTerms,
	OwnedUpload,
	Quota,
	Role,
	SettableMode,
	Statistics,
	StoreMode,
} from "../types.js";
import * as administration from "./administration.js";
import * as own from "./checks.js";
import { expiryRules, setExpiryRules } from "./expiry.js";
import {
	type GrantOptions,
	grant as give,
	type ListGrantsOptions,
	listGrants as list,
	revokeGrant as takeAway,
} from "./grants.js";
import { beginImport, endImport } from "./importing.js";

/** Administration of a store: `client.admin`. Its code is loaded when one of its methods is called first. */
export class Administration {
	readonly #context: ClientContext;

	/** @internal */
	constructor(context: ClientContext) {
		this.#context = context;
	}

	/** Open uploads of everybody. Takes an administrator. */
	listAllUploads(options?: AskOptions): AsyncGenerator<OwnedUpload> {
		return checkedAll(options, checks.ASK, () => administration.listAllUploads(this.#context, options));
	}

	/** Gives a principal a role. Takes an administrator. */
	grantRole(who: PrincipalLike, role: Role, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkArgument("role", role, own.ROLE);
			return administration.changeRole(this.#context, "blobs_grant_role", who, role, options);
		});
	}

	/** Takes a role away from a principal. Takes an administrator. */
	revokeRole(who: PrincipalLike, role: Role, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkArgument("role", role, own.ROLE);
			return administration.changeRole(this.#context, "blobs_revoke_role", who, role, options);
		});
	}

	/**
	 * Lets a principal do something under a prefix of keys: `grant(guest, { role: "writer", prefix: "inbox/ann/", endsAt,
	 * bytes: 1e9, publicOnly: true })`. Takes an administrator, or who holds a grant with `mayGive`, who gives parts of it:
	 * what is done by a part counts in both, and it ends with that.
	 * @returns its name, to take it away by
	 * @throws CanisterError `not_authorized`, `invalid_argument` for more than the caller's own grant has, with its limit;
	 *   `quota_exceeded` (`grants`) where the principal holds as many as it can
	 */
	grant(who: PrincipalLike, terms: GrantTerms, options?: GrantOptions): Promise<GrantName> {
		return checked(options, own.GRANT, () => give(this.#context, who, terms, options));
	}

	/**
	 * Takes a grant away, and all its parts with it; that there is none is no error. Takes an administrator, its holder, or
	 * who holds a grant that it is part of.
	 * @throws CanisterError `not_authorized`
	 */
	revokeGrant(
		grant: { readonly who: PrincipalLike; readonly id: string },
		options?: CallOptions,
	): Promise<void> {
		return checked(options, checks.CALL, () => takeAway(this.#context, grant, options));
	}

	/** Grants: those that the caller holds (`heldBy`) or gave parts of (`givenBy`), for administrators anybody's and all. */
	listGrants(options?: ListGrantsOptions): AsyncGenerator<Grant> {
		return checkedAll(options, own.LIST_GRANTS, () => list(this.#context, options));
	}

	/**
	 * Sets all rules by which blobs end, in the place of those before: `[{ prefix: "tmp/", lifeMs: 86_400_000 }]`. A rule
	 * holds for what is published, copied or renamed to its keys from then on, not for what is there. Takes an administrator.
	 * @throws CanisterError `invalid_argument` for more than 100 rules, two of one prefix, or a life out of its bounds
	 */
	setExpiryRules(rules: readonly ExpiryRule[], options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => setExpiryRules(this.#context, rules, options));
	}

	/** The rules by which blobs end, in order of their prefixes. Takes any role or grant. */
	expiryRules(options?: AskOptions): Promise<ExpiryRule[]> {
		return checked(options, checks.ASK, () => expiryRules(this.#context, options));
	}

	/**
	 * What a principal may have at the most, or everybody who has no quota of their own. No quota: none of their own
	 * any more; for everybody, the one that the canister was built with. Takes an administrator.
	 */
	setQuota(who: PrincipalLike | "everybody", quota: Quota | undefined, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkOptions(quota, own.QUOTA, "quota");
			return administration.setQuota(this.#context, who, quota, options);
		});
	}

	/**
	 * Switches the mode, if nobody has since `generation` was seen (see `client.mode`). Takes an administrator.
	 * @throws CanisterError `mode_changed`
	 */
	setMode(mode: SettableMode, generation: bigint, options?: CallOptions): Promise<StoreMode> {
		return checked(options, checks.CALL, () => {
			checkArgument("mode", mode, own.MODE);
			checkArgument("generation", generation, is.bigint);
			return administration.setMode(this.#context, mode, generation, options);
		});
	}

	/**
	 * Begins to import what another store had: until `endImport` only controllers of the canister read and change anything,
	 * and give each blob its owner and times (`importAs`). Takes a controller and a store without any past of blobs, once.
	 * @throws CanisterError `not_importable`, `not_authorized`
	 */
	beginImport(options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => beginImport(this.#context, options));
	}

	/** Ends the import for good: the store is live. Takes a controller. @throws CanisterError `not_importable` */
	endImport(options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => endImport(this.#context, options));
	}

	/** Everybody who has a role or a quota of their own. Takes an administrator. */
	listAccounts(options?: AskOptions): AsyncGenerator<Account> {
		return checkedAll(options, checks.ASK, () => administration.listAccounts(this.#context, options));
	}

	/** What the store holds, what it costs, and how often it was asked what. Takes an administrator. */
	statistics(options?: AskOptions): Promise<Statistics> {
		return checked(options, checks.ASK, () => administration.statistics(this.#context, options));
	}

	/** The same for Prometheus, in its text format. Takes an administrator. */
	metrics(options?: AskOptions): Promise<string> {
		return checked(options, checks.ASK, () => administration.metrics(this.#context, options));
	}

	/**
	 * SHA-256 of the canister's module, as hex text, certified by the subnet: to compare with that of a build. Everybody may
	 * ask, without an identity.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`
	 */
	moduleHash(options?: CallOptions): Promise<string> {
		return checked(options, checks.CALL, () => administration.moduleHash(this.#context, options));
	}

	/**
	 * Removes a deleted blob for good, before its time. Takes an administrator, or a grant with `mayPurge`: who owns it
	 * cannot, so that a stolen key does not destroy its past.
	 * @throws CanisterError `blob_not_found`, `not_authorized`
	 */
	purge(what: DeletedName, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => purge(this.#context, what, options));
	}

	/**
	 * Has blobs that are deleted or replaced from now on kept for so many days, 1 to 365, charged to their owners; 0, as at
	 * first: not at all. What is kept already stays until its own time. Takes an administrator.
	 */
	setKeepDeleted(days: number, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => setKeepDeleted(this.#context, days, options));
	}

	/**
	 * Aborts an open upload of any principal and discards its chunks; that there is none is no error. Takes an
	 * administrator. `client.abortUpload` aborts the caller's own.
	 * @throws CanisterError `upload_finished` where it was committed
	 */
	abortUpload(owner: PrincipalLike, id: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("owner", owner, is.principal);
			return administration.abortUpload(this.#context, owner, checkId("id", id), options);
		});
	}
}
