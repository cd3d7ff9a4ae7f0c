import { encodeUtf8 } from "../../protocol/codec/utf8.js";
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
} from "../../protocol/index.js";
import type { Blob } from "./blobs.js";
import { nanoseconds, readVersion, versionRecord } from "./codec.js";
import type { ExpiryRule } from "./expiry-rules.js";
import { empty, throwAway } from "./publishing.js";
import { RECEIPT } from "./receipts.js";
import { refuse, refuseInvalid } from "./refusal.js";
import { onceFor } from "./requests.js";
import type { State } from "./state.js";

/** What ends blobs: the time that was asked for, and the rules of administrators. */

export class Expiring {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	setRules(request: WireSetExpiryRules): WireVersion {
		const state = this.#state;
		const caller = state.access.caller();
		const make = () => {
			const rules = fromWireRules(request.rules);
			state.expiryRules.set(rules);
			state.record(caller, { expiry_rules: { rules: rules.map(toWireRule) } });
			return versionRecord(state.feed.version);
		};
		// What administrators do as such is counted, and never refused for a quota.
		return readVersion(
			onceFor(state, caller, "blobs_set_expiry_rules", request, RECEIPT.administered, 0, make),
		);
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

const invalid = (field: string, reason: string, limit: number | bigint = 0n): never =>
	refuse("invalid_argument", { field, reason, limit: BigInt(limit) });

/** In the order of prefixes. */
function fromWireRules(wire: readonly WireExpiryRule[]): ExpiryRule[] {
	if (wire.length > MAX_EXPIRY_RULES) invalid("rules", "there are more than the limit", MAX_EXPIRY_RULES);
	const seen = new Set<string>();
	let bytes = 0;
	const rules = wire.map(({ prefix, life }) => {
		refuseInvalid(checkPrefix(prefix));
		if (seen.has(prefix)) invalid("prefix", "two rules have it");
		seen.add(prefix);
		bytes += encodeUtf8(prefix).length;
		const least = nanoseconds(MIN_EXPIRY_LIFE_MS);
		const most = nanoseconds(MAX_EXPIRY_LIFE_MS);
		if (life < least) invalid("life", "it must be at least the limit, in nanoseconds", least);
		if (life > most) invalid("life", "it must be at most the limit, in nanoseconds", most);
		return { prefix, lifeMs: Number(life / 1_000_000n) };
	});
	if (bytes > MAX_EXPIRY_RULES_BYTES)
		invalid("rules", "their prefixes have more bytes together than the limit", MAX_EXPIRY_RULES_BYTES);
	return rules.sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

const NO_END: [] = [];

/** Refuses an end that is over. Times of the store are whole milliseconds. */
export function checkEnd({ now }: State, asked: bigint | undefined): void {
	if (asked !== undefined && asked / 1_000_000n <= BigInt(now))
		invalid("expires_at", "it is over: it must be after the limit, which is now", nanoseconds(now));
}

/** When a blob ends that comes under a key now: when it was asked to, or before that by the rule for the key. */
export function endOf(state: State, key: string, asked: bigint | undefined): [] | [bigint] {
	const life = state.expiryRules.lifeOf(key);
	if (asked === undefined && life === undefined) return NO_END;
	const atMost = life === undefined ? undefined : state.now + life;
	const end = asked === undefined ? undefined : Number(asked / 1_000_000n);
	return [BigInt(Math.min(atMost ?? Number.POSITIVE_INFINITY, end ?? Number.POSITIVE_INFINITY)) * 1_000_000n];
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

/** Removes the blob that ended longest ago; false if none has. */
export function expireOne(state: State, now: number): boolean {
	const first = state.ends.first();
	if (first === undefined || first.at > now) return false;
	const blob = state.blobs.stored(first.key);
	if (blob === undefined || blob.sequence !== first.sequence)
		throw new Error("the order of ends names a blob that its key does not hold");
	expire(state, blob);
	return true;
}
