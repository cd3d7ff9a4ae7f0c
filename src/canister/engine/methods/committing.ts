import {
	checkChunking,
	checkKey,
	chunkCount,
	chunkLength,
	MAX_CHUNK_BYTES,
	MAX_SINGLE_CALL_BYTES,
	ROOT_HEADER_BYTES,
	rootHeader,
	SHA256_BYTES,
	sameBytes,
	type WireCommitUpload,
	type WirePublication,
	type WirePutBlob,
} from "../../../protocol/index.js";
import { chargeOf } from "../accounts/charges.js";
import type { Grant } from "../accounts/grant-record.js";
import { concat } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import { isRanged } from "../http/headers.js";
import { PAIR_BYTES } from "../http/own-answers.js";
import type { State } from "../state.js";
import { type Blob, decodeBlob, encodeBlob, type Place } from "../store/blobs.js";
import { RECEIPT, type Receipt } from "../store/receipts.js";
import type { Upload } from "../store/uploads.js";
import { discard } from "./discarding.js";
import { checkEnd, endOf, expire } from "./expiring.js";
import { payerOf, useGrantOf } from "./granted.js";
import { checkAs, ownerOf } from "./importing.js";
import { moreBlobs, publishNew } from "./publishing.js";
import {
	checkId,
	checkPrecondition,
	checkPublication,
	leaveReceipt,
	refuseFinished,
	requireStill,
} from "./requests.js";
import { dropReserve } from "./reserves.js";
import { closeUpload, openUpload, useOf } from "./uploading.js";

const NO_BYTES = new Uint8Array(0);

/** Publishing what was uploaded, or what comes in one call. */
export class Committing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	commit(request: WireCommitUpload): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const { id } = request;
		checkId(id);
		const before = publishedBefore(state, caller, state.receipts.get(caller, id), request.root);
		if (before !== undefined) return before;
		return publishUpload(state, caller, request, checkUpload(state, caller, request)).bytes;
	}

	/** A blob of one chunk in one call. Its chunk size is always the largest, so that its root is determined. */
	putBlob(request: WirePutBlob, bytes: Uint8Array): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const { id, key } = request;
		checkId(id);
		const receipt = state.receipts.get(caller, id);
		const before = publishedBefore(state, caller, receipt, request.root, key);
		if (before !== undefined) return before;
		refuseFinished(receipt);
		if (state.uploads.get(caller, id) !== undefined) refuse("upload_conflict", { field: "id" });
		state.charges.checkReceived(caller, state.arrived, state.now);
		const whole = checkWhole(state, caller, request, bytes);
		const leaf = checkWholeRoot(state, request.root, bytes);
		const blob = publishWhole(state, caller, id, request, bytes, leaf, whole);
		state.charges.changed(caller, state.now);
		refillInTime(state);
		return published(state, caller, id, blob).bytes;
	}
}

/** Leaves the receipt of an id that has published a blob. */
function published(state: State, caller: Uint8Array, id: Uint8Array, blob: Blob): Blob {
	leaveReceipt(state, caller, id, RECEIPT.committed, encodeBlob(blob));
	return blob;
}

/** An upload that may be committed, and what its commit takes. */
interface Checked {
	readonly upload: Upload;
	readonly held: Blob | undefined;
	/** What is over under the key, and goes first. */
	readonly over: Blob | undefined;
	readonly end: [] | [bigint];
	readonly size: number;
	readonly charged: number;
	/** The grant that it counts in from now on, where it is none that it was begun by. */
	readonly payer: Grant | undefined;
}

