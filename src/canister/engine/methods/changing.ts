import {
	checkContentType,
	checkHeaders,
	checkKey,
	checkMetadata,
	Deleted,
	type Encodable,
	encodeValue,
	isPublic,
	Message,
	type MethodArgs,
	UpdateWithoutExpiry,
	type WireDelete,
	type WireDeleted,
	type WireDeleteItem,
	type WireManifest,
	type WireMove,
	type WireUpdate,
	type WireUpdateItem,
} from "../../../protocol/index.js";
import type { Grant } from "../accounts/grant-record.js";
import { nanoseconds } from "../base/codec.js";
import { refuseInvalid } from "../base/refusal.js";
import type { State } from "../state.js";
import type { Blob } from "../store/blobs.js";
import { RECEIPT, type ReceiptKind } from "../store/receipts.js";
import { discard } from "./discarding.js";
import { checkEnd, endOf } from "./expiring.js";
import { payerOf } from "./granted.js";
import { checkCopy, checkRename, copyBlob, renameBlob } from "./moving.js";
import { bare, checkOther, put, readable, remove, visibilityOf } from "./publishing.js";
import { checkPrecondition, onceFor, requireStill } from "./requests.js";

const deletions = new Message(Deleted);

/** Changes of blobs that carry no bytes, one in a message. */
export class Changing {
	readonly #state: State;

	constructor(state: State) {
		this.#state = state;
	}

	delete(request: WireDelete): Encodable<WireDeleted> {
		const answer = this.#once(
			"blobs_delete",
			request,
			RECEIPT.deleted,
			1,
			(caller) => deletions.encode(deleteKey(this.#state, caller, request)),
			(caller) => requireStill(this.#state, caller, "delete", request.key),
		);
		return deletions.part(answer);
	}

	update(request: WireUpdate): Uint8Array {
		const state = this.#state;
		const act = (caller: Uint8Array) =>
			updateBlob(state, caller, request.id, checkUpdate(state, caller, request)).bytes;
		const still = (caller: Uint8Array) => requireStill(state, caller, "write", request.key);
		const isAsBefore = request.expiry[0] === undefined;
		const encode = isAsBefore ? () => encodeValue(UpdateWithoutExpiry, request) : undefined;
		return this.#once("blobs_update", request, RECEIPT.updated, 2, act, still, encode);
	}

	copy(request: WireMove): Uint8Array {
		const state = this.#state;
		const act = (caller: Uint8Array) =>
			copyBlob(state, caller, request.id, request.to, checkCopy(state, caller, request)).bytes;
		const still = (caller: Uint8Array) => requireStill(state, caller, "write", request.to);
		return this.#once("blobs_copy", request, RECEIPT.moved, 2, act, still);
	}

	rename(request: WireMove): Uint8Array {
		const state = this.#state;
		const act = (caller: Uint8Array) =>
			renameBlob(state, caller, request.id, request.to, checkRename(state, caller, request)).bytes;
		const still = (caller: Uint8Array) => {
			requireStill(state, caller, "write", request.to);
			requireStill(state, caller, "delete", request.from);
		};
		return this.#once("blobs_rename", request, RECEIPT.moved, 3, act, still);
	}

	/** Makes a change whose answer is kept for duplicates; `still` refuses those that may not be told any more. */
	#once<Name extends "blobs_delete" | "blobs_update" | "blobs_copy" | "blobs_rename">(
		method: Name,
		request: MethodArgs<Name>[0],
		kind: ReceiptKind,
		changes: number,
		act: (caller: Uint8Array) => Uint8Array,
		still: (caller: Uint8Array) => void,
		encode?: () => Uint8Array,
	): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const again = (answer: Uint8Array) => {
			still(caller);
			return answer;
		};
		return onceFor(state, caller, method, request, kind, changes, () => act(caller), again, encode);
	}
}

/** An update that may be made, and what it takes. */
interface Updated {
	readonly held: Blob;
	/** Type, visibility, metadata and end from now on. */
	readonly said: Pick<WireManifest, "content_type" | "visibility" | "metadata" | "expires_at">;
	/** What its owner is charged more. */
	readonly charged: number;
	readonly payer: Grant | undefined;
}

/** Refuses an update for anything that rules it out. */
export function checkUpdate(state: State, caller: Uint8Array, request: WireUpdateItem): Updated {
	const { key, content_type, visibility, metadata, expiry } = request;
	refuseInvalid(checkKey(key));
	const held = readable(state, key);
	const willBe = visibility[0] === undefined ? held.isPublic : "public" in visibility[0];
	const grant = state.access.requireChange(caller, "write", key, held, { isPublic: willBe });
	if (content_type[0] !== undefined) refuseInvalid(checkContentType(content_type[0]));
	if (metadata[0] !== undefined) refuseInvalid(checkMetadata(metadata[0]) ?? checkHeaders(metadata[0]));
	const asked = expiry[0] !== undefined && "at" in expiry[0] ? expiry[0].at : undefined;
	checkEnd(state, asked);
	state.capacity.check(0);
	checkPrecondition(request.precondition, held);
	const said = {
		content_type: content_type[0] ?? held.manifest.content_type,
		visibility: visibility[0] === undefined ? held.manifest.visibility : visibilityOf(visibility[0]),
		metadata: metadata[0] ?? held.manifest.metadata,
		expires_at: expiry[0] === undefined ? held.manifest.expires_at : endOf(state, key, asked),
	};
	const charged = checkOther(state, held, { ...held.manifest, ...said });
	const payer = grant && payerOf(state, caller, key, held, { isPublic: willBe, bytes: charged });
	return { held, said, charged, payer };
}

/** What is given changes; no byte is touched. */
export function updateBlob(
	state: State,
	caller: Uint8Array,
	id: Uint8Array,
	{ held, said, charged, payer }: Updated,
): Blob {
	const manifest: WireManifest = {
		...held.manifest,
		...state.nextVersion,
		...said,
		modified_at: nanoseconds(state.now),
	};
	state.charges.charge(held.owner, charged);
	if (payer !== undefined) state.grants.use(payer, Math.max(0, charged), 0);
	const isSame = held.manifest.content_type === manifest.content_type && held.isPublic === isPublic(manifest);
	if (isSame)
		return put(state, caller, id, manifest, state.responses.keep(caller, manifest, held.place), held);
	state.responses.release(caller, held);
	return put(state, caller, id, manifest, state.responses.hold(caller, manifest, bare(held.place)), held);
}

/** What a key holds that may be deleted; it may be empty already. */
export function checkDelete(
	state: State,
	caller: Uint8Array,
	{ key, precondition }: WireDeleteItem,
): Blob | undefined {
	refuseInvalid(checkKey(key));
	const held = state.blobs.get(key);
	state.access.requireChange(caller, "delete", key, held);
	checkPrecondition(precondition, held);
	// Its entry in the feed, and the receipt of its message.
	if (held !== undefined) state.charges.check(caller, { changes: 2 }, state.now);
	return held;
}

/** Empties a key. */
export function deleteBlob(state: State, caller: Uint8Array, held: Blob): void {
	remove(state, caller, held);
	discard(state, caller, held);
}

/** Empties a key, if the caller may; it may be empty already. */
export function deleteKey(state: State, caller: Uint8Array, request: WireDeleteItem): WireDeleted {
	const held = checkDelete(state, caller, request);
	if (held !== undefined) deleteBlob(state, caller, held);
	return { deleted: held !== undefined, version: state.lastVersion };
}
