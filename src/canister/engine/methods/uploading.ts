import {
	checkChunking,
	checkKey,
	chunkCount,
	chunkLength,
	MAX_CHUNKS,
	MAX_LEAVES_PER_PAGE,
	MAX_LINKED_CHUNKS,
	SHA256_BYTES,
	sameBytes,
	UPLOAD_EXPIRY_MS,
	type WireBeginUpload,
	type WireLinkChunks,
	type WireListUploads,
	type WireUpload,
	type WireUploadStatus,
	type WireUploadStatusRequest,
	type WireUploads,
	type WireVersion,
} from "../../../protocol/index.js";
import { chargeOfChunk, chargeOfContent, chargeOfSession } from "../accounts/charges.js";
import type { Use } from "../accounts/grants.js";
import { concat, nanoseconds, readVersion, u64Key, versionRecord } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { LeafLists } from "../store/leaf-lists.js";
import { RECEIPT } from "../store/receipts.js";
import { ownedKey, type Upload } from "../store/uploads.js";
import { isOwn } from "./discarding.js";
import { payerOf, useGrantOf } from "./granted.js";
import { moreBlobs } from "./publishing.js";
import { checkId, leaveReceipt, pageLimit, refuseFinished } from "./requests.js";
import { addArrived, checkArrival, dropReserve, firstReserve } from "./reserves.js";
import { settleKey } from "./settling.js";

/** Uploads until they are committed: begin, put, link, status, list, abort. */
export class Uploading {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	begin(request: WireBeginUpload): WireUpload {
		const state = this.#state;
		const caller = state.access.caller();
		const { id, key, chunk_size: chunkSize } = request;
		checkId(id);
		const open = state.uploads.get(caller, id);
		if (open !== undefined) return this.#beginAgain(request, open);
		refuseFinished(state.receipts.get(caller, id));
		refuseInvalid(checkKey(key));
		const held = state.blobs.get(key);
		const grant = state.access.requireChange(caller, "write", key, held);
		refuseInvalid(checkChunking(chunkSize, request.size[0]));
		const size = request.size[0] === undefined ? undefined : Number(request.size[0]);
		const now = state.now;
		// All of it must fit now, though less is reserved. Its receipt, and its commit's entry in the feed.
		const bytes = chargeOfSession(key) + (size === undefined ? 0 : chargeOfContent(size, chunkSize));
		const blobs = moreBlobs(state, caller, key, held);
		state.charges.check(caller, { openUploads: 1, blobs, bytes, changes: 2 }, now);
		const payer = grant && payerOf(state, caller, key, held, { bytes, blobs: 1 });
		state.capacity.check(bytes);

		const upload: Upload = {
			key,
			size,
			chunkSize,
			content: state.leafLists.create(),
			createdAt: now,
			expiresAt: now + UPLOAD_EXPIRY_MS,
			received: 0,
			extent: 0,
			tail: undefined,
			charged: chargeOfSession(key),
			promised: 0,
			isWatched: false,
			grant: payer?.sequence ?? 0,
			granted: payer === undefined ? 0 : bytes,
		};
		if (state.batches.isSettling) settleKey(state, key);
		if (payer !== undefined) state.grants.use(payer, bytes, 1);
		state.charges.charge(caller, upload.charged);
		state.charges.changed(caller, now);
		firstReserve(state, caller, id, upload);
		state.uploads.open(caller, id, upload, isOwn(caller, held ?? state.blobs.over(key)));
		state.expiries.push(concat(u64Key(upload.expiresAt), ownedKey(caller, id)));
		state.wakeAt(state.slots.isLow ? now : upload.expiresAt);
		return toWireUpload(id, upload);
	}

	/** The same begin again answers the same upload; the id with another meaning is a mistake of the client. */
	#beginAgain(request: WireBeginUpload, open: Upload): WireUpload {
		refuseExpired(this.#state, open);
		if (open.key !== request.key) refuse("upload_conflict", { field: "key" });
		if (open.chunkSize !== request.chunk_size) refuse("upload_conflict", { field: "chunk_size" });
		const size = open.size === undefined ? undefined : BigInt(open.size);
		if (size !== request.size[0]) refuse("upload_conflict", { field: "size" });
		return toWireUpload(request.id, open);
	}

