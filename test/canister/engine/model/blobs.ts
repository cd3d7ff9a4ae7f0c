import {
	isPublic,
	MAX_CHUNK_BYTES,
	type MethodArgs,
	sameBytes,
	type WireDeleteItem,
	type WireManifest,
	type WireMoveItem,
	type WirePublication,
	type WireUpdateItem,
} from "../../../../src/protocol/index.js";
import { rootOf } from "../../../support/store.js";
import { chargeOfBlob } from "./charges.js";
import {
	type Model,
	type ModelBlob,
	nameOf,
	numberOf,
	type Piece,
	PRINCIPALS,
	pieceOf,
	Refused,
	refuse,
} from "./model.js";

/** What the methods that change blobs should do. */

export const nameOfCase = (variant: object): string => Object.keys(variant)[0]!;

/** With an id that leaves its receipt. */
export function publish(
	model: Model,
	who: number,
	id: Uint8Array | undefined,
	what: WirePublication & { key: string },
	chunkSize: number,
	pieces: readonly Piece[],
): WireManifest {
	const { key, root, content_type, visibility, metadata, sha256 } = what;
	model.freeExpired(key);
	const as = what.as[0];
	const manifest: WireManifest = {
		key,
		...model.version,
		root,
		size: BigInt(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)),
		chunk_size: chunkSize,
		content_type,
		visibility: nameOfCase(visibility),
		owner: as?.owner ?? PRINCIPALS[who]!,
		created_at: as?.created_at ?? model.nanoseconds(),
		modified_at: as?.modified_at ?? model.nanoseconds(),
		metadata,
		sha256,
		expires_at: model.endOf(key, what.expires_at, as),
	};
	const owner = as === undefined ? who : numberOf(as.owner);
	const blob = hold(model, who, { manifest, owner, uploader: who, pieces });
	if (id !== undefined) model.leave(who, id, "committed", "", blob.manifest);
	return blob.manifest;
}

/** Puts a blob under its key, with the next number, in the place of whatever was there. */
export function hold(model: Model, by: number, blob: ModelBlob, isSameContent = false): ModelBlob {
	const { key } = blob.manifest;
	const held = model.blobs.get(key);
	if (held !== undefined) model.leases.keep(held);
	model.sequence++;
	model.changed(by);
	const numbered = { ...blob, manifest: { ...blob.manifest, ...model.version } };
	model.blobs.set(key, numbered);
	if (held !== undefined && !isSameContent) model.discard(held, by);
	return numbered;
}

/**
 * Checks what came whole, and answers its one piece, or none, and the grant that it counts in. `before`: changes of the
 * message that count already.
 */
export function checkWhole(
	model: Model,
	who: number,
	item: WirePublication & { key: string },
	bytes: Uint8Array,
	before = 0,
) {
	const pieces = bytes.length === 0 ? [] : [pieceOf(bytes)];
	const isPublic = "public" in item.visibility;
	model.requireAs(item.as[0]);
	model.requireEnd(item.expires_at[0]);
	model.requireChange(who, item.key, { isPublic });
	const expires_at = model.endOf(item.key, item.expires_at, item.as[0]);
	const bytesHeld = chargeOfBlob({
		manifest: { ...item, visibility: nameOfCase(item.visibility), expires_at } as unknown as WireManifest,
		pieces,
	});
	model.requireQuota(who, { key: item.key, bytes: bytesHeld });
	model.requireChanges(who, 2 + before);
	const use = { isPublic, bytes: bytesHeld, blobs: 1 };
	const grant = model.pay(who, item.key, use);
	model.requirePrecondition(item.precondition, item.key);
	if (!sameBytes(item.root, rootOf(bytes, MAX_CHUNK_BYTES))) refuse("root_mismatch");
	if (grant !== undefined) model.grants.use(grant, bytesHeld, 1);
	return { pieces, grant };
}

