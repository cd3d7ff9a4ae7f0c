import { AnswerSets } from "../certified/answer-sets.js";
import type { State } from "../state.js";
import type { StagedBatch } from "../store/staged-batches.js";
import type { StagedItem } from "../store/staged-items.js";
import { discard, isOwn, keepEnd, throwAway } from "./discarding.js";
import { keepForLeases } from "./leasing.js";
import { batchEnded } from "./staged-status.js";

/**
 * What is left to do about a batch once it is revealed: readers find it in tree and lists, and what its keys hold among its
 * items (Blobs.revealed). Key by key that becomes what is stored under the key, and what that was goes. Whoever changes
 * a key, or counts who has a blob under it, settles that first.
 */
export function settleKey(state: State, key: string): void {
	const batch = state.batches.in("settling");
	if (batch === undefined) return;
	const item = state.staged.get(batch, key);
	if (item !== undefined) settleItem(state, batch, key, item);
}

function settleItem(state: State, batch: StagedBatch, key: string, item: StagedItem): void {
	state.staged.remove(batch, key, item);
	state.batches.change(batch, { items: batch.items - 1 });
	if (item.isNothing) return;
	const { owner } = batch;
	const { blob } = item;
	const before = state.blobs.stored(key);
	if (before !== undefined && state.leases.count > 0) keepForLeases(state, before, batch.revealed);
	if (before !== undefined) state.ends.remove(before);
	const isOther = before !== undefined && (blob === undefined || !isOwn(owner, before));
	if (isOther) state.charges.countBlob(before.owner, key, -1);
	if (blob === undefined) state.blobs.delete(key);
	else {
		state.blobs.set(blob);
		// It counts since it was staged; so does what it replaces, or an upload to the key.
		if (isOwn(owner, before) || state.reservations.count(owner, key) > 0)
			state.accounts.change(owner).blobs--;
		if (blob.expiresAt !== undefined) keepEnd(state, blob);
	}
	if (before !== undefined) discard(state, owner, before, batch.revealedAt, batch.keptDays);
}

/** Settles the next key of the batch that was revealed; false where there is none. */
export const settleOne = (state: State): boolean => advance(state, state.batches.in("settling"), settleItem);

/** Gives up the next item of a batch that is dropped; false where there is none such. */
export const dropOne = (state: State): boolean =>
	advance(
		state,
		state.batches.all.find((each) => each.state === "dropping"),
		unstageItem,
	);

/** Does it to the item at the next place of a batch, which goes with its last one; false where there is no batch. */
function advance(
	state: State,
	batch: StagedBatch | undefined,
	act: (state: State, batch: StagedBatch, key: string, item: StagedItem) => void,
): boolean {
	if (batch === undefined) return false;
	const place = batch.place + 1;
	if (place > batch.places) {
		state.batches.remove(batch);
		return true;
	}
	const key = state.staged.keyAt(batch, place);
	const after = state.batches.change(batch, { place });
	const item = key === undefined ? undefined : state.staged.get(after, key);
	if (item !== undefined) act(state, after, key!, item);
	return true;
}

/** Gives up an item, with all that it took. */
export function unstageItem(state: State, batch: StagedBatch, key: string, item: StagedItem): StagedBatch {
	const { blob, charged, grant, granted } = item;
	state.staged.remove(batch, key, item);
	if (blob !== undefined) {
		state.accounts.change(batch.owner).blobs--;
		const payer = grant === 0 ? undefined : state.grants.find({ who: batch.owner, sequence: grant });
		if (payer !== undefined) state.grants.use(payer, -granted, -1);
		if (AnswerSets.isFor(blob.manifest, blob.place.content)) state.responses.release(batch.owner, blob);
		throwAway(state, blob, batch.owner, charged);
	}
	return state.batches.change(batch, { items: batch.items - 1 });
}

/** Whether a batch is neither revealed nor given up. */
export const isStaged = ({ state }: StagedBatch): boolean => state !== "settling" && state !== "dropping";

/** A batch is not any more; what it staged is given up in steps. */
export function dropBatch(state: State, batch: StagedBatch): void {
	if (batch.state === "preparing") state.preparing.stop(state);
	state.batches.change(batch, { state: "dropping", place: 0 });
	batchEnded(state, batch, "dropped");
	state.wakeAt(state.now);
}
