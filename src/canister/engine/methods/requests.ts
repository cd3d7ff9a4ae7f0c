import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import {
	checkContentType,
	checkHeaders,
	checkMetadata,
	encodeValue,
	ID_BYTES,
	MAX_LIST_PAGE,
	METHODS,
	type MethodArgs,
	type MethodName,
	SHA256_BYTES,
	sameBytes,
	type WireChangeOf,
	type WirePrecondition,
	type WirePublication,
	type WireVersion,
} from "../../../protocol/index.js";
import { concat, readVersion, versionRecord } from "../base/codec.js";
import { refuse, refuseArgument, refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { RECEIPT, type Receipt, type ReceiptKind } from "../store/receipts.js";

/** Bounds of what requests carry, and what several methods do alike. */

export function checkId(id: Uint8Array): void {
	if (id.length !== ID_BYTES) refuseArgument("id", "it must be exactly as long as the limit", ID_BYTES);
}

/** How many entries a page may have: what was asked for, within the limit. */
export function pageLimit(limit: number, most = MAX_LIST_PAGE): number {
	if (limit < 1) refuseArgument("limit", "a page has at least one entry", most);
	return Math.min(limit, most);
}

export function checkItems(count: number, most: number, field = "blobs"): void {
	if (count < 1 || count > most) refuseArgument(field, "there must be from 1 to as many as the limit", most);
}

/** Messages with many blobs have few types, and the check is a long expression. */
let checkedType: string | undefined;

export function checkPublication(publication: Omit<WirePublication, "precondition" | "visibility">): void {
	if (publication.content_type !== checkedType) {
		refuseInvalid(checkContentType(publication.content_type));
		checkedType = publication.content_type;
	}
	refuseInvalid(checkMetadata(publication.metadata) ?? checkHeaders(publication.metadata));
	checkHash("root", publication.root);
	checkHash("sha256", publication.sha256[0]);
}

function checkHash(field: string, hash: Uint8Array | undefined): void {
	if (hash !== undefined && hash.length !== SHA256_BYTES)
		refuseArgument(field, "a SHA-256 has exactly 32 bytes", SHA256_BYTES);
}

/** The version of a key that holds nothing. */
const NOTHING: WireVersion = { sequence: 0n, canister_version: 0n };

export function checkPrecondition(precondition: WirePrecondition, held: Blob | undefined): void {
	if ("none" in precondition) return;
	const { sequence, canister_version } = held?.version ?? NOTHING;
	const wanted = "absent" in precondition ? NOTHING : precondition.version;
	// After a rollback a number names another version than before: both must be the same. 0 is the empty key's.
	const isMet =
		wanted.sequence === sequence && (sequence === 0n || wanted.canister_version === canister_version);
	if (!isMet) refuse("precondition_failed", { sequence, canister_version });
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

/** What a request is told from others by: its method, and its Candid value or what identifies it. */
export function fingerprintOf(state: State, method: MethodName, ...parts: Uint8Array[]): Uint8Array {
	return state.host.hashing.sha256(concat(encodeUtf8(method), ...parts));
}

/**
 * Makes a change once, however often it is asked for: a duplicate gets the first answer again, as far as `again` lets
 * it. The id under another request, of the same method too, is a mistake of the client: it would be told of a change
 * that was never made.
 * `changes` are the entries of the feed and the receipt that the quota must have left; 0 where it is not asked.
 */
export function once(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	kind: ReceiptKind,
	fingerprint: () => Uint8Array,
	changes: number,
	act: () => Uint8Array,
	again: (answer: Uint8Array) => Uint8Array = (answer) => answer,
): Uint8Array {
	const receipt = receiptOf(state, caller, id, kind);
	if (receipt !== undefined) {
		if (!sameBytes(receipt.body.subarray(0, SHA256_BYTES), fingerprint()))
			refuse("upload_conflict", { field: "request" });
		return again(receipt.body.subarray(SHA256_BYTES));
	}
	if (changes > 0) state.charges.check(caller, { changes }, state.now);
	const answer = act();
	state.charges.changed(caller, state.now);
	leaveReceipt(state, caller, id, kind, concat(fingerprint(), answer));
	return answer;
}

/**
 * The same for a request that is one record with an id. `encode` writes it as an earlier version did where it has nothing
 * that is new since, so that it is known again across an upgrade.
 */
export function onceFor<Name extends OneRecord>(
	state: State,
	caller: Uint8Array,
	method: Name,
	request: MethodArgs<Name>[0] & { readonly id: Uint8Array },
	kind: ReceiptKind,
	changes: number,
	act: () => Uint8Array,
	again?: (answer: Uint8Array) => Uint8Array,
	encode = () => encodeValue(METHODS[method].args[0]!, request),
): Uint8Array {
	const fingerprint = () => fingerprintOf(state, method, encode());
	return once(state, caller, request.id, kind, fingerprint, changes, act, again);
}
type OneRecord =
	| Administrative
	| "blobs_delete"
	| "blobs_update"
	| "blobs_copy"
	| "blobs_rename"
	| "blobs_restore"
	| "blobs_take_offer"
	| "blobs_remove_owned";
type Administrative =
	| "blobs_grant_role"
	| "blobs_revoke_role"
	| "blobs_set_quota"
	| "blobs_set_mode"
	| "blobs_begin_import"
	| "blobs_end_import"
	| "blobs_take_lease"
	| "blobs_extend_lease"
	| "blobs_release_lease"
	| "blobs_offer"
	| "blobs_withdraw_offer"
	| "blobs_offer_link"
	| "blobs_accept_link"
	| "blobs_end_link"
	| "blobs_give_grant"
	| "blobs_revoke_grant"
	| "blobs_set_expiry_rules"
	| "blobs_set_keep_deleted"
	| "blobs_purge";

/**
 * Makes a change whose answer is its version, with its place in the feed; without a change, the last one's. What
 * administrators do as such is counted, and never refused for a quota, so `changes` is 0.
 */
export function administer<Name extends Administrative>(
	state: State,
	method: Name,
	request: MethodArgs<Name>[0],
	act: (caller: Uint8Array) => WireChangeOf | undefined,
	changes = 0,
): WireVersion {
	const caller = state.access.caller();
	const make = () => {
		const change = act(caller);
		if (change !== undefined) state.recordAdministration(caller, change);
		return versionRecord(state.lastVersion);
	};
	return readVersion(onceFor(state, caller, method, request, RECEIPT.administered, changes, make));
}

/** Refuses to repeat an answer to a caller who may not make this change any more. */
export function requireStill(
	{ access, blobs }: State,
	caller: Uint8Array,
	action: "write" | "delete",
	key: string,
): void {
	if (access.isLetInByRole) return;
	const needs = access.neededStill(caller, action, key, blobs.get(key));
	if (needs !== undefined) refuse("not_authorized", { needs });
}

/** An id that has a receipt begins and holds no upload any more. */
export function refuseFinished(receipt: Receipt | undefined): void {
	if (receipt === undefined) return;
	if (receipt.kind === RECEIPT.committed) refuse("upload_finished", { outcome: "committed" });
	if (receipt.kind === RECEIPT.aborted) refuse("upload_finished", { outcome: "aborted" });
	if (receipt.kind === RECEIPT.stagedUpload) refuse("upload_finished", { outcome: "staged" });
	refuse("upload_conflict", { field: "purpose" });
}
