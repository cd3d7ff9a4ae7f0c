import {
	type Encodable,
	MAX_ITEMS,
	Message,
	Removed,
	sameBytes,
	type WireChangeOf,
	type WireRemoved,
	type WireRemoveOwned,
} from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { Roles } from "../accounts/roles.js";
import { refuse, refuseArgument } from "../base/refusal.js";
import { Budget, MOST_OF_CLEANING } from "../certified/budget.js";
import type { State } from "../state.js";
import type { Kept } from "../store/bin.js";
import { RECEIPT } from "../store/receipts.js";
import { deleteBlob } from "./changing.js";
import { removeGrant } from "./grantees.js";
import { toWireChange } from "./granting.js";
import { endOver } from "./leasing.js";
import { endLink } from "./linking.js";
import { endOffer } from "./offering.js";
import { closeCursor, keysOf, openCursor } from "./owned.js";
import { onceFor } from "./requests.js";
import { dropBatch, isStaged } from "./settling.js";
import { purgeKept } from "./undeleting.js";
import { abortUpload } from "./uploading.js";

const answers = new Message(Removed);

/** Most of each in one step: an upload that is given up leaves a receipt, and hands up to 65,000 chunks to cleaning. */
const UPLOADS_PER_STEP = 100;
const OFFERS_PER_STEP = 200;
const PURGED_PER_STEP = 500;
const PURGED_AT_A_TIME = 20;

/** Batches are told as nothing of their own: what is staged is nobody's to see. */
type Count = "rights" | "batches" | "uploads" | "blobs" | "purged" | "refused";
type Counts = { -readonly [Name in Count]: number } & { bytes: bigint };

const isNothing = ({ rights, batches, uploads, blobs }: Counts): boolean =>
	rights + batches + uploads + blobs === 0;

