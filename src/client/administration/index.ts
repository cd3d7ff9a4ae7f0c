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

/** Administration of a store: `client.admin`. Its code is loaded at the first call of a method. */
export class Administration {
	readonly #context: ClientContext;

	/** @internal */
	constructor(context: ClientContext) {
		this.#context = context;
	}

	/** Lists the open uploads of all principals. Requires an administrator. */
	listAllUploads(options?: AskOptions): AsyncGenerator<OwnedUpload> {
		return checkedAll(options, checks.ASK, () => administration.listAllUploads(this.#context, options));
	}

	/** Grants a role to a principal. Requires an administrator. */
	grantRole(who: PrincipalLike, role: Role, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkArgument("role", role, own.ROLE);
			return administration.changeRole(this.#context, "blobs_grant_role", who, role, options);
		});
	}

	/** Revokes a role of a principal. Requires an administrator. */
	revokeRole(who: PrincipalLike, role: Role, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkArgument("role", role, own.ROLE);
			return administration.changeRole(this.#context, "blobs_revoke_role", who, role, options);
		});
	}

	/**
	 * Gives a principal permissions under a prefix: `grant(guest, { role: "writer", prefix: "inbox/ann/", endsAt,
	 * bytes: 1e9, publicOnly: true })`. Requires an administrator, or the holder of a grant with `mayGive`, who gives a
	 * part of it. Usage of a part counts in both grants, and the part ends with its parent.
	 * @returns the grant's name, which `revokeGrant` takes
	 * @throws CanisterError `not_authorized`, `invalid_argument` if it exceeds the caller's own grant, with the limit;
	 * `quota_exceeded` (`grants`) if the principal holds the maximum number of grants
	 */
	grant(who: PrincipalLike, terms: GrantTerms, options?: GrantOptions): Promise<GrantName> {
		return checked(options, own.GRANT, () => give(this.#context, who, terms, options));
	}

	/**
	 * Revokes a grant and all its parts. Succeeds if it does not exist. Requires an administrator, its holder, or the
	 * holder of a grant of which it is a part.
	 * @throws CanisterError `not_authorized`
	 */
	revokeGrant(
		grant: { readonly who: PrincipalLike; readonly id: string },
		options?: CallOptions,
	): Promise<void> {
		return checked(options, checks.CALL, () => takeAway(this.#context, grant, options));
	}

	/**
	 * Lists grants: those that the caller holds (`heldBy`) or gave (`givenBy`); for administrators those of any
	 * principal, or all.
	 */
	listGrants(options?: ListGrantsOptions): AsyncGenerator<Grant> {
		return checkedAll(options, own.LIST_GRANTS, () => list(this.#context, options));
	}

	/**
	 * Replaces all expiry rules: `[{ prefix: "tmp/", lifeMs: 86_400_000 }]`. A rule applies to blobs published, copied
	 * or renamed to its keys from now on, not to existing blobs. Requires an administrator.
	 * @throws CanisterError `invalid_argument` for more than 100 rules, two with one prefix, or a lifetime out of
	 * bounds
	 */
	setExpiryRules(rules: readonly ExpiryRule[], options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => setExpiryRules(this.#context, rules, options));
	}

	/** The expiry rules, in order of their prefixes. Requires a role or grant. */
	expiryRules(options?: AskOptions): Promise<ExpiryRule[]> {
		return checked(options, checks.ASK, () => expiryRules(this.#context, options));
	}

	/**
	 * Sets the quota of a principal, or with `"everybody"` the default quota. Undefined removes a principal's own
	 * quota, or resets the default quota to the one that the canister was built with. Requires an administrator.
	 */
	setQuota(who: PrincipalLike | "everybody", quota: Quota | undefined, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("who", who, is.principal);
			checkOptions(quota, own.QUOTA, "quota");
			return administration.setQuota(this.#context, who, quota, options);
		});
	}

	/**
	 * Switches the mode, unless it has changed since `generation` was read (see `client.mode`). Requires an
	 * administrator.
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
	 * Begins an import of another store's data. Until `endImport` only controllers of the canister may read and change
	 * the store, and they set the owner and times of each blob (`importAs`). Requires a controller and a store that has
	 * never held a blob; possible once.
	 * @throws CanisterError `not_importable`, `not_authorized`
	 */
	beginImport(options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => beginImport(this.#context, options));
	}

	/** Ends the import permanently: the store is live. Requires a controller. @throws CanisterError `not_importable` */
	endImport(options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => endImport(this.#context, options));
	}

	/** Lists the principals with a role or a quota of their own. Requires an administrator. */
	listAccounts(options?: AskOptions): AsyncGenerator<Account> {
		return checkedAll(options, checks.ASK, () => administration.listAccounts(this.#context, options));
	}

	/** Contents, costs and call counts of the store. Requires an administrator. */
	statistics(options?: AskOptions): Promise<Statistics> {
		return checked(options, checks.ASK, () => administration.statistics(this.#context, options));
	}

	/** The statistics in the text format of Prometheus. Requires an administrator. */
	metrics(options?: AskOptions): Promise<string> {
		return checked(options, checks.ASK, () => administration.metrics(this.#context, options));
	}

	/**
	 * SHA-256 of the canister's module as hex text, certified by the subnet, to compare with that of a build. Any
	 * caller may read it, without an identity.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`
	 */
	moduleHash(options?: CallOptions): Promise<string> {
		return checked(options, checks.CALL, () => administration.moduleHash(this.#context, options));
	}

	/**
	 * Purges a deleted blob. Requires an administrator, or a grant with `mayPurge`. Its owner may not, so that a stolen
	 * identity cannot destroy the owner's deleted blobs.
	 * @throws CanisterError `blob_not_found`, `not_authorized`
	 */
	purge(what: DeletedName, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => purge(this.#context, what, options));
	}

	/**
	 * Sets for how many days blobs deleted or replaced from now on are kept, 1 to 365, charged to their owners. 0, the
	 * initial value, keeps none. Blobs already kept stay for their own time. Requires an administrator.
	 */
	setKeepDeleted(days: number, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => setKeepDeleted(this.#context, days, options));
	}

	/**
	 * Aborts an open upload of any principal and discards its chunks. Succeeds if it does not exist. Requires an
	 * administrator. `client.abortUpload` aborts the caller's own.
	 * @throws CanisterError `upload_finished` if it was committed
	 */
	abortUpload(owner: PrincipalLike, id: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, () => {
			checkArgument("owner", owner, is.principal);
			return administration.abortUpload(this.#context, owner, checkId("id", id), options);
		});
	}
}
