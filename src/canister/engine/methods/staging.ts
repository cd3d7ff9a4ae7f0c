import {
	BATCH_EXPIRY_MS,
	encodeValue,
	MAX_BATCHES,
	MAX_ITEMS,
	MAX_OWN_BATCHES,
	MAX_STAGED_ITEMS,
	METHODS,
	type MethodArgs,
	sameBytes,
	stagedBatches,
	type WireBatchName,
	type WireDropBatch,
	type WireListStaged,
	type WireReveal,
	type WireStage,
	type WireStagedBatch,
	type WireStagedBatches,
	type WireStagedKeys,
	type WireUnstage,
} from "../../../protocol/index.js";
import { refuse, refuseOver } from "../base/refusal.js";
import { AnswerSets } from "../certified/answer-sets.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { RECEIPT } from "../store/receipts.js";
import type { StagedBatch } from "../store/staged-batches.js";
import { refillInTime } from "./committing.js";
import { giveSalt } from "./publishing.js";
import { checkId, checkItems, fingerprintOf, once, pageLimit } from "./requests.js";
import { dropBatch, isStaged, unstageItem } from "./settling.js";
import { checkStaged, surveyStaged } from "./staged-checks.js";
import { endedBatch, endOfBatch, toWireBatch } from "./staged-status.js";

const NO_BYTES = new Uint8Array(0);

/**
 * Staged batches: what is put into them takes what it would take if it were published, and is checked as if it were, when
 * it is staged; and again, with what the key holds then, when the batch is got ready to be revealed (preparing.ts).
 */
