import {
	BATCH_EXPIRY_MS,
	type ErrorCode,
	MAX_BATCHES,
	MAX_CHUNK_BYTES,
	type MethodArgs,
	type WireManifest,
	type WirePrecondition,
	type WirePublication,
	type WireStagedItem,
} from "../../../../src/protocol/index.js";
import { checkWhole, type nameOfCase, requireWriter } from "./blobs.js";
import { chargeOfBlob } from "./charges.js";
import { hexOf, type ModelGrant } from "./grants.js";
import {
	type Model,
	type ModelBlob,
	nameOf,
	numberOf,
	type Piece,
	PRINCIPALS,
	Refused,
	refuse,
	S,
} from "./model.js";
import { checkUpload, useUpload } from "./uploads.js";

/** What staged batches should do: what is in them counts, and is seen by nobody until all of it is revealed. */

interface ModelItem {
	readonly key: string;
	/** Nothing where the key is to be emptied; without version, times and end until it is revealed. */
	readonly blob: ModelBlob | undefined;
	readonly precondition: WirePrecondition;
	/** What it counts for; and what it did in its grant when it was staged. */
	charged: number;
	readonly granted: number;
	readonly grant: ModelGrant | undefined;
	readonly expiresAt: [] | [bigint];
}

export interface ModelBatch {
	readonly owner: number;
	readonly id: Uint8Array;
	state: "open" | "waiting" | "dropping";
	expiresAt: number;
	items: ModelItem[];
	broken: { readonly key: string; readonly code: ErrorCode } | undefined;
}

export class Staged {
	readonly #model: Model;
	all: ModelBatch[] = [];

	constructor(model: Model) {
		this.#model = model;
	}

	get(owner: number, id: Uint8Array): ModelBatch | undefined {
		return this.all.find((batch) => batch.owner === owner && hexOf(batch.id) === hexOf(id));
	}