export function putBlob(model: Model, who: number, [request, bytes]: MethodArgs<"blobs_put_blob">) {
	const { id, key, root } = request;
	model.requireMode("live");
	model.requireWriter(who);
	const receipt = model.receipts.get(nameOf(who, id));
	const before = receipt?.answer as WireManifest;
	if (receipt?.kind === "committed" && before.key === key && sameBytes(before.root, root)) {
		model.requireStill(who, key);
		return before;
	}
	model.refuseFinished(receipt);
	if (model.uploads.has(nameOf(who, id))) refuse("upload_conflict");
	model.requireReceivable(who, bytes.length);
	const { pieces } = checkWhole(model, who, request, bytes);
	model.changed(who);
	return publish(model, who, id, request, MAX_CHUNK_BYTES, pieces);
}

/** What becomes of each of many: the number of its change, or the code of its refusal. */
function each<Item, Done>(items: Item[], act: (item: Item) => Done): (Done | string)[] {
	return items.map((item) => {
		try {
			return act(item);
		} catch (error) {
			if (error instanceof Refused) return error.code;
			throw error;
		}
	});
}

/** The first answer, but of keys that the caller may not change any more. */
const stillOf =
	<Done>(model: Model, who: number, items: readonly { key: string }[]) =>
	(answer: (Done | string)[]) =>
		answer.map((result, i) => {
			if (typeof result === "string") return result;
			return each([items[i]!], ({ key }) => {
				model.requireStill(who, key);
				return result;
			})[0]!;
		});

export function putMany(model: Model, who: number, [request]: MethodArgs<"blobs_put_many">) {
	const { id, blobs } = request;
	model.requireMode("live");
	model.requireWriter(who);
	const identity = blobs.map(({ key, root }) => [key, root]);
	const put = () => {
		model.requireReceivable(
			who,
			blobs.reduce((sum, { content }) => sum + content.length, 0),
		);
		return each(blobs, (item) => {
			const { pieces } = checkWhole(model, who, item, item.content);
			// The message has one receipt, not each blob.
			publish(model, who, undefined, item, MAX_CHUNK_BYTES, pieces);
			return model.version;
		});
	};
	return model.once(who, id, "putMany", "blobs_put_many", identity, 1, put, stillOf(model, who, blobs));
}

export function remove(model: Model, who: number, { key, precondition }: WireDeleteItem) {
	model.requireChange(who, key);
	model.requirePrecondition(precondition, key);
	const held = model.get(key);
	if (held !== undefined) {
		model.requireChanges(who, 2);
		model.leases.keep(held);
		model.sequence++;
		model.changed(who);
		model.blobs.delete(key);
		model.discard(held, who);
	}
	return { deleted: held !== undefined, version: model.version };
}

export function requireWriter(model: Model, who: number): void {
	model.requireMode("draining");
	model.requireWriter(who);
}

/** The first answer, if the caller may still change the keys. */
export const still =
	(model: Model, who: number, ...keys: string[]) =>
	<T>(answer: T): T => {
		model.requireStill(who, ...keys);
		return answer;
	};

export function deleteBlob(model: Model, who: number, [request]: MethodArgs<"blobs_delete">) {
	requireWriter(model, who);
	const act = () => remove(model, who, request);
	return model.once(
		who,
		request.id,
		"deleted",
		"blobs_delete",
		request,
		1,
		act,
		still(model, who, request.key),
	);
}

export function deleteMany(model: Model, who: number, [request]: MethodArgs<"blobs_delete_many">) {
	requireWriter(model, who);
	const { id, blobs } = request;
	const act = () => each(blobs, (item) => remove(model, who, item));
	return model.once(who, id, "deletedMany", "blobs_delete_many", request, 1, act, stillOf(model, who, blobs));
}

function readable(model: Model, who: number, key: string): ModelBlob {
	const blob = model.get(key);
	return blob !== undefined && model.mayRead(who, blob) ? blob : refuse("blob_not_found");
}

