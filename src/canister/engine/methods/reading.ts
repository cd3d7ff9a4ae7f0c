import {
	checkKey,
	chunkCount,
	MAX_CHANGES_PAGE,
	MAX_LEAVES_PER_PAGE,
	SHA256_BYTES,
	sameBytes,
	type WireChanges,
	type WireChangesRequest,
	type WireCursor,
	type WireExpired,
	type WireLeaves,
	type WireList,
	type WireListPage,
	type WireStat,
	type WireStatAnswer,
	type WireVersion,
} from "../../../protocol/index.js";
import { refuse, refuseInvalid } from "../base/refusal.js";
import { expiredOf, NO_PROOF } from "../certified/certified.js";
import type { State } from "../state.js";
import type { Blob, Shown } from "../store/blobs.js";
import { leasedFor } from "./leasing.js";
import { listPage } from "./listing.js";
import { pageLimit } from "./requests.js";

/** A page of changes ends when it reaches this: each has up to 6 KB, and a reply of an update up to 2 MiB. */
const MAX_PAGE_BYTES = 1 << 20;

/** Reads: all of them queries, that may be asked as updates where the answer must be certified. */
export class Reading {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	stat({ key, min_version }: WireStat): WireStatAnswer {
		const state = this.#state;
		this.#requireSeen(min_version[0]);
		const caller = state.access.anyone;
		// Also an update of strangers: what it costs is documented. A key that holds something was checked once.
		const held = state.blobs.shown(key);
		if (held === undefined) refuseInvalid(checkKey(key));
		const readable = held !== undefined && state.access.mayRead(key, held) ? held : undefined;
		const isOver = readable !== undefined && state.blobs.isOver(readable);
		const blob = isOver ? undefined : readable;
		const owner = blob === undefined || blob.isPublic ? caller : blob.owner;
		// The salt of an owner is for who may read all that it salts.
		const mayProve = sameBytes(owner, caller) || state.roles.readsAll(caller);
		const { salt } = state.accounts.get(owner);
		return {
			manifest: blob === undefined ? [] : [blob.bytes],
			salt: mayProve && salt.length > 0 ? [salt] : [],
			last: state.lastVersion,
			expired: isOver ? this.#expired(key, readable, caller) : [],
			// That a key holds nothing, while something is stored there, is proven with what that was.
			...(mayProve && !isOver ? state.certified.proofOfKey(key, blob, caller) : NO_PROOF),
		};
	}

	/** What is stored under a key although it is over, with what proves that, to who may read what its owner has. */
	#expired(key: string, blob: Shown, caller: Uint8Array): [] | [WireExpired] {
		const { certified, roles } = this.#state;
		if (!blob.isPublic && !sameBytes(blob.owner, caller) && !roles.readsAll(caller)) return [];
		return expiredOf([blob.bytes], certified.proofOfKey(key, blob, caller));
	}

	leaves({ key, version, from, limit }: WireLeaves): Uint8Array {
		const blob = this.#version(key, version);
		const count = chunkCount(blob.manifest.size, blob.chunkSize);
		const to = Math.min(count, from + pageLimit(limit, MAX_LEAVES_PER_PAGE));
		const leaves = new Uint8Array(Math.max(0, to - from) * SHA256_BYTES);
		if (blob.place.content !== 0) this.#state.leafLists.copyLeaves(blob.place.content, from, to, leaves);
		else if (to > from) leaves.set(blob.place.leaf);
		return leaves;
	}

	chunk(key: string, version: WireVersion, index: number): Uint8Array {
		const blob = this.#version(key, version);
		const count = chunkCount(blob.manifest.size, blob.chunkSize);
		if (index >= count) refuse("chunk_out_of_range", { index: BigInt(index), count: BigInt(count) });
		const { content, leaf, uploader } = blob.place;
		const wanted = content === 0 ? leaf : this.#state.leafLists.leaf(content, index);
		if (wanted === undefined) throw new Error(`blob ${blob.sequence} has no chunk ${index}`);
		return this.#state.chunks.read(uploader, wanted);
	}

	list(request: WireList): WireListPage {
		this.#requireSeen(request.min_version[0]);
		return listPage(this.#state, request);
	}

	/** Changes after a cursor. They name private keys: for those who may read everything. */
	changes({ after, limit, min_version }: WireChangesRequest): WireChanges {
		const state = this.#state;
		const caller = state.access.caller();
		if (!state.roles.readsAll(caller)) refuse("not_authorized", { needs: "the role reader or backup" });
		this.#requireSeen(min_version[0]);
		const { feed } = state;
		const from = after[0] === undefined ? feed.first : this.#next(after[0]);
		const changes: Uint8Array[] = [];
		let bytes = 0;
		const end = Math.min(feed.sequence, from - 1 + pageLimit(limit, MAX_CHANGES_PAGE));
		for (let sequence = from; sequence <= end && bytes < MAX_PAGE_BYTES; sequence++) {
			const change = feed.change(sequence);
			bytes += change.length;
			changes.push(change);
		}
		return {
			before: feed.cursor(from - 1),
			changes,
			last: feed.cursor(feed.sequence),
			last_version: state.lastVersion,
			...state.certified.proofOfHead(),
		};
	}

	/** The change after a cursor, which must be a place in this very feed. */
	#next({ sequence, head }: WireCursor): number {
		const { feed } = this.#state;
		const last = BigInt(feed.sequence);
		if (sequence > last) return refuse("cursor_unknown", { sequence: last });
		if (sequence < BigInt(feed.first - 1)) return refuse("cursor_pruned", { first: BigInt(feed.first) });
		const known = feed.headOf(Number(sequence));
		if (known === undefined || !sameBytes(known, head)) return refuse("cursor_unknown", { sequence: last });
		return Number(sequence) + 1;
	}

	/** What the key holds, if the caller may read it. To all others it is as if it were not there. */
	#visible(key: string): Blob | undefined {
		const blob = this.#state.blobs.get(key);
		return blob !== undefined && this.#state.access.mayRead(key, blob) ? blob : undefined;
	}

	/** The blob, if the key still holds this version of it: a read never mixes two. */
	#version(key: string, version: WireVersion): Blob {
		const blob = this.#visible(key);
		const held = blob?.manifest;
		if (held?.sequence === version.sequence && held.canister_version === version.canister_version)
			return blob!;
		const leased = leasedFor(this.#state, this.#state.access.anyone, key, version);
		if (leased !== undefined) return leased;
		this.#requireSeen(version);
		return blob === undefined ? refuse("blob_not_found", {}) : refuse("blob_replaced", blob.version);
	}

	/**
	 * Refuses where this node has not come as far as a change, or the store has lost it. Which of the two it is, the
	 * canister's own version tells: the state that follows a change has a higher one than the change itself.
	 */
	#requireSeen(least: WireVersion | undefined): void {
		if (least === undefined) return;
		const { feed, canisterVersion, preparing, lastVersion } = this.#state;
		if (canisterVersion <= least.canister_version) refuse("behind", lastVersion);
		// Who has seen it has seen its batch revealed.
		if (preparing.isHidden(this.#state, Number(least.sequence))) refuse("behind", lastVersion);
		if (!feed.has(least)) refuse("rolled_back", lastVersion);
	}
}
