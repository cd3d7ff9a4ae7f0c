import {
	checkChunking,
	checkKey,
	chunkCount,
	chunkLength,
	MAX_CHUNK_BYTES,
	MAX_CHUNKS,
	MAX_LEAVES_PER_PAGE,
	MAX_OPEN_UPLOADS,
	MAX_SINGLE_CALL_BYTES,
	ROOT_HEADER_BYTES,
	rootHeader,
	SHA256_BYTES,
	sameBytes,
	UPLOAD_EXPIRY_MS,
	type WireBeginUpload,
	type WireCommitUpload,
	type WireListUploads,
	type WireManifest,
	type WirePutBlob,
	type WireUpload,
	type WireUploadStatus,
	type WireUploadStatusRequest,
	type WireUploads,
} from "../../protocol/index.js";
import { toManifest, toWireUpload } from "./answers.js";
import { decodeBlob } from "./blobs.js";
import { concat, u64Key } from "./codec.js";
import { RECEIPT, type Receipt } from "./receipts.js";
import { refuse, refuseInvalid } from "./refusal.js";
import {
	checkId,
	checkMayChange,
	checkPrecondition,
	checkPublication,
	leaveReceipt,
	pageLimit,
	publish,
} from "./requests.js";
import { isAnonymous } from "./roles.js";
import type { State } from "./state.js";
import { ownedKey, type Upload } from "./uploads.js";

/** Uploads: begin, put, status, commit, abort, and the put of a small blob in one call. */
export class Uploading {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	begin(request: WireBeginUpload): WireUpload {
		const { state, caller } = this.#writer();
		const { id, key, chunk_size: chunkSize } = request;
		checkId(id);
		const open = state.uploads.get(caller, id);
		if (open !== undefined) return this.#beginAgain(request, open);
		refuseFinished(state.receipts.get(caller, id));
		if (state.uploads.openOf(caller) >= MAX_OPEN_UPLOADS)
			refuse("too_many_uploads", { limit: BigInt(MAX_OPEN_UPLOADS) });
		refuseInvalid(checkKey(key));
		refuseInvalid(checkChunking(chunkSize, request.size[0]));
		checkMayChange(state, caller, state.blobs.get(key));
		const now = state.host.now();
		const upload: Upload = {
			key,
			size: request.size[0] === undefined ? undefined : Number(request.size[0]),
			chunkSize,
			content: state.contents.create(),
			createdAt: now,
			expiresAt: now + UPLOAD_EXPIRY_MS,
			received: 0,
			extent: 0,
			tail: undefined,
		};
		state.uploads.open(caller, id, upload);
		state.expiries.push(concat(u64Key(upload.expiresAt), ownedKey(caller, id)));
		state.host.wakeAt(upload.expiresAt);
		return toWireUpload(id, upload);
	}

