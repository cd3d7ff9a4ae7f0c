import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import {
	Encoded,
	encodeValue,
	MAX_ITEMS,
	ManyResults,
	sameBytes,
	type WireDeleteItem,
	type WireDeleteMany,
	type WireItemResult,
	type WirePutItem,
	type WirePutMany,
} from "../../protocol/index.js";
import { deleteKey } from "./changing.js";
import { concat } from "./codec.js";
import { checkWhole, checkWholeRoot, publishWhole } from "./committing.js";
import { RECEIPT, type ReceiptKind } from "./receipts.js";
import { Refusal, refuse } from "./refusal.js";
import { checkItems, leaveReceipt, receiptOf } from "./requests.js";
import type { State } from "./state.js";

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

	put({ id, blobs }: WirePutMany): Encoded {
		this.#state.modes.require("begin");
		const caller = this.#state.access.writer();
		const fingerprint = (items: WirePutItem[]) =>
			items.flatMap(({ key, root }) => [encodeUtf8(key), SEPARATOR, root]);
		return this.#each(caller, id, RECEIPT.putMany, blobs, fingerprint, (item) => {
			const held = checkWhole(this.#state, caller, item, item.content);
			const leaf = checkWholeRoot(this.#state, item.root, item.content);
			return publishWhole(this.#state, caller, id, item, item.content, leaf, held).sequence;
		});
	}

	delete({ id, blobs }: WireDeleteMany): Encoded {
		this.#state.modes.require("goOn");
		const caller = this.#state.access.writer();
		const fingerprint = (items: WireDeleteItem[]) => items.flatMap(({ key }) => [encodeUtf8(key), SEPARATOR]);
		return this.#each(caller, id, RECEIPT.deletedMany, blobs, fingerprint, (item) =>
			Number(deleteKey(this.#state, caller, item).sequence),
		);
	}

	/** Does each item, or finds that this was done already under the id. */
	#each<Item>(
		caller: Uint8Array,
		id: Uint8Array,
		kind: ReceiptKind,
		items: Item[],
		fingerprintOf: (items: Item[]) => Uint8Array[],
		act: (item: Item) => number,
	): Encoded {
		const state = this.#state;
		const receipt = receiptOf(state, caller, id, kind);
		checkItems(items.length, MAX_ITEMS);
		const fingerprint = state.host.hashing.sha256(concat(...fingerprintOf(items)));
		if (receipt !== undefined) {
			if (!sameBytes(receipt.body.subarray(0, fingerprint.length), fingerprint))
				refuse("upload_conflict", { field: "blobs" });
			return new Encoded(receipt.body.subarray(fingerprint.length));
		}
		const results = items.map((item): WireItemResult => {
			try {
				return { ok: BigInt(act(item)) };
			} catch (error) {
				if (error instanceof Refusal) return { err: error.wire };
				throw error;
			}
		});
		const at = BigInt(state.now) * 1_000_000n;
		const answer = encodeValue(ManyResults, { results, at });
		leaveReceipt(state, caller, id, kind, concat(fingerprint, answer));
		return new Encoded(answer);
	}
}