/** Refuses a commit for anything that rules it out. */
export function checkUpload(state: State, caller: Uint8Array, request: WireCommitUpload): Checked {
	const upload = openUpload(state, caller, request.id);
	if (request.as.length > 0) checkAs(state, request.as[0]!);
	checkPublication(request);
	checkEnd(state, request.expires_at[0]);
	const held = state.blobs.get(upload.key);
	const isPublic = "public" in request.visibility;
	const use = { ...useOf(upload), isPublic };
	const grant = state.access.requireChange(caller, "write", upload.key, held, use);
	const size = finalSize(upload, request.size);
	const end = endOf(state, upload.key, request.expires_at[0], request.as.length > 0);
	const charged = chargeOf(upload.key, size, upload.chunkSize, isPublic, request, end.length > 0);
	// One that was begun by a role which its creator lost counts in a grant from now on; in its own it counts already.
	const isNew = grant !== undefined && upload.grant === 0;
	const payer = isNew
		? payerOf(state, caller, upload.key, held, { ...use, bytes: charged, blobs: 1 })
		: undefined;
	// No quota is asked: begin has reserved what the blob takes beside its chunks.
	state.capacity.check(0);
	checkPrecondition(request.precondition, held);
	checkRoot(state, upload, size, request.root);
	return { upload, held, over: state.blobs.over(upload.key), end, size, charged, payer };
}

/** Publishes an upload that was checked, and leaves the receipt of its id. */
export function publishUpload(
	state: State,
	caller: Uint8Array,
	request: WireCommitUpload,
	{ upload, held, over, end, size, charged, payer }: Checked,
): Blob {
	const { id } = request;
	if (over !== undefined) expire(state, over);
	dropReserve(state, caller, upload);
	closeUpload(state, caller, id, upload, held);
	if (request.as.length === 0) state.charges.charge(caller, charged - upload.charged);
	else {
		// What was gathered counts for who uploaded it until it is published as another's.
		state.charges.charge(caller, -upload.charged);
		state.charges.charge(ownerOf(request.as[0]!), charged);
	}
	useGrantOf(state, caller, upload, charged - upload.granted, 0);
	if (payer !== undefined) state.grants.use(payer, charged, 1);
	const { key, chunkSize, content } = upload;
	const place: Place = { content, leaf: NO_BYTES, uploader: caller, responses: NO_BYTES, directory: 0 };
	const blob = publishNew(state, caller, id, { key, size, chunkSize }, place, request, end, held);
	if (held !== undefined) discard(state, caller, held);
	return published(state, caller, id, blob);
}

/** Recomputes the root from the leaves that the canister itself made when the chunks arrived. */
function checkRoot({ leafLists, host }: State, upload: Upload, size: number, root: Uint8Array): void {
	const count = chunkCount(BigInt(size), upload.chunkSize);
	const whole = new Uint8Array(ROOT_HEADER_BYTES + count * SHA256_BYTES);
	whole.set(rootHeader(BigInt(size), upload.chunkSize));
	leafLists.copyLeaves(upload.content, 0, count, whole, ROOT_HEADER_BYTES);
	if (upload.received < count)
		refuse("missing_chunks", { count: count - upload.received, first: firstMissing(whole) });
	if (!host.hashing.isSha256(whole, root)) refuse("root_mismatch", { stored: host.hashing.sha256(whole) });
}

/**
 * Refuses a blob that came whole for anything that can be said before it is hashed. Returns what its key holds, what the
 * blob counts for, and the grant that it counts in.
 */
export function checkWhole(
	state: State,
	caller: Uint8Array,
	request: WirePublication & { key: string },
	bytes: Uint8Array,
): Whole {
	if (bytes.length > MAX_SINGLE_CALL_BYTES)
		refuse("chunk_too_large", { limit: BigInt(MAX_SINGLE_CALL_BYTES), actual: BigInt(bytes.length) });
	refuseInvalid(checkKey(request.key));
	if (request.as.length > 0) checkAs(state, request.as[0]!);
	checkPublication(request);
	checkEnd(state, request.expires_at[0]);
	const held = state.blobs.get(request.key);
	const isPublic = "public" in request.visibility;
	const grant = state.access.requireChange(caller, "write", request.key, held, { isPublic });
	const end = endOf(state, request.key, request.expires_at[0], request.as.length > 0);
	const charged = chargeOf(request.key, bytes.length, MAX_CHUNK_BYTES, isPublic, request, end.length > 0);
	const blobs = moreBlobs(state, caller, request.key, held);
	// Its entry in the feed, and the receipt of its message, which is counted at its end.
	state.charges.check(caller, { blobs, bytes: charged, changes: 2 }, state.now);
	const payer = grant && payerOf(state, caller, request.key, held, { isPublic, bytes: charged, blobs: 1 });
	state.capacity.check(charged);
	checkPrecondition(request.precondition, held);
	return { held, over: state.blobs.over(request.key), end, charged, payer };
}