	/** The same begin again answers the same upload; the id with another meaning is a mistake of the client. */
	#beginAgain(request: WireBeginUpload, open: Upload): WireUpload {
		this.#refuseExpired(open);
		if (open.key !== request.key) refuse("upload_conflict", { field: "key" });
		if (open.chunkSize !== request.chunk_size) refuse("upload_conflict", { field: "chunk_size" });
		const size = open.size === undefined ? undefined : BigInt(open.size);
		if (size !== request.size[0]) refuse("upload_conflict", { field: "size" });
		return toWireUpload(request.id, open);
	}

	/** Stores one chunk and answers its leaf. `bytes` may be a view into the message. */
	put(id: Uint8Array, index: number, bytes: Uint8Array): Uint8Array {
		const { state, caller } = this.#writer();
		const upload = this.#open(caller, id);
		this.#checkLength(upload, index, bytes.length);

		const leaf = state.host.sha256(bytes);
		const held = state.contents.chunk(upload.content, index);
		if (held === undefined || !sameBytes(held.leaf, leaf)) {
			const slot = held?.slot ?? state.slots.take();
			state.slots.write(slot, bytes);
			state.contents.setChunk(upload.content, index, leaf, slot);
		}
		if (held === undefined) upload.received++;
		upload.extent = Math.max(upload.extent, index + 1);
		if (bytes.length < upload.chunkSize) upload.tail = { index, length: bytes.length };
		else if (upload.tail?.index === index) upload.tail = undefined;
		upload.expiresAt = state.host.now() + UPLOAD_EXPIRY_MS;
		state.uploads.update(caller, id, upload);
		return leaf;
	}

	#checkLength(upload: Upload, index: number, length: number): void {
		const size = upload.size === undefined ? undefined : BigInt(upload.size);
		const count = size === undefined ? MAX_CHUNKS : chunkCount(size, upload.chunkSize);
		if (index >= count) refuse("chunk_out_of_range", { index: BigInt(index), count: BigInt(count) });
		if (length > upload.chunkSize)
			refuse("chunk_too_large", { limit: BigInt(upload.chunkSize), actual: BigInt(length) });
		// Without a size any one chunk may turn out to be the last, so one may be short, and never an empty one.
		const expected = size === undefined ? upload.chunkSize : chunkLength(size, upload.chunkSize, index);
		const mayBeTail = size === undefined && length > 0 && (upload.tail?.index ?? index) === index;
		if (length !== expected && !mayBeTail)
			refuse("chunk_wrong_size", { index, expected: BigInt(expected), actual: BigInt(length) });
	}

	status({ id, from, limit }: WireUploadStatusRequest): WireUploadStatus {
		const { state, caller } = this.#caller();
		const upload = this.#open(caller, id);
		const answer = toWireUpload(id, upload);
		const to = Math.min(answer.count, from + pageLimit(limit, MAX_LEAVES_PER_PAGE));
		const leaves = new Uint8Array(Math.max(0, to - from) * SHA256_BYTES);
		state.contents.copyLeaves(upload.content, from, to, leaves);
		return { upload: answer, leaves };
	}

	list({ key, after, limit }: WireListUploads): WireUploads {
		const { state, caller } = this.#caller();
		if (after[0] !== undefined) checkId(after[0]);
		const uploads: WireUpload[] = [];
		let left = pageLimit(limit);
		let last: Uint8Array | undefined;
		for (const id of state.uploads.list(caller, after[0])) {
			if (left-- === 0) return { uploads, next: last === undefined ? [] : [last] };
			last = id;
			const upload = state.uploads.get(caller, id);
			if (upload === undefined) throw new Error("the list of uploads names one that is not stored");
			const isWanted = key[0] === undefined || upload.key === key[0];
			if (isWanted && upload.expiresAt > state.host.now()) uploads.push(toWireUpload(id, upload));
		}
		return { uploads, next: [] };
	}

	commit(request: WireCommitUpload): WireManifest {
		const { state, caller } = this.#writer();
		const { id } = request;
		checkId(id);
		const receipt = state.receipts.get(caller, id);
		const before = publishedBefore(receipt, request.root);
		if (before !== undefined) return before;
		const upload = this.#open(caller, id);
		checkPublication(request);
		const size = this.#finalSize(upload, request.size);
		const held = state.blobs.get(upload.key);
		checkMayChange(state, caller, held);
		checkPrecondition(request.precondition, held);
		this.#checkRoot(upload, size, request.root);

		state.uploads.close(caller, id);
		const content = { content: upload.content, size, chunkSize: upload.chunkSize };
		return toManifest(publish(state, caller, id, upload.key, content, request, held));
	}

	/** The size that the chunks held make, which must be the one that the commit names. */
	#finalSize(upload: Upload, claimed: bigint): number {
		if (upload.size !== undefined) {
			if (BigInt(upload.size) !== claimed) refuse("upload_conflict", { field: "size" });
			return upload.size;
		}
		refuseInvalid(checkChunking(upload.chunkSize, claimed));
		const count = chunkCount(claimed, upload.chunkSize);
		const last = count === 0 ? 0 : chunkLength(claimed, upload.chunkSize, count - 1);
		const { extent, tail } = upload;
		const isWrong =
			extent > count ||
			(tail !== undefined && (tail.index !== count - 1 || tail.length !== last)) ||
			(tail === undefined && extent === count && last < upload.chunkSize && count > 0);
		if (isWrong)
			refuse("invalid_argument", {
				field: "size",
				reason: "the chunks that arrived make another size than the commit names",
				limit: BigInt(heldSize(upload)),
			});
		return Number(claimed);
	}

	/** Recomputes the root from the leaves that the canister itself made when the chunks arrived. */
	#checkRoot(upload: Upload, size: number, root: Uint8Array): void {
		const { contents, host } = this.#state;
		const count = chunkCount(BigInt(size), upload.chunkSize);
		const preimage = new Uint8Array(ROOT_HEADER_BYTES + count * SHA256_BYTES);
		preimage.set(rootHeader(BigInt(size), upload.chunkSize));
		contents.copyLeaves(upload.content, 0, count, preimage, ROOT_HEADER_BYTES);
		if (upload.received < count)
			refuse("missing_chunks", { count: count - upload.received, first: firstMissing(preimage) });
		const stored = host.sha256(preimage);
		if (!sameBytes(stored, root)) refuse("root_mismatch", { stored });
	}

	/**
	 * Gives an upload up. Its creator may do so without any role. One that was never begun leaves a receipt all the
	 * same, so that a begin that comes late opens nothing.
	 */
	abort(id: Uint8Array): null {
		const { state, caller } = this.#caller();
		checkId(id);
		const receipt = state.receipts.get(caller, id);
		if (receipt?.kind === RECEIPT.aborted) return null;
		refuseFinished(receipt);
		const upload = state.uploads.get(caller, id);
		if (upload === undefined) state.roles.require("writer");
		else {
			state.uploads.close(caller, id);
			state.garbage.add(upload.content, upload.extent);
			state.host.wakeAt(state.host.now());
		}
		leaveReceipt(state, caller, id, RECEIPT.aborted, new Uint8Array(0));
		return null;
	}

	/** A blob of one chunk in one call. Its chunk size is always the largest, so that its root is determined. */
	putBlob(request: WirePutBlob, bytes: Uint8Array): WireManifest {
		const { state, caller } = this.#writer();
		const { id, key } = request;
		checkId(id);
		const receipt = state.receipts.get(caller, id);
		const before = publishedBefore(receipt, request.root, key);
		if (before !== undefined) return before;
		refuseFinished(receipt);
		if (state.uploads.get(caller, id) !== undefined) refuse("upload_conflict", { field: "id" });
		if (bytes.length > MAX_SINGLE_CALL_BYTES)
			refuse("chunk_too_large", { limit: BigInt(MAX_SINGLE_CALL_BYTES), actual: BigInt(bytes.length) });
		refuseInvalid(checkKey(key));
		checkPublication(request);
		const held = state.blobs.get(key);
		checkMayChange(state, caller, held);
		checkPrecondition(request.precondition, held);
		const leaf = bytes.length === 0 ? new Uint8Array(0) : state.host.sha256(bytes);
		const stored = state.host.sha256(concat(rootHeader(BigInt(bytes.length), MAX_CHUNK_BYTES), leaf));
		if (!sameBytes(stored, request.root)) refuse("root_mismatch", { stored });

		const content = state.contents.create();
		if (bytes.length > 0) {
			const slot = state.slots.take();
			state.slots.write(slot, bytes);
			state.contents.setChunk(content, 0, leaf, slot);
		}
		const stays = { content, size: bytes.length, chunkSize: MAX_CHUNK_BYTES };
		return toManifest(publish(state, caller, id, key, stays, request, held));
	}

	#writer(): { state: State; caller: Uint8Array } {
		return { state: this.#state, caller: this.#state.roles.require("writer") };
	}

	#caller(): { state: State; caller: Uint8Array } {
		const caller = this.#state.host.caller();
		if (isAnonymous(caller)) refuse("anonymous", {});
		return { state: this.#state, caller };
	}

	/** The caller's upload, which must be open and not expired. */
	#open(caller: Uint8Array, id: Uint8Array): Upload {
		checkId(id);
		const upload = this.#state.uploads.get(caller, id);
		if (upload === undefined) {
			refuseFinished(this.#state.receipts.get(caller, id));
			return refuse("upload_not_found", {});
		}
		this.#refuseExpired(upload);
		return upload;
	}

	/** Read at use: an expired upload is refused even before the cleaner has come by. */
	#refuseExpired(upload: Upload): void {
		if (upload.expiresAt <= this.#state.host.now())
			refuse("upload_finished", { outcome: "given up: it expired" });
	}
}

