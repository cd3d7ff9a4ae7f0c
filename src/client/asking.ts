import {
	ID_BYTES,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireVersion,
} from "../protocol/index.js";
import { type ClientContext, noteVersion } from "./context.js";
import type { TrustLevel } from "./types.js";

/** How something is asked that no hash binds. */
export interface AskOptions {
	/** On whose word the answer stands: no proof covers it. @default "node" */
	trust?: Exclude<TrustLevel, "proof"> | undefined;
	/** Aborts the call. */
	signal?: AbortSignal | undefined;
}

/** How a change is made. */
export interface CallOptions {
	/** Aborts the call; what the network has taken in is executed all the same. */
	signal?: AbortSignal | undefined;
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

/** One for each change, and the same for all attempts at it. */
export const newId = (context: ClientContext): Uint8Array => context.settings.ports.randomBytes(ID_BYTES);
