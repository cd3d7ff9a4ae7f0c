import type { Principal } from "@dfinity/principal";
import type { BlobClient } from "canister-blobs/node";
import { isBlobError } from "canister-blobs/node";

/** The caller of a mirror. Blobs that another caller may not read would look deleted. */
export interface Reader {
	/** The principal, as text. */
	readonly principal: string;
	/** Whether it may read the private blobs of others. */
	readonly readsAll: boolean;
}

/** Asks the subnet, with a read that requires the right to read everything. */
export async function readsAll(client: BlobClient, caller: Principal): Promise<boolean> {
	// Without a role, the request would be refused, and the client would retry for 10 seconds in case a role was just
	// granted.
	if (caller.isAnonymous()) return false;
	try {
		await client.latestCursor();
		return true;
	} catch (error) {
		// A final refusal means that the caller lacks a role or an identity.
		if (isBlobError(error) && error.action !== "retry") return false;
		throw error;
	}
}

/** Why a mirror by reader `kept` must not continue with reader `now`; undefined if it may. */
export function readerRefusal(kept: Reader, now: Reader): string | undefined {
	if (kept.principal !== now.principal)
		return `It was made by ${kept.principal}, and the caller is ${now.principal}`;
	if (kept.readsAll && !now.readsAll)
		return `It was made when ${now.principal} could read all private blobs, which it no longer can`;
	return undefined;
}
