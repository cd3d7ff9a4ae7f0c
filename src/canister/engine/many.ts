import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import {
	checkKey,
	type Encodable,
	encodeValue,
	errorCode,
	MAX_ITEMS,
	ManyResults,
	METHODS,
	Message,
	SHA256_BYTES,
	toItemRefusal,
	type WireDeleteItem,
	type WireDeleteMany,
	type WireError,
	type WireItemResult,
	type WireManifest,
	type WireManyResults,
	type WirePutItem,
	type WirePutMany,
	type WireVersion,
} from "../../protocol/index.js";
import { Budget } from "./budget.js";
import { deleteKey } from "./changing.js";
import { nanoseconds } from "./codec.js";
import { checkWhole, checkWholeRoot, publishWhole, refillInTime } from "./committing.js";
import { RECEIPT, type ReceiptKind } from "./receipts.js";
import { Refusal, refuse } from "./refusal.js";
import { checkId, checkItems, fingerprintOf, once } from "./requests.js";
import type { State } from "./state.js";

const outcomes = new Message(ManyResults);

/** Short keys are made bytes by some: one by one they cost ten times as much. What a long one costs is paid once for all. */
const ENCODED_AT_ONCE = 1_024;
const LONG_KEY = 256;
/** Keys hold no control character, so that what is joined with one has one reading. */
const SEPARATOR = Uint8Array.of(0);
/** In the place of one that is none. */
const NO_ROOT = new Uint8Array(SHA256_BYTES);

/**
 * Many small things in one message, since a message, not a byte, is what they cost. Each is done or refused on its
 * own, those that the message has no instructions left for with `not_done_yet`. The lists and the certified tree are
 * changed for many of them at once (budget.ts).
 */
