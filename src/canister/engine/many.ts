import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import {
	type Encodable,
	encodeValue,
	errorCode,
	MAX_ITEMS,
	ManyResults,
	METHODS,
	Message,
	toItemRefusal,
	type WireDeleteMany,
	type WireItemResult,
	type WireManyResults,
	type WirePutMany,
	type WireVersion,
} from "../../protocol/index.js";
import { deleteKey } from "./changing.js";
import { nanoseconds } from "./codec.js";
import { checkWhole, checkWholeRoot, publishWhole, refillInTime } from "./committing.js";
import { RECEIPT, type ReceiptKind } from "./receipts.js";
import { Refusal } from "./refusal.js";
import { checkId, checkItems, fingerprintOf, once } from "./requests.js";
import type { State } from "./state.js";

const outcomes = new Message(ManyResults);

/** Keys hold no control character, so that what is joined with one has one reading. */
const SEPARATOR = Uint8Array.of(0);

/**
 * Many small things in one message, since a message, not a byte, is what they cost. Each is done or refused on its
 * own; the lists and the certified tree are changed once for all of them, when the message ends.
 */
export class Many {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	put({ id, blobs }: WirePutMany): Encodable<WireManyResults> {
		const caller = this.#state.access.caller();
		const fingerprint = () => {
			const parts: Uint8Array[] = [];
			for (const { key, root } of blobs) parts.push(encodeUtf8(key), SEPARATOR, root);
			return fingerprintOf(this.#state, "blobs_put_many", ...parts);
		};
		const answer = this.#each(caller, id, RECEIPT.putMany, blobs, fingerprint, (item) => {
			const { held, charged } = checkWhole(this.#state, caller, item, item.content);
			const leaf = checkWholeRoot(this.#state, item.root, item.content);
			return publishWhole(this.#state, caller, id, item, item.content, leaf, held, charged).version;
		});
		refillInTime(this.#state);
		return answer;
	}

	delete(request: WireDeleteMany): Encodable<WireManyResults> {
		const { id, blobs } = request;
		const caller = this.#state.access.caller();
		const fingerprint = () =>
			fingerprintOf(
				this.#state,
				"blobs_delete_many",
				encodeValue(METHODS.blobs_delete_many.args[0]!, request),
			);
		return this.#each(
			caller,
			id,
			RECEIPT.deletedMany,
			blobs,
			fingerprint,
			(item) => deleteKey(this.#state, caller, item).version,
		);
	}

	/** Does each item, or finds that this was done already under the id. */
	#each<Item>(
		caller: Uint8Array,
		id: Uint8Array,
		kind: ReceiptKind,
		items: Item[],
		fingerprint: () => Uint8Array,
		act: (item: Item) => WireVersion,
	): Encodable<WireManyResults> {
		checkId(id);
		checkItems(items.length, MAX_ITEMS);
		const answer = once(this.#state, caller, id, kind, fingerprint, 1, () => {
			const state = this.#state;
			state.charges.checkReceived(caller, state.arrived, state.now);
			const results = items.map((item): WireItemResult => {
				try {
					return { ok: act(item) };
				} catch (error) {
					if (!(error instanceof Refusal)) throw error;
					this.#state.tallies.noteRefusal(errorCode(error.wire));
					return { err: toItemRefusal(error.wire) };
				}
			});
			return outcomes.encode({ results, at: nanoseconds(this.#state.now) });
		});
		return outcomes.part(answer);
	}
}
