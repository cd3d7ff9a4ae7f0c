import { sameBytes, type WireListOwned, type WireOwned } from "../../../protocol/index.js";
import { type ListEntry, mergeLists } from "../../catalog/index.js";
import { isAnonymous } from "../accounts/roles.js";
import { isSealed, seal, unseal } from "../base/cursors.js";
import { refuse, refuseArgument } from "../base/refusal.js";
import { MOST_OF_PROVEN_PAGE } from "../certified/budget.js";
import type { State } from "../state.js";
import type { Shown } from "../store/blobs.js";
import { pageLimit } from "./requests.js";

/** A page ends when it reaches this: a manifest has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;
/** After how many keys the instructions are looked at. */
const KEYS_AT_A_TIME = 16;

/** A key, what it holds, and whether that is one that was looked for. */
interface Looked {
	readonly key: string;
	readonly blob: Shown;
	readonly isIt: boolean;
}

/** Which blobs are looked for. */
export interface Sought {
	readonly owner: Uint8Array;
	/** Keys that begin with it. */
	readonly prefix: string;
	/** Or this key alone. */
	readonly key?: string;
	/** Past this key. */
	readonly after: string | undefined;
	/** Published by this change or before. */
	readonly sequence?: number;
}

/**
 * Walks the public keys and an owner's private ones, in order, until so many instructions are spent. Public keys of all
 * owners: a list of each owner's would cost every blob that is put as much as a third of its put (docs/PROTOCOL.md,
 * "Rejected designs").
 * @returns whether it came to the end
 */
function* walk(state: State, sought: Sought, most: number): Generator<Looked, boolean> {
	const { owner, prefix, key: only, after, sequence = Number.POSITIVE_INFINITY } = sought;
	const lookAt = (key: string, blob: Shown): Looked => {
		const isIt = sameBytes(blob.owner, owner) && blob.sequence <= sequence && !state.blobs.isOver(blob);
		return { key, blob, isIt };
	};
	if (only !== undefined) {
		const blob = after === undefined ? state.blobs.shown(only) : undefined;
		if (blob !== undefined) yield lookAt(only, blob);
		return true;
	}
	const range = { prefix, recursive: true, ...(after !== undefined && { after }) };
	const [open, own] = state.certified.lists({ owner }, range) as [Generator<ListEntry>, Generator<ListEntry>];
	let count = 0;
	for (const entry of mergeLists(open, own)) {
		if (!("key" in entry)) continue;
		// The first is looked at in any case, so that who goes on comes to the end.
		if (count > 0 && count % KEYS_AT_A_TIME === 0 && state.host.instructions() > most) return false;
		count++;
		const blob = state.blobs.shown(entry.key);
		if (blob === undefined) throw new Error("the catalog names a blob that is not stored");
		yield lookAt(entry.key, blob);
	}
	return true;
}

/** Keys of blobs of an owner, at most so many, and where the next ones are looked for. */
export function keysOf(
	state: State,
	sought: Sought,
	limit: number,
	most: number,
): { readonly keys: string[]; readonly next: string | undefined } {
	const keys: string[] = [];
	const looked = walk(state, sought, most);
	let last = sought.after;
	for (let step = looked.next(); ; step = looked.next()) {
		if (step.done) return { keys, next: step.value ? undefined : last };
		last = step.value.key;
		if (step.value.isIt) keys.push(last);
		if (keys.length === limit) return { keys, next: last };
	}
}

/** A page of the blobs of an owner, or of an offer. */
export function listOwned(state: State, { of, prefix, after, limit }: WireListOwned): WireOwned {
	const count = pageLimit(limit);
	const sought = { ...soughtOf(state, of, prefix), after: openCursor(state, after[0]) };
	const page: WireOwned = { manifests: [], next: [] };
	let bytes = 0;
	let last: string | undefined;
	const looked = walk(state, sought, MOST_OF_PROVEN_PAGE);
	for (let step = looked.next(); ; step = looked.next()) {
		if (step.done)
			return step.value || last === undefined ? page : { ...page, next: [closeCursor(state, last)] };
		const { key, blob, isIt } = step.value;
		last = key;
		if (!isIt) continue;
		page.manifests.push(blob.bytes);
		bytes += blob.bytes.length;
		if (page.manifests.length === count || bytes > MAX_PAGE_BYTES)
			return { ...page, next: [closeCursor(state, key)] };
	}
}

function soughtOf(state: State, of: WireListOwned["of"], prefix: string): Omit<Sought, "after"> {
	const { access, now } = state;
	const caller = access.caller();
	if ("mine" in of) return { owner: caller, prefix };
	if ("owner" in of) {
		const owner = of.owner.toUint8Array();
		if (!sameBytes(owner, caller)) access.require("backup");
		return { owner, prefix };
	}
	const offer = state.offers.get({ giver: of.offer.giver.toUint8Array(), id: of.offer.id });
	const isParty =
		offer !== undefined && [offer.giver, offer.owner, offer.to].some((who) => sameBytes(who, caller));
	if (offer === undefined || offer.endsAt <= now || !(isParty || access.isAdmin))
		return refuse("not_authorized", { needs: "an offer of the caller's, or to it, that stands" });
	const { owner, text, isPrefix, sequence } = offer;
	if (!isPrefix) return { owner, prefix, key: text, sequence };
	if (prefix !== "" && !prefix.startsWith(text))
		refuseArgument("prefix", "it must begin with that of the offer", text.length);
	return { owner, prefix: prefix === "" ? text : prefix, sequence };
}

/**
 * Where a walk goes on. The key that it came to may be one that the caller may not read: what is over is as if it were
 * not there. So it is sealed, in a store that has something to seal with; one where no blob ever ended has not.
 */
export function closeCursor({ access, accounts, host }: State, key: string): string {
	const { secret } = accounts;
	return secret.length === 0 ? key : seal(host.hashing, secret, access.anyone, key);
}

export function openCursor({ access, accounts, host }: State, after: string | undefined): string | undefined {
	if (after === undefined || !isSealed(after) || isAnonymous(access.anyone)) return after;
	return (
		unseal(host.hashing, accounts.secret, access.anyone, after) ??
		refuseArgument("after", "it is neither a key nor what a page named as the next one for this caller")
	);
}
