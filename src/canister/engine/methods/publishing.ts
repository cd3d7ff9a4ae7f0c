import {
	ID_BYTES,
	SHA256_BYTES,
	sameBytes,
	type WireChangeOf,
	type WireImportedAs,
	type WireManifest,
	type WirePublication,
	type WireVisibility,
} from "../../../protocol/index.js";
import { chargeOfBlob } from "../accounts/charges.js";
import { concat, nanoseconds, principalOf } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import { refuse } from "../base/refusal.js";
import { pairOf } from "../certified/responses.js";
import type { State } from "../state.js";
import { Blob, type Place } from "../store/blobs.js";
import { isOwn, keepEnd } from "./discarding.js";
import { ownerOf } from "./importing.js";
import { keepForLeases } from "./leasing.js";
import { settleKey } from "./settling.js";

/** What all changes of a key have in common: its record, the lists and the certified tree, the feed, the counts. */

export const visibilityOf = (visibility: WireVisibility): string =>
	"public" in visibility ? "public" : "private";

/** How many blobs more count for somebody who gets its own in the place of what a key holds: one, or none. */
export function moreBlobs(state: State, who: Uint8Array, key: string, held: Blob | undefined): number {
	// What is over is freed before anything takes its place, and counts until then.
	const counted = held ?? state.blobs.over(key);
	return isOwn(who, counted) || state.reservations.count(who, key) > 0 ? 0 : 1;
}

/** To who may not read it, a blob is as if it were not there. */
export function readable({ blobs, access }: State, key: string): Blob {
	const blob = blobs.get(key);
	if (blob === undefined || !access.mayRead(key, blob)) return refuse("blob_not_found", {});
	return blob;
}

/** What more is stored about a blob under another manifest, if its owner's quota allows that. */
export function checkOther(
	{ charges, now }: State,
	{ owner, manifest: before }: Blob,
	manifest: WireManifest,
): number {
	const more = chargeOfBlob(manifest) - chargeOfBlob(before);
	charges.check(owner, { bytes: more }, now);
	return more;
}

/** The place without the answers of the blob that has it. */
export const bare = (place: Place): Place => ({ ...place, responses: pairOf(place), directory: 0 });

/** A new content under a key, at a place without answers yet. Its bytes are charged to its owner already. */
export function publishNew(
	state: State,
	caller: Uint8Array,
	salt: Uint8Array,
	what: { key: string; size: number; chunkSize: number },
	place: Place,
	publication: WirePublication,
	expires_at: WireManifest["expires_at"],
	held: Blob | undefined,
): Blob {
	const now = nanoseconds(state.now);
	// One by one: to spread the version into it takes 4,000 instructions more.
	const { sequence, canister_version } = state.nextVersion;
	const manifest: WireManifest = {
		key: what.key,
		sequence,
		canister_version,
		root: publication.root,
		size: BigInt(what.size),
		chunk_size: what.chunkSize,
		content_type: publication.content_type,
		visibility: visibilityOf(publication.visibility),
		owner: principalOf(caller),
		created_at: now,
		modified_at: now,
		metadata: publication.metadata,
		sha256: publication.sha256,
		expires_at,
	};
	if (publication.as.length > 0) setAs(manifest, publication.as[0]!);
	return put(state, caller, salt, manifest, state.responses.hold(caller, manifest, place), held);
}

function setAs(manifest: WireManifest, as: WireImportedAs): void {
	const { created_at, modified_at } = as;
	Object.assign(manifest, { owner: principalOf(ownerOf(as)), created_at, modified_at });
}

/**
 * Puts a manifest, which has the next change's number, under its key in the place of `held`, as a change of `caller`.
 * `place` has been given its answers (responses.ts).
 * `salt` is random by the caller's word: it becomes the caller's own, if that is the owner, has none yet and this is
 * its first private key.
 */
export function put(
	state: State,
	caller: Uint8Array,
	salt: Uint8Array,
	manifest: WireManifest,
	place: Place,
	held: Blob | undefined,
	changeOf: (bytes: Uint8Array) => WireChangeOf = published,
): Blob {
	const blob = new Blob(manifest, place);
	if (state.batches.isSettling) settleKey(state, blob.key);
	if (held !== undefined && state.leases.count > 0) keepForLeases(state, held);
	if (!blob.isPublic) giveSalt(state, caller, blob.owner, salt);
	state.blobs.set(blob);
	state.record(caller, changeOf(blob.bytes), manifest);
	if (held === undefined) state.counters.add(COUNTER.blobs, 1);
	if (!isOwn(blob.owner, held)) {
		if (held !== undefined) state.charges.countBlob(held.owner, held.key, -1);
		state.charges.countBlob(blob.owner, blob.key, 1);
	}
	if (held !== undefined) state.ends.remove(held);
	if (manifest.expires_at.length > 0) keepEnd(state, blob);
	state.certified.put(blob, held);
	// Others have asked to be woken for what waits already.
	if (place.content !== 0 && state.responses.length > 0) state.wakeAt(state.now);
	return blob;
}

const published = (bytes: Uint8Array): WireChangeOf => ({ published: bytes });

/**
 * An owner's first private key brings the salt of them all. Another principal that makes a key private must not choose
 * it, since who knows a salt can look for keys: then the canister does.
 */
export function giveSalt(state: State, caller: Uint8Array, owner: Uint8Array, salt: Uint8Array): void {
	if (state.accounts.get(owner).salt.length > 0) return;
	const { hashing, random } = state.host;
	const chosen = sameBytes(caller, owner) ? salt : hashing.sha256(concat(random(SHA256_BYTES), owner, salt));
	state.accounts.change(owner).salt = chosen.slice(0, ID_BYTES);
}

/** Empties a key, by a change of `caller`. */
export function remove(state: State, caller: Uint8Array, held: Blob): void {
	empty(state, held);
	state.record(caller, { deleted: { key: held.key, version: held.version } });
}

/** Empties a key; the change is still to be recorded. */
export function empty(state: State, held: Blob): void {
	if (state.batches.isSettling) settleKey(state, held.key);
	if (state.leases.count > 0) keepForLeases(state, held);
	state.blobs.delete(held.key);
	state.counters.add(COUNTER.blobs, -1);
	state.charges.countBlob(held.owner, held.key, -1);
	state.ends.remove(held);
	state.certified.remove(held);
}
