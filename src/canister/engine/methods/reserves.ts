import { MAX_RESERVED_BYTES, RESERVE_IDLE_MS, UPLOAD_EXPIRY_MS } from "../../../protocol/index.js";
import { chargeOfContent, chargeOfSession } from "../accounts/charges.js";
import { concat, getU64, u64Key } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import type { State } from "../state.js";
import { ownedKey, splitOwnedKey, type Upload } from "../store/uploads.js";
import { checkGrantOf, useGrantOf } from "./granted.js";

/**
 * What uploads of a known size reserve ahead of what arrived: at most 1 GiB, so that a begin, which costs a few hundred
 * bytes, does not keep the room of a whole day from others. As chunks arrive more is reserved, as far as quota and room
 * allow: an upload whose next chunk fits goes on without. One to which nothing came for 15 minutes reserves nothing.
 */

/** How often a session is looked at that reserves anything. */
const LOOK_MS = RESERVE_IDLE_MS / 3;

/** Reserves for an upload that begins, whose whole content was found to fit. */
export function firstReserve(state: State, owner: Uint8Array, id: Uint8Array, upload: Upload): void {
	if (upload.size === undefined) return;
	setReserve(
		state,
		owner,
		id,
		upload,
		Math.min(chargeOfContent(upload.size, upload.chunkSize), MAX_RESERVED_BYTES),
	);
}

/** Refuses bytes of chunks for which there is neither a reserve nor room. */
export function checkArrival(state: State, owner: Uint8Array, upload: Upload, bytes: number): void {
	const more = Math.max(0, bytes - upload.promised);
	state.charges.check(owner, { bytes: more }, state.now);
	// Of an upload of a known size all was counted when it began.
	if (upload.size === undefined) checkGrantOf(state, owner, upload, bytes);
	state.capacity.check(more);
}

/** Charges bytes of chunks, out of the reserve first, and reserves again as far as there is room. */
export function addArrived(
	state: State,
	owner: Uint8Array,
	id: Uint8Array,
	upload: Upload,
	bytes: number,
): void {
	const { size, chunkSize, key, promised } = upload;
	state.charges.charge(owner, bytes);
	upload.charged += bytes;
	if (size === undefined) {
		useGrantOf(state, owner, upload, bytes, 0);
		return;
	}
	const arrived = upload.charged - promised - chargeOfSession(key);
	const least = Math.max(0, promised - bytes);
	const most = Math.min(chargeOfContent(size, chunkSize) - arrived, MAX_RESERVED_BYTES);
	const room = most > least ? promised + Math.min(state.charges.left(owner), state.capacity.left()) : 0;
	setReserve(state, owner, id, upload, Math.max(least, Math.min(most, room)));
}

/** Gives back what an upload that ends has reserved. */
export function dropReserve(state: State, owner: Uint8Array, upload: Upload): void {
	changeReserve(state, owner, upload, 0);
}

/**
 * Looks at the upload that was looked at longest ago, and gives back its reserve if nothing came for 15 minutes. False
 * if the moment for that has not come.
 */
export function endReserve(state: State, now: number): boolean {
	const head = state.reserves.peek();
	if (head === undefined || getU64(head, 0) > now) return false;
	const key = head.slice(8);
	const { owner, id } = splitOwnedKey(key);
	const upload = state.uploads.get(owner, id);
	state.reserves.shift();
	if (upload === undefined) return true;
	const isIdle = upload.expiresAt - UPLOAD_EXPIRY_MS + RESERVE_IDLE_MS <= now;
	if (upload.promised > 0 && !isIdle) {
		state.reserves.push(concat(u64Key(now + LOOK_MS), key));
		return true;
	}
	changeReserve(state, owner, upload, 0);
	upload.isWatched = false;
	state.uploads.update(owner, id, upload);
	return true;
}

export function nextReserve(state: State): number | undefined {
	const head = state.reserves.peek();
	return head === undefined ? undefined : getU64(head, 0);
}

/** The caller stores the upload. */
function setReserve(state: State, owner: Uint8Array, id: Uint8Array, upload: Upload, bytes: number): void {
	changeReserve(state, owner, upload, bytes);
	if (bytes === 0 || upload.isWatched) return;
	upload.isWatched = true;
	const at = state.now + LOOK_MS;
	state.reserves.push(concat(u64Key(at), ownedKey(owner, id)));
	state.wakeAt(at);
}

function changeReserve(state: State, owner: Uint8Array, upload: Upload, bytes: number): void {
	const more = bytes - upload.promised;
	if (more === 0) return;
	state.charges.charge(owner, more);
	state.counters.add(COUNTER.promised, more);
	upload.charged += more;
	upload.promised = bytes;
}
