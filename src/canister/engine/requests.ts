import {
	checkContentType,
	checkMetadata,
	ID_BYTES,
	MAX_LIST_PAGE,
	SHA256_BYTES,
	type WirePrecondition,
	type WirePublication,
} from "../../protocol/index.js";
import type { Blob } from "./blobs.js";
import { RECEIPT, type Receipt, type ReceiptKind } from "./receipts.js";
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

export function checkItems(count: number, most: number): void {
	if (count < 1 || count > most)
		refuse("invalid_argument", {
			field: "blobs",
			reason: "there must be from 1 to as many as the limit",
			limit: BigInt(most),
		});
}

/** Messages with many blobs have few types, and the check is a long expression. */
let checkedType: string | undefined;

export function checkPublication(publication: Omit<WirePublication, "precondition" | "visibility">): void {
	if (publication.content_type !== checkedType) {
		refuseInvalid(checkContentType(publication.content_type));
		checkedType = publication.content_type;
	}
	refuseInvalid(checkMetadata(publication.metadata));
	checkHash("root", publication.root);
	checkHash("sha256", publication.sha256[0]);
}

function checkHash(field: string, hash: Uint8Array | undefined): void {
	if (hash !== undefined && hash.length !== SHA256_BYTES)
		refuse("invalid_argument", {
			field,
			reason: "a SHA-256 has exactly 32 bytes",
			limit: BigInt(SHA256_BYTES),
		});
}

export function checkPrecondition(precondition: WirePrecondition, held: Blob | undefined): void {
	if ("none" in precondition) return;
	const sequence = held === undefined ? 0n : held.manifest.sequence;
	const wanted = "absent" in precondition ? 0n : precondition.sequence;
	if (wanted !== sequence) refuse("precondition_failed", { sequence });
}

export function leaveReceipt(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	kind: ReceiptKind,
	body: Uint8Array,
): void {
	state.wakeAt(state.receipts.add(caller, id, state.now, kind, body));
}

/** What the id stands for already; an id that was used for something else is a mistake of the client. */
export function receiptOf(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	kind: ReceiptKind,
): Receipt | undefined {
	checkId(id);
	const receipt = state.receipts.get(caller, id);
	const isTaken = receipt === undefined ? state.uploads.get(caller, id) !== undefined : receipt.kind !== kind;
	if (isTaken) refuse("upload_conflict", { field: "purpose" });
	return receipt;
}

/** An id that has a receipt begins and holds no upload any more. */
export function refuseFinished(receipt: Receipt | undefined): void {
	if (receipt === undefined) return;
	if (receipt.kind === RECEIPT.committed) refuse("upload_finished", { outcome: "committed" });
	if (receipt.kind === RECEIPT.aborted) refuse("upload_finished", { outcome: "aborted" });
	refuse("upload_conflict", { field: "purpose" });
}
