import type { WireVersion } from "../../protocol/index.js";
import { type ClientContext, isAfter } from "../context.js";
import { isBlobError } from "../errors.js";

/** What the caller of a store must know about itself to prove that a key holds nothing for it. */
export interface Standing {
	/** Whether private blobs of others are shown to it. */
	readonly readsAll: boolean;
	/** With what the labels of its own private blobs are salted; absent where it never had any. A salt stays. */
	readonly salt: Uint8Array | undefined;
	readonly learnedAtMs: number;
	/** The last change that the subnet had seen then. */
	readonly seen: WireVersion;
}

/** As old as a certificate may be: roles that were granted since would show no later by asking any node. */
const MAX_AGE_MS = 5 * 60_000;

/** What was learned, while it holds. */
export function knownStanding(context: ClientContext): Standing | undefined {
	const { last } = context.standing;
	if (last === undefined || context.settings.ports.now() - last.learnedAtMs > MAX_AGE_MS) return undefined;
	// A change of this client's own may have been its first private blob.
	if (last.salt === undefined && isAfter(context.seen.version, last.seen)) return undefined;
	return last;
}

/**
 * Whether the caller reads everything, by the subnet's word. Who may read the feed may, and that one question covers
 * roles and controllers.
 */
export async function readsEverything(
	context: ClientContext,
	signal: AbortSignal | undefined,
): Promise<boolean> {
	const request = { after: [] as [], limit: 1, min_version: [] as [] };
	try {
		await context.caller.update("blobs_changes", [request], { signal, verify: true });
		return true;
	} catch (error) {
		if (isBlobError(error, "not_authorized")) return false;
		throw error;
	}
}
