import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import {
	checkKey,
	DeletedMany,
	type Encodable,
	encodeValue,
	errorCode,
	MAX_ITEMS,
	ManyResults,
	METHODS,
	Message,
	SHA256_BYTES,
	toItemRefusal,
	type WireDeletedMany,
	type WireDeleteItem,
	type WireDeleteMany,
	type WireError,
	type WireItemResult,
	type WireManifest,
	type WireManyResults,
	type WirePutItem,
	type WirePutMany,
	type WireVersion,
} from "../../../protocol/index.js";
import { nanoseconds } from "../base/codec.js";
import { Refusal, refuse } from "../base/refusal.js";
import { Budget } from "../certified/budget.js";
import type { State } from "../state.js";
import { RECEIPT, type ReceiptKind } from "../store/receipts.js";
import { deleteKey } from "./changing.js";
import { checkWhole, checkWholeRoot, publishWhole, refillInTime } from "./committing.js";
import { checkId, checkItems, fingerprintOf, once } from "./requests.js";

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
		const answer = this.#each(many, PUT, (item: WirePutItem, ends, index) => {
			this.#state.shelves.expect(blobs.length - index);
			const whole = checkWhole(this.#state, caller, item, item.content);
			const leaf = checkWholeRoot(this.#state, item.root, item.content);
			const { version, manifest } = publishWhole(this.#state, caller, id, item, item.content, leaf, whole);
			if (manifest.expires_at[0] !== undefined) ends[index] = manifest.expires_at;
			return version;
		});
		refillInTime(this.#state);
		return answer;
	}

	delete(request: WireDeleteMany): Encodable<WireDeletedMany> {
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
		return this.#each(many, DELETED, (item: WireDeleteItem, deleted, index) => {
			const answer = deleteKey(this.#state, caller, item);
			deleted[index] = answer.deleted;
			return answer.version;
		});
	}

	/** Does each item, or finds that this was done already under the id. */
	#each<Item extends { readonly key: string }, Reply extends Outcomes, Note>(
		{ caller, id, kind, action, items, fingerprint }: ManyOf<Item>,
		reply: ReplyOf<Reply, Note>,
		act: (item: Item, notes: Note[], index: number) => WireVersion,
	): Encodable<Reply> {
		const state = this.#state;
		checkId(id);
		checkItems(items.length, MAX_ITEMS);
		this.#requireSome(caller, action, items);
		const first = () => {
			state.charges.checkReceived(caller, state.arrived, state.now);
			const budget = new Budget(state.host, state.certified);
			const results: WireItemResult[] = [];
			const notes: Note[] = [];
			for (const item of items) {
				const index = results.length;
				// The first is always done, so that a client which sends the rest again comes to an end.
				const mayBegin = index === 0 || budget.hasRoom();
				results.push(mayBegin ? this.#outcome(() => act(item, notes, index)) : this.#refused(NOT_DONE_YET));
				if (!mayBegin) break;
			}
			while (results.length < items.length) results.push(this.#refused(NOT_DONE_YET));
			return reply.message.encode(reply.make({ results, at: nanoseconds(state.now) }, notes));
		};
		const again = (answer: Uint8Array) => this.#stillOf(answer, reply, caller, action, items);
		return reply.message.part(once(state, caller, id, kind, fingerprint, 1, first, again));
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
		this.#state.callCounts.noteRefusal(errorCode(err));
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
	#stillOf<Reply extends Outcomes, Note>(
		answer: Uint8Array,
		reply: ReplyOf<Reply, Note>,
		caller: Uint8Array,
		action: "write" | "delete",
		items: readonly { readonly key: string }[],
	): Uint8Array {
		const { access, blobs } = this.#state;
		if (access.isLetInByRole) return answer;
		const given = reply.message.decode(answer);
		const { results, at } = given;
		const told = results.map((result, i): WireItemResult => {
			if ("err" in result) return result;
			const { key } = items[i]!;
			const needs = access.neededStill(caller, action, key, blobs.get(key));
			return needs === undefined ? result : { err: toItemRefusal({ not_authorized: { needs } }) };
		});
		// Nothing else is told of an item that is refused by now.
		const notes = reply.notesIn(given)?.map((note, i) => ("ok" in told[i]! ? note : reply.none)) ?? [];
		return reply.message.encode(reply.make({ results: told, at }, notes));
	}
}

type Outcomes = Pick<WireManyResults, "results" | "at">;

/** What a reply says of each item beside its outcome. */
interface ReplyOf<Reply extends Outcomes, Note> {
	readonly message: Message<Reply>;
	readonly none: Note;
	make(outcomes: Outcomes, notes: readonly Note[]): Reply;
	notesIn(reply: Reply): readonly Note[] | undefined;
}

/** One for each item; absent where there is none at all. */
const filled = <Note>(notes: readonly Note[], { results }: Outcomes, none: Note): [] | [Note[]] =>
	notes.length === 0 ? [] : [Array.from(results, (_, i) => notes[i] ?? none)];

const NO_END: [] = [];
const PUT: ReplyOf<WireManyResults, WireManifest["expires_at"]> = {
	message: new Message(ManyResults),
	none: NO_END,
	make: (outcomes, ends) => ({ ...outcomes, expires_at: filled(ends, outcomes, NO_END) }),
	notesIn: ({ expires_at }) => expires_at[0],
};
const DELETED: ReplyOf<WireDeletedMany, boolean> = {
	message: new Message(DeletedMany),
	none: false,
	make: (outcomes, deleted) => ({ ...outcomes, deleted: filled(deleted, outcomes, false) }),
	notesIn: ({ deleted }) => deleted[0],
};

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
