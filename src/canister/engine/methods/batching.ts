import {
	BatchDone,
	chunkCount,
	type Encodable,
	encodeValue,
	fitting,
	MAX_CHUNKS,
	MAX_ITEMS,
	METHODS,
	Message,
	type WireBatch,
	type WireBatchDone,
	type WireBatchItem,
	type WireCommitUpload,
	type WireMoveItem,
	type WirePutItem,
	type WireVersion,
	weightOf,
} from "../../../protocol/index.js";
import { nanoseconds } from "../base/codec.js";
import { Refusal, refuse, refuseArgument } from "../base/refusal.js";
import type { State } from "../state.js";
import { type Blob, decodeBlob } from "../store/blobs.js";
import { RECEIPT } from "../store/receipts.js";
import { checkDelete, checkUpdate, deleteBlob, updateBlob } from "./changing.js";
import {
	checkUpload,
	checkWhole,
	checkWholeRoot,
	publishUpload,
	publishWhole,
	refillInTime,
} from "./committing.js";
import { expectGone, expectHeld, expectUseOf } from "./expecting.js";
import { checkCopy, checkRename, copyBlob, renameBlob } from "./moving.js";
import { checkId, checkItems, fingerprintOf, once, requireStill } from "./requests.js";

const answers = new Message(BatchDone);

const NO_BYTES = new Uint8Array(0);
const NO_VERSION: [] = [];
/** What checking the items may take beyond what they weigh: an application's rule takes what it takes. */
const SLACK = 1.5e9;
/** How many items are checked without a look at what is spent, which takes 15,000 instructions. */
const ITEMS = 8;

/** An item that was checked: what is left to do about it cannot fail. */
interface Ready {
	/** Entries of the feed. */
	readonly changes: number;
	readonly act: () => Blob | undefined;
}

/**
 * Several changes in one message, all of them or none: first all are checked, then all are made, each by the pieces that
 * it is made by alone. No two touch one key, so that none finds another's effect but in what is counted together: quotas,
 * grants and room, which are told what is expected (expecting.ts).
 */
