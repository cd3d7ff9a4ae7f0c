import type { WireAccount, WireQuota, WireStatus } from "../protocol/index.js";
import { type AskOptions, ask } from "./asking.js";
import type { ClientContext } from "./context.js";
import { checkPrincipal, type PrincipalLike } from "./options.js";
import type { Account, Quota, StoreMode } from "./types.js";
import { withJson } from "./util/json.js";
import { optional, toVersion } from "./wire-map.js";

/** What whoever uses a store may ask about it and about themselves. */

export async function mode(context: ClientContext, options: AskOptions = {}): Promise<StoreMode> {
	return toMode(await ask(context, "blobs_status", [], options));
}

export async function account(
	context: ClientContext,
	who: PrincipalLike | undefined,
	options: AskOptions = {},
): Promise<Account> {
	const principal = who === undefined ? undefined : checkPrincipal("who", who);
	return toAccount(await ask(context, "blobs_account", [optional(principal)], options));
}

/** A store stores limits above 2^53 as that value; no store comes near it. */
const NO_BOUND = BigInt(Number.MAX_SAFE_INTEGER);
export const NO_BOUND_32 = 0xffff_ffff;

export const toBound = (bound: bigint): number =>
	bound >= NO_BOUND ? Number.POSITIVE_INFINITY : Number(bound);

export function toQuota(wire: WireQuota): Quota {
	return {
		openUploads: wire.open_uploads === NO_BOUND_32 ? Number.POSITIVE_INFINITY : wire.open_uploads,
		blobs: toBound(wire.blobs),
		bytes: toBound(wire.bytes),
		receivedPerDay: toBound(wire.received_per_day),
		changesPerDay: toBound(wire.changes_per_day),
		cyclesPerDay: toBound(wire.cycles_per_day),
	};
}

export function toAccount(wire: WireAccount): Account {
	return {
		who: wire.who.toText(),
		roles: wire.roles,
		quota: toQuota(wire.quota),
		hasOwnQuota: wire.has_own_quota,
		usage: {
			openUploads: wire.usage.open_uploads,
			blobs: Number(wire.usage.blobs),
			bytes: Number(wire.usage.bytes),
			receivedToday: Number(wire.usage.received_today),
			changesToday: Number(wire.usage.changes_today),
			cyclesToday: Number(wire.usage.cycles_today),
		},
		administers: wire.administers[0],
		granted: wire.granted[0] ?? [],
	};
}

export function toMode({ last, keep_deleted_days, http_prefix, ...mode }: WireStatus): StoreMode {
	return withJson({
		...mode,
		last: toVersion(last),
		keepDeletedDays: keep_deleted_days[0] ?? 0,
		// Normalise: the prefix follows a host name in URLs, and one node's response must not change the host.
		urlPrefix: (http_prefix[0] ?? "").replace(/^[\\/]*(?=.)/, "/"),
	});
}
