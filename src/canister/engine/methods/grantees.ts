import { chargeOfGrant } from "../accounts/charges.js";
import type { Grant } from "../accounts/grant-record.js";
import { concat, getU64, u64Key } from "../base/codec.js";
import type { State } from "../state.js";

/** What is stored of those who hold grants: from when the first is given until cleaning finds that none holds any more. */

/** How often a holder is looked at: what has ended does nothing but take its space until then. */
const LOOK_MS = 7 * 86_400_000;

/** To be called before a grant is given to somebody: has it looked at from now on. */
export function watchGrantee(state: State, who: Uint8Array): void {
	if (state.grants.of(who).isStored) return;
	const at = state.now + LOOK_MS;
	state.grantees.push(concat(u64Key(at), who));
	state.wakeAt(at);
}

/** Takes a grant out of its holder's account; who gave it as part of its own is charged for it no more. */
export function removeGrant(state: State, grant: Grant): void {
	state.grants.remove(grant);
	if (grant.under !== undefined) state.charges.charge(grant.under.who, -chargeOfGrant(grant.prefix));
}

/** Looks at the holder that was looked at longest ago; false if the moment for that has not come. */
export function lookAtGrantee(state: State, now: number): boolean {
	const head = state.grantees.peek();
	if (head === undefined || getU64(head, 0) > now) return false;
	const who = head.slice(8);
	state.grantees.shift();
	for (const grant of state.grants.dead(who)) removeGrant(state, grant);
	if (state.grants.of(who).count === 0) state.grants.drop(who);
	else state.grantees.push(concat(u64Key(now + LOOK_MS), who));
	return true;
}

export function nextGrantee(state: State): number | undefined {
	const head = state.grantees.peek();
	return head === undefined ? undefined : getU64(head, 0);
}
