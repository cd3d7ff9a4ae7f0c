import { checkKey, type WireManifest, type WireMoveItem } from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { chargeOfBlob } from "../accounts/charges.js";
import type { Grant } from "../accounts/grant-record.js";
import { nanoseconds } from "../base/codec.js";
import { refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { discard } from "./discarding.js";
import { endOf, expire } from "./expiring.js";
import { payerOf } from "./granted.js";
import { bare, moreBlobs, put, readable, remove } from "./publishing.js";
import { checkPrecondition } from "./requests.js";

/** Copies and renames: each is refused before anything is written, or done. */

/** A copy or a rename that may be made, and what it takes. */
interface Moved {
	readonly source: Blob;
	readonly target: Blob | undefined;
	/** What is over under the key that it comes to, and goes first. */
	readonly over: Blob | undefined;
	readonly end: [] | [bigint];
	/** Of a copy what it is charged, of a rename what its owner is charged more. */
	readonly charged: number;
	/** The grant that it counts in, and the bytes that count there. */
	readonly payer: Grant | undefined;
	readonly used: number;
}

/** Refuses a copy for anything that rules it out. */
export function checkCopy(state: State, caller: Uint8Array, request: WireMoveItem): Moved {
	const { source, target, over, isByGrant } = checkMove(state, caller, request);
	const end = endOf(state, request.to, source.manifest.expires_at[0]);
	const charged = chargeOfBlob({ ...source.manifest, key: request.to, expires_at: end });
	const blobs = moreBlobs(state, caller, request.to, target);
	state.charges.check(caller, { blobs, bytes: charged }, state.now);
	const payer = isByGrant ? payerOfMove(state, caller, request.to, source, target, charged) : undefined;
	return { source, target, over, end, charged, payer, used: charged };
}

/** The caller gets a blob of its own, with the same bytes. */
export function copyBlob(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	to: string,
	{ source, target, over, end, charged, payer, used }: Moved,
): Blob {
	if (over !== undefined) expire(state, over);
	const { place, manifest } = source;
	if (payer !== undefined) state.grants.use(payer, used, 1);
	if (place.content !== 0) state.leafLists.share(place.content);
	else if (place.leaf.length > 0) state.chunks.holdAgain(place.uploader, place.leaf);
	state.charges.charge(caller, charged);
	const now = nanoseconds(state.now);
	const copy: WireManifest = {
		...manifest,
		key: to,
		...state.nextVersion,
		owner: Principal.fromUint8Array(caller),
		created_at: now,
		modified_at: now,
		expires_at: end,
	};
	const its = state.responses.hold(caller, copy, bare(place));
	const blob = put(state, caller, id, copy, its, target);
	if (target !== undefined) discard(state, caller, target);
	return blob;
}

/** Refuses a rename for anything that rules it out. */
export function checkRename(state: State, caller: Uint8Array, request: WireMoveItem): Moved {
	const { from, to } = request;
	const { source, target, over, isByGrant } = checkMove(state, caller, request);
	state.access.requireChange(caller, "delete", from, source);
	const { owner } = source;
	// Its owner's upload to the old key keeps that taken, so the new key is one more.
	if (state.reservations.count(owner, from) > 0)
		state.charges.check(owner, { blobs: moreBlobs(state, owner, to, target) }, state.now);
	const end = endOf(state, to, source.manifest.expires_at[0]);
	const moved = { ...source.manifest, key: to, expires_at: end };
	const used = chargeOfBlob(moved);
	const charged = used - chargeOfBlob(source.manifest);
	state.charges.check(owner, { bytes: charged }, state.now);
	const payer = isByGrant ? payerOfMove(state, caller, to, source, target, used) : undefined;
	return { source, target, over, end, charged, payer, used };
}

/** The blob keeps its owner. Two changes: the old key is emptied, then the new one holds it. */
export function renameBlob(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	to: string,
	{ source, target, over, end, charged, payer, used }: Moved,
): Blob {
	if (over !== undefined) expire(state, over);
	if (payer !== undefined) state.grants.use(payer, used, 1);
	state.charges.charge(source.owner, charged);
	remove(state, caller, source);
	const renamed: WireManifest = {
		...source.manifest,
		key: to,
		...state.nextVersion,
		modified_at: nanoseconds(state.now),
		expires_at: end,
	};
	const hasSameAnswers = !state.renewing.isBusy && end.length === source.manifest.expires_at.length;
	const place = hasSameAnswers
		? state.responses.keepOwn(caller, renamed, source.place)
		: state.responses.keep(caller, renamed, source.place);
	const blob = put(state, caller, id, renamed, place, target);
	if (target !== undefined) discard(state, caller, target);
	return blob;
}

/** The grant that a blob counts in which comes under a key, if that has room for it. */
function payerOfMove(
	state: State,
	caller: Uint8Array,
	to: string,
	source: Blob,
	target: Blob | undefined,
	bytes: number,
): Grant {
	return payerOf(state, caller, to, target, { isPublic: source.isPublic, bytes, blobs: 1 });
}

function checkMove(state: State, caller: Uint8Array, { from, to, source, precondition }: WireMoveItem) {
	refuseInvalid(checkKey(from, "from"));
	refuseInvalid(checkKey(to, "to"));
	if (from === to) refuseArgument("to", "it is the key that the blob has");
	const blob = readable(state, from);
	checkPrecondition(source, blob);
	const target = state.blobs.get(to);
	const grant = state.access.requireChange(caller, "write", to, target, { isPublic: blob.isPublic });
	state.capacity.check(0);
	checkPrecondition(precondition, target);
	return { source: blob, target, over: state.blobs.over(to), isByGrant: grant !== undefined };
}
