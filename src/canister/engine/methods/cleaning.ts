import { UPLOAD_EXPIRY_MS } from "../../../protocol/index.js";
import { concat, getU64, u64Key } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import { MOST_OF_CLEANING, PER_LABEL } from "../certified/budget.js";
import type { State } from "../state.js";
import { splitOwnedKey } from "../store/uploads.js";
import { expireOne } from "./expiring.js";
import { lookAtGrantee, nextGrantee } from "./grantees.js";
import { endOver, lookAtLeased, nextLeaseEnd } from "./leasing.js";
import { dropOldOffer } from "./offering.js";
import { endReserve, nextReserve } from "./reserves.js";
import { dropOne, settleOne } from "./settling.js";
import { dropIdle, nextIdle } from "./staging.js";
import { removeDue } from "./undeleting.js";
import { giveUp } from "./uploading.js";

/**
 * Most of each kind in one step, so that no kind waits for long behind another. Not pages or blobs: thousands of small
 * blobs may be deleted in a message, and a step comes once a second. A slot freed costs 20 M instructions.
 */
const CHUNKS_PER_STEP = 128;
/** As many chunks as a page of a content has: between two pieces of work the step's instructions are looked at. */
const CHUNKS_AT_A_TIME = 32;
const UPLOADS_PER_STEP = 100;
const RESERVES_PER_STEP = 200;
/** Each changes the certified tree, of a deep key at up to 65 labels, when the step ends. */
const EXPIRED_PER_STEP = 500;
const DUE_PER_STEP = 500;
const LEASED_PER_STEP = 500;
const GRANTEES_PER_STEP = 50;
const OFFERS_PER_STEP = 200;
const RENEWED_PER_STEP = 200;
const RECEIPTS_PER_STEP = 500;
const CHANGES_PER_STEP = 500;
const SETTLED_PER_STEP = 1_000;
/** Of a draft that is over; each that is freed writes it. */
const NODES_PER_STEP = 2_000;

/** How long a store that became read-only waits before it looks whether it still is. */
const READ_ONLY_PAUSE_MS = 60 * 60_000;

/**
 * One step of cleaning, bounded by its instructions and by how much there is of each kind: uploads that expired are
 * given up, blobs whose time is over removed, and those deleted that were kept for long enough, and for leases that ended, reserves of idle ones ended, grants that hold no more and receipts whose time is over forgotten, and offers that ended, slots of
 * discarded contents freed, the feed cut to its length, the pool of slots refilled, responses certified. Asks to be woken
 * again while there is anything left to wait for. In maintenance, and while the store is read-only, it does nothing.
 */
export function clean(state: State): void {
	if (state.modes.name === "maintenance") return;
	const now = state.now;
	if (state.capacity.isReadOnly) {
		state.wakeAt(now + READ_ONLY_PAUSE_MS);
		return;
	}
	const hasTime = () => state.host.instructions() < MOST_OF_CLEANING;
	for (let left = UPLOADS_PER_STEP; left > 0 && hasTime() && giveUpOne(state, now); left--);
	for (let left = EXPIRED_PER_STEP; left > 0 && hasTimeWithTree(state) && expireOne(state, now); left--);
	for (let left = DUE_PER_STEP; left > 0 && hasTime() && removeDue(state, now); left--);
	if ((nextLeaseEnd(state) ?? Number.POSITIVE_INFINITY) <= now) endOver(state);
	for (let left = LEASED_PER_STEP; left > 0 && hasTime() && lookAtLeased(state); left--);
	for (let left = RESERVES_PER_STEP; left > 0 && hasTime() && endReserve(state, now); left--);
	for (let left = GRANTEES_PER_STEP; left > 0 && hasTime() && lookAtGrantee(state, now); left--);
	for (let left = OFFERS_PER_STEP; left > 0 && hasTime() && dropOldOffer(state, now); left--);
	for (let left = RECEIPTS_PER_STEP; left > 0 && hasTime() && state.receipts.expireOne(now); left--);
	for (let left = CHUNKS_PER_STEP; left > 0 && hasTime() && state.garbage.length > 0; )
		left -= state.garbage.collect(Math.min(left, CHUNKS_AT_A_TIME));
	for (let left = CHANGES_PER_STEP; left > 0 && hasTime() && state.feed.isOverfull; left--)
		state.feed.pruneOne();
	if (state.slots.isLow && hasTime()) state.slots.refill();
	dropIdle(state);
	for (let left = SETTLED_PER_STEP; left > 0 && hasTime() && settleOne(state); left--);
	for (let left = SETTLED_PER_STEP; left > 0 && hasTime() && dropOne(state); left--);
	if (hasTime()) state.certified.takeDown(NODES_PER_STEP);
	if (hasTime()) state.preparing.step(state);
	state.responses.work(
		() => state.host.instructions(),
		(by, instructions) => state.charges.spent(by, instructions, now),
	);
	for (let left = RENEWED_PER_STEP; left > 0 && hasTimeWithTree(state) && state.renewing.renewOne(); left--);
	wakeForCleaning(state);
}

/** Whether there is time for more, with what the step's end will take to change lists and tree. */
const hasTimeWithTree = ({ host, certified }: State): boolean =>
	host.instructions() + certified.gathered * PER_LABEL < MOST_OF_CLEANING;

/** Asks to be woken when the next piece of work is due; also right after an upgrade, which forgets all timers. */
export function wakeForCleaning(state: State): void {
	if (state.modes.name === "maintenance") return;
	const isBusy =
		state.garbage.length > 0 ||
		state.feed.isOverfull ||
		state.slots.isLow ||
		state.responses.length > 0 ||
		state.renewing.isBusy ||
		state.preparing.isBusy(state);
	const due = [
		isBusy ? 0 : undefined,
		state.receipts.nextAt(),
		nextExpiry(state),
		state.ends.first()?.at,
		state.bin.nextAt(),
		state.counters.get(COUNTER.leasedNext) > 0 ? 0 : nextLeaseEnd(state),
		nextReserve(state),
		nextGrantee(state),
		state.offers.nextAt(),
		nextIdle(state),
	].filter((at) => at !== undefined);
	if (due.length > 0) state.wakeAt(Math.min(...due));
}

function nextExpiry(state: State): number | undefined {
	const head = state.expiries.peek();
	return head === undefined ? undefined : getU64(head, 0);
}

/**
 * Looks at the upload that has waited longest: false if its moment has not come. One whose expiry was moved by a
 * put is looked at again a whole life later, so that the queue stays in order: it is refused at use all the same.
 */
function giveUpOne(state: State, now: number): boolean {
	const head = state.expiries.peek();
	if (head === undefined || getU64(head, 0) > now) return false;
	const key = head.slice(8);
	const { owner, id } = splitOwnedKey(key);
	const upload = state.uploads.get(owner, id);
	state.expiries.shift();
	if (upload === undefined) return true;
	if (upload.expiresAt > now) state.expiries.push(concat(u64Key(now + UPLOAD_EXPIRY_MS), key));
	else giveUp(state, owner, id, upload);
	return true;
}
