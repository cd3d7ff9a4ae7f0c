import type { WirePrincipal } from "../../protocol/index.js";
import { MAX_LIST_PAGE, type WireUploadName } from "../../protocol/index.js";
import { toAccount, toMode } from "../account.js";
import { invalidOption } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, change, newId } from "../asking.js";
import { ANONYMOUS } from "../call/agent.js";
import { type ClientContext, noteVersion } from "../context.js";
import { checkInteger, checkPrincipal, type PrincipalLike } from "../options.js";
import type { Account, OwnedUpload, Quota, Role, SettableMode, Statistics, StoreMode } from "../types.js";
import { hex } from "../util/bytes.js";
import { pages } from "../util/pages.js";
import { fromRole, optional, toOpenUpload } from "../wire-map.js";
import { fromMode, fromQuota, toStatistics } from "./wire-map.js";

export async function statistics(context: ClientContext, options: AskOptions = {}): Promise<Statistics> {
	return toStatistics(await ask(context, "blobs_stats", [], options));
}

export function metrics(context: ClientContext, options: AskOptions = {}): Promise<string> {
	return ask(context, "blobs_metrics", [], options);
}

/** Uses the anonymous principal, since a network reports a module's hash to every caller. */
export async function moduleHash(
	{ connect, settings }: ClientContext,
	{ signal }: CallOptions = {},
): Promise<string> {
	return hex(await connect(settings.agent, ANONYMOUS).moduleHash(signal));
}

export function listAccounts(context: ClientContext, options: AskOptions = {}): AsyncGenerator<Account> {
	return pages({
		method: "blobs_list_accounts",
		limit: MAX_LIST_PAGE,
		orderOf: (who: WirePrincipal) => hex(who.toUint8Array()),
		fetch: async (after: WirePrincipal | undefined) => {
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
	if (!MODES.includes(mode)) throw invalidOption("mode", `it must be one of ${MODES.join(", ")}`);
	const request = { id: newId(context), mode: fromMode(mode), generation };
	const answer = await context.caller.update("blobs_set_mode", [request], { signal, verify: true });
	noteVersion(context, answer.last);
	return toMode(answer);
}

export async function abortUpload(
	context: ClientContext,
	owner: PrincipalLike,
	id: Uint8Array,
	{ signal }: CallOptions = {},
): Promise<void> {
	const name = { owner: checkPrincipal("owner", owner), id };
	await context.caller.update("blobs_abort_any_upload", [name], { signal, verify: true });
	context.notes.remove(hex(id));
}