/** What an id published, if it published just this: a duplicate is answered again, anything else is refused. */
function publishedBefore(
	receipt: Receipt | undefined,
	root: Uint8Array,
	key?: string,
): WireManifest | undefined {
	if (receipt?.kind !== RECEIPT.committed) return undefined;
	const blob = decodeBlob(receipt.body);
	const isSame = sameBytes(blob.root, root) && (key ?? blob.key) === blob.key;
	return isSame ? toManifest(blob) : undefined;
}

/** An id that has a receipt begins and holds no upload any more. */
function refuseFinished(receipt: Receipt | undefined): void {
	if (receipt === undefined) return;
	if (receipt.kind === RECEIPT.committed) refuse("upload_finished", { outcome: "committed" });
	if (receipt.kind === RECEIPT.aborted) refuse("upload_finished", { outcome: "aborted" });
	refuse("upload_conflict", { field: "purpose" });
}

function heldSize(upload: Upload): number {
	const full = upload.extent * upload.chunkSize;
	return upload.tail === undefined ? full : full - upload.chunkSize + upload.tail.length;
}

function firstMissing(preimage: Uint8Array): number {
	let at = ROOT_HEADER_BYTES;
	while (at < preimage.length && preimage.subarray(at, at + SHA256_BYTES).some((byte) => byte !== 0))
		at += SHA256_BYTES;
	return (at - ROOT_HEADER_BYTES) / SHA256_BYTES;
}
