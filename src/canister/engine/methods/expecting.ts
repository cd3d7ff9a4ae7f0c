import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import type { Upload } from "../store/uploads.js";
import { isOwn } from "./discarding.js";
import { grantOf } from "./granted.js";
import { moreBlobs } from "./publishing.js";

/** What changes of a batch will take that were checked and are not made yet: what is checked after them counts it. */

/** A blob that will be its owner's under a key in the place of `held`, and what that is charged more. */
export function expectHeld(
	state: State,
	owner: Uint8Array,
	key: string,
	held: Blob | undefined,
	charged: number,
): void {
	state.charges.expect(owner, moreBlobs(state, owner, key, held), charged, 0);
	const over = state.blobs.over(key);
	if (over !== undefined && !isOwn(owner, over)) expectGone(state, over);
	if (held !== undefined && !isOwn(owner, held)) expectGone(state, held);
}

/** A blob that its owner will have no more; it goes on being charged for it until that is cleaned away. */
export function expectGone(state: State, held: Blob): void {
	if (state.reservations.count(held.owner, held.key) === 0) state.charges.expect(held.owner, -1, 0, 0);
}

/** What an upload will take of its grant, or, below zero, give back. */
export function expectUseOf(state: State, who: Uint8Array, upload: Upload, bytes: number): void {
	const grant = grantOf(state, who, upload);
	if (grant !== undefined) state.grants.expect(grant, bytes, 0);
}
