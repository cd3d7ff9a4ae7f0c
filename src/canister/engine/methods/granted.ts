import type { Grant } from "../accounts/grant-record.js";
import type { Use } from "../accounts/grants.js";
import { refuse } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import type { Upload } from "../store/uploads.js";
import { isOwn } from "./discarding.js";

/** What is done by a grant, and counts in it. */

/**
 * The grant that a change counts in, refused where none has room for it. To be asked for a caller that may make the
 * change by a grant only, once it is known what the change takes.
 */
export function payerOf(
	state: State,
	caller: Uint8Array,
	key: string,
	held: Blob | undefined,
	use: Use,
): Grant {
	const isOthers = held !== undefined && !isOwn(caller, held);
	const found = state.grants.writing(caller, key, isOthers, use, "a grant for the key");
	if (typeof found === "string") return refuse("not_authorized", { needs: found });
	const payer = found.holding.grant(found.index);
	state.grants.check(payer, use);
	return payer;
}

/** The grant by which an upload was begun, unless it was taken away. */
export const grantOf = ({ grants }: State, who: Uint8Array, { grant }: Upload): Grant | undefined =>
	grant === 0 ? undefined : grants.find({ who, sequence: grant });

/** Refuses bytes that the grant of an upload has no room for. One that was taken away counts nothing any more. */
export function checkGrantOf(state: State, who: Uint8Array, upload: Upload, bytes: number): void {
	const grant = grantOf(state, who, upload);
	if (grant !== undefined) state.grants.check(grant, { bytes });
}

/** Counts what an upload takes of its grant, or, below zero, gives it back. */
export function useGrantOf(
	state: State,
	who: Uint8Array,
	upload: Upload,
	bytes: number,
	blobs: number,
): void {
	const grant = grantOf(state, who, upload);
	if (grant === undefined) return;
	state.grants.use(grant, bytes, blobs);
	upload.granted += bytes;
}
