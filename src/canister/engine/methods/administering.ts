import {
	caseOf,
	PROTOCOL_FEATURES,
	PROTOCOL_VERSION,
	sameBytes,
	type WireAccount,
	type WireAccounts,
	type WireAllUploads,
	type WireListAccounts,
	type WireListAllUploads,
	type WireQuota,
	type WireRoleChange,
	type WireSetMode,
	type WireSetQuota,
	type WireStatus,
	type WireUploadName,
	type WireVersion,
} from "../../../protocol/index.js";
import { Principal, type WirePrincipal } from "../../../protocol/principal.js";
import type { Quota } from "../accounts/accounts.js";
import type { ModeName } from "../accounts/modes.js";
import { isAnonymous, type Role, Roles } from "../accounts/roles.js";
import { refuse, refuseArgument } from "../base/refusal.js";
import type { State } from "../state.js";
import { endOver } from "./leasing.js";
import { administer, checkId, pageLimit } from "./requests.js";
import { abortUpload, toWireUpload } from "./uploading.js";

/** What administrators do: roles, quotas, the mode, and uploads of others. */
export class Administering {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	grantRole(request: WireRoleChange): WireVersion {
		return this.#changeRole("blobs_grant_role", request, true);
	}

	revokeRole(request: WireRoleChange): WireVersion {
		return this.#changeRole("blobs_revoke_role", request, false);
	}

