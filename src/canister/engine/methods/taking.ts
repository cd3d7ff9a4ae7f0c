import { MAX_ITEMS, type WireManifest } from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { chargeOfBlob } from "../accounts/charges.js";
import type { Grant } from "../accounts/grant-record.js";
import { nanoseconds, principalOf } from "../base/codec.js";
import { Refusal, refuse } from "../base/refusal.js";
import { Budget, MOST_OF_CLEANING } from "../certified/budget.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import type { Offer } from "../store/offers.js";
import { payerOf } from "./granted.js";
import { keysOf } from "./owned.js";
import { moreBlobs, put } from "./publishing.js";

/**
 * Taking blobs that are offered: each as if its giver deleted it and its taker put it, with neither the bytes moved nor
 * the key empty between.
 */

/** What a step did, and the key that it came to; none where the offer was gone through. */
interface Step {
	readonly blobs: number;
	readonly bytes: number;
	readonly refused: number;
	readonly at: string | undefined;
}

/** Takes blobs of the offer, in order, from where the last step ended. Refuses what the first of them is refused for. */
export function takeStep(state: State, caller: Uint8Array, id: Uint8Array, offer: Offer): Step {
	const { owner, text, isPrefix, sequence, at } = offer;
	const after = at === "" ? undefined : at;
	const sought = { owner, prefix: isPrefix ? text : "", ...(!isPrefix && { key: text }), after, sequence };
	// All of them first: to take one changes the lists that are gone through.
	const { keys, next } = keysOf(state, sought, MAX_ITEMS, MOST_OF_CLEANING);
	const budget = new Budget(state.host, state.certified);
	const step = { blobs: 0, bytes: 0, refused: 0 };
	let last = at;
	let why: Refusal | undefined;
	for (const key of keys) {
		if (step.blobs > 0 && !budget.hasRoom()) return { ...step, at: last };
		const held = state.blobs.get(key);
		if (held === undefined) throw new Error("a blob that was offered is gone within the message");
		const taken = outcome(() => checkTaken(state, caller, offer, held));
		if (!(taken instanceof Refusal)) {
			take(state, caller, id, offer, taken);
			step.blobs++;
			step.bytes += taken.charged;
		} else if ("not_authorized" in taken.wire) {
			step.refused++;
			why ??= taken;
		} else if (step.blobs === 0) throw taken;
		else return { ...step, at: last };
		last = key;
	}
	// Who may take nothing at all has nothing of it changed: the offer waits until it may.
	if (at === "" && step.blobs === 0 && why !== undefined) throw why;
	return { ...step, at: next };
}

function outcome<T>(check: () => T): T | Refusal {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		return error;
	}
}

/** A blob that may be taken, and what it takes. */
interface Takeable {
	readonly held: Blob;
	readonly charged: number;
	readonly payer: Grant | undefined;
}

/** Refuses a blob that its giver may not delete by now, or that the caller may not put to its key or has no room for. */
function checkTaken(state: State, caller: Uint8Array, { giver }: Offer, held: Blob): Takeable {
	const { access, charges, now } = state;
	const { key, isPublic } = held;
	const needs = access.needed(giver, "delete", key, held);
	if (needs !== undefined) refuse("not_authorized", { needs: `of who offers it: ${needs}` });
	const grant = access.requireChange(caller, "write", key, undefined, { isPublic });
	const charged = chargeOfBlob(held.manifest);
	// Its entry in the feed, and the receipt of its message and the offer's end.
	const changes = 3;
	charges.check(caller, { blobs: moreBlobs(state, caller, key, held), bytes: charged, changes }, now);
	const payer = grant && payerOf(state, caller, key, undefined, { isPublic, bytes: charged, blobs: 1 });
	return { held, charged, payer };
}

function take(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	{ giver, id: offerId }: Offer,
	{ held, charged, payer }: Takeable,
): void {
	const { charges, grants, responses } = state;
	const from = Principal.fromUint8Array(held.owner);
	const offer = { giver: Principal.fromUint8Array(giver), id: offerId };
	const manifest: WireManifest = {
		...held.manifest,
		...state.nextVersion,
		owner: principalOf(caller),
		modified_at: nanoseconds(state.now),
	};
	charges.charge(held.owner, -charged);
	charges.charge(caller, charged);
	if (payer !== undefined) grants.use(payer, charged, 1);
	const place = responses.keep(caller, manifest, held.place);
	put(state, caller, id, manifest, place, held, (bytes) => ({
		given: { manifest: bytes, version: held.version, from, offer },
	}));
}
