import {
	chunkCount,
	ID_BYTES,
	MAX_LEASE_AGE_MS,
	MAX_LEASE_BYTES,
	MAX_LEASE_LIFE_MS,
	MAX_LEASES,
	MAX_OWN_LEASES,
	sameBytes,
	type WireDeletedName,
	type WireExtendLease,
	type WireLease,
	type WireLeased,
	type WireLeases,
	type WireListLeased,
	type WireReleaseLease,
	type WireTakeLease,
	type WireVersion,
} from "../../../protocol/index.js";
import { chargeOfBlob } from "../accounts/charges.js";
import { millisecondOf, nanoseconds, principalOf } from "../base/codec.js";
import { COUNTER } from "../base/counters.js";
import { refuse, refuseArgument, refuseOver } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { LeafLists } from "../store/leaf-lists.js";
import { type Lease, type Leased, saw, spans } from "../store/leases.js";
import { administer, checkId, pageLimit } from "./requests.js";

/** A page ends when it reaches this: a manifest has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;

/** Taking leases, and reading what is kept for them. */
export class Leasing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	take(request: WireTakeLease): WireVersion {
		const state = this.#state;
		const { id, life, bytes } = request;
		return administer(
			state,
			"blobs_take_lease",
			request,
			(holder) => {
				const lifeMs = checkLife(life, MAX_LEASE_LIFE_MS);
				if (bytes > BigInt(MAX_LEASE_BYTES))
					refuseArgument("bytes", "it must be at most the limit", MAX_LEASE_BYTES);
				const leases = state.leases.all.filter((lease) => !isOver(state, lease));
				if (leases.some((lease) => sameBytes(lease.id, id))) refuse("upload_conflict", { field: "id" });
				if (leases.length >= MAX_LEASES) refuseOver("leases", MAX_LEASES, leases.length, 1);
				const own = leases.filter((lease) => sameBytes(lease.holder, holder)).length;
				if (own >= MAX_OWN_LEASES) refuseOver("leases", MAX_OWN_LEASES, own, 1);
				// So that writers are not told later that there is no room, for what a lease was promised.
				state.capacity.check(Number(bytes));
				const lease: Lease = {
					// Copies: what is read is a view into the message.
					id: id.slice(),
					holder: holder.slice(),
					sequence: state.feed.sequence + 1,
					canisterVersion: state.canisterVersion,
					takenAt: state.now,
					endsAt: state.now + lifeMs,
					bytes: Number(bytes),
					used: 0,
					isBroken: false,
				};
				endOver(state);
				// What is got ready to be revealed is of versions before the lease, and no key holds them at its time.
				state.preparing.restart(state);
				state.leases.set([...leases, lease]);
				state.wakeAt(lease.endsAt);
				return changeOf(lease);
			},
			this.#changes,
		);
	}

	extend(request: WireExtendLease): WireVersion {
		const state = this.#state;
		return administer(
			state,
			"blobs_extend_lease",
			request,
			(caller) => {
				const lease = this.#own(caller, request.lease);
				const most = Math.min(MAX_LEASE_LIFE_MS, lease.takenAt + MAX_LEASE_AGE_MS - state.now);
				const extended = { ...lease, endsAt: state.now + checkLife(request.life, most) };
				state.leases.set(state.leases.all.map((each) => (each === lease ? extended : each)));
				state.wakeAt(extended.endsAt);
				return changeOf(extended);
			},
			this.#changes,
		);
	}

	/** Where there is no such lease nothing changes, and the answer names the last change. */
	release(request: WireReleaseLease): WireVersion {
		const state = this.#state;
		return administer(
			state,
			"blobs_release_lease",
			request,
			(caller) => {
				checkId(request.lease);
				const lease = state.leases.get(request.lease);
				if (lease === undefined) return undefined;
				if (!state.access.isAdmin && !sameBytes(lease.holder, caller))
					refuse("not_authorized", { needs: "the holder of the lease, or the role admin" });
				end(state, (each) => each === lease);
				return { lease: { id: lease.id, holder: principalOf(lease.holder), ends_at: [] as [] } };
			},
			this.#changes,
		);
	}

	/** Of one who is no administrator a change is made as far as its quota goes. */
	get #changes(): number {
		return this.#state.access.isAdmin ? 0 : 2;
	}

	list(): WireLeases {
		const state = this.#state;
		state.access.require("backup");
		return { leases: state.leases.all.filter((lease) => !isOver(state, lease)).map(toWire) };
	}

	/**
	 * While the keys of a revealed batch are being settled, the list would lack what they held. A list that has begun by
	 * then goes on: who reads it has seen those keys before.
	 */
	listKept({ lease: id, after: [after], limit }: WireListLeased): WireLeased {
		const state = this.#state;
		const lease = this.#own(state.access.require("backup"), id);
		if (after === undefined && (state.batches.in("settling")?.items ?? 0) > 0)
			refuse("behind", state.lastVersion);
		let left = pageLimit(limit);
		const page: WireLeased = { manifests: [], next: [] };
		let bytes = 0;
		let last = Number(after ?? 0n);
		for (const kept of state.leases.list(last)) {
			// Of others' versions, too: a page ends in bounded time.
			if (left-- === 0 || bytes > MAX_PAGE_BYTES) return { ...page, next: [BigInt(last)] };
			last = kept.blob.sequence;
			if (!spans(lease, kept)) continue;
			bytes += kept.blob.bytes.length;
			page.manifests.push(kept.blob.bytes);
		}
		return page;
	}

	/** A lease of the caller's that holds. */
	#own(caller: Uint8Array, id: Uint8Array): Lease {
		if (id.length !== ID_BYTES) refuseArgument("lease", "it must be exactly as long as the limit", ID_BYTES);
		const lease = this.#state.leases.get(id);
		if (lease === undefined || isOver(this.#state, lease) || !sameBytes(lease.holder, caller))
			return refuse("lease_not_found", {});
		if (lease.isBroken) refuse("lease_broken", { bytes: BigInt(lease.bytes) });
		return lease;
	}
}

