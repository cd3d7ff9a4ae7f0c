import { chunkCount, sameBytes } from "../../../protocol/index.js";
import { chargeOfBlob, DAY_MS } from "../accounts/charges.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { LeafLists } from "../store/leaf-lists.js";

/** What becomes of blobs that end, were replaced or deleted. */

export function isOwn(who: Uint8Array, held: Blob | undefined): boolean {
	return held !== undefined && sameBytes(held.owner, who);
}

export function keepEnd(state: State, blob: Blob): void {
	state.ends.add(blob);
	state.wakeAt(blob.expiresAt!);
	// Lists may end on what is over.
	state.keepSecret(true);
}

/**
 * What becomes of a blob that was deleted or replaced by `caller`: it is kept, where the store keeps such, but not past
 * its own end; or its content goes to the cleaner.
 */
export function discard(
	state: State,
	caller: Uint8Array,
	blob: Blob,
	at = state.now,
	days = state.bin.days,
): void {
	state.responses.release(caller, blob);
	if (days === 0) {
		throwAway(state, blob);
		return;
	}
	const until = Math.min(at + days * DAY_MS, blob.expiresAt ?? Number.POSITIVE_INFINITY);
	state.bin.add({ blob, at, by: caller, until });
	state.wakeAt(until);
}

/** Hands a blob's content to the cleaner; its owner, or who else was charged, stays so until the space is free. */
export function throwAway(
	state: State,
	blob: Blob,
	holder = blob.owner,
	charged = chargeOfBlob(blob.manifest),
): void {
	const { content, leaf, uploader } = blob.place;
	state.garbage.add({
		content,
		leaf,
		uploader,
		pages: content === 0 ? 0 : LeafLists.pages(chunkCount(blob.manifest.size, blob.chunkSize)),
		holder,
		charged,
	});
	state.wakeAt(state.now);
}