	isOver({ state, expiresAt }: ModelBatch): boolean {
		return state === "dropping" || (state === "open" && expiresAt <= this.#model.now);
	}

	/** Blobs that are staged by somebody, which count beside what keys hold. */
	of(owner: number): ModelItem[] {
		return this.all
			.filter((batch) => batch.owner === owner)
			.flatMap(({ items }) => items.filter(({ blob }) => blob));
	}

	giveUp(batch: ModelBatch, item: ModelItem): void {
		batch.items = batch.items.filter((each) => each !== item);
		const { blob, charged, granted, grant } = item;
		if (blob === undefined) return;
		if (grant !== undefined && this.#model.grants.all.includes(grant))
			this.#model.grants.use(grant, -granted, -1);
		this.#model.garbage.push({ holder: batch.owner, uploader: batch.owner, charged, pieces: blob.pieces });
	}

	drop(batch: ModelBatch): void {
		batch.state = "dropping";
		this.end(batch, "dropped");
	}

	end({ owner, id }: ModelBatch, outcome: "revealed" | "dropped"): void {
		this.#model.leave(owner, id, "batchEnded", "", { outcome, version: this.#model.version });
	}

	/** What a step of cleaning does, but for revealing. */
	clean(): void {
		for (const batch of this.all)
			if (batch.state === "open" && batch.expiresAt <= this.#model.now) this.drop(batch);
		for (const batch of this.all)
			if (batch.state === "dropping") for (const item of batch.items) this.giveUp(batch, item);
		this.all = this.all.filter(({ state }) => state !== "dropping");
	}

	/** The one whose turn it is to be revealed. */
	get next(): ModelBatch | undefined {
		return this.all.find(({ state }) => state === "waiting");
	}

	/** Why it cannot be revealed now; undefined: it can. */
	refusalOf(batch: ModelBatch): ModelBatch["broken"] {
		for (const item of batch.items)
			try {
				this.#check(batch.owner, item);
			} catch (error) {
				if (!(error instanceof Refused)) throw error;
				return { key: item.key, code: error.code };
			}
		return undefined;
	}

	/** Those that were got ready before one was refused count by the rules of then. */
	break(batch: ModelBatch, broken: ModelBatch["broken"]): void {
		Object.assign(batch, { state: "open", broken });
		for (const item of batch.items) {
			if (item.key === broken?.key) return;
			const { key, blob, expiresAt } = item;
			if (blob === undefined) continue;
			const manifest = { ...blob.manifest, expires_at: this.#model.endOf(key, expiresAt) };
			item.charged = chargeOfBlob({ ...blob, manifest });
		}
	}

	#check(owner: number, { key, blob, precondition, grant, expiresAt }: ModelItem): void {
		const isPublic = blob?.manifest.visibility === "public";
		this.#model.requireChange(owner, key, blob === undefined ? {} : { isPublic, only: grant });
		this.#model.requirePrecondition(precondition, key);
		this.#model.requireEnd(expiresAt[0]);
	}

	/** All its keys hold what was staged, each under the manifest that the feed has of it. */
	reveal(batch: ModelBatch, published: ReadonlyMap<string, WireManifest>): void {
		const model = this.#model;
		this.all = this.all.filter((each) => each !== batch);
		this.end(batch, "revealed");
		const at = model.nanoseconds();
		for (const { key, blob, expiresAt } of batch.items) {
			const held = model.blobs.get(key);
			if (held !== undefined) {
				// Gone by the change that revealed it.
				model.leases.keep(held, model.sequence);
				model.blobs.delete(key);
				model.discard(held, batch.owner);
			}
			if (blob === undefined) continue;
			const { sequence, canister_version } = published.get(key)!;
			const expires_at = model.endOf(key, expiresAt);
			const times = { created_at: at, modified_at: at, expires_at };
			model.blobs.set(key, {
				...blob,
				manifest: { ...blob.manifest, sequence, canister_version, ...times },
			});
		}
	}
}

/** As it is answered. */
export function toWire(model: Model, batch: ModelBatch) {
	const { id, owner, state, items, expiresAt, broken } = batch;
	const receipt = model.receipts.get(nameOf(owner, id));
	if (receipt?.kind === "batchEnded") return endedOf(owner, id, receipt.answer as Ended);
	return {
		batch: id,
		owner: PRINCIPALS[owner]!,
		state,
		items: items.length,
		ready: 0,
		expires_at: BigInt(expiresAt) * 1_000_000n,
		broken: broken === undefined ? [] : [broken],
		revealed: [],
	};
}
type Ended = { outcome: "revealed" | "dropped"; version: Model["version"] };

const endedOf = (owner: number, id: Uint8Array, { outcome, version }: Ended) => ({
	batch: id,
	owner: PRINCIPALS[owner]!,
	state: outcome,
	items: 0,
	ready: 0,
	expires_at: 0n,
	broken: [],
	revealed: outcome === "revealed" ? [version] : [],
});

/** The batch, which must be open; none where it may be new. */
function toChange(model: Model, who: number, id: Uint8Array, mayBeNew: boolean): ModelBatch | undefined {
	if (model.receipts.get(nameOf(who, id))?.kind === "batchEnded") refuse("batch_finished");
	const batch = model.staged.get(who, id);
	if (batch === undefined && mayBeNew) return undefined;
	if (batch === undefined || batch.expiresAt <= model.now) return refuse("batch_not_found");
	if (batch.state !== "open") refuse("batch_revealing");
	return batch;
}

export const stagedContentOf = (items: readonly WireStagedItem[]): number =>
	items.reduce((sum, item) => sum + ("put" in item ? item.put.content.length : 0), 0);

export function stage(model: Model, who: number, [request]: MethodArgs<"blobs_stage">) {
	const { id, batch: name, items } = request;
	model.requireMode("live");
	model.requireWriter(who);
	return model.once(who, id, "staged", "blobs_stage", request, 1, () => {
		if (model.isImporting) refuse("not_live");
		model.requireReceivable(who, stagedContentOf(items));
		const open = toChange(model, who, name, true);
		if (open === undefined) {
			const staged = model.staged.all.filter(({ state }) => state !== "dropping");
			if (staged.some(({ owner }) => owner === who) || model.staged.all.length >= MAX_BATCHES)
				refuse("quota_exceeded");
		}
		const keys = items.map((item) => keyOf(model, who, item)).filter((key) => key !== "");
		if (new Set(keys).size < keys.length) refuse("invalid_argument");
		const made = model.atomically(() => {
			const taken: ModelItem[] = [];
			// Each counts for those behind it, before the first is staged.
			const batch: ModelBatch = {
				owner: who,
				id: name,
				state: "open",
				expiresAt: 0,
				items: taken,
				broken: undefined,
			};
			model.staged.all.push(batch);
			try {
				for (const item of items) taken.push(check(model, who, item, taken.length));
			} finally {
				model.staged.all.pop();
			}
			return taken;
		});
		const batch: ModelBatch = open ?? {
			owner: who,
			id: name,
			state: "open",
			expiresAt: 0,
			items: [],
			broken: undefined,
		};
		if (open === undefined) model.staged.all.push(batch);
		batch.expiresAt = model.now + BATCH_EXPIRY_MS;
		batch.broken = undefined;
		for (const item of made) {
			const before = batch.items.find(({ key }) => key === item.key);
			if (before !== undefined) model.staged.giveUp(batch, before);
			batch.items.push(item);
		}
		return toWire(model, batch);
	});
}

function keyOf(model: Model, who: number, item: WireStagedItem): string {
	if ("put" in item) return item.put.key;
	if ("delete" in item) return item.delete.key;
	return model.uploads.get(nameOf(who, item.commit.id))?.key ?? "";
}

/** What is staged, with all that it takes. `before`: items of the message that count already. */
function check(model: Model, who: number, item: WireStagedItem, before: number): ModelItem {
	if ("delete" in item) {
		const { key, precondition } = item.delete;
		model.requireChange(who, key);
		model.requirePrecondition(precondition, key);
		model.requireChanges(who, 2 + before);
		return { key, blob: undefined, precondition, charged: 0, granted: 0, grant: undefined, expiresAt: [] };
	}
	const what = "put" in item ? item.put : item.commit;
	if (what.as.length > 0) refuse("invalid_argument");
	const { precondition, expires_at: expiresAt } = what;
	if ("put" in item) {
		const { key, content } = item.put;
		const { pieces, grant } = checkWhole(model, who, item.put, content, before);
		model.requireQuota(who, { staged: 1 });
		return { key, ...blobOf(model, who, key, what, MAX_CHUNK_BYTES, pieces, grant), precondition, expiresAt };
	}
	const checked = checkUpload(model, who, item.commit);
	model.requireQuota(who, { staged: 1 });
	useUpload(model, who, item.commit.id, checked);
	model.leave(who, item.commit.id, "stagedUpload", "", undefined);
	const { key } = checked.upload;
	const grant = checked.payer ?? checked.upload.grant;
	return { key, ...blobOf(model, who, key, what, S, checked.pieces, grant), precondition, expiresAt };
}

function blobOf(
	model: Model,
	owner: number,
	key: string,
	what: WirePublication,
	chunk_size: number,
	pieces: readonly Piece[],
	grant: ModelGrant | undefined,
): Pick<ModelItem, "blob" | "charged" | "granted" | "grant"> {
	const { root, content_type, metadata, sha256 } = what;
	const visibility = Object.keys(what.visibility)[0] as ReturnType<typeof nameOfCase>;
	const manifest: WireManifest = {
		key,
		sequence: 0n,
		canister_version: 0n,
		root,
		size: BigInt(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)),
		chunk_size,
		content_type,
		visibility,
		owner: PRINCIPALS[owner]!,
		created_at: 0n,
		modified_at: 0n,
		metadata,
		sha256,
		expires_at: [],
	};
	const blob = { manifest, owner, uploader: owner, pieces };
	const expires_at = model.endOf(key, what.expires_at);
	const charged = chargeOfBlob({ manifest: { ...manifest, expires_at }, pieces });
	return { blob, charged, granted: charged, grant };
}

export function unstage(model: Model, who: number, [request]: MethodArgs<"blobs_unstage">) {
	return changed(model, who, "blobs_unstage", request, (batch) => {
		batch.broken = undefined;
		for (const key of new Set(request.keys)) {
			const item = batch.items.find((each) => each.key === key);
			if (item !== undefined) model.staged.giveUp(batch, item);
		}
	});
}

export function reveal(model: Model, who: number, [request]: MethodArgs<"blobs_reveal">) {
	return changed(model, who, "blobs_reveal", request, (batch) => {
		batch.state = "waiting";
		batch.broken = undefined;
		model.staged.all = [...model.staged.all.filter((each) => each !== batch), batch];
	});
}

function changed<Name extends "blobs_unstage" | "blobs_reveal">(
	model: Model,
	who: number,
	method: Name,
	request: MethodArgs<Name>[0],
	act: (batch: ModelBatch) => void,
) {
	requireWriter(model, who);
	return model.once(who, request.id, "staged", method, request, 1, () => {
		const batch = toChange(model, who, request.batch, false)!;
		act(batch);
		return toWire(model, batch);
	});
}

export function drop(model: Model, who: number, [request]: MethodArgs<"blobs_drop_batch">) {
	model.requireMode("draining");
	if (who === 4) refuse("anonymous");
	const owner = request.owner[0] === undefined ? who : numberOf(request.owner[0]);
	if (owner !== who) model.require(who, "admin");
	return model.once(who, request.id, "staged", "blobs_drop_batch", request, 1, () => {
		const ended = model.receipts.get(nameOf(owner, request.batch));
		if (ended?.kind === "batchEnded") return endedOf(owner, request.batch, ended.answer as Ended);
		const batch = model.staged.get(owner, request.batch);
		if (batch === undefined) {
			model.requireWriter(who);
			return refuse("batch_not_found");
		}
		model.staged.drop(batch);
		return toWire(model, batch);
	});
}