function checkLife(life: bigint, most: number): number {
	const lifeMs = millisecondOf(life);
	if (lifeMs < 1) refuseArgument("life", "it must be a millisecond at least, in nanoseconds", nanoseconds(1));
	if (lifeMs > most)
		refuseArgument("life", "it must be at most the limit, in nanoseconds", nanoseconds(most));
	return lifeMs;
}

const changeOf = ({ id, holder, endsAt }: Lease) => ({
	lease: { id, holder: principalOf(holder), ends_at: [nanoseconds(endsAt)] as [bigint] },
});

const toWire = (lease: Lease): WireLease => ({
	id: lease.id,
	holder: principalOf(lease.holder),
	version: { sequence: BigInt(lease.sequence), canister_version: lease.canisterVersion },
	taken_at: nanoseconds(lease.takenAt),
	ends_at: nanoseconds(lease.endsAt),
	bytes: BigInt(lease.bytes),
	used: BigInt(lease.used),
	broken: lease.isBroken,
});

/** Whether its time is over, or its holder may not back up any more. */
const isOver = ({ now, roles }: State, { endsAt, holder }: Lease): boolean =>
	endsAt <= now || !roles.has(holder, "backup");

const isLive = (state: State, lease: Lease): boolean => !lease.isBroken && !isOver(state, lease);

/** Ends leases; what is kept for none of the others is looked for by cleaning, from the first on. */
function end(state: State, isEnded: (lease: Lease) => boolean): void {
	const before = state.leases.all;
	const left = before.filter((lease) => !isEnded(lease));
	if (left.length === before.length) return;
	state.leases.set(left);
	lookAgain(state);
}

export const endOver = (state: State): void => end(state, (lease) => isOver(state, lease));

function lookAgain(state: State): void {
	if (state.leases.kept === 0) return;
	state.counters.set(COUNTER.leasedNext, 1);
	state.wakeAt(state.now);
}

/** When the first lease is over. */
export function nextLeaseEnd({ leases }: State): number | undefined {
	return leases.count === 0 ? undefined : Math.min(...leases.all.map(({ endsAt }) => endsAt));
}

