import {
	checkKey,
	encodeValue,
	fitting,
	MAX_ITEMS,
	MAX_LIST_PAGE,
	METHODS,
	type WireStagedBatch,
	type WireStagedItem,
} from "../../protocol/index.js";
import { checkId, invalidOption } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, newId } from "../asking.js";
import { type ClientContext, noteVersion, requireIdentity } from "../context.js";
import { ClientError, isBlobError, refused, refuseInvalid } from "../errors/errors.js";
import { checkPrincipal } from "../options.js";
import type { Version } from "../types.js";
import { PACK_BYTES } from "../upload/batch/pack.js";
import { nameOpenUploads } from "../upload/open-uploads.js";
import { isTooLarge, lowerLimit } from "../upload/too-large.js";
import { throwIfAborted } from "../util/abort.js";
import { fromHex, hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { pages } from "../util/pages.js";
import { date, optional, toVersion } from "../wire-map.js";
import { type Checked, checkItem, readPut } from "./items.js";
import type { DropBatchOptions, StagedBatch, StagedItems, StagedKey, StageOptions } from "./staged-types.js";

/** Staged batches: what is put into one in any number of messages is made visible by one change of the store. */

/** Bytes of the type table, the ids and the number of items. */
const HEAD_BYTES = 1_024;
/** Milliseconds between two checks whether a batch is revealed. */
const LOOK_MS = 1_000;

interface Pack {
	readonly wire: WireStagedItem[];
	readonly weights: number[];
	readonly uploads: Uint8Array[];
	bytes: number;
}
const empty = (): Pack => ({ wire: [], weights: [], uploads: [], bytes: HEAD_BYTES });

/** Sends all items in as few messages as possible. */
export async function stage(
	context: ClientContext,
	given: StagedItems,
	{ batch: named, signal }: StageOptions,
): Promise<StagedBatch> {
	const batch = named === undefined ? newId(context) : fromHex(named);
	await requireIdentity(context);
	const limit = () => Math.min(PACK_BYTES, context.settings.chunkBytes, context.sendLimit.bytes);
	let pack = empty();
	let sent = 0;
	let last: WireStagedBatch | undefined;
	const send = async () => {
		if (pack.wire.length === 0) return;
		last = await sendPack(context, batch, pack, sent, signal);
		sent += pack.wire.length;
		pack = empty();
	};
	for await (const item of given) {
		throwIfAborted(signal);
		const its = checkItem(context, item);
		try {
			const wire = await read(context, its, limit(), signal);
			const bytes = bytesOf(wire);
			const isFull =
				pack.wire.length === MAX_ITEMS ||
				pack.bytes + bytes > limit() ||
				fitting([...pack.weights, its.weight]) <= pack.weights.length;
			if (isFull) await send();
			pack.wire.push(wire);
			pack.weights.push(its.weight);
			pack.bytes += bytes;
			if (its.upload) pack.uploads.push(its.upload);
		} finally {
			its.put?.source.close().catch(() => {});
		}
	}
	await send();
	if (last === undefined) throw invalidOption("items", "there must be at least one");
	return toBatch(last);
}

async function read(
	context: ClientContext,
	{ put, wire }: Checked,
	limit: number,
	signal: AbortSignal | undefined,
): Promise<WireStagedItem> {
	if (!("put" in wire || "commit" in wire || "delete" in wire))
		throw invalidOption(
			"type",
			"put, commit and delete can be staged; a copy, a rename or an update is of what is there",
		);
	if (put === undefined) return wire;
	const most = Math.max(0, limit - HEAD_BYTES - bytesOf(wire));
	const item = await readPut(context, put, most, signal);
	if (item === undefined || !("put" in item))
		throw new ClientError("batch_bytes_too_many", {
			bytes: put.source.size ?? most + 1,
			limit: most,
			items: 1,
			fits: 0,
		});
	return item;
}

const NO_ID = new Uint8Array(0);
const bytesOf = (item: WireStagedItem): number =>
	encodeValue(METHODS.blobs_stage.args[0]!, { id: NO_ID, batch: NO_ID, items: [item] }).length;

/**
 * Sends items in one message, or in two if the path accepts less. `before`: number of items sent earlier, to name a
 * refused one.
 */
async function sendPack(
	context: ClientContext,
	batch: Uint8Array,
	pack: Pack,
	before: number,
	signal: AbortSignal | undefined,
): Promise<WireStagedBatch> {
	const { wire, bytes, uploads } = pack;
	try {
		const request = { id: newId(context), batch, items: wire };
		const answer = await context.caller.update("blobs_stage", [request], { signal, verify: true });
		for (const id of uploads) {
			context.busyUploads.delete(hex(id));
			context.notes.remove(hex(id));
		}
		return answer;
	} catch (error) {
		if (isTooLarge(error) && wire.length > 1) {
			lowerLimit(context.sendLimit, bytes);
			const half = wire.length >> 1;
			const part = (from: number, to: number): Pack => ({
				...pack,
				wire: wire.slice(from, to),
				bytes: bytes / 2,
			});
			await sendPack(context, batch, { ...part(0, half), uploads: [] }, before, signal);
			return sendPack(context, batch, part(half, wire.length), before + half, signal);
		}
		if (!isBlobError(error, "batch_refused")) {
			await nameOpenUploads(context, error);
			throw error;
		}
		const { item, error: its } = error.details;
		await nameOpenUploads(context, its);
		throw new ClientError("batch_refused", { item: before + item, error: its }, its);
	}
}

export async function unstage(
	context: ClientContext,
	batch: Uint8Array,
	keys: Iterable<string>,
	{ signal }: CallOptions = {},
): Promise<StagedBatch> {
	const all = [...keys];
	for (const key of all) refuseInvalid(checkKey(key));
	let last: WireStagedBatch | undefined;
	for (let from = 0; from < all.length || last === undefined; from += MAX_ITEMS) {
		const request = { id: newId(context), batch, keys: all.slice(from, from + MAX_ITEMS) };
		last = await context.caller.update("blobs_unstage", [request], { signal, verify: true });
	}
	return toBatch(last);
}

/** Requests the reveal, and waits until it is done or has failed. */
export async function reveal(
	context: ClientContext,
	batch: Uint8Array,
	{ signal }: CallOptions = {},
): Promise<Version> {
	const request = { id: newId(context), batch };
	let now = await context.caller.update("blobs_reveal", [request], { signal, verify: true });
	while (now.revealed.length === 0) {
		if (now.state === "open" && now.broken.length > 0) {
			const { key, refusal } = now.broken[0]!;
			throw new ClientError("batch_broken", { key, error: refused(refusal) }, refused(refusal));
		}
		if (now.state === "dropped") throw new ClientError("batch_dropped", {});
		await context.settings.ports.sleep(LOOK_MS, signal);
		// One node's response is enough to keep waiting; the final state is read from the subnet.
		now = await ask(context, "blobs_staged_batch", [{ batch }], signal ? { signal } : {});
		if (now.revealed.length > 0 || now.state === "open" || now.state === "dropped")
			now = await ask(context, "blobs_staged_batch", [{ batch }], {
				trust: "subnet",
				...(signal && { signal }),
			});
	}
	const [version] = now.revealed;
	noteVersion(context, version!);
	return withJson(toVersion(version!));
}

export async function dropBatch(
	context: ClientContext,
	batch: Uint8Array,
	{ owner, signal }: DropBatchOptions = {},
): Promise<void> {
	const request = {
		id: newId(context),
		batch,
		owner: optional(owner === undefined ? undefined : checkPrincipal("owner", owner)),
	};
	await context.caller.update("blobs_drop_batch", [request], { signal, verify: true });
}

export async function listBatches(context: ClientContext, options: AskOptions = {}): Promise<StagedBatch[]> {
	const { batches } = await ask(context, "blobs_list_batches", [], options);
	return batches.map(toBatch);
}

export function listStaged(
	context: ClientContext,
	batch: string,
	options: AskOptions = {},
): AsyncGenerator<StagedKey> {
	const id = checkId("batch", batch);
	return pages({
		method: "blobs_list_staged",
		limit: MAX_LIST_PAGE,
		orderOf: (place: number) => place.toString(16).padStart(8, "0"),
		fetch: async (after: number | undefined) => {
			const request = { batch: id, after: optional(after), limit: MAX_LIST_PAGE };
			const { items, next } = await ask(context, "blobs_list_staged", [request], options);
			return {
				items: items.map(({ key, deletes, size, root }) =>
					withJson(deletes ? { key, deletes } : { key, deletes, size: Number(size), root: root.slice() }),
				),
				next,
			};
		},
	});
}

function toBatch({
	batch,
	owner,
	state,
	items,
	ready,
	expires_at,
	broken,
	revealed,
}: WireStagedBatch): StagedBatch {
	const [its] = broken;
	return withJson({
		batch: hex(batch),
		owner: owner.toText(),
		state,
		items,
		ready,
		expiresAt: expires_at === 0n ? undefined : date(expires_at),
		broken: its && { key: its.key, error: refused(its.refusal) },
		revealed: revealed[0] && toVersion(revealed[0]),
	});
}
