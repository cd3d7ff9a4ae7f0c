import {
	Batch,
	encodeValue,
	fitting,
	ID_BYTES,
	MAX_ITEMS,
	type WireBatchItem,
} from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { attempt } from "../blobs/attempts.js";
import { type ClientContext, noteVersion, requireIdentity } from "../context.js";
import { shownKey } from "../encryption.js";
import { CanisterError, ClientError, isBlobError, replyInvalid } from "../errors/errors.js";
import { ENTRY_VALUES, PACK_BYTES } from "../upload/batch/pack.js";
import { nameOpenUploads } from "../upload/open-uploads.js";
import { isTooLarge, lowerLimit } from "../upload/too-large.js";
import { throwIfAborted } from "../util/abort.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { toVersion } from "../wire-map.js";
import { type Checked, checkItem, readPut } from "./items.js";
import type { BatchedItem, BatchItems, BatchOptions } from "./types.js";

/** Bytes of the type table, the id and the number of items. */
const HEAD_BYTES = 1_024;

/** Values per item. The store's decoder accepts as many values as MAX_ITEMS items without metadata have (pack.ts). */
const ITEM_VALUES = 15;
const MAX_VALUES = MAX_ITEMS * ITEM_VALUES;

/** Makes all changes or none. */
export async function runBatch(
	context: ClientContext,
	given: BatchItems,
	{ signal }: BatchOptions,
): Promise<BatchedItem[]> {
	await requireIdentity(context);
	const items: Checked[] = [];
	try {
		for await (const item of given) items.push(checkItem(context, item));
		checkTogether(items);
		return await send(context, items, signal);
	} finally {
		for (const { put } of items) put?.source.close().catch(() => {});
	}
}

/** @throws ClientError `option_invalid`, CanisterError `batch_too_large`: nothing was read or sent */
function checkTogether(items: readonly Checked[]): void {
	if (items.length === 0) throw invalid("there must be at least one");
	const changed = new Set<string>();
	for (const { changes } of items)
		for (const key of changes) {
			if (changed.has(key)) throw touched(key);
			changed.add(key);
		}
	for (const { reads } of items) if (reads !== undefined && changed.has(reads)) throw touched(reads);
	const fits = Math.min(MAX_ITEMS, fitting(items.map(({ weight }) => weight)), withinValues(items));
	if (fits < items.length) throw new CanisterError({ batch_too_large: { fits, items: items.length } });
}

const invalid = (reason: string) => invalidOption("items", reason);
const touched = (key: string) =>
	invalid(`two items touch the key ${key}, and each key may be touched by one`);

function withinValues(items: readonly Checked[]): number {
	let values = 0;
	const over = items.findIndex(({ wire }) => {
		values += ITEM_VALUES + ENTRY_VALUES * entriesOf(wire);
		return values > MAX_VALUES;
	});
	return over < 0 ? items.length : over;
}

function entriesOf(item: WireBatchItem): number {
	if ("put" in item) return item.put.metadata.length;
	if ("commit" in item) return item.commit.metadata.length;
	return "update" in item ? (item.update.metadata[0]?.length ?? 0) : 0;
}

async function send(
	context: ClientContext,
	items: readonly Checked[],
	signal: AbortSignal | undefined,
): Promise<BatchedItem[]> {
	const { settings, sendLimit, caller } = context;
	const limit = Math.min(PACK_BYTES, settings.chunkBytes, sendLimit.bytes);
	const { wire, bytes } = await readAll(context, items, limit, signal);
	const request = { id: settings.ports.randomBytes(ID_BYTES), items: wire };
	try {
		const make = (onRetry: (error: unknown) => void) =>
			caller.update("blobs_batch", [request], { signal, onRetry, verify: true });
		// Other callers' changes can look like this batch: if the response and the receipt are lost, the outcome
		// stays unknown.
		const { versions } = await attempt(context, make, async () => undefined);
		if (versions.length !== items.length)
			throw replyInvalid("blobs_batch", `it has ${versions.length} versions for ${items.length} items`);
		for (const { upload } of items) if (upload) forget(context, upload);
		return items.map(({ key }, n) => {
			const [version] = versions[n]!;
			if (version !== undefined) noteVersion(context, version);
			return withJson({ key: shownKey(context, key), version: version && toVersion(version) });
		});
	} catch (error) {
		if (isTooLarge(error)) lowerLimit(sendLimit, bytes);
		await nameOpenUploads(context, isBlobError(error, "batch_refused") ? error.details.error : error);
		throw error;
	}
}

/** The wire items, with the content of puts. @throws ClientError `batch_bytes_too_many`: nothing was sent */
async function readAll(
	context: ClientContext,
	items: readonly Checked[],
	limit: number,
	signal: AbortSignal | undefined,
): Promise<{ wire: WireBatchItem[]; bytes: number }> {
	const wire: WireBatchItem[] = [];
	let bytes = HEAD_BYTES;
	for (const [fits, { put, wire: its }] of items.entries()) {
		throwIfAborted(signal);
		const left = Math.max(0, limit - bytes - bytesOf(its));
		const item = put === undefined ? its : await readPut(context, put, left, signal);
		bytes += bytesOf(item ?? its);
		if (item === undefined || bytes > limit) {
			const all = bytes + items.slice(fits).reduce((sum, { put }) => sum + (put?.source.size ?? 0), 0);
			throw new ClientError("batch_bytes_too_many", { bytes: all, limit, items: items.length, fits });
		}
		wire.push(item);
	}
	return { wire, bytes };
}

const NO_ID = new Uint8Array(0);
/** Encoded size of an item, approximately. */
const bytesOf = (item: WireBatchItem): number => encodeValue(Batch, { id: NO_ID, items: [item] }).length;

/** No transfer may resume a committed upload, and its record is no longer needed. */
function forget(context: ClientContext, id: Uint8Array): void {
	context.busyUploads.delete(hex(id));
	context.notes.remove(hex(id));
}