export class Many {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	put({ id, blobs }: WirePutMany): Encodable<WireManyResults> {
		const caller = this.#state.access.caller();
		const fingerprint = () => {
			const roots = new Uint8Array(blobs.length * SHA256_BYTES);
			const keys: Uint8Array[] = [];
			let text = "";
			for (let i = 0; i < blobs.length; i++) {
				const { key, root } = blobs[i]!;
				roots.set(root.length === SHA256_BYTES ? root : NO_ROOT, i * SHA256_BYTES);
				const isLong = key.length >= LONG_KEY;
				if (!isLong) text += `${key}\0`;
				if (!isLong && text.length < ENCODED_AT_ONCE && i + 1 < blobs.length) continue;
				if (text !== "") keys.push(encodeUtf8(text));
				text = "";
				if (isLong) keys.push(encodeUtf8(key), SEPARATOR);
			}
			return fingerprintOf(this.#state, "blobs_put_many", ...keys, roots);
		};
		const many = { caller, id, kind: RECEIPT.putMany, action: "write", items: blobs, fingerprint } as const;
		let left = blobs.length;
		const answer = this.#each(many, (item: WirePutItem, ends) => {
			this.#state.shelves.expect(left--);
			const whole = checkWhole(this.#state, caller, item, item.content);
			const leaf = checkWholeRoot(this.#state, item.root, item.content);
			const { version, manifest } = publishWhole(this.#state, caller, id, item, item.content, leaf, whole);
			if (manifest.expires_at[0] !== undefined) ends[blobs.length - left - 1] = manifest.expires_at;
			return version;
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
		const many = {
			caller,
			id,
			kind: RECEIPT.deletedMany,
			action: "delete",
			items: blobs,
			fingerprint,
		} as const;
		return this.#each(many, (item: WireDeleteItem) => deleteKey(this.#state, caller, item).version);
	}

	/** Does each item, or finds that this was done already under the id. */
	#each<Item extends { readonly key: string }>(
		{ caller, id, kind, action, items, fingerprint }: ManyOf<Item>,
		act: (item: Item, ends: End[]) => WireVersion,
	): Encodable<WireManyResults> {
		const state = this.#state;
		checkId(id);
		checkItems(items.length, MAX_ITEMS);
		this.#requireSome(caller, action, items);
		const first = () => {
			state.charges.checkReceived(caller, state.arrived, state.now);
			const budget = new Budget(state.host, state.certified);
			const results: WireItemResult[] = [];
			const ends: End[] = [];
			for (const item of items) {
				// The first is always done, so that a client which sends the rest again comes to an end.
				const mayBegin = results.length === 0 || budget.hasRoom();
				results.push(mayBegin ? this.#outcome(() => act(item, ends)) : this.#refused(NOT_DONE_YET));
				if (!mayBegin) break;
			}
			while (results.length < items.length) results.push(this.#refused(NOT_DONE_YET));
			return outcomes.encode({
				results,
				at: nanoseconds(state.now),
				expires_at: filled(ends, results.length),
			});
		};
		const again = (answer: Uint8Array) => this.#stillOf(answer, caller, action, items);
		return outcomes.part(once(state, caller, id, kind, fingerprint, 1, first, again));
	}

	#outcome(act: () => WireVersion): WireItemResult {
		try {
			return { ok: act() };
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			return this.#refused(error.wire);
		}
	}

	#refused(err: WireError): WireItemResult {
		this.#state.tallies.noteRefusal(errorCode(err));
		return { err: toItemRefusal(err) };
	}

	/** Refuses as a whole, before it is hashed and leaves a receipt, what a stranger sends. */
	#requireSome(
		caller: Uint8Array,
		action: "write" | "delete",
		items: readonly { readonly key: string }[],
	): void {
		const { access, blobs } = this.#state;
		if (!access.hasRule || access.isWriter) return;
		let needs: string | undefined;
		for (let i = 0; i < Math.min(items.length, KEYS_ASKED); i++) {
			const { key } = items[i]!;
			needs = checkKey(key) === undefined ? access.needed(caller, action, key, blobs.get(key)) : INVALID_KEY;
			if (needs === undefined) return;
		}
		if (needs !== undefined) refuse("not_authorized", { needs });
	}

	/** The first answer, but that of a key which the caller may not change any more it learns nothing. */
	#stillOf(
		answer: Uint8Array,
		caller: Uint8Array,
		action: "write" | "delete",
		items: readonly { readonly key: string }[],
	): Uint8Array {
		const { access, blobs } = this.#state;
		if (access.isLetInByRole) return answer;
		const { results, at, expires_at } = outcomes.decode(answer);
		const told = results.map((result, i): WireItemResult => {
			if ("err" in result) return result;
			const { key } = items[i]!;
			const needs = access.neededStill(caller, action, key, blobs.get(key));
			return needs === undefined ? result : { err: toItemRefusal({ not_authorized: { needs } }) };
		});
		// Of an item that is refused by now its end is nothing to tell.
		const ends = expires_at[0]?.map((end, i) => ("ok" in told[i]! ? end : NO_END));
		return outcomes.encode({ results: told, at, expires_at: ends === undefined ? [] : [ends] });
	}
}

const NO_END: [] = [];
type End = WireManifest["expires_at"];

/** One for each item; absent where none has any. */
const filled = (ends: readonly End[], length: number): WireManyResults["expires_at"] =>
	ends.length === 0 ? [] : [Array.from({ length }, (_, i) => ends[i] ?? NO_END)];

interface ManyOf<Item> {
	readonly caller: Uint8Array;
	readonly id: Uint8Array;
	readonly kind: ReceiptKind;
	readonly action: "write" | "delete";
	readonly items: readonly Item[];
	readonly fingerprint: () => Uint8Array;
}

/** Keys of a message about which the rule is asked before anything is done for a caller who is no writer. */
const KEYS_ASKED = 16;
const INVALID_KEY = "a valid key, and a permission of the application";
const NOT_DONE_YET: WireError = { not_done_yet: {} };
