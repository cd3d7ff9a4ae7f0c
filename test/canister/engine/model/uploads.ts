import {
	chunkCount,
	chunkLength,
	MAX_CHUNKS,
	type MethodArgs,
	SHA256_BYTES,
	sameBytes,
	UPLOAD_EXPIRY_MS,
} from "../../../../src/protocol/index.js";
import { rootOf } from "../../../support/store.js";
import { publish } from "./blobs.js";
import {
	chargeOfPieces,
	knownPiece,
	type Model,
	type ModelUpload,
	nameOf,
	type Piece,
	pieceOf,
	refuse,
	S,
} from "./model.js";

/** What the methods of uploads should do. Each answers what is expected of the engine's answer, or throws Refused. */

const countOf = ({ size }: ModelUpload) => (size === undefined ? MAX_CHUNKS : chunkCount(BigInt(size), S));
const tailOf = ({ chunks }: ModelUpload) => [...chunks].find(([, { bytes }]) => bytes.length < S);

/** What an upload is charged: its size as announced, or, without one, for what has come. */
const recharge = (upload: ModelUpload) => {
	if (upload.size === undefined)
		upload.charged = upload.chunks.size === 0 ? 0 : chargeOfPieces([...upload.chunks.values()]);
};

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
	model.require(who, "writer");
	const name = nameOf(who, id);
	const open = model.uploads.get(name);
	if (open !== undefined) {
		if (open.expiresAt <= model.now) refuse("upload_finished");
		if (open.key !== key || open.size !== size) refuse("upload_conflict");
		return { key, received: open.chunks.size };
	}
	model.refuseFinished(model.receipts.get(name));
	model.requireChange(who, key);
	const charged = size === undefined ? 0 : Math.max(4_096, size % S === 0 ? size : bytesOfSize(size));
	model.requireQuota(who, { uploads: 1, key, bytes: charged });
	const expiresAt = model.now + UPLOAD_EXPIRY_MS;
	model.uploads.set(name, { key, size, chunks: new Map(), charged, expiresAt, lookAt: expiresAt });
	return { key, received: 0 };
}

/** Whole chunks, and a last one that counts for 4 KiB at the least. */
const bytesOfSize = (size: number) => Math.floor(size / S) * S + Math.max(4_096, size % S);

export function put(model: Model, who: number, [id, index, bytes]: MethodArgs<"blobs_put_chunk">) {
	model.requireMode("draining");
	model.require(who, "writer");
	const upload = model.openUpload(who, id);
	if (index >= countOf(upload)) refuse("chunk_out_of_range");
	if (bytes.length > S) refuse("chunk_too_large");
	if (!fits(upload, index, bytes.length)) refuse("chunk_wrong_size");
	model.requireReceivable(who, bytes.length);
	const piece = pieceOf(bytes);
	if (upload.size === undefined) {
		const held = upload.chunks.get(index);
		model.requireQuota(who, {
			bytes: chargeOfPieces([piece]) - (held === undefined ? 0 : chargeOfPieces([held])),
		});
	}
	upload.chunks.set(index, piece);
	recharge(upload);
	upload.expiresAt = model.now + UPLOAD_EXPIRY_MS;
	model.receive(who, bytes.length);
	return piece.leaf;
}

export function link(model: Model, who: number, [request]: MethodArgs<"blobs_link_chunks">) {
	const { id, from, leaves } = request;
	model.requireMode("draining");
	model.require(who, "writer");
	const upload = model.openUpload(who, id);
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
	if (upload.size === undefined && taken.length > 0)
		model.requireQuota(who, { bytes: chargeOfPieces(taken.map(([, piece]) => piece)) });
	for (const [index, piece] of taken) upload.chunks.set(index, piece);
	recharge(upload);
	upload.expiresAt = model.now + UPLOAD_EXPIRY_MS;
	const held = new Uint8Array(leaves.length);
	for (let i = 0; i < count; i++) {
		const piece = upload.chunks.get(from + i);
		if (piece !== undefined) held.set(piece.leaf, i * SHA256_BYTES);
	}
	return held;
}

export function commit(model: Model, who: number, [request]: MethodArgs<"blobs_commit_upload">) {
	const { id } = request;
	model.requireMode("draining");
	model.require(who, "writer");
	const receipt = model.receipts.get(nameOf(who, id));
	if (receipt?.kind === "committed" && sameBytes((receipt.answer as typeof request).root, request.root))
		return receipt.answer;
	const upload = model.openUpload(who, id);
	model.requireChange(who, upload.key);
	const size = Number(request.size);
	const count = chunkCount(request.size, S);
	if (upload.size !== undefined && upload.size !== size) refuse("upload_conflict");
	if (upload.size === undefined) {
		const wrong = [...upload.chunks].some(
			([index, { bytes }]) => index >= count || bytes.length !== chunkLength(request.size, S, index),
		);
		if (wrong) refuse("invalid_argument");
	}
	const more = Math.max(4_096, size % S === 0 ? size : bytesOfSize(size)) - upload.charged;
	model.requireQuota(who, { bytes: more });
	model.requirePrecondition(request.precondition, upload.key);
	if (upload.chunks.size < count) refuse("missing_chunks");
	const pieces = Array.from({ length: count }, (_, i) => upload.chunks.get(i)!);
	const root = rootOf(Buffer.concat(pieces.map(({ bytes }) => bytes)), S);
	if (!sameBytes(root, request.root)) refuse("root_mismatch");
	model.uploads.delete(nameOf(who, id));
	return publish(model, who, id, { key: upload.key, ...request }, S, pieces);
}

export function abort(model: Model, who: number, [id]: MethodArgs<"blobs_abort_upload">) {
	model.requireMode("draining");
	if (who === 4) refuse("anonymous");
	const name = nameOf(who, id);
	if (!model.uploads.has(name) && !model.receipts.has(name)) model.require(who, "writer");
	return abortUpload(model, who, id);
}

export function abortUpload(model: Model, who: number, id: Uint8Array) {
	const name = nameOf(who, id);
	const receipt = model.receipts.get(name);
	if (receipt?.kind === "aborted") return receipt.answer;
	model.refuseFinished(receipt);
	const upload = model.uploads.get(name);
	if (upload !== undefined) model.giveUp(name, upload);
	const answer = model.version;
	model.leave(who, id, "aborted", "", answer);
	return answer;
}