/**
 * To be called before a key gives up a version, whatever takes its place: leases that were taken while the key held it
 * keep it, each as far as it goes: by the change `gone`, the next one. One that does not go so far is broken, and no writer is refused for it.
 */
export function keepForLeases(state: State, blob: Blob, gone = state.feed.sequence + 1): void {
	const { leases, leafLists, chunks } = state;
	const covering = leases.all.filter(
		(lease) => lease.sequence < gone && saw(lease, blob) && isLive(state, lease),
	);
	if (covering.length === 0) return;
	const charged = chargeOfBlob(blob.manifest);
	const broken = new Set(covering.filter((lease) => lease.used + charged > lease.bytes));
	leases.set(
		leases.all.map((lease) => {
			if (broken.has(lease)) return { ...lease, isBroken: true };
			return covering.includes(lease) ? { ...lease, used: lease.used + charged } : lease;
		}),
	);
	if (broken.size > 0) lookAgain(state);
	if (broken.size === covering.length) return;
	const { content, leaf, uploader } = blob.place;
	if (content !== 0) leafLists.share(content);
	else if (leaf.length > 0) chunks.holdAgain(uploader, leaf);
	leases.keep({ blob, gone, charged });
}

/** Gives up what is kept for leases, and what it counts for in them. */
export function dropLeased(state: State, kept: Leased): void {
	const { leases, garbage, now } = state;
	leases.drop(kept);
	if (leases.all.some((lease) => spans(lease, kept)))
		leases.set(
			leases.all.map((lease) =>
				spans(lease, kept) ? { ...lease, used: Math.max(0, lease.used - kept.charged) } : lease,
			),
		);
	const { content, leaf, uploader } = kept.blob.place;
	const { manifest, chunkSize } = kept.blob;
	const pages = content === 0 ? 0 : LeafLists.pages(chunkCount(manifest.size, chunkSize));
	// Its owner was charged while the key held it, and gets that back by itself.
	garbage.add({ content, leaf, uploader, pages, holder: kept.blob.owner, charged: 0 });
	state.wakeAt(now);
}

/** Looks at the next version that is kept: it is given up where no lease that holds covers it. False: all are looked at. */
export function lookAtLeased(state: State): boolean {
	const { counters, leases } = state;
	const next = counters.get(COUNTER.leasedNext);
	if (next === 0) return false;
	for (const kept of leases.list(next - 1)) {
		counters.set(COUNTER.leasedNext, kept.blob.sequence + 1);
		if (!leases.all.some((lease) => isLive(state, lease) && spans(lease, kept))) dropLeased(state, kept);
		return true;
	}
	counters.set(COUNTER.leasedNext, 0);
	return false;
}

/** What a key held as this version, if it is kept for any lease. */
export function leasedVersion(
	{ leases }: State,
	{ key, version: { sequence, canister_version } }: WireDeletedName,
): Leased | undefined {
	if (leases.kept === 0 || sequence > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
	const kept = leases.version(Number(sequence));
	const isIt = kept?.blob.key === key && kept.blob.version.canister_version === canister_version;
	return isIt ? kept : undefined;
}

/** The same of a key whose batch was revealed: its version goes to the leases when the key is settled. */
function unsettledVersion(
	{ batches, staged, blobs }: State,
	{ key, version: { sequence, canister_version } }: WireDeletedName,
): Leased | undefined {
	const batch = batches.in("settling");
	const item = batch && staged.get(batch, key);
	if (item === undefined || item.isNothing) return undefined;
	const blob = blobs.unsettled(key);
	const isIt = blob?.version.sequence === sequence && blob.version.canister_version === canister_version;
	return isIt ? { blob, gone: batch!.revealed, charged: 0 } : undefined;
}

/** The same for who holds a lease that covers it. */
export function leasedFor(
	state: State,
	caller: Uint8Array,
	key: string,
	version: WireVersion,
): Blob | undefined {
	const kept = leasedVersion(state, { key, version }) ?? unsettledVersion(state, { key, version });
	if (kept === undefined) return undefined;
	const isHolder = (lease: Lease) =>
		sameBytes(lease.holder, caller) && isLive(state, lease) && spans(lease, kept);
	return state.leases.all.some(isHolder) ? kept.blob : undefined;
}
