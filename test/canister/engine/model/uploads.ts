import {
	chunkCount,
	chunkLength,
	MAX_CHUNKS,
	type MethodArgs,
	SHA256_BYTES,
	sameBytes,
	UPLOAD_EXPIRY_MS,
	type WireCommitUpload,
	type WireManifest,
} from "../../../../src/protocol/index.js";
import { rootOf } from "../../../support/store.js";
import { publish } from "./blobs.js";
import { chargeOfBlobOf, chargeOfPieces, chargeOfSession, chargeOfSize } from "./charges.js";
import type { ModelGrant } from "./grants.js";
import { knownPiece, type Model, type ModelUpload, nameOf, type Piece, pieceOf, refuse, S } from "./model.js";

/** What the methods of uploads should do. Each answers what is expected of the engine's answer, or throws Refused. */

const countOf = ({ size }: ModelUpload) => (size === undefined ? MAX_CHUNKS : chunkCount(BigInt(size), S));
const tailOf = ({ chunks }: ModelUpload) => [...chunks].find(([, { bytes }]) => bytes.length < S);

function fits(upload: ModelUpload, index: number, length: number): boolean {
	if (upload.size !== undefined) return length === chunkLength(BigInt(upload.size), S, index);
	if (length === S) return true;
	const tail = tailOf(upload);
	return length > 0 && (tail === undefined || tail[0] === index);
}

export function begin(model: Model, who: number, [request]: MethodArgs<"blobs_begin_upload">) {
	const { id, key } = request;
	const size = request.size[0] === undefined ? undefined : Number(request.size[0]);
	model.requireMode("live");
	model.requireWriter(who);
	const name = nameOf(who, id);
	const open = model.uploads.get(name);
	if (open !== undefined) {
		if (open.expiresAt <= model.now) refuse("upload_finished");
		if (open.key !== key || open.size !== size) refuse("upload_conflict");
		return { key, received: open.chunks.size };
	}
	model.refuseFinished(model.receipts.get(name));
	model.requireChange(who, key);
	const content = size === undefined ? 0 : chargeOfSize(size);
	const bytes = chargeOfSession(key) + content;
	model.requireQuota(who, { uploads: 1, key, bytes });
	model.requireChanges(who, 2);
	const grant = model.pay(who, key, { bytes, blobs: 1 });
	const expiresAt = model.now + UPLOAD_EXPIRY_MS;
	const upload: ModelUpload = {
		key,
		size,
		chunks: new Map(),
		grant,
		granted: 0,
		reserved: 0,
		reserveLookAt: undefined,
		expiresAt,
		lookAt: expiresAt,
	};
	model.reserve(upload, Math.min(content, 2 ** 30));
	model.uploads.set(name, upload);
	model.grants.useOf(upload, bytes, 1);
	model.changed(who);
	return { key, received: 0 };
}

export function put(model: Model, who: number, [id, index, bytes]: MethodArgs<"blobs_put_chunk">) {
	model.requireMode("draining");
	model.requireWriter(who);
	const upload = model.openUpload(who, id);
	model.requireChange(who, upload.key, { only: upload.grant }, who);
	if (index >= countOf(upload)) refuse("chunk_out_of_range");
	if (bytes.length > S) refuse("chunk_too_large");
	if (!fits(upload, index, bytes.length)) refuse("chunk_wrong_size");
	model.requireReceivable(who, bytes.length);
	const piece = pieceOf(bytes);
	const held = upload.chunks.get(index);
	const more = chargeOfPieces([piece]) - (held === undefined ? 0 : chargeOfPieces([held]));
	model.requireQuota(who, { bytes: more - upload.reserved });
	arriveInGrant(model, upload, more);
	upload.chunks.set(index, piece);
	upload.expiresAt = model.now + UPLOAD_EXPIRY_MS;
	model.arrive(who, upload, more);
	return piece.leaf;
}

export function link(model: Model, who: number, [request]: MethodArgs<"blobs_link_chunks">) {
	const { id, from, leaves } = request;
	model.requireMode("draining");
	model.requireWriter(who);
	const upload = model.openUpload(who, id);
	model.requireChange(who, upload.key, { only: upload.grant }, who);
	const count = leaves.length / SHA256_BYTES;
	if (from + count > countOf(upload)) refuse("chunk_out_of_range");
	const stored = model.storedChunks();
	const taken: [number, Piece][] = [];
	for (let i = 0; i < count; i++) {
		const piece = knownPiece(leaves.subarray(i * SHA256_BYTES, (i + 1) * SHA256_BYTES));
		const after = { ...upload, chunks: new Map([...upload.chunks, ...taken]) };
		if (piece === undefined || !stored.has(`${who}/${piece.name}`) || upload.chunks.has(from + i)) continue;
		if (fits(after, from + i, piece.bytes.length)) taken.push([from + i, piece]);
	}
	const more = taken.length === 0 ? 0 : chargeOfPieces(taken.map(([, piece]) => piece));
	model.requireQuota(who, { bytes: more - upload.reserved });
	arriveInGrant(model, upload, more);
	for (const [index, piece] of taken) upload.chunks.set(index, piece);
	upload.expiresAt = model.now + UPLOAD_EXPIRY_MS;
	model.arrive(who, upload, more);
	const held = new Uint8Array(leaves.length);
	for (let i = 0; i < count; i++) {
		const piece = upload.chunks.get(from + i);
		if (piece !== undefined) held.set(piece.leaf, i * SHA256_BYTES);
	}
	return held;
}