export class Staging {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	stage(request: WireStage): WireStagedBatch {
		const state = this.#state;
		const caller = state.access.caller();
		const { id, batch: name, items } = request;
		checkId(name);
		checkItems(items.length, MAX_ITEMS, "items");
		const fingerprint = () => {
			// Of a content its root stands for it.
			const told = items.map((item) => ("put" in item ? { put: { ...item.put, content: NO_BYTES } } : item));
			return fingerprintOf(
				state,
				"blobs_stage",
				encodeValue(METHODS.blobs_stage.args[0]!, { ...request, items: told }),
			);
		};
		const answer = this.#once(caller, id, fingerprint, () => {
			if (state.modes.isImporting) state.modes.refuse();
			state.charges.checkReceived(caller, state.arrived, state.now);
			const open = this.#toChange(caller, name, true);
			if (open === undefined) this.#checkNew(caller);
			surveyStaged(state, caller, items);
			const left = MAX_STAGED_ITEMS - (open?.items ?? 0);
			if (items.length > left) refuseOver("staged_items", MAX_STAGED_ITEMS, open?.items ?? 0, items.length);
			const checked = checkStaged(state, caller, items);
			const expiresAt = state.now + BATCH_EXPIRY_MS;
			let batch = open ?? state.batches.add({ id: name, owner: caller, expiresAt });
			batch = state.batches.change(batch, { expiresAt, broken: undefined });
			const puts = items.filter((item) => "put" in item).length;
			for (const [index, { key, act }] of checked.entries()) {
				state.shelves.expect(puts - index);
				const before = state.staged.get(batch, key);
				const item = act();
				if (before !== undefined) batch = unstageItem(state, batch, key, before);
				const place = batch.places + 1;
				state.staged.add(batch, key, { ...item, place, attempt: 0, isNothing: false, more: 0 });
				batch = state.batches.change(batch, { items: batch.items + 1, places: place });
				if (item.blob !== undefined) this.#hold(caller, id, item.blob);
			}
			state.wakeAt(expiresAt);
			return batch;
		});
		refillInTime(state);
		return answer;
	}

	/** What a blob has from the moment on at which it is staged. */
	#hold(caller: Uint8Array, salt: Uint8Array, { manifest, place, isPublic }: Blob): void {
		const state = this.#state;
		state.accounts.change(caller).blobs++;
		if (!isPublic) giveSalt(state, caller, caller, salt);
		// Its answers are made before it is revealed.
		if (AnswerSets.isFor(manifest, place.content)) {
			state.responses.hold(caller, manifest, place);
			state.wakeAt(state.now);
		}
	}

	unstage(request: WireUnstage): WireStagedBatch {
		const { id, batch: name, keys } = request;
		return this.#change("blobs_unstage", request, id, name, (batch) => {
			checkItems(keys.length, MAX_ITEMS, "keys");
			const { staged, batches } = this.#state;
			let current = batches.change(batch, { broken: undefined });
			for (const key of new Set(keys)) {
				const item = staged.get(current, key);
				if (item !== undefined) current = unstageItem(this.#state, current, key, item);
			}
			return current;
		});
	}

	reveal(request: WireReveal): WireStagedBatch {
		const { id, batch: name } = request;
		return this.#change("blobs_reveal", request, id, name, (batch) => {
			this.#state.wakeAt(this.#state.now);
			return this.#state.batches.queue(batch);
		});
	}

	/** Gives a batch up, whatever it is at, unless it is revealed. */
	drop(request: WireDropBatch): WireStagedBatch {
		const state = this.#state;
		const caller = state.access.caller();
		const owner = request.owner[0]?.toUint8Array() ?? caller;
		if (!sameBytes(owner, caller)) state.access.require("admin");
		checkId(request.batch);
		const fingerprint = () => this.#fingerprint("blobs_drop_batch", request);
		return this.#once(caller, request.id, fingerprint, () => {
			const batch = state.batches.get(owner, request.batch);
			const ended = endOfBatch(state, owner, request.batch);
			if (ended !== undefined) return endedBatch(owner, request.batch, ended);
			if (batch === undefined) {
				state.access.writerOfAnyKey();
				return refuse("batch_not_found", {});
			}
			dropBatch(state, batch);
			return endedBatch(owner, batch.id, endOfBatch(state, owner, batch.id)!);
		});
	}

	#change<Name extends "blobs_unstage" | "blobs_reveal">(
		method: Name,
		request: MethodArgs<Name>[0],
		id: Uint8Array,
		name: Uint8Array,
		act: (batch: StagedBatch) => StagedBatch,
	): WireStagedBatch {
		const caller = this.#state.access.caller();
		checkId(name);
		const fingerprint = () => this.#fingerprint(method, request);
		return this.#once(caller, id, fingerprint, () => act(this.#toChange(caller, name, false)!));
	}

	#fingerprint<Name extends "blobs_unstage" | "blobs_reveal" | "blobs_drop_batch">(
		method: Name,
		request: MethodArgs<Name>[0],
	): Uint8Array {
		return fingerprintOf(this.#state, method, encodeValue(METHODS[method].args[0]!, request));
	}

	#once(
		caller: Uint8Array,
		id: Uint8Array,
		fingerprint: () => Uint8Array,
		act: () => StagedBatch | WireStagedBatch,
	): WireStagedBatch {
		const encode = () => {
			const batch = act();
			return stagedBatches.encode("number" in batch ? toWireBatch(batch) : batch);
		};
		return stagedBatches.decode(once(this.#state, caller, id, RECEIPT.staged, fingerprint, 1, encode));
	}

	/** The caller's batch, which must be open; undefined where it `isNew`. */
	#toChange(caller: Uint8Array, name: Uint8Array, mayBeNew: boolean): StagedBatch | undefined {
		const state = this.#state;
		const ended = endOfBatch(state, caller, name);
		if (ended !== undefined) refuse("batch_finished", { outcome: ended.outcome });
		const batch = state.batches.get(caller, name);
		if (batch === undefined || batch.expiresAt <= state.now) {
			if (batch === undefined && mayBeNew) return undefined;
			return refuse("batch_not_found", {});
		}
		if (batch.state !== "open") refuse("batch_revealing", {});
		return batch;
	}

	/** Refuses one batch more than a store or a principal has at a time. */
	#checkNew(caller: Uint8Array): void {
		// One that was revealed or dropped takes no room for another of its owner's.
		const all = this.#state.batches.all.filter(isStaged);
		const own = all.filter(({ owner }) => sameBytes(owner, caller)).length;
		if (own >= MAX_OWN_BATCHES) refuseOver("staged_batches", MAX_OWN_BATCHES, own, 1);
		const count = this.#state.batches.count;
		if (count >= MAX_BATCHES) refuseOver("staged_batches", MAX_BATCHES, count, 1);
	}

	status({ batch: name }: WireBatchName): WireStagedBatch {
		const state = this.#state;
		const caller = state.access.caller();
		checkId(name);
		const ended = endOfBatch(state, caller, name);
		if (ended !== undefined) return endedBatch(caller, name, ended);
		const batch = state.batches.get(caller, name);
		if (batch === undefined || isOver(state, batch)) return refuse("batch_not_found", {});
		return toWireBatch(batch);
	}

	list(): WireStagedBatches {
		const state = this.#state;
		const caller = state.access.caller();
		const { isAdmin } = state.access;
		return {
			batches: state.batches.all
				.filter((batch) => (isAdmin || sameBytes(batch.owner, caller)) && !isOver(state, batch))
				.map((batch) => toWireBatch(batch)),
		};
	}

	/** What is staged, for nobody but who staged it. */
	listItems({ batch: name, after, limit }: WireListStaged): WireStagedKeys {
		const state = this.#state;
		const caller = state.access.caller();
		checkId(name);
		const batch = state.batches.get(caller, name);
		if (batch === undefined || isOver(state, batch)) return refuse("batch_not_found", {});
		const page: WireStagedKeys = { items: [], next: [] };
		let left = pageLimit(limit);
		// Places that were given up count too: a page ends in bounded time.
		for (let place = (after[0] ?? 0) + 1; place <= batch.places; place++) {
			if (left-- === 0) return { ...page, next: [place - 1] };
			const key = state.staged.keyAt(batch, place);
			const item = key === undefined ? undefined : state.staged.get(batch, key);
			if (item === undefined) continue;
			const { blob } = item;
			const size = blob?.manifest.size ?? 0n;
			page.items.push({
				key: key!,
				deletes: blob === undefined,
				size,
				root: blob?.manifest.root ?? NO_BYTES,
			});
		}
		return page;
	}
}

/** Whether nothing is said of it as of a batch that is there. */
const isOver = ({ now }: State, batch: StagedBatch): boolean =>
	!isStaged(batch) || (batch.state === "open" && batch.expiresAt <= now);

/** Drops the batches to which nothing came for their time; when the next is over. */
export function dropIdle(state: State): void {
	for (const batch of state.batches.all)
		if (batch.state === "open" && batch.expiresAt <= state.now) dropBatch(state, batch);
}
export const nextIdle = ({ batches }: State): number | undefined => {
	const ends = batches.all.filter(({ state }) => state === "open").map(({ expiresAt }) => expiresAt);
	return ends.length === 0 ? undefined : Math.min(...ends);
};
