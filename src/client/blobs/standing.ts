import type { WirePrincipal } from "../../protocol/index.js";
import { ID_BYTES, isPublic, type WireStatAnswer, type WireVersion } from "../../protocol/index.js";
import { rolesOf } from "../call/admittance.js";
import { isAnonymous } from "../call/agent.js";
import { type ClientContext, isAfter, noteVersion } from "../context.js";
import { CanisterError, isBlobError } from "../errors/errors.js";
import { readManifest } from "../manifest.js";
import { hex } from "../util/bytes.js";
import { stopwatch } from "../util/stopwatch.js";

/** What a caller may do, by the subnet's word. */
export interface Rights {
	readonly who: WirePrincipal;
	/** Those that were granted, for all keys or for some. */
	readonly roles: readonly string[];
	/** Whether private blobs of others are shown to it, by a role, by a grant or as a controller. */
	readonly readsAll: boolean;
}

/** What the caller of a store must know about itself to prove that a key holds nothing for it. */
export interface Standing {
	readonly rights: Rights;
	/** With what the labels of its own private blobs are salted; absent where it never had any. A salt stays. */
	readonly salt: Uint8Array | undefined;
	/** Milliseconds since the subnet was asked. */
	readonly age: () => number;
	/** The last change that the subnet had seen then. */
	readonly seen: WireVersion;
}

/** As old as a certificate may be: roles that were granted since would show no later by asking any node. */
const MAX_AGE_MS = 5 * 60_000;

/** What was learned, while it holds. */
export function knownStanding(context: ClientContext): Standing | undefined {
	const { last } = context.standing;
	if (last === undefined || last.age() > MAX_AGE_MS) return undefined;
	// A change of this client's own may have been its first private blob.
	if (last.salt === undefined && isAfter(context.seen.version, last.seen)) return undefined;
	return last;
}

/**
 * Whether the caller reads nothing but public blobs, so that a node can prove a list to it; undefined where the subnet
 * has not said so. An application's own rule may show it more: that no node can prove.
 */
export async function readsOnlyPublic(context: ClientContext): Promise<boolean | undefined> {
	if (isAnonymous(await context.trust.principal())) return true;
	const standing = knownStanding(context);
	return standing && !standing.rights.readsAll && standing.salt === undefined;
}

/**
 * Asks the subnet. Where the canister or the subnet refuses to say, nothing is learned; a network that does not answer
 * fails the operation at once, since what it would do next would wait for as long again.
 */
export async function learnStanding(context: ClientContext, signal: AbortSignal | undefined): Promise<void> {
	// No key is called so: about one that holds another's blob the answer would have another's salt.
	const request = { key: hex(context.settings.ports.randomBytes(ID_BYTES)), min_version: [] as [] };
	const age = stopwatch(context.settings.ports);
	try {
		const [answer, rights] = await Promise.all([
			context.caller.update("blobs_stat", [request], { signal, verify: true }),
			askRights(context, signal),
		]);
		noteVersion(context, answer.last);
		if (rights) noteStanding(context, answer, rights, age);
	} catch (error) {
		if (!(error instanceof CanisterError) && !isBlobError(error, "rejected")) throw error;
	}
}

/** Keeps what an answer of the subnet to a stat says about the caller, where it says anything. */
export function noteStanding(
	context: ClientContext,
	{ manifest: [manifest], salt: [salt], last }: WireStatAnswer,
	rights: Rights,
	age: () => number,
): void {
	// Beside a private blob stands its owner's salt, who may be another.
	if (manifest !== undefined && !isPublic(readManifest(manifest))) return;
	context.standing.last = { rights, salt, age, seen: last };
}

const READERS = ["admin", "reader", "backup"];

/**
 * Asks the subnet what the caller may do, a question that is open to callers without any role. Undefined where the
 * canister does not say who administers it, and no role decides.
 */
export async function askRights(
	context: ClientContext,
	signal: AbortSignal | undefined,
): Promise<Rights | undefined> {
	const account = await context.caller.update("blobs_account", [[]], { signal, verify: true });
	const { who } = account;
	const roles = rolesOf(account);
	const [administers] = account.administers;
	const readsAll = administers || roles.some((role) => READERS.includes(role));
	return readsAll || administers !== undefined ? { who, roles, readsAll } : undefined;
}

/** The caller's rights, where the subnet has said of late that it has none but that of reading what is public or its own. */
export function withoutRole(context: ClientContext): Rights | undefined {
	const rights = knownStanding(context)?.rights;
	return rights && !rights.readsAll && rights.roles.length === 0 ? rights : undefined;
}
