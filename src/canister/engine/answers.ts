import { Principal } from "@dfinity/principal";
import { chunkCount, type WireManifest, type WireUpload } from "../../protocol/index.js";
import type { Blob } from "./blobs.js";
import type { Upload } from "./uploads.js";

/** The store's records as they travel: sizes and times as nat64, times in nanoseconds. */

const nanoseconds = (ms: number) => BigInt(ms) * 1_000_000n;

export function toManifest(blob: Blob): WireManifest {
	return {
		key: blob.key,
		sequence: BigInt(blob.sequence),
		root: blob.root,
		size: BigInt(blob.size),
		chunk_size: blob.chunkSize,
		content_type: blob.contentType,
		visibility: blob.isPublic ? { public: null } : { private: null },
		owner: Principal.fromUint8Array(blob.owner),
		created_at: nanoseconds(blob.createdAt),
		modified_at: nanoseconds(blob.modifiedAt),
		metadata: blob.metadata,
		sha256: blob.sha256 === undefined ? [] : [blob.sha256],
	};
}

export function toWireUpload(id: Uint8Array, upload: Upload): WireUpload {
	return {
		id,
		key: upload.key,
		size: upload.size === undefined ? [] : [BigInt(upload.size)],
		chunk_size: upload.chunkSize,
		received: upload.received,
		count: upload.size === undefined ? upload.extent : chunkCount(BigInt(upload.size), upload.chunkSize),
		created_at: nanoseconds(upload.createdAt),
		expires_at: nanoseconds(upload.expiresAt),
	};
}