	/**
	 * A creator may go on as long as it may write to the key: by its role, or by the very grant by which it began. Only a
	 * rule of the application's asks whose the key is.
	 */
	#requireStill(caller: Uint8Array, upload: Upload): void {
		const { access, blobs } = this.#state;
		if (access.isLetInByRole) return;
		const held = access.hasRule ? blobs.get(upload.key) : undefined;
		access.requireChange(caller, "write", upload.key, held, useOf(upload));
	}

	/** Stores one chunk and answers its leaf. `bytes` may be a view into the message. */
	put(id: Uint8Array, index: number, bytes: Uint8Array): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const upload = openUpload(state, caller, id);
		this.#requireStill(caller, upload);
		checkLength(upload, index, bytes.length);
		const now = state.now;
		state.charges.checkReceived(caller, bytes.length, now);
		const held = state.leafLists.leaf(upload.content, index);
		const more = moreCharge(upload, index, held, bytes.length);
		checkArrival(state, caller, upload, more);

		const leaf = state.host.hashing.sha256(bytes);
		if (held === undefined || !sameBytes(held, leaf)) {
			if (held !== undefined) state.chunks.release(caller, held);
			state.chunks.add(caller, leaf, bytes);
			this.#hold(upload, index, held, leaf, bytes.length);
		}
		upload.expiresAt = now + UPLOAD_EXPIRY_MS;
		addArrived(state, caller, id, upload, more);
		state.uploads.update(caller, id, upload);
		if (state.slots.isLow) state.wakeAt(now);
		return leaf;
	}

	/** Notes that the upload holds this chunk at the index. */
	#hold(upload: Upload, index: number, held: Uint8Array | undefined, leaf: Uint8Array, length: number): void {
		const state = this.#state;
		state.leafLists.setLeaf(upload.content, index, leaf);
		if (held === undefined) upload.received++;
		upload.extent = Math.max(upload.extent, index + 1);
		if (length < upload.chunkSize) upload.tail = { index, length };
		else if (upload.tail?.index === index) upload.tail = undefined;
	}

	/** Takes over chunks that the caller has stored already, and answers the leaves that are then held. */
	link({ id, from, leaves }: WireLinkChunks): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const upload = openUpload(state, caller, id);
		this.#requireStill(caller, upload);
		const count = leaves.length / SHA256_BYTES;
		if (!Number.isInteger(count) || count < 1 || count > MAX_LINKED_CHUNKS)
			refuseArgument(
				"leaves",
				"there must be 32 bytes each for from 1 to as many chunks as the limit",
				MAX_LINKED_CHUNKS,
			);
		const total = countOf(upload);
		if (from + count > total)
			refuse("chunk_out_of_range", { index: BigInt(from + count - 1), count: BigInt(total) });
		const found = this.#findLinks(caller, upload, from, leaves);
		const bytes = found.reduce((sum, { length }) => sum + chargeOfChunk(length), 0);
		checkArrival(state, caller, upload, bytes);

		for (const { index, leaf, length } of found) {
			const chunk = state.chunks.find(caller, leaf);
			if (chunk === undefined) throw new Error("a chunk that was found is gone");
			state.chunks.hold(caller, leaf, chunk);
			this.#hold(upload, index, undefined, leaf, length);
		}
		upload.expiresAt = state.now + UPLOAD_EXPIRY_MS;
		addArrived(state, caller, id, upload, bytes);
		state.uploads.update(caller, id, upload);
		const held = new Uint8Array(leaves.length);
		state.leafLists.copyLeaves(upload.content, from, from + count, held);
		return held;
	}

	/** Of the leaves offered, those that are stored, have the length of their place, and are not held there yet. */
	#findLinks(caller: Uint8Array, upload: Upload, from: number, leaves: Uint8Array) {
		const state = this.#state;
		const found: { index: number; leaf: Uint8Array; length: number }[] = [];
		let tail = upload.tail?.index;
		for (let at = 0; at < leaves.length; at += SHA256_BYTES) {
			const leaf = leaves.subarray(at, at + SHA256_BYTES);
			const index = from + at / SHA256_BYTES;
			const chunk = state.chunks.find(caller, leaf);
			if (chunk === undefined || state.leafLists.leaf(upload.content, index) !== undefined) continue;
			const { length } = chunk;
			if (!fits(upload, index, length, tail)) continue;
			if (length < upload.chunkSize) tail = index;
			found.push({ index, leaf, length });
		}
		return found;
	}

	status({ id, from, limit }: WireUploadStatusRequest): WireUploadStatus {
		const state = this.#state;
		const upload = openUpload(state, state.access.caller(), id);
		const answer = toWireUpload(id, upload);
		const to = Math.min(answer.count, from + pageLimit(limit, MAX_LEAVES_PER_PAGE));
		const leaves = new Uint8Array(Math.max(0, to - from) * SHA256_BYTES);
		state.leafLists.copyLeaves(upload.content, from, to, leaves);
		return { upload: answer, leaves };
	}

	list({ key, after, limit }: WireListUploads): WireUploads {
		const state = this.#state;
		const caller = state.access.caller();
		if (after[0] !== undefined) checkId(after[0]);
		const uploads: WireUpload[] = [];
		let left = pageLimit(limit);
		let last: Uint8Array | undefined;
		const start = after[0] === undefined ? undefined : { owner: caller, id: after[0] };
		for (const { id } of state.uploads.list(caller, start)) {
			if (left-- === 0) return { uploads, next: last === undefined ? [] : [last] };
			last = id;
			const upload = state.uploads.get(caller, id);
			if (upload === undefined) throw new Error("the list of uploads names one that is not stored");
			const isWanted = key[0] === undefined || upload.key === key[0];
			if (isWanted && upload.expiresAt > state.now) uploads.push(toWireUpload(id, upload));
		}
		return { uploads, next: [] };
	}

	/**
	 * Gives an upload up. Its creator may do so without any role. One that was never begun leaves a receipt as well, so
	 * that a begin that comes late opens nothing: that costs a record, so it takes a role.
	 */
	abort(id: Uint8Array): WireVersion {
		const state = this.#state;
		const caller = state.access.caller();
		checkId(id);
		if (state.uploads.get(caller, id) === undefined && state.receipts.get(caller, id) === undefined) {
			state.access.writerOfAnyKey();
			state.charges.check(caller, { changes: 1 }, state.now);
		}
		return abortUpload(state, caller, caller, id);
	}
}