interface Whole {
	readonly held: Blob | undefined;
	/** What is over under the key, and goes first. */
	readonly over: Blob | undefined;
	readonly end: [] | [bigint];
	readonly charged: number;
	readonly payer: Grant | undefined;
}

/** What the root of a blob of one chunk is the SHA-256 of, but for its size and its leaf, written anew for each. */
const preimage = concat(rootHeader(0n, MAX_CHUNK_BYTES), new Uint8Array(SHA256_BYTES));
const preimageView = new DataView(preimage.buffer);
/** Where in the header the size's lower four bytes are; one chunk has no more. */
const SIZE_AT = 24;

/** The leaf of a blob that came whole, empty for an empty one; refused if it does not make the root. */
export function checkWholeRoot(state: State, root: Uint8Array, bytes: Uint8Array): Uint8Array {
	const { hashing } = state.host;
	const leaf = bytes.length === 0 ? new Uint8Array(0) : hashing.sha256(bytes);
	preimageView.setUint32(SIZE_AT, bytes.length);
	preimage.set(leaf, ROOT_HEADER_BYTES);
	const hashed = bytes.length === 0 ? preimage.subarray(0, ROOT_HEADER_BYTES) : preimage;
	if (!hashing.isSha256(hashed, root)) refuse("root_mismatch", { stored: hashing.sha256(hashed) });
	return leaf;
}

/** Stores and publishes a blob that came whole and was checked. */
export function publishWhole(
	state: State,
	caller: Uint8Array,
	salt: Uint8Array,
	request: WirePublication & { key: string },
	bytes: Uint8Array,
	leaf: Uint8Array,
	{ held, over, end, charged, payer }: Whole,
): Blob {
	if (over !== undefined) expire(state, over);
	if (bytes.length > 0) state.chunks.add(caller, leaf, bytes);
	state.charges.charge(request.as.length === 0 ? caller : ownerOf(request.as[0]!), charged);
	if (payer !== undefined) state.grants.use(payer, charged, 1);
	const { key, content_type } = request;
	const size = bytes.length;
	const pair = pairIn(bytes, content_type);
	const place: Place = { content: 0, leaf, uploader: caller, responses: pair, directory: 0 };
	const what = { key, size, chunkSize: MAX_CHUNK_BYTES };
	const blob = publishNew(state, caller, salt, what, place, request, end, held);
	if (held !== undefined) discard(state, caller, held);
	return blob;
}

/** What the place of a blob in one chunk has of its bytes, where ranges of it are answered. */
export const pairIn = (bytes: Uint8Array, contentType: string): Uint8Array =>
	bytes.length > PAIR_BYTES && isRanged(bytes.length, contentType) ? bytes.slice(0, PAIR_BYTES) : NO_BYTES;

/** To be called after a message that took slots. */
export function refillInTime(state: State): void {
	if (state.slots.isLow) state.wakeAt(state.now);
}

/** The size that the chunks held make, which must be the one that the commit names. */
function finalSize(upload: Upload, claimed: bigint): number {
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
		refuseArgument(
			"size",
			"the chunks that arrived make another size than the commit names",
			heldSize(upload),
		);
	return Number(claimed);
}

/** What an id published, if it published just this: a duplicate is answered again, anything else is refused. */
function publishedBefore(
	state: State,
	caller: Uint8Array,
	receipt: Receipt | undefined,
	root: Uint8Array,
	key?: string,
): Uint8Array | undefined {
	if (receipt?.kind !== RECEIPT.committed) return undefined;
	const blob = decodeBlob(receipt.body);
	const isSame = sameBytes(blob.manifest.root, root) && (key ?? blob.key) === blob.key;
	if (!isSame) return undefined;
	requireStill(state, caller, "write", blob.key);
	return blob.bytes;
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
