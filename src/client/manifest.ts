import {
	type Bounds,
	checkChunking,
	isMismatch,
	isPublic,
	Malformed,
	manifests,
	sameBytes,
	type WireManifest,
	type WirePrincipal,
} from "../protocol/index.js";
import { replyInvalid, unsupported } from "./errors/errors.js";
import type { Manifest } from "./types.js";
import { withJson } from "./util/json.js";
import { date, toVersion } from "./wire-map.js";

/** Manifests, and other records that travel as messages of their own. */

/**
 * Of a manifest or a change, which may have parts that this client does not know: ten times the largest of today, and
 * more than a reply of honest nodes costs.
 */
const RECORD_BOUNDS: Bounds = {
	text: 65_536,
	texts: Infinity,
	longTexts: true,
	listsOfTexts: true,
	values: 1_000,
	effort: 100_000,
	isStrict: false,
};

/**
 * Reads a record that travels as a message of its own.
 * @throws ClientError `reply_invalid`, CanisterError `version_unsupported` where it is one of a later version that has
 *   changed what this client needs
 */
export function readRecord<T>(
	of: { decode(message: Uint8Array, bounds: Bounds): T },
	name: string,
	bytes: Uint8Array,
): T {
	try {
		return of.decode(bytes, RECORD_BOUNDS);
	} catch (error) {
		if (isMismatch(error)) throw unsupported(`a ${name} of types that it does not know`);
		if (!(error instanceof Malformed)) throw error;
		throw replyInvalid(name, error.reason);
	}
}

export const readManifest = (bytes: Uint8Array): WireManifest => readRecord(manifests, "manifest", bytes);

/** @throws as `readManifest` and `fromWireManifest` */
export const toManifest = (bytes: Uint8Array): Manifest => fromWireManifest(readManifest(bytes));

let last: { readonly bytes: Uint8Array; readonly text: string } | undefined;

/** As text, of which a checksum is part. Most of a list have one owner. */
function textOf(owner: WirePrincipal): string {
	const bytes = owner.toUint8Array();
	if (last === undefined || !sameBytes(last.bytes, bytes))
		last = { bytes: bytes.slice(), text: owner.toText() };
	return last.text;
}

/** @throws ClientError `reply_invalid` for a manifest that no blob has: what follows loops over its chunks */
export function fromWireManifest(wire: WireManifest): Manifest {
	const invalid = checkChunking(wire.chunk_size, wire.size);
	if (invalid) throw replyInvalid("manifest", invalid.reason);
	return withJson({
		key: wire.key,
		// Copies: what is read is a view into the reply, of which a caller that keeps a manifest would keep all.
		root: wire.root.slice(),
		...toVersion(wire),
		size: Number(wire.size),
		chunkBytes: wire.chunk_size,
		contentType: wire.content_type,
		visibility: isPublic(wire) ? "public" : "private",
		owner: textOf(wire.owner),
		createdAt: date(wire.created_at),
		modifiedAt: date(wire.modified_at),
		metadata: Object.fromEntries(wire.metadata),
		wholeSha256: wire.sha256[0]?.slice(),
		expiresAt: wire.expires_at[0] === undefined ? undefined : date(wire.expires_at[0]),
	});
}
