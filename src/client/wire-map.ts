import {
	checkChunking,
	type WireListEntry,
	type WireManifest,
	type WirePrecondition,
	type WireRole,
	type WireUpload,
	type WireVisibility,
} from "../protocol/index.js";
import { ClientError } from "./errors.js";
import type { ListEntry, Manifest, OpenUpload, Precondition, Role, Visibility } from "./types.js";
import { withJson } from "./util/json.js";

/**
 * Between the wire's shapes and the public ones. Sizes are numbers (the largest blob has 135 GB), times are Dates,
 * sequence numbers stay bigints.
 */

export const date = (nanoseconds: bigint): Date => new Date(Number(nanoseconds / 1_000_000n));
/** The name of a case that carries nothing. */
export const caseOf = <Name extends string>(variant: Partial<Record<Name, null>>): Name =>
	Object.keys(variant)[0] as Name;

/** @throws ClientError `reply_invalid` for a manifest that no blob has: what follows loops over its chunks */
export function toManifest(wire: WireManifest): Manifest {
	const invalid = checkChunking(wire.chunk_size, wire.size);
	if (invalid) throw new ClientError("reply_invalid", { method: "manifest", reason: invalid.reason });
	return withJson({
		key: wire.key,
		root: wire.root,
		sequence: wire.sequence,
		size: Number(wire.size),
		chunkBytes: wire.chunk_size,
		contentType: wire.content_type,
		visibility: caseOf<Visibility>(wire.visibility),
		owner: wire.owner,
		createdAt: date(wire.created_at),
		modifiedAt: date(wire.modified_at),
		metadata: Object.fromEntries(wire.metadata),
		wholeSha256: wire.sha256[0],
	});
}

export function toOpenUpload(wire: WireUpload): OpenUpload {
	return withJson({
		id: wire.id,
		key: wire.key,
		size: wire.size[0] === undefined ? undefined : Number(wire.size[0]),
		chunkBytes: wire.chunk_size,
		receivedChunks: wire.received,
		createdAt: date(wire.created_at),
		expiresAt: date(wire.expires_at),
	});
}

export function toListEntry(wire: WireListEntry): ListEntry {
	if ("blob" in wire) return { type: "blob", blob: toManifest(wire.blob) };
	return { type: "directory", path: wire.directory };
}

export const fromRole = (role: Role): WireRole => ({ [role]: null }) as unknown as WireRole;

export const fromVisibility = (visibility: Visibility): WireVisibility =>
	visibility === "public" ? { public: null } : { private: null };

export function fromPrecondition(precondition: Precondition | undefined): WirePrecondition {
	if (precondition === undefined) return { none: null };
	return precondition === "absent" ? { absent: null } : { sequence: precondition.sequence };
}

export const optional = <T>(value: T | undefined): [] | [T] => (value === undefined ? [] : [value]);