/** Removing all that a principal has, in steps. */
export class Removing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	remove(request: WireRemoveOwned): Encodable<WireRemoved> {
		const state = this.#state;
		const caller = state.access.caller();
		const owner = request.owner[0]?.toUint8Array() ?? caller;
		const { isAdmin } = state.access;
		const step = () => {
			if (!isAdmin && (!sameBytes(owner, caller) || request.purge || request.rights))
				refuse("not_authorized", { needs: "the role admin" });
			if (request.rights && sameBytes(owner, caller))
				refuseArgument("rights", "an administrator cannot end its own in the middle of what it does by them");
			const after = openCursor(state, request.after[0] === "" ? undefined : request.after[0]);
			const counts: Counts = {
				rights: 0,
				batches: 0,
				uploads: 0,
				blobs: 0,
				bytes: 0n,
				purged: 0,
				refused: 0,
			};
			const next = this.#step(caller, owner, request, after, counts);
			const { batches: _, ...told } = counts;
			return answers.encode({
				...told,
				next: next === undefined ? [] : [next === "" ? "" : closeCursor(state, next)],
				version: state.lastVersion,
			});
		};
		const changes = isAdmin ? 0 : 2;
		return answers.part(onceFor(state, caller, "blobs_remove_owned", request, RECEIPT.step, changes, step));
	}

	/** @returns the key that it came to, where something is left; nothing: before the first */
	#step(
		caller: Uint8Array,
		owner: Uint8Array,
		{ purge, rights }: WireRemoveOwned,
		after: string | undefined,
		counts: Counts,
	): string | undefined {
		const state = this.#state;
		// First, so that nothing comes while the rest goes.
		if (rights && !endRights(state, caller, owner, counts)) return after ?? "";
		if (!this.#giveUp(caller, owner, counts)) return after ?? "";
		const blobs = this.#delete(caller, owner, after, counts);
		if (blobs.isLeft) return blobs.last ?? "";
		if (purge && !this.#purge(caller, owner, counts)) return blobs.last ?? "";
		return undefined;
	}

	/** Each of these answers whether nothing is left. */
	#giveUp(caller: Uint8Array, owner: Uint8Array, counts: Counts): boolean {
		const { uploads, batches } = this.#state;
		for (const batch of batches.all)
			if (sameBytes(batch.owner, owner) && isStaged(batch)) {
				dropBatch(this.#state, batch);
				counts.batches++;
			}
		const ids: Uint8Array[] = [];
		for (const { id } of uploads.list(owner)) {
			ids.push(id);
			if (ids.length > UPLOADS_PER_STEP) break;
		}
		for (const id of ids.slice(0, UPLOADS_PER_STEP)) abortUpload(this.#state, caller, owner, id);
		counts.uploads = Math.min(ids.length, UPLOADS_PER_STEP);
		return ids.length <= UPLOADS_PER_STEP;
	}

	#delete(
		caller: Uint8Array,
		owner: Uint8Array,
		after: string | undefined,
		counts: Counts,
	): { readonly last: string | undefined; readonly isLeft: boolean } {
		const state = this.#state;
		const { access, accounts, blobs, charges, now } = state;
		// Where it has none left, what others have need not be gone through.
		const limit = Math.min(MAX_ITEMS, accounts.get(owner).blobs);
		if (limit === 0) return { last: after, isLeft: false };
		const { keys, next } = keysOf(state, { owner, prefix: "", after }, limit, MOST_OF_CLEANING);
		const budget = new Budget(state.host, state.certified);
		let last = after;
		for (const key of keys) {
			if (counts.blobs > 0 && !budget.hasRoom()) return { last, isLeft: true };
			const held = blobs.get(key);
			if (held === undefined) throw new Error("a blob is gone within the message that removes it");
			if (access.needed(caller, "delete", key, held) !== undefined) counts.refused++;
			else {
				// Its entry in the feed, and the receipt of its message.
				if (charges.changesLeft(caller, now) < 2) {
					if (isNothing(counts)) charges.check(caller, { changes: 2 }, now);
					return { last, isLeft: true };
				}
				deleteBlob(state, caller, held);
				counts.blobs++;
				counts.bytes += held.manifest.size;
			}
			last = key;
		}
		// Where keys were left that hold nothing any more but uploads, or what is over, the walk comes to its end.
		const isLeft = next !== undefined && accounts.get(owner).blobs > 0;
		return { last: next ?? last, isLeft };
	}

	#purge(caller: Uint8Array, owner: Uint8Array, counts: Counts): boolean {
		const state = this.#state;
		// Deleting may have taken as much as a message should. Few are listed at a time: of deep keys it takes long.
		while (state.host.instructions() < MOST_OF_CLEANING) {
			const found: Kept[] = [];
			for (const kept of state.bin.list("", owner, undefined)) {
				found.push(kept);
				if (found.length === PURGED_AT_A_TIME) break;
			}
			for (const kept of found) state.recordAdministration(caller, purgeKept(state, kept));
			counts.purged += found.length;
			if (found.length < PURGED_AT_A_TIME) return true;
			if (counts.purged >= PURGED_PER_STEP) return false;
		}
		return false;
	}
}

/** Ends what a principal may do, each told in the feed. */
function endRights(state: State, caller: Uint8Array, owner: Uint8Array, counts: Counts): boolean {
	const { accounts, grants, links, offers, roles } = state;
	const who = Principal.fromUint8Array(owner);
	const tell = (change: WireChangeOf) => {
		state.recordAdministration(caller, change);
		counts.rights++;
	};
	for (const role of Roles.of(accounts.get(owner).roles)) {
		roles.revoke(owner, role);
		tell({ role: { who, role, granted: false } });
		endOver(state);
	}
	if (accounts.get(owner).quota !== undefined) {
		accounts.change(owner).quota = undefined;
		roles.list(owner);
		tell({ quota: { who: [who], quota: [] } });
	}
	for (const grant of grants.of(owner).all()) {
		const change = { grant: toWireChange(grant, false) };
		removeGrant(state, grant);
		tell(change);
	}
	const actsFor = links.ownerFor(owner);
	const itsOwn = actsFor && links.get({ owner: actsFor, who: owner });
	for (const link of [...links.list(owner), ...(itsOwn ? [itsOwn] : [])]) tell(endLink(state, link));
	const found = [];
	for (const of of [{ by: owner }, { to: owner }])
		for (const offer of offers.list(of)) {
			if (found.length > OFFERS_PER_STEP) break;
			// One that an administrator made to itself stands in both lists.
			if ("by" in of || !sameBytes(offer.giver, owner)) found.push(offer);
		}
	for (const offer of found.slice(0, OFFERS_PER_STEP)) tell(endOffer(state, offer));
	return found.length <= OFFERS_PER_STEP;
}
