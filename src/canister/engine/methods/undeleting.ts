import {
	checkKey,
	MAX_KEEP_DELETED_DAYS,
	type WireChangeOf,
	type WireDeletedBlobs,
	type WireDeletedName,
	type WireListDeleted,
	type WireManifest,
	type WirePurge,
	type WireRestore,
	type WireSetKeepDeleted,
	type WireVersion,
} from "../../../protocol/index.js";
import { Principal } from "../../../protocol/principal.js";
import { chargeOfBlob } from "../accounts/charges.js";
import { nanoseconds } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Kept } from "../store/bin.js";
import { RECEIPT } from "../store/receipts.js";
import { discard, isOwn, throwAway } from "./discarding.js";
import { endOf, expire } from "./expiring.js";
import { payerOf } from "./granted.js";
import { dropLeased, leasedVersion } from "./leasing.js";
import { bare, moreBlobs, put } from "./publishing.js";
import { administer, checkPrecondition, onceFor, pageLimit, requireStill } from "./requests.js";

/** A page ends when it reaches this: a manifest has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;

/** What was deleted and is kept: for how long, which, bringing it back, and removing it for good. */
export class Undeleting {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	setDays(request: WireSetKeepDeleted): WireVersion {
		const state = this.#state;
		const { days } = request;
		return administer(state, "blobs_set_keep_deleted", request, () => {
			if (days > MAX_KEEP_DELETED_DAYS)
				refuseArgument("days", "it must be from 0 to the limit", MAX_KEEP_DELETED_DAYS);
			state.bin.days = days;
			return { keep_deleted: { days } };
		});
	}

	list({ prefix, after: [after], limit }: WireListDeleted): WireDeletedBlobs {
		const { access, bin, roles, now } = this.#state;
		const caller = access.caller();
		let left = pageLimit(limit);
		const owner = roles.has(caller, "backup") ? undefined : caller;
		const start = after && { key: after.key, sequence: Number(after.version.sequence) };
		const page: WireDeletedBlobs = { deleted: [], next: [] };
		let bytes = 0;
		let last: WireDeletedName | undefined;
		for (const { blob, at, by, until } of bin.list(prefix, owner, start)) {
			if (left-- === 0 || bytes > MAX_PAGE_BYTES) return { ...page, next: last === undefined ? [] : [last] };
			last = { key: blob.key, version: blob.version };
			if (until <= now) continue;
			bytes += blob.bytes.length;
			page.deleted.push({
				manifest: blob.bytes,
				deleted_at: nanoseconds(at),
				deleted_by: Principal.fromUint8Array(by),
				kept_until: nanoseconds(until),
			});
		}
		return page;
	}

	/** The key holds again what was deleted from it, as a new version; what it holds now is replaced. */
	restore(request: WireRestore): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const { id, key } = request;
		const act = () => {
			refuseInvalid(checkKey(key));
			const kept = this.#visible(caller, request);
			const { manifest, owner, isPublic, place } = kept.blob;
			const held = state.blobs.get(key);
			const over = state.blobs.over(key);
			const grant = state.access.requireChange(caller, "write", key, held, { isPublic });
			if (!isOwn(caller, kept.blob) && !state.access.isAdmin)
				refuse("not_authorized", { needs: "the owner of what was deleted, or the role admin" });
			state.capacity.check(0);
			checkPrecondition(request.precondition, held);
			const restored: WireManifest = {
				...manifest,
				modified_at: nanoseconds(state.now),
				expires_at: endOf(state, key, manifest.expires_at[0]),
			};
			const charged = chargeOfBlob(restored);
			const more = charged - chargeOfBlob(manifest);
			state.charges.check(owner, { blobs: moreBlobs(state, owner, key, held), bytes: more }, state.now);
			const use = { isPublic, bytes: charged, blobs: 1 };
			const payer = grant && payerOf(state, caller, key, held, use);

			if (over !== undefined) expire(state, over);
			state.bin.remove(kept);
			state.charges.charge(owner, more);
			if (payer !== undefined) state.grants.use(payer, charged, 1);
			const current = { ...restored, ...state.nextVersion };
			const its = state.responses.hold(caller, current, bare(place));
			const { version } = request;
			const blob = put(state, caller, id, current, its, held, (bytes) => ({
				restored: { manifest: bytes, version },
			}));
			if (held !== undefined) discard(state, caller, held);
			return blob.bytes;
		};
		const again = (answer: Uint8Array) => {
			requireStill(state, caller, "write", key);
			return answer;
		};
		return onceFor(state, caller, "blobs_restore", request, RECEIPT.updated, 2, act, again);
	}

	/** Removes for good, before its time. Neither owners nor writers may as such: a stolen key cannot destroy its past. */
	purge(request: WirePurge): WireVersion {
		const state = this.#state;
		const { key, version } = request;
		const purge = (caller: Uint8Array) => {
			refuseInvalid(checkKey(key));
			const kept = this.#kept(request);
			const leased = leasedVersion(state, request);
			const blob = kept?.blob ?? leased?.blob;
			const isOthers = blob !== undefined && !isOwn(caller, blob);
			if (!state.access.isAdmin && !state.grants.purges(caller, key, isOthers)) {
				this.#visible(caller, request);
				refuse("not_authorized", { needs: "the role admin, or a grant with the right to purge" });
			}
			if (blob === undefined) return refuse("blob_not_found", {});
			if (kept !== undefined) return purgeKept(state, kept);
			// No backup keeps what is to be gone for good.
			if (leased !== undefined) dropLeased(state, leased);
			return { purged: { key, version } };
		};
		return administer(state, "blobs_purge", request, purge, 2);
	}

	/** What is due is not there any more, whether or not cleaning has come by. */
	#kept({ key, version }: WireDeletedName): Kept | undefined {
		const kept = this.#state.bin.get(key, version);
		return kept === undefined || kept.until <= this.#state.now ? undefined : kept;
	}

	/** To all but its owner and who reads everything it is as if it were not kept. */
	#visible(caller: Uint8Array, name: WireDeletedName): Kept {
		const kept = this.#kept(name);
		if (kept === undefined || !(isOwn(caller, kept.blob) || this.#state.roles.readsAll(caller)))
			return refuse("blob_not_found", {});
		return kept;
	}
}

function remove(state: State, kept: Kept): void {
	state.bin.remove(kept);
	throwAway(state, kept.blob);
}

/** Removes for good what is kept, for leases too; the change is still to be recorded. */
export function purgeKept(state: State, kept: Kept): WireChangeOf {
	const { key, version } = kept.blob;
	const leased = leasedVersion(state, { key, version });
	remove(state, kept);
	if (leased !== undefined) dropLeased(state, leased);
	return { purged: { key, version } };
}

/** Removes the one that is due first; false if its time has not come. */
export function removeDue(state: State, now: number): boolean {
	const kept = state.bin.first();
	if (kept === undefined || kept.until > now) return false;
	remove(state, kept);
	return true;
}
