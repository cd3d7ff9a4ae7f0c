import type { Principal } from "@dfinity/principal";
import type { BlobClient } from "canister-blobs/node";
import { isBlobError } from "canister-blobs/node";

/** By whose eyes a mirror sees the store. What another caller may not read would look deleted. */
export interface Reader {
	/** The principal, as text. */
	readonly principal: string;
	/** Whether it reads the private blobs of others. */
	readonly readsAll: boolean;
}

/** Asks the subnet, by the one read that takes the right to read everything. */
export async function readsAll(client: BlobClient, caller: Principal): Promise<boolean> {
	// It holds no role: it would be refused, and the client would ask for 10 seconds whether one was granted just now.
	if (caller.isAnonymous()) return false;
	try {
		await client.latestCursor();
		return true;
	} catch (error) {
		// What is refused for good is refused for want of a role, or of an identity.
		if (isBlobError(error) && error.action !== "retry") return false;
		throw error;
	}
}

/** Why a mirror that `kept` made must not go on with what `now` sees; undefined if it can. */
export function readerRefusal(kept: Reader, now: Reader): string | undefined {
	if (kept.principal !== now.principal)
		return `It was made by ${kept.principal}, and the caller is ${now.principal}`;
	if (kept.readsAll && !now.readsAll)
		return `It was made when ${now.principal} could read all private blobs, which it no longer can`;
	return undefined;
}
