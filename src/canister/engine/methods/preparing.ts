import {
	changes,
	MAX_STAGED_OWNERS,
	maskPreimages,
	SEAL_KEY_BYTES,
	sameBytes,
	toRefusal,
	type WireManifest,
	withMasks,
} from "../../../protocol/index.js";
import { chargeOfBlob } from "../accounts/charges.js";
import { nanoseconds, principalOf } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import { Refusal, refuseOver } from "../base/refusal.js";
import { PER_LABEL } from "../certified/budget.js";
import type { State } from "../state.js";
import { Blob } from "../store/blobs.js";
import type { StagedBatch } from "../store/staged-batches.js";
import type { StagedItem } from "../store/staged-items.js";
import { checkEnd, endOf } from "./expiring.js";
import { checkPrecondition } from "./requests.js";
import { batchEnded } from "./staged-status.js";

/** Instructions that a step may have taken when it ends to make items ready, its changes of the draft counted. */
const MOST_OF_PREPARING = 6e9;
/** Most items made ready in a step, and most made ready again. */
const ITEMS_PER_STEP = 1_000;
/** How many changes of others are followed without a look at what is spent: each costs a label, or a read. */
const CHANGES = 16;

/**
 * Getting a batch ready: a draft of lists and tree is opened (catalog/draft.ts), the items are put into it in steps, each
 * with a version of its own and sealed in the feed; and what others change meanwhile, the draft follows. An item whose
 * key was changed is made ready again, as if it had been staged now. When all are, the draft takes the place of what
 * there was. An item that is refused breaks that off: then nothing is seen of the batch, and its owner is told.
 */
export class Preparing {
	/** Private owners whose lists the draft may have changed in this step. */
	#owners = new Set<string>();
	/** Whether the message at hand has sealed changes: then its last one is of those. */
	#hasSealed = false;

	/** Whether there is anything to be done. */
	isBusy({ batches, certified }: State): boolean {
		const isAny = batches.count > 0 && batches.all.some(({ state }) => state !== "open");
		return isAny || certified.isTakingDown;
	}

	/** One bounded step for the batch whose turn it is. */
	step(state: State): void {
		const { batches, certified } = state;
		if (!this.isBusy(state) || batches.in("settling") !== undefined) return;
		const batch = batches.in("preparing") ?? this.#begin(state);
		if (batch === undefined) return;
		const before = state.host.instructions();
		try {
			certified.settle();
			if (this.#follow(state, batch)) this.#advance(state, batches.in("preparing")!);
		} catch (error) {
			if (!(error instanceof Broken)) throw error;
			this.#break(state, error);
		}
		state.charges.spent(batch.owner, state.host.instructions() - before, state.now);
		state.wakeAt(state.now);
	}

	/** The batch that has waited longest, with a draft of its own. */
	#begin({ batches, certified, host, feed, roles }: State): StagedBatch | undefined {
		const next = batches.all.find(({ state }) => state === "waiting");
		if (next === undefined || certified.isTakingDown) return undefined;
		certified.settle();
		certified.openDraft();
		return batches.change(next, {
			state: "preparing",
			attempt: next.attempt + 1,
			place: 0,
			more: 0,
			sealed: 0,
			key: host.random(SEAL_KEY_BYTES),
			after: feed.sequence,
			head: feed.head,
			shown: feed.version,
			roles: roles.changing(next.owner),
			grants: [],
			broken: undefined,
		});
	}

	/** Makes the draft follow what was changed by others; false where there was too much of it for this step. */
	#follow(state: State, batch: StagedBatch): boolean {
		const { certified, log, staged, host } = state;
		const { draft } = certified;
		const again = new Set<string>();
		const isReady = (key: string) => again.has(key) || staged.get(batch, key)?.attempt === batch.attempt;
		// Half of what there is, so that the keys that it finds are made ready, too.
		const most = (host.instructions() + MOST_OF_PREPARING) / 2;
		let looks = 0;
		const isSpent = () => looks++ % CHANGES === 0 && host.instructions() + draft.gathered * PER_LABEL > most;
		let isOver = false;
		while (!log.isEmpty && !isOver) {
			const noted = log.shift()!;
			let at = 0;
			for (; at < noted.length; at++) {
				isOver = again.size >= ITEMS_PER_STEP || isSpent();
				if (isOver) break;
				const change = noted[at]!;
				if (change.kind === "again" || isReady(change.key)) again.add(change.key);
				else if (change.kind === "public") draft.setPublic(change.key, change.content);
				else if (change.kind === "private") draft.setPrivate(change);
				else draft.list(change);
			}
			log.putBack(noted.slice(at));
		}
		certified.settleDraft(false);
		let current = batch;
		const keys = [...again];
		let made = 0;
		// One in any case, so that it comes to an end.
		do {
			const key = keys[made];
			if (key !== undefined) current = this.#makeReady(state, current, key, staged.get(batch, key)!);
		} while (++made < keys.length && this.#hasRoom(state));
		log.putBack(keys.slice(made).map((key) => ({ kind: "again", key })));
		this.#settleDraft(state);
		return log.isEmpty;
	}