export class Batching {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	batch({ id, items }: WireBatch): Encodable<WireBatchDone> {
		const state = this.#state;
		const caller = state.access.caller();
		checkId(id);
		checkItems(items.length, MAX_ITEMS, "items");
		eachOf(items, (item) => {
			if ("put" in item) state.modes.require("begin");
		});
		const fingerprint = () => {
			// Of a content its root stands for it.
			const told = items.map((item) => ("put" in item ? { put: { ...item.put, content: NO_BYTES } } : item));
			return fingerprintOf(
				state,
				"blobs_batch",
				encodeValue(METHODS.blobs_batch.args[0]!, { id, items: told }),
			);
		};
		const first = () => {
			state.charges.checkReceived(caller, state.arrived, state.now);
			const weights = this.#survey(caller, items);
			let ready: Ready[];
			try {
				ready = this.#check(caller, id, items, weights);
			} finally {
				for (const its of [state.charges, state.grants, state.capacity]) its.expectNothing();
			}
			return answers.encode({ versions: this.#make(ready), at: nanoseconds(state.now) });
		};
		const again = (answer: Uint8Array) => {
			if (!state.access.isLetInByRole) eachOf(items, (item) => this.#requireStill(caller, item));
			return answer;
		};
		const answer = answers.part(once(state, caller, id, RECEIPT.batch, fingerprint, 1, first, again));
		refillInTime(state);
		return answer;
	}

	/** Refuses more than a message has instructions for, and items that touch one key. @returns what each takes */
	#survey(caller: Uint8Array, items: readonly WireBatchItem[]): number[] {
		const state = this.#state;
		const weights: number[] = [];
		const changed = new Set<string>();
		const change = (key: string) => {
			if (changed.has(key)) refuseTouched(key);
			changed.add(key);
		};
		eachOf(items, (item) => {
			let key = "";
			let chunks = 0;
			if ("put" in item) change(item.put.key);
			else if ("commit" in item) {
				const { id, size } = item.commit;
				const upload = state.uploads.get(caller, id);
				// That there is none it is told when it is checked.
				if (upload !== undefined) {
					key = upload.key;
					change(key);
					chunks = Math.min(MAX_CHUNKS, chunkCount(size, upload.chunkSize));
				}
			} else if ("delete" in item) change(item.delete.key);
			else if ("update" in item) change(item.update.key);
			else if ("copy" in item) change(item.copy.to);
			else {
				change(item.rename.from);
				change(item.rename.to);
			}
			weights.push(weightOf(item, key, chunks));
		});
		const fits = fitting(weights);
		if (fits < items.length) refuse("batch_too_large", { fits, items: items.length });
		eachOf(items, (item) => {
			if ("copy" in item && changed.has(item.copy.from)) refuseTouched(item.copy.from);
		});
		return weights;
	}

	/** Refuses the batch for the first of its items that is refused. */
	#check(
		caller: Uint8Array,
		id: Uint8Array,
		items: readonly WireBatchItem[],
		weights: readonly number[],
	): Ready[] {
		const { host } = this.#state;
		let allowed = SLACK;
		let left = 0;
		for (const item of items) if ("put" in item) left++;
		const ready: Ready[] = [];
		eachOf(items, (item) => {
			const index = ready.length;
			const isLooked = index > 0 && index % ITEMS === 0;
			if (isLooked && host.instructions() > allowed)
				refuse("batch_too_large", { fits: index, items: items.length });
			allowed += weights[index]!;
			if ("put" in item) ready.push(this.#put(caller, id, item.put, left--));
			else if ("commit" in item) ready.push(this.#commit(caller, item.commit));
			else if ("delete" in item) ready.push(this.#delete(caller, item));
			else if ("update" in item) ready.push(this.#update(caller, id, item));
			else if ("copy" in item) ready.push(this.#copy(caller, id, item.copy));
			else ready.push(this.#rename(caller, id, item.rename));
		});
		return ready;
	}

	#make(ready: readonly Ready[]): ([] | [WireVersion])[] {
		const { feed } = this.#state;
		let changes = 0;
		for (const item of ready) changes += item.changes;
		const versions: ([] | [WireVersion])[] = [];
		feed.inBatch(changes, () => {
			for (const { changes, act } of ready) {
				act();
				versions.push(changes === 0 ? NO_VERSION : [feed.version]);
			}
		});
		return versions;
	}

	#put(caller: Uint8Array, id: Uint8Array, item: WirePutItem, left: number): Ready {
		const state = this.#state;
		const { key, content } = item;
		const whole = checkWhole(state, caller, item, content);
		const leaf = checkWholeRoot(state, item.root, content);
		const { held, over, charged, payer } = whole;
		expectHeld(state, caller, key, held, charged);
		state.charges.expect(caller, 0, 0, 1);
		state.capacity.expect(charged);
		if (payer !== undefined) state.grants.expect(payer, charged, 1);
		const act = () => {
			state.shelves.expect(left);
			return publishWhole(state, caller, id, item, content, leaf, whole);
		};
		return { changes: changesWith(over), act };
	}

	#commit(caller: Uint8Array, request: WireCommitUpload): Ready {
		const state = this.#state;
		const checked = checkUpload(state, caller, request);
		const { upload, held, over, charged, payer } = checked;
		expectHeld(state, caller, upload.key, held, charged - upload.charged);
		state.charges.expect(caller, 0, 0, 1);
		if (payer !== undefined) state.grants.expect(payer, charged, 1);
		else expectUseOf(state, caller, upload, charged - upload.granted);
		return { changes: changesWith(over), act: () => publishUpload(state, caller, request, checked) };
	}

	#delete(caller: Uint8Array, item: Extract<WireBatchItem, { delete: unknown }>): Ready {
		const state = this.#state;
		const held = checkDelete(state, caller, item.delete);
		if (held === undefined) return NOTHING;
		expectGone(state, held);
		state.charges.expect(caller, 0, 0, 1);
		const act = () => {
			deleteBlob(state, caller, held);
			return undefined;
		};
		return { changes: 1, act };
	}

	#update(
		caller: Uint8Array,
		id: Uint8Array,
		{ update }: Extract<WireBatchItem, { update: unknown }>,
	): Ready {
		const state = this.#state;
		state.charges.check(caller, { changes: 2 }, state.now);
		const updated = checkUpdate(state, caller, update);
		const { held, charged, payer } = updated;
		state.charges.expect(held.owner, 0, charged, 0);
		state.charges.expect(caller, 0, 0, 1);
		if (payer !== undefined) state.grants.expect(payer, Math.max(0, charged), 0);
		return { changes: 1, act: () => updateBlob(state, caller, id, updated) };
	}

	#copy(caller: Uint8Array, id: Uint8Array, request: WireMoveItem): Ready {
		const state = this.#state;
		state.charges.check(caller, { changes: 2 }, state.now);
		const moved = checkCopy(state, caller, request);
		const { target, over, charged, payer, used } = moved;
		expectHeld(state, caller, request.to, target, charged);
		state.charges.expect(caller, 0, 0, 1);
		if (payer !== undefined) state.grants.expect(payer, used, 1);
		return { changes: changesWith(over), act: () => copyBlob(state, caller, id, request.to, moved) };
	}

