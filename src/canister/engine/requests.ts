import {
	checkContentType,
	checkMetadata,
	ID_BYTES,
	MAX_LIST_PAGE,
	SHA256_BYTES,
	sameBytes,
	type WirePrecondition,
	type WirePublication,
} from "../../protocol/index.js";
import { type Blob, encodeBlob } from "./blobs.js";
import { RECEIPT } from "./receipts.js";
import { refuse, refuseInvalid } from "./refusal.js";
import type { State } from "./state.js";

/** Bounds of what requests carry, and what several methods do alike. */

export function checkId(id: Uint8Array): void {
	if (id.length !== ID_BYTES)
		refuse("invalid_argument", {
			field: "id",
			reason: "it must be exactly as long as the limit",
			limit: BigInt(ID_BYTES),
		});
}

/** How many entries a page may have: what was asked for, within the limit. */
export function pageLimit(limit: number, most = MAX_LIST_PAGE): number {
	if (limit < 1)
		refuse("invalid_argument", {
			field: "limit",
			reason: "a page has at least one entry",
			limit: BigInt(most),
		});
	return Math.min(limit, most);
}

export function checkPublication(publication: WirePublication): void {
	refuseInvalid(checkContentType(publication.content_type));
	refuseInvalid(checkMetadata(publication.metadata));
	for (const [field, hash] of [
		["root", publication.root],
		["sha256", publication.sha256[0]],
	] as const)
		if (hash !== undefined && hash.length !== SHA256_BYTES)
			refuse("invalid_argument", {
				field,
				reason: "a SHA-256 has exactly 32 bytes",
				limit: BigInt(SHA256_BYTES),
			});
}

/** Only its owner and administrators may change what a key holds. */
export function checkMayChange(state: State, caller: Uint8Array, held: Blob | undefined): void {
	if (held === undefined || sameBytes(held.owner, caller)) return;
	if (!state.roles.has(caller, "admin"))
		refuse("not_authorized", { needs: "the owner of the key, or the role admin" });
}

export function checkPrecondition(precondition: WirePrecondition, held: Blob | undefined): void {
	const sequence = BigInt(held?.sequence ?? 0);
	const holds =
		"none" in precondition ||
		("absent" in precondition ? sequence === 0n : precondition.sequence === sequence);
	if (!holds) refuse("precondition_failed", { sequence });
}

export interface Content {
	readonly content: number;
	readonly size: number;
	readonly chunkSize: number;
}

/** Publishes a content under a key in place of what the key held, with a receipt for the id it was done under. */
export function publish(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	key: string,
	content: Content,
	publication: WirePublication,
	held: Blob | undefined,
): Blob {
	const now = state.host.now();
	const blob: Blob = {
		...content,
		key,
		sequence: state.nextSequence(),
		createdAt: now,
		modifiedAt: now,
		isPublic: "public" in publication.visibility,
		root: publication.root,
		owner: caller,
		contentType: publication.content_type,
		metadata: publication.metadata,
		sha256: publication.sha256[0],
	};
	state.blobs.publish(blob, held);
	if (held !== undefined) discard(state, held);
	leaveReceipt(state, caller, id, RECEIPT.committed, encodeBlob(blob));
	return blob;
}

/** Hands a blob's content to the cleaner. */
export function discard(state: State, blob: Blob): void {
	state.garbage.add(blob.content, Math.ceil(blob.size / blob.chunkSize));
	state.host.wakeAt(state.host.now());
}

export function leaveReceipt(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	kind: (typeof RECEIPT)[keyof typeof RECEIPT],
	body: Uint8Array,
): void {
	state.host.wakeAt(state.receipts.add(caller, id, state.host.now(), kind, body));
}
