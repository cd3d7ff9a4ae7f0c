import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import {
	checkPrefix,
	MAX_EXPIRY_LIFE_MS,
	MAX_EXPIRY_RULES,
	MAX_EXPIRY_RULES_BYTES,
	MIN_EXPIRY_LIFE_MS,
	type WireExpiryRule,
	type WireExpiryRules,
	type WireSetExpiryRules,
	type WireVersion,
} from "../../../protocol/index.js";
import { millisecondOf, nanoseconds } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import type { ExpiryRule } from "../store/expiry-rules.js";
import { throwAway } from "./discarding.js";
import { empty } from "./publishing.js";
import { administer } from "./requests.js";
import { settleKey } from "./settling.js";

/** What ends blobs: the time that was asked for, and the rules of administrators. */

export class Expiring {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	setRules(request: WireSetExpiryRules): WireVersion {
		const state = this.#state;
		return administer(state, "blobs_set_expiry_rules", request, () => {
			const rules = fromWireRules(request.rules);
			state.expiryRules.set(rules);
			// What is got ready to be revealed comes after this, and has ends by the rules of before.
			state.preparing.restart(state);
			return { expiry_rules: { rules: rules.map(toWireRule) } };
		});
	}

	rules(): WireExpiryRules {
		const { access, expiryRules } = this.#state;
		access.caller();
		if (!access.isKnown) refuse("not_authorized", { needs: "a role or a grant" });
		return { rules: expiryRules.all.map(toWireRule) };
	}
}

const toWireRule = ({ prefix, lifeMs }: ExpiryRule): WireExpiryRule => ({
	prefix,
	life: nanoseconds(lifeMs),
});

/** In the order of prefixes. */
function fromWireRules(wire: readonly WireExpiryRule[]): ExpiryRule[] {
	if (wire.length > MAX_EXPIRY_RULES)
		refuseArgument("rules", "there are more than the limit", MAX_EXPIRY_RULES);
	const seen = new Set<string>();
	let bytes = 0;
	const rules = wire.map(({ prefix, life }) => {
		refuseInvalid(checkPrefix(prefix));
		if (seen.has(prefix)) refuseArgument("prefix", "two rules have it");
		seen.add(prefix);
		bytes += encodeUtf8(prefix).length;
		const least = nanoseconds(MIN_EXPIRY_LIFE_MS);
		const most = nanoseconds(MAX_EXPIRY_LIFE_MS);
		if (life < least) refuseArgument("life", "it must be at least the limit, in nanoseconds", least);
		if (life > most) refuseArgument("life", "it must be at most the limit, in nanoseconds", most);
		return { prefix, lifeMs: millisecondOf(life) };
	});
	if (bytes > MAX_EXPIRY_RULES_BYTES)
		refuseArgument("rules", "their prefixes have more bytes together than the limit", MAX_EXPIRY_RULES_BYTES);
	return rules.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

const NO_END: [] = [];

/** Refuses an end that is over. Times of the store are whole milliseconds. */
export function checkEnd(state: State, asked: bigint | undefined): void {
	if (asked === undefined || millisecondOf(asked) > state.now) return;
	refuseArgument(
		"expires_at",
		"it is over: it must be after the limit, which is now",
		nanoseconds(state.now),
	);
}

/**
 * When a blob ends that comes under a key now: when it was asked to, or before that by the rule for the key. For one that
 * is imported there is none: a rule has counted from another day.
 */
export function endOf(
	state: State,
	key: string,
	asked: bigint | undefined,
	isImported = false,
): [] | [bigint] {
	const life = isImported ? undefined : state.expiryRules.lifeOf(key);
	if (asked === undefined && life === undefined) return NO_END;
	const ofRule = life === undefined ? Number.POSITIVE_INFINITY : state.now + life;
	const ofOwn = asked === undefined ? Number.POSITIVE_INFINITY : millisecondOf(asked);
	return [nanoseconds(Math.min(ofRule, ofOwn))];
}

/** Nobody: the principal of no bytes, the management canister's, which calls no store. */
const NOBODY = new Uint8Array(0);

/**
 * Removes a blob whose time is over: by cleaning, or before something is put under its key. Nobody caused it; it counts
 * for its owner.
 */
export function expire(state: State, blob: Blob): void {
	empty(state, blob);
	state.record(NOBODY, { expired: { key: blob.key, version: blob.version } }, undefined, blob.owner);
	state.responses.release(blob.owner, blob);
	throwAway(state, blob);
}

/** Whether a batch that was revealed had something for the key: then another may be first by now. */
function settles(state: State, key: string): boolean {
	const before = state.batches.in("settling")?.items;
	settleKey(state, key);
	return state.batches.in("settling")?.items !== before;
}

/** Removes the blob that ended longest ago; false if none has. */
export function expireOne(state: State, now: number): boolean {
	const first = state.ends.first();
	if (first === undefined || first.at > now) return false;
	if (state.batches.isSettling && settles(state, first.key)) return true;
	const blob = state.blobs.stored(first.key);
	if (blob === undefined || blob.sequence !== first.sequence)
		throw new Error("the order of ends names a blob that its key does not hold");
	expire(state, blob);
	return true;
}