	#rename(caller: Uint8Array, id: Uint8Array, request: WireMoveItem): Ready {
		const state = this.#state;
		state.charges.check(caller, { changes: 3 }, state.now);
		const moved = checkRename(state, caller, request);
		const { source, target, over, charged, payer, used } = moved;
		expectGone(state, source);
		expectHeld(state, source.owner, request.to, target, charged);
		state.charges.expect(caller, 0, 0, 2);
		if (payer !== undefined) state.grants.expect(payer, used, 1);
		return { changes: 1 + changesWith(over), act: () => renameBlob(state, caller, id, request.to, moved) };
	}

	/** Refuses to repeat the answer to a caller who may not make one of the changes any more. */
	#requireStill(caller: Uint8Array, item: WireBatchItem): void {
		const state = this.#state;
		if ("put" in item) requireStill(state, caller, "write", item.put.key);
		else if ("commit" in item) {
			if (state.access.isLetInByRole) return;
			// Its own receipt is as old as the batch's, and may be forgotten a step of cleaning before it: with it the key.
			const receipt = state.receipts.get(caller, item.commit.id);
			if (receipt?.kind !== RECEIPT.committed)
				refuse("not_authorized", { needs: "the role writer: what was committed is no longer known" });
			requireStill(state, caller, "write", decodeBlob(receipt.body).key);
		} else if ("delete" in item) requireStill(state, caller, "delete", item.delete.key);
		else if ("update" in item) requireStill(state, caller, "write", item.update.key);
		else if ("copy" in item) requireStill(state, caller, "write", item.copy.to);
		else {
			requireStill(state, caller, "write", item.rename.to);
			requireStill(state, caller, "delete", item.rename.from);
		}
	}
}

/** Of one that takes the place of what is over, which has its own entry in the feed. */
const changesWith = (over: Blob | undefined): number => (over === undefined ? 1 : 2);

/** Of a key that is empty already. */
const NOTHING: Ready = { changes: 0, act: () => undefined };

/** A refusal of one names it. */
function eachOf(items: readonly WireBatchItem[], look: (item: WireBatchItem) => void): void {
	let index = 0;
	try {
		for (; index < items.length; index++) look(items[index]!);
	} catch (error) {
		if (!(error instanceof Refusal) || "batch_too_large" in error.wire) throw error;
		throw error.of(index);
	}
}

function refuseTouched(key: string): never {
	return refuseArgument("items", `two items touch the key ${key}, and each key may be touched by one`);
}