	#changeRole(
		method: "blobs_grant_role" | "blobs_revoke_role",
		request: WireRoleChange,
		granted: boolean,
	): WireVersion {
		const { who, role } = request;
		const bytes = who.toUint8Array();
		return administer(this.#state, method, request, () => {
			refuseNobody(bytes);
			const name = caseOf<Role>(role);
			if (granted) this.#state.roles.grant(bytes, name);
			else {
				this.#state.roles.revoke(bytes, name);
				// For good, also where it gets the role again.
				endOver(this.#state);
			}
			return { role: { who, role: name, granted } };
		});
	}

	setQuota(request: WireSetQuota): WireVersion {
		const { who, quota } = request;
		const state = this.#state;
		return administer(state, "blobs_set_quota", request, () => {
			const given = quota[0] === undefined ? undefined : fromWireQuota(quota[0]);
			if (who[0] === undefined) state.accounts.setEverybodys(given);
			else {
				const bytes = who[0].toUint8Array();
				refuseNobody(bytes);
				state.accounts.change(bytes).quota = given;
				state.roles.list(bytes);
			}
			return { quota: { who, quota } };
		});
	}

	setMode(request: WireSetMode): WireStatus {
		const { generation } = request;
		const state = this.#state;
		const mode = caseOf<ModeName>(request.mode);
		const last = administer(state, "blobs_set_mode", request, () => {
			if (BigInt(state.modes.generation) !== generation)
				refuse("mode_changed", { generation: BigInt(state.modes.generation) });
			state.modes.set(mode);
			// Timers that found the store in maintenance did nothing.
			state.wakeAt(state.now);
			return { mode: { mode, generation: BigInt(state.modes.generation) } };
		});
		return { ...statusOf(state), mode, generation: generation + 1n, last };
	}

	/** The caller's own account, or anybody's for who may read everything to back it up. */
	account(who: WirePrincipal | undefined): WireAccount {
		const { access } = this.#state;
		return this.#account(who === undefined ? access.caller() : this.#ofAnother(who));
	}

	#ofAnother(who: WirePrincipal): Uint8Array {
		const bytes = who.toUint8Array();
		const caller = this.#state.access.caller();
		if (!sameBytes(caller, bytes)) this.#state.access.require("backup");
		return bytes;
	}

	#account(who: Uint8Array): WireAccount {
		const { accounts, charges, roles } = this.#state;
		const account = accounts.get(who);
		return {
			who: Principal.fromUint8Array(who),
			roles: Roles.of(account.roles),
			quota: toWireQuota(charges.quotaOf(account)),
			has_own_quota: account.quota !== undefined,
			usage: {
				open_uploads: account.openUploads,
				blobs: BigInt(account.blobs),
				bytes: BigInt(account.bytes),
				received_today: BigInt(charges.receivedToday(account, this.#state.now)),
				changes_today: BigInt(charges.changesToday(account, this.#state.now)),
				cycles_today: BigInt(charges.cyclesToday(account, this.#state.now)),
			},
			administers: [roles.has(who, "admin")],
			granted: [this.#state.grants.rolesOf(who)],
		};
	}

	listAccounts({ after, limit }: WireListAccounts): WireAccounts {
		this.#state.access.require("backup");
		const accounts: WireAccount[] = [];
		let left = pageLimit(limit);
		for (const who of this.#state.roles.listed(after[0]?.toUint8Array())) {
			const last = accounts.at(-1);
			if (left-- === 0) return { accounts, next: last === undefined ? [] : [last.who] };
			accounts.push(this.#account(who));
		}
		return { accounts, next: [] };
	}

	listUploads({ after, limit }: WireListAllUploads): WireAllUploads {
		const state = this.#state;
		state.access.require("admin");
		if (after[0] !== undefined) checkId(after[0].id);
		const start =
			after[0] === undefined ? undefined : { owner: after[0].owner.toUint8Array(), id: after[0].id };
		const page: WireAllUploads = { uploads: [], next: [] };
		let left = pageLimit(limit);
		for (const { owner, id } of state.uploads.list(undefined, start)) {
			const last = page.uploads.at(-1);
			if (left-- === 0) {
				if (last !== undefined) page.next = [{ owner: last.owner, id: last.upload.id }];
				return page;
			}
			const upload = state.uploads.get(owner, id);
			if (upload === undefined) throw new Error("the list of uploads names one that is not stored");
			page.uploads.push({ owner: Principal.fromUint8Array(owner), upload: toWireUpload(id, upload) });
		}
		return page;
	}

	abortUpload({ owner, id }: WireUploadName): WireVersion {
		checkId(id);
		return abortUpload(this.#state, this.#state.access.caller(), owner.toUint8Array(), id);
	}
}

export function statusOf({ modes, lastVersion, bin, prefix }: State): WireStatus {
	return {
		mode: modes.name,
		generation: BigInt(modes.generation),
		last: lastVersion,
		protocol: PROTOCOL_VERSION,
		features: [...PROTOCOL_FEATURES],
		keep_deleted_days: [bin.days],
		http_prefix: prefix === undefined ? [] : [prefix],
	};
}

/** The principal of no bytes is the management canister's, which calls nobody; its account is everybody's quota. */
export function refuseNobody(who: Uint8Array): void {
	if (isAnonymous(who) || who.length === 0)
		refuseArgument(
			"who",
			"the anonymous principal and the management canister change nothing and hold no role or quota",
		);
}

/** A bound past 2^53 is none: no store comes near it. */
export const boundOf = (value: bigint): number =>
	value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);

function fromWireQuota(quota: WireQuota): Quota {
	return {
		openUploads: quota.open_uploads,
		blobs: boundOf(quota.blobs),
		bytes: boundOf(quota.bytes),
		receivedPerDay: boundOf(quota.received_per_day),
		changesPerDay: boundOf(quota.changes_per_day),
		cyclesPerDay: boundOf(quota.cycles_per_day),
	};
}

function toWireQuota(quota: Quota): WireQuota {
	return {
		open_uploads: quota.openUploads,
		blobs: BigInt(quota.blobs),
		bytes: BigInt(quota.bytes),
		received_per_day: BigInt(quota.receivedPerDay),
		changes_per_day: BigInt(quota.changesPerDay),
		cycles_per_day: BigInt(quota.cyclesPerDay),
	};
}
