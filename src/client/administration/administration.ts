import type { Principal } from "@dfinity/principal";
import {
	ID_BYTES,
	MAX_LIST_PAGE,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireUploadName,
	type WireVersion,
} from "../../protocol/index.js";
import { type ClientContext, noteVersion } from "../context.js";
import { ClientError } from "../errors.js";
import { checkInteger, checkPrincipal, type PrincipalLike } from "../options.js";
import type {
	Account,
	OwnedUpload,
	Quota,
	Role,
	SettableMode,
	Statistics,
	StoreMode,
	TrustLevel,
} from "../types.js";
import { hex } from "../util/bytes.js";
import { pages } from "../util/pages.js";
import { fromRole, optional, toOpenUpload } from "../wire-map.js";
import { fromMode, fromQuota, toAccount, toMode, toStatistics } from "./wire-map.js";

/** How something is asked that no hash binds. */
export interface AskOptions {
	/** On whose word the answer stands: no proof covers it. @default "node" */
	trust?: Exclude<TrustLevel, "proof">;
	/** Aborts the call. */
	signal?: AbortSignal;
}

/** How a change is made. */
export interface CallOptions {
	/** Aborts the call; what the network has taken in is executed all the same. */
	signal?: AbortSignal;
}

export function ask<Name extends MethodName>(
	context: ClientContext,
	method: Name,
	args: MethodArgs<Name>,
	{ trust = "node", signal }: AskOptions,
): Promise<MethodOk<Name>> {
	if (trust === "subnet") return context.caller.update(method, args, { signal, verify: true });
	return context.caller.query(method, args, { signal, isBound: false });
}

/** Makes a change that nobody has to look for: its answer is its version. */
export async function change<Name extends ToVersion>(
	context: ClientContext,
	method: Name,
	request: MethodArgs<Name>[0],
	{ signal }: { readonly signal?: AbortSignal | undefined },
): Promise<void> {
	const args = [request] as MethodArgs<Name>;
	const version: WireVersion = await context.caller.update<ToVersion>(method, args, { signal, verify: true });
	noteVersion(context, version);
}
type ToVersion =
	| "blobs_grant_role"
	| "blobs_revoke_role"
	| "blobs_set_quota"
	| "blobs_extend_lease"
	| "blobs_release_lease"
	| "blobs_begin_import"
	| "blobs_end_import"
	| "blobs_give_grant"
	| "blobs_revoke_grant"
	| "blobs_offer"
	| "blobs_withdraw_offer"
	| "blobs_offer_link"
	| "blobs_accept_link"
	| "blobs_end_link"
	| "blobs_set_expiry_rules"
	| "blobs_set_keep_deleted"
	| "blobs_purge";

export async function mode(context: ClientContext, options: AskOptions = {}): Promise<StoreMode> {
	return toMode(await ask(context, "blobs_status", [], options));
}

export async function statistics(context: ClientContext, options: AskOptions = {}): Promise<Statistics> {
	return toStatistics(await ask(context, "blobs_stats", [], options));
}

export function metrics(context: ClientContext, options: AskOptions = {}): Promise<string> {
	return ask(context, "blobs_metrics", [], options);
}

export async function account(
	context: ClientContext,
	who: PrincipalLike | undefined,
	options: AskOptions = {},
): Promise<Account> {
	const principal = who === undefined ? undefined : checkPrincipal("who", who);
	return toAccount(await ask(context, "blobs_account", [optional(principal)], options));
}

export function listAccounts(context: ClientContext, options: AskOptions = {}): AsyncGenerator<Account> {
	return pages({
		method: "blobs_list_accounts",
		limit: MAX_LIST_PAGE,
		orderOf: (who: Principal) => hex(who.toUint8Array()),
		fetch: async (after: Principal | undefined) => {
			const request = { after: optional(after), limit: MAX_LIST_PAGE };
			const { accounts, next } = await ask(context, "blobs_list_accounts", [request], options);
			return { items: accounts.map(toAccount), next };
		},
	});
}

export function listAllUploads(
	context: ClientContext,
	options: AskOptions = {},
): AsyncGenerator<OwnedUpload> {
	return pages({
		method: "blobs_list_all_uploads",
		limit: MAX_LIST_PAGE,
		orderOf: ({ owner, id }: WireUploadName) => `${hex(owner.toUint8Array())} ${hex(id)}`,
		fetch: async (after: WireUploadName | undefined) => {
			const request = { after: optional(after), limit: MAX_LIST_PAGE };
			const { uploads, next } = await ask(context, "blobs_list_all_uploads", [request], options);
			return {
				items: uploads.map(({ owner, upload }) => ({ owner: owner.toText(), ...toOpenUpload(upload) })),
				next,
			};
		},
	});
}

export async function changeRole(
	context: ClientContext,
	method: "blobs_grant_role" | "blobs_revoke_role",
	who: PrincipalLike,
	role: Role,
	options: CallOptions = {},
): Promise<void> {
	const request = { id: newId(context), who: checkPrincipal("who", who), role: fromRole(role) };
	await change(context, method, request, options);
}

export async function setQuota(
	context: ClientContext,
	who: PrincipalLike | "everybody",
	quota: Quota | undefined,
	options: CallOptions = {},
): Promise<void> {
	if (quota) checkQuota(quota);
	const request = {
		id: newId(context),
		who: optional(who === "everybody" ? undefined : checkPrincipal("who", who)),
		quota: optional(quota && fromQuota(quota)),
	};
	await change(context, "blobs_set_quota", request, options);
}

function checkQuota(quota: Quota): void {
	for (const name of [
		"openUploads",
		"blobs",
		"bytes",
		"receivedPerDay",
		"changesPerDay",
		"cyclesPerDay",
	] as const)
		if (quota[name] !== Number.POSITIVE_INFINITY) checkInteger(`quota.${name}`, quota[name], 0);
}

const MODES: readonly SettableMode[] = ["live", "draining", "maintenance"];

export async function setMode(
	context: ClientContext,
	mode: SettableMode,
	generation: bigint,
	{ signal }: CallOptions = {},
): Promise<StoreMode> {
	if (!MODES.includes(mode))
		throw new ClientError("option_invalid", {
			option: "mode",
			reason: `it must be one of ${MODES.join(", ")}`,
		});
	const request = { id: newId(context), mode: fromMode(mode), generation };
	const answer = await context.caller.update("blobs_set_mode", [request], { signal, verify: true });
	noteVersion(context, answer.last);
	return toMode(answer);
}

/** Which upload is given up. */
export interface AbortUploadOptions extends CallOptions {
	/** Whose upload it is, for administrators. Default: the caller's own. */
	owner?: PrincipalLike;
}

export async function abortUpload(
	context: ClientContext,
	id: Uint8Array,
	{ owner, signal }: AbortUploadOptions = {},
): Promise<void> {
	const options = { signal, verify: true };
	if (owner === undefined) await context.caller.update("blobs_abort_upload", [id], options);
	else {
		const name = { owner: checkPrincipal("owner", owner), id };
		await context.caller.update("blobs_abort_any_upload", [name], options);
	}
	context.notes.remove(id);
}

/** One for each change, and the same for all attempts at it. */
export const newId = (context: ClientContext): Uint8Array => context.settings.ports.randomBytes(ID_BYTES);