	#hasRoom({ host, certified }: State): boolean {
		return host.instructions() + certified.draft.gathered * PER_LABEL <= MOST_OF_PREPARING;
	}

	#settleDraft({ certified }: State): void {
		certified.settleDraft(true);
		this.#owners.clear();
	}

	#advance(state: State, batch: StagedBatch): void {
		const { staged } = state;
		if (batch.place === batch.places) {
			// Right to the keys is checked as they are made ready; who has lost it since may reveal nothing.
			if (hasRights(state, batch)) this.#reveal(state, batch);
			else this.restart(state);
			return;
		}
		let current = batch;
		for (let left = ITEMS_PER_STEP; left > 0 && current.place < current.places; left--) {
			if (!this.#hasRoom(state)) break;
			const place = current.place + 1;
			const key = staged.keyAt(current, place);
			const item = key === undefined ? undefined : staged.get(current, key);
			if (item?.blob !== undefined && !areMade(state, item.blob)) break;
			current = state.batches.change(current, { place });
			if (item !== undefined) current = this.#makeReady(state, current, key!, item);
		}
		this.#settleDraft(state);
	}

	#makeReady(state: State, batch: StagedBatch, key: string, item: StagedItem): StagedBatch {
		try {
			return this.#ready(state, batch, key, item);
		} catch (error) {
			if (error instanceof Refusal) throw new Broken(batch, key, error);
			throw error;
		}
	}

	/** As if the item came now, but for what it takes, which it has since it was staged. */
	#ready(state: State, batch: StagedBatch, key: string, item: StagedItem): StagedBatch {
		const { blobs, access, certified } = state;
		const { owner } = batch;
		const wanted = item.blob;
		const held = blobs.get(key);
		const inTree = held ?? blobs.over(key);
		const use = {
			...(item.grant === 0 ? {} : { only: item.grant }),
			...(wanted !== undefined && { isPublic: wanted.isPublic }),
		};
		const found = access.requireChange(owner, wanted === undefined ? "delete" : "write", key, held, use);
		const grant = found?.holding.grant(found.index).sequence;
		checkPrecondition(item.precondition, held);
		checkEnd(state, item.expiresAt[0]);
		if (inTree !== undefined && !inTree.isPublic) this.#checkOwner(state, inTree.owner);
		if (wanted !== undefined && !wanted.isPublic) this.#checkOwner(state, owner);

		if (inTree !== undefined) certified.renewListing(inTree);
		const isAgain = item.attempt === batch.attempt;
		const inDraft = isAgain ? (item.isNothing ? undefined : item.blob) : inTree;
		const isNothing = wanted === undefined && held === undefined;
		const blob = wanted && this.#publishable(state, owner, key, wanted, item);
		// Between the reveal and its key's turn lists may end on it, when it is over.
		if (blob?.expiresAt !== undefined) state.keepSecret(true);
		const charged = blob === undefined ? 0 : chargeOfBlob(blob.manifest);
		state.charges.charge(owner, charged - item.charged);
		if (blob !== undefined) certified.draft.put(blob, inDraft);
		else if (!isNothing && inDraft !== undefined) certified.draft.remove(inDraft);
		if (isAgain) this.#listAgain(state, owner, key, blob, inTree);
		const more = isNothing ? 0 : (blob === undefined ? 0 : 1) - (inTree === undefined ? 0 : 1);
		if (!isNothing) this.#seal(state, batch, key, blob, held);
		state.staged.set(batch, key, { ...item, blob, charged, attempt: batch.attempt, isNothing, more });
		return state.batches.change(batch, {
			sealed: batch.sealed + (isNothing ? 0 : 1),
			more: batch.more + more - (isAgain ? item.more : 0),
			...(grant !== undefined && !batch.grants.includes(grant) && { grants: [...batch.grants, grant] }),
		});
	}

	/** A list that the draft has not changed yet is the base's: it has what others have put under the key since. */
	#listAgain(
		{ certified: { draft } }: State,
		owner: Uint8Array,
		key: string,
		blob: Blob | undefined,
		inTree: Blob | undefined,
	): void {
		if (inTree !== undefined && !inTree.isPublic) draft.list({ owner: inTree.owner, key, isIn: false });
		if (blob !== undefined && !blob.isPublic) draft.list({ owner, key, isIn: true });
	}

	/** Refuses a key in a list of one owner more than the reveal may exchange. */
	#checkOwner({ certified }: State, owner: Uint8Array): void {
		const count = certified.draftOwners(owner, this.#owners);
		if (count > MAX_STAGED_OWNERS) refuseOver("staged_owners", MAX_STAGED_OWNERS, count - 1, 1);
	}

	/** What the key will hold, as it will be read. */
	#publishable(
		state: State,
		owner: Uint8Array,
		key: string,
		{ manifest, place }: Blob,
		item: StagedItem,
	): Blob {
		const now = nanoseconds(state.now);
		const { sequence, canister_version } = state.nextVersion;
		const ready: WireManifest = {
			...manifest,
			sequence,
			canister_version,
			created_at: now,
			modified_at: now,
			expires_at: endOf(state, key, item.expiresAt[0]),
		};
		return new Blob(ready, state.responses.keep(owner, ready, { ...place, directory: 0 }));
	}

	/** Makes the entry of the feed that the version of the item names. */
	#seal(state: State, batch: StagedBatch, key: string, blob: Blob | undefined, held: Blob | undefined): void {
		const version = state.nextVersion;
		const { sha256 } = state.host.hashing;
		const change = changes.encode({
			...version,
			at: nanoseconds(state.now),
			by: principalOf(batch.owner),
			change: [blob === undefined ? { deleted: { key, version: held!.version } } : { published: blob.bytes }],
		});
		const masks = maskPreimages(batch.key, version.sequence, change.length).map((preimage) =>
			sha256(preimage),
		);
		this.#hasSealed = true;
		state.record(batch.owner, { sealed: { batch: batch.id, change: withMasks(change, masks) } }, version);
	}

	/** The one change by which all items are there. */
	#reveal(state: State, batch: StagedBatch): void {
		const { id, key, after, head, sealed: count, owner, more } = batch;
		state.certified.revealDraft();
		const cursor = { sequence: BigInt(after), head };
		state.record(owner, { revealed: { batch: id, key, after: cursor, count } });
		state.counters.add(COUNTER.blobs, more);
		const revealed = state.batches.change(batch, {
			state: "settling",
			place: 0,
			revealed: state.feed.sequence,
			revealedAt: state.now,
			keptDays: state.bin.days,
		});
		batchEnded(state, revealed, "revealed");
	}

	#break(state: State, { batch, key, refusal }: Broken): void {
		this.stop(state);
		const current = state.batches.get(batch.owner, batch.id)!;
		state.batches.change(current, { state: "open", broken: { key, refusal: toRefusal(refusal.wire) } });
	}

	/** To be called before each message. */
	forget(): void {
		this.#hasSealed = false;
	}

	/** Notes the last change of a message of others. */
	noteShown({ batches, feed }: State): void {
		if (!this.#hasSealed) batches.change(batches.in("preparing")!, { shown: feed.version });
	}

	/** Gives the draft up, and what was got ready with it. */
	stop(state: State): void {
		state.certified.giveUpDraft();
		state.log.clear();
		this.#owners.clear();
	}

	/**
	 * The same where the batch, if it is of `owner`, is to be begun anew: a place of the feed between its changes means
	 * something to others, or rules have changed.
	 */
	restart(state: State, owner?: Uint8Array): void {
		const batch = state.batches.in("preparing");
		if (batch === undefined || (owner !== undefined && !sameBytes(owner, batch.owner))) return;
		this.stop(state);
		// Behind those that wait: whoever causes this again and again keeps nobody from its turn.
		state.batches.queue(batch);
		state.wakeAt(state.now);
	}

	/** Whether a change that a reader has seen is of a batch that is not revealed yet. */
	isHidden({ batches, certified, feed }: State, sequence: number): boolean {
		// The subnet is not behind: it has not revealed what is not revealed here.
		const batch = certified.isQuery ? batches.in("preparing") : undefined;
		if (batch === undefined || sequence <= batch.after || sequence > feed.sequence) return false;
		// What is pruned meanwhile may have been of either kind.
		if (sequence < feed.first) return true;
		const [change] = changes.decode(feed.change(sequence)).change;
		return change !== undefined && "sealed" in change;
	}
}

/** Whether the batch's owner may still do all by which items are ready. */
const hasRights = ({ roles, grants }: State, batch: StagedBatch): boolean =>
	(batch.roles & ~roles.changing(batch.owner)) === 0 &&
	batch.grants.every((grant) => grants.isLiveOf(batch.owner, grant));

const areMade = ({ responses }: State, { owner, manifest, place }: Blob): boolean =>
	responses.areMade(owner, manifest, place);

/** Why a batch cannot be revealed. */
class Broken {
	readonly batch: StagedBatch;
	readonly key: string;
	readonly refusal: Refusal;

	constructor(batch: StagedBatch, key: string, refusal: Refusal) {
		this.batch = batch;
		this.key = key;
		this.refusal = refusal;
	}
}