export function say(model: Model, who: number, request: WireUpdateItem): WireManifest {
	const held = readable(model, who, request.key);
	const [visibility] = request.visibility;
	const willBe = visibility === undefined ? isPublic(held.manifest) : "public" in visibility;
	model.requireChange(who, request.key, { isPublic: willBe });
	const asked = request.expiry.flatMap((expiry) => ("at" in expiry ? [expiry.at] : [])) as [] | [bigint];
	model.requireEnd(asked[0]);
	model.requirePrecondition(request.precondition, request.key);
	const manifest = {
		...held.manifest,
		content_type: request.content_type[0] ?? held.manifest.content_type,
		visibility:
			request.visibility[0] === undefined ? held.manifest.visibility : nameOfCase(request.visibility[0]),
		metadata: request.metadata[0] ?? held.manifest.metadata,
		modified_at: model.nanoseconds(),
		expires_at: request.expiry.length === 0 ? held.manifest.expires_at : model.endOf(request.key, asked),
	};
	const more = requireOther(model, held, manifest);
	const grant = model.pay(who, request.key, { isPublic: willBe, bytes: more });
	if (grant !== undefined) model.grants.use(grant, Math.max(0, more), 0);
	return hold(model, who, { ...held, manifest }, true).manifest;
}

export function update(model: Model, who: number, [request]: MethodArgs<"blobs_update">) {
	requireWriter(model, who);
	const act = () => say(model, who, request);
	return model.once(
		who,
		request.id,
		"updated",
		"blobs_update",
		request,
		2,
		act,
		still(model, who, request.key),
	);
}

function checkMove(model: Model, who: number, request: WireMoveItem): ModelBlob {
	const { from, to, source, precondition } = request;
	if (from === to) refuse("invalid_argument");
	const blob = readable(model, who, from);
	model.requirePrecondition(source, from);
	model.requireChange(who, to, { isPublic: isPublic(blob.manifest) });
	model.requirePrecondition(precondition, to);
	return blob;
}

export function publishAgain(model: Model, who: number, request: WireMoveItem): WireManifest {
	const blob = checkMove(model, who, request);
	const expires_at = model.endOf(request.to, blob.manifest.expires_at);
	const as = { ...blob, manifest: { ...blob.manifest, key: request.to, expires_at } };
	model.requireQuota(who, { key: request.to, bytes: chargeOfBlob(as) });
	comeUnder(model, who, as);
	const at = model.nanoseconds();
	const owner = PRINCIPALS[who]!;
	model.freeExpired(request.to);
	const manifest = { ...as.manifest, owner, created_at: at, modified_at: at };
	return hold(model, who, { ...blob, manifest, owner: who }).manifest;
}

export function copy(model: Model, who: number, [request]: MethodArgs<"blobs_copy">) {
	requireWriter(model, who);
	const act = () => publishAgain(model, who, request);
	return model.once(who, request.id, "moved", "blobs_copy", request, 2, act, still(model, who, request.to));
}

export function moveTo(model: Model, who: number, request: WireMoveItem): WireManifest {
	const blob = checkMove(model, who, request);
	model.requireChange(who, request.from);
	if (model.isUploadedTo(blob.owner, request.from)) model.requireQuota(blob.owner, { key: request.to });
	const expires_at = model.endOf(request.to, blob.manifest.expires_at);
	const moved = { ...blob, manifest: { ...blob.manifest, key: request.to, expires_at } };
	requireOther(model, blob, moved.manifest);
	comeUnder(model, who, moved);
	model.freeExpired(request.to);
	model.leases.keep(blob);
	model.sequence++;
	model.changed(who);
	model.blobs.delete(request.from);
	const manifest = { ...moved.manifest, modified_at: model.nanoseconds() };
	return hold(model, who, { ...blob, manifest }).manifest;
}

export function rename(model: Model, who: number, [request]: MethodArgs<"blobs_rename">) {
	requireWriter(model, who);
	const act = () => moveTo(model, who, request);
	const { to, from } = request;
	return model.once(who, request.id, "moved", "blobs_rename", request, 3, act, still(model, who, to, from));
}

/** Counts a blob that comes under a key in the grant by which it does. */
export function comeUnder(model: Model, who: number, blob: ModelBlob): void {
	const bytes = chargeOfBlob(blob);
	const grant = model.pay(who, blob.manifest.key, { isPublic: isPublic(blob.manifest), bytes, blobs: 1 });
	if (grant !== undefined) model.grants.use(grant, bytes, 1);
}

/** The owner's quota must bear what is stored about its blob under another manifest. */
export function requireOther(model: Model, blob: ModelBlob, manifest: WireManifest): number {
	const bytes = chargeOfBlob({ ...blob, manifest }) - chargeOfBlob(blob);
	model.requireQuota(blob.owner, { bytes });
	return bytes;
}