/** Gives up what stands under this name, and leaves the receipt of that. Once more is done already. */
export function abortUpload(state: State, by: Uint8Array, owner: Uint8Array, id: Uint8Array): WireVersion {
	const receipt = state.receipts.get(owner, id);
	if (receipt?.kind === RECEIPT.aborted) return readVersion(receipt.body);
	refuseFinished(receipt);
	const upload = state.uploads.get(owner, id);
	if (upload !== undefined) giveUp(state, owner, id, upload);
	// Its begin has counted the receipt of its end.
	else state.charges.changed(by, state.now);
	const { version } = state.feed;
	leaveReceipt(state, owner, id, RECEIPT.aborted, versionRecord(version));
	return version;
}

/** What a grant must be like to go on with an upload. */
export const useOf = ({ grant }: Upload): Use => (grant === 0 ? {} : { only: grant });

/** Closes an upload and hands what it gathered to the cleaner. */
export function giveUp(state: State, owner: Uint8Array, id: Uint8Array, upload: Upload): void {
	dropReserve(state, owner, upload);
	useGrantOf(state, owner, upload, -upload.granted, -1);
	closeUpload(state, owner, id, upload, state.blobs.stored(upload.key));
	state.garbage.add({
		content: upload.content,
		leaf: new Uint8Array(0),
		uploader: owner,
		pages: LeafLists.pages(upload.extent),
		holder: owner,
		charged: upload.charged,
	});
	state.wakeAt(state.now);
}

/** Closes an upload, whose key holds `held`; nothing is reserved ahead of what arrived. */
export function closeUpload(
	state: State,
	owner: Uint8Array,
	id: Uint8Array,
	upload: Upload,
	held: Blob | undefined,
): void {
	if (state.batches.isSettling) settleKey(state, upload.key);
	state.uploads.close(owner, id, upload, isOwn(owner, held));
}

/** The caller's upload, which must be open and not expired. */
export function openUpload(state: State, caller: Uint8Array, id: Uint8Array): Upload {
	checkId(id);
	const upload = state.uploads.get(caller, id);
	if (upload === undefined) {
		refuseFinished(state.receipts.get(caller, id));
		return refuse("upload_not_found", {});
	}
	refuseExpired(state, upload);
	return upload;
}

/** Read at use: an expired upload is refused even before the cleaner has come by. */
function refuseExpired(state: State, upload: Upload): void {
	if (upload.expiresAt <= state.now) refuse("upload_finished", { outcome: "given up: it expired" });
}

/** What a chunk at this index counts for beyond what is held there. */
function moreCharge(upload: Upload, index: number, held: Uint8Array | undefined, length: number): number {
	if (held === undefined) return chargeOfChunk(length);
	const before = upload.tail?.index === index ? upload.tail.length : upload.chunkSize;
	return chargeOfChunk(length) - chargeOfChunk(before);
}

/** How many chunks the upload may have. */
function countOf({ size, chunkSize }: Upload): number {
	return size === undefined ? MAX_CHUNKS : chunkCount(BigInt(size), chunkSize);
}

/** Without a size any one chunk may turn out to be the last, so one may be short, and never an empty one. */
function fits(upload: Upload, index: number, length: number, tail: number | undefined): boolean {
	if (length === expectedLength(upload, index)) return true;
	return upload.size === undefined && length > 0 && length < upload.chunkSize && (tail ?? index) === index;
}

function expectedLength({ size, chunkSize }: Upload, index: number): number {
	return size === undefined ? chunkSize : chunkLength(BigInt(size), chunkSize, index);
}

function checkLength(upload: Upload, index: number, length: number): void {
	const count = countOf(upload);
	if (index >= count) refuse("chunk_out_of_range", { index: BigInt(index), count: BigInt(count) });
	if (length > upload.chunkSize)
		refuse("chunk_too_large", { limit: BigInt(upload.chunkSize), actual: BigInt(length) });
	if (!fits(upload, index, length, upload.tail?.index))
		refuse("chunk_wrong_size", {
			index,
			expected: BigInt(expectedLength(upload, index)),
			actual: BigInt(length),
		});
}

/** An upload as it travels. */
export function toWireUpload(id: Uint8Array, upload: Upload): WireUpload {
	return {
		id,
		key: upload.key,
		size: upload.size === undefined ? [] : [BigInt(upload.size)],
		chunk_size: upload.chunkSize,
		received: upload.received,
		count: upload.size === undefined ? upload.extent : countOf(upload),
		created_at: nanoseconds(upload.createdAt),
		expires_at: nanoseconds(upload.expiresAt),
	};
}