/** Of a stream each chunk counts when it comes; of a known size all counts from begin on. */
function arriveInGrant(model: Model, upload: ModelUpload, bytes: number): void {
	if (upload.size !== undefined || upload.grant === undefined) return;
	if (model.grants.all.includes(upload.grant)) model.grants.require(upload.grant, { bytes });
	model.grants.useOf(upload, bytes, 0);
}

export function commit(model: Model, who: number, [request]: MethodArgs<"blobs_commit_upload">) {
	const { id } = request;
	model.requireMode("draining");
	model.requireWriter(who);
	const receipt = model.receipts.get(nameOf(who, id));
	const before = receipt?.kind === "committed" ? (receipt.answer as WireManifest) : undefined;
	if (before !== undefined && sameBytes(before.root, request.root)) {
		model.requireStill(who, before.key);
		return before;
	}
	return publishUpload(model, who, request);
}

interface CheckedUpload {
	readonly upload: ModelUpload;
	readonly pieces: readonly Piece[];
	readonly bytes: number;
	/** The grant that it counts in from now on, where it is none that it was begun by. */
	readonly payer: ModelGrant | undefined;
}

export function checkUpload(model: Model, who: number, request: WireCommitUpload): CheckedUpload {
	const { id } = request;
	const upload = model.openUpload(who, id);
	model.requireAs(request.as[0]);
	model.requireEnd(request.expires_at[0]);
	const use = { only: upload.grant, isPublic: "public" in request.visibility };
	const grant = model.requireChange(who, upload.key, use);
	const size = Number(request.size);
	const count = chunkCount(request.size, S);
	if (upload.size !== undefined && upload.size !== size) refuse("upload_conflict");
	if (upload.size === undefined) {
		const wrong = [...upload.chunks].some(
			([index, { bytes }]) => index >= count || bytes.length !== chunkLength(request.size, S, index),
		);
		if (wrong) refuse("invalid_argument");
	}
	const expires_at = model.endOf(upload.key, request.expires_at, request.as[0]);
	const bytes = chargeOfBlobOf(upload.key, { ...request, expires_at }, size);
	// Begun by a role that was lost: it counts in a grant from now on.
	const payer =
		grant === undefined || upload.grant !== undefined
			? undefined
			: model.pay(who, upload.key, { ...use, bytes, blobs: 1 });
	model.requirePrecondition(request.precondition, upload.key);
	if (upload.chunks.size < count) refuse("missing_chunks");
	const pieces = Array.from({ length: count }, (_, i) => upload.chunks.get(i)!);
	const root = rootOf(Buffer.concat(pieces.map(({ bytes }) => bytes)), S);
	if (!sameBytes(root, request.root)) refuse("root_mismatch");
	return { upload, pieces, bytes, payer };
}

/** Its id is used up, and what it takes counts as a blob. */
export function useUpload(model: Model, who: number, id: Uint8Array, checked: CheckedUpload): void {
	const { upload, bytes, payer } = checked;
	model.uploads.delete(nameOf(who, id));
	model.grants.useOf(upload, bytes - upload.granted, 0);
	if (payer !== undefined) model.grants.use(payer, bytes, 1);
}

export function publishUpload(model: Model, who: number, request: WireCommitUpload): WireManifest {
	const checked = checkUpload(model, who, request);
	const { upload, pieces } = checked;
	useUpload(model, who, request.id, checked);
	return publish(model, who, request.id, { key: upload.key, ...request }, S, pieces);
}

export function abort(model: Model, who: number, [id]: MethodArgs<"blobs_abort_upload">) {
	model.requireMode("draining");
	if (who === 4) refuse("anonymous");
	const name = nameOf(who, id);
	if (!model.uploads.has(name) && !model.receipts.has(name)) {
		model.requireWriter(who);
		model.requireChanges(who, 1);
	}
	return abortUpload(model, who, who, id);
}

export function abortUpload(model: Model, by: number, who: number, id: Uint8Array) {
	const name = nameOf(who, id);
	const receipt = model.receipts.get(name);
	if (receipt?.kind === "aborted") return receipt.answer;
	model.refuseFinished(receipt);
	const upload = model.uploads.get(name);
	if (upload !== undefined) model.giveUp(name, upload);
	else model.changed(by);
	const answer = model.version;
	model.leave(who, id, "aborted", "", answer);
	return answer;
}
