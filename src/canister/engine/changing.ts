import { Principal } from "@dfinity/principal";
import {
	checkContentType,
	checkKey,
	checkMetadata,
	Deleted,
	type Encodable,
	isPublic,
	Message,
	type MethodArgs,
	type WireDelete,
	type WireDeleted,
	type WireDeleteItem,
	type WireManifest,
	type WireMove,
	type WireUpdate,
} from "../../protocol/index.js";
import type { Blob, Place } from "./blobs.js";
import { nanoseconds } from "./codec.js";
import { payerOf } from "./granted.js";
import { chargeOfBlob, discard, moreBlobs, put, remove, visibilityOf } from "./publishing.js";
import { RECEIPT, type ReceiptKind } from "./receipts.js";
import { refuse, refuseInvalid } from "./refusal.js";
import { checkPrecondition, onceFor, requireStill } from "./requests.js";
import type { State } from "./state.js";

const deletions = new Message(Deleted);

/** Changes of blobs that carry no bytes. */
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

	/** Type, visibility or metadata: what is given changes. */
	update(request: WireUpdate): Uint8Array {
		const { id, key, content_type, visibility, metadata } = request;
		const act = (caller: Uint8Array) => {
			const state = this.#state;
			refuseInvalid(checkKey(key));
			const held = this.#readable(key);
			const willBe = visibility[0] === undefined ? held.isPublic : "public" in visibility[0];
			const grant = state.access.requireChange(caller, "write", key, held, { isPublic: willBe });
			if (content_type[0] !== undefined) refuseInvalid(checkContentType(content_type[0]));
			if (metadata[0] !== undefined) refuseInvalid(checkMetadata(metadata[0]));
			state.room.check(0);
			checkPrecondition(request.precondition, held);
			const manifest: WireManifest = {
				...held.manifest,
				...state.nextVersion,
				content_type: content_type[0] ?? held.manifest.content_type,
				visibility: visibility[0] === undefined ? held.manifest.visibility : visibilityOf(visibility[0]),
				metadata: metadata[0] ?? held.manifest.metadata,
				modified_at: this.#now(),
			};
			const bytes = this.#checkOther(held, manifest);
			const payer = grant && payerOf(state, caller, key, held, { isPublic: willBe, bytes });
			state.charges.charge(held.owner, bytes);
			if (payer !== undefined) state.grants.use(payer, Math.max(0, bytes), 0);
			const isSame =
				held.manifest.content_type === manifest.content_type && held.isPublic === isPublic(manifest);
			const place = isSame
				? state.responses.keep(caller, manifest, held.place)
				: this.#otherAnswers(caller, manifest, held);
			return put(state, caller, id, manifest, place, held).bytes;
		};
		const still = (caller: Uint8Array) => requireStill(this.#state, caller, "write", key);
		return this.#once("blobs_update", request, RECEIPT.updated, 2, act, still);
	}

	/** What more is stored about a blob under another manifest, if its owner's quota allows that. */
	#checkOther({ owner, manifest: before }: Blob, manifest: WireManifest): number {
		const { charges, now } = this.#state;
		const more = chargeOfBlob(manifest) - chargeOfBlob(before);
		charges.check(owner, { bytes: more }, now);
		return more;
	}

	#otherAnswers(caller: Uint8Array, manifest: WireManifest, held: Blob): Place {
		const { responses } = this.#state;
		responses.release(caller, held);
		return responses.hold(caller, manifest, bare(held.place));
	}

	/** The caller gets a blob of its own, with the same bytes. */
	copy(request: WireMove): Uint8Array {
		const act = (caller: Uint8Array) => {
			const state = this.#state;
			const { source, target, grant } = this.#checkMove(caller, request);
			const { place, manifest } = source;
			const charged = chargeOfBlob({ ...manifest, key: request.to });
			const blobs = moreBlobs(state, caller, request.to, target);
			state.charges.check(caller, { blobs, bytes: charged }, state.now);
			if (grant !== undefined) this.#useGrant(caller, request.to, source, target, charged);
			if (place.content !== 0) state.contents.share(place.content);
			else if (place.leaf.length > 0) state.chunks.holdAgain(place.uploader, place.leaf);
			state.charges.charge(caller, charged);
			const now = this.#now();
			const copy: WireManifest = {
				...manifest,
				key: request.to,
				...state.nextVersion,
				owner: Principal.fromUint8Array(caller),
				created_at: now,
				modified_at: now,
			};
			const its = state.responses.hold(caller, copy, bare(place));
			const blob = put(state, caller, request.id, copy, its, target);
			if (target !== undefined) discard(state, caller, target);
			return blob.bytes;
		};
		const still = (caller: Uint8Array) => requireStill(this.#state, caller, "write", request.to);
		return this.#once("blobs_copy", request, RECEIPT.moved, 2, act, still);
	}

	/** The blob keeps its owner. Two changes: the old key is emptied, then the new one holds it. */
	rename(request: WireMove): Uint8Array {
		const act = (caller: Uint8Array) => {
			const state = this.#state;
			const { source, target, grant } = this.#checkMove(caller, request);
			state.access.requireChange(caller, "delete", request.from, source);
			const { owner } = source;
			// Its owner's upload to the old key keeps that taken, so the new key is one more.
			if (state.claims.count(owner, request.from) > 0)
				state.charges.check(owner, { blobs: moreBlobs(state, owner, request.to, target) }, state.now);
			const moved = { ...source.manifest, key: request.to };
			const more = this.#checkOther(source, moved);
			if (grant !== undefined) this.#useGrant(caller, request.to, source, target, chargeOfBlob(moved));
			state.charges.charge(owner, more);
			remove(state, caller, source);
			const renamed: WireManifest = {
				...source.manifest,
				key: request.to,
				...state.nextVersion,
				modified_at: this.#now(),
			};
			const place = state.responses.keep(caller, renamed, source.place);
			const blob = put(state, caller, request.id, renamed, place, target);
			if (target !== undefined) discard(state, caller, target);
			return blob.bytes;
		};
		const still = (caller: Uint8Array) => {
			requireStill(this.#state, caller, "write", request.to);
			requireStill(this.#state, caller, "delete", request.from);
		};
		return this.#once("blobs_rename", request, RECEIPT.moved, 3, act, still);
	}

	/** Counts a blob that comes under a key in a grant, if that has room for it. */
	#useGrant(caller: Uint8Array, to: string, source: Blob, target: Blob | undefined, bytes: number): void {
		const use = { isPublic: source.isPublic, bytes, blobs: 1 };
		this.#state.grants.use(payerOf(this.#state, caller, to, target, use), bytes, 1);
	}

	#checkMove(caller: Uint8Array, { from, to, source, precondition }: WireMove) {
		const state = this.#state;
		refuseInvalid(checkKey(from, "from"));
		refuseInvalid(checkKey(to, "to"));
		if (from === to)
			refuse("invalid_argument", { field: "to", reason: "it is the key that the blob has", limit: 0n });
		const blob = this.#readable(from);
		checkPrecondition(source, blob);
		const target = state.blobs.get(to);
		const grant = state.access.requireChange(caller, "write", to, target, { isPublic: blob.isPublic });
		state.room.check(0);
		checkPrecondition(precondition, target);
		return { source: blob, target, grant };
	}

	/** To who may not read it, a blob is as if it were not there. */
	#readable(key: string): Blob {
		const blob = this.#state.blobs.get(key);
		if (blob === undefined || !this.#state.access.mayRead(key, blob)) return refuse("blob_not_found", {});
		return blob;
	}

	/** Makes a change whose answer is kept for duplicates; `still` refuses those that may not be told any more. */
	#once<Name extends "blobs_delete" | "blobs_update" | "blobs_copy" | "blobs_rename">(
		method: Name,
		request: MethodArgs<Name>[0],
		kind: ReceiptKind,
		changes: number,
		act: (caller: Uint8Array) => Uint8Array,
		still: (caller: Uint8Array) => void,
	): Uint8Array {
		const state = this.#state;
		const caller = state.access.caller();
		const again = (answer: Uint8Array) => {
			still(caller);
			return answer;
		};
		return onceFor(state, caller, method, request, kind, changes, () => act(caller), again);
	}

	#now(): bigint {
		return nanoseconds(this.#state.now);
	}
}

const NO_BYTES = new Uint8Array(0);

/** The place without the answers of the blob that has it. */
const bare = (place: Place): Place => ({ ...place, responses: NO_BYTES, directory: 0 });

/** Empties a key, if the caller may; it may be empty already. */
export function deleteKey(
	state: State,
	caller: Uint8Array,
	{ key, precondition }: WireDeleteItem,
): WireDeleted {
	refuseInvalid(checkKey(key));
	const held = state.blobs.get(key);
	state.access.requireChange(caller, "delete", key, held);
	checkPrecondition(precondition, held);
	if (held !== undefined) {
		state.charges.check(caller, { changes: 2 }, state.now);
		remove(state, caller, held);
		discard(state, caller, held);
	}
	return { deleted: held !== undefined, version: state.feed.version };
}
