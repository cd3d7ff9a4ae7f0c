import {
	fitting,
	MAX_CHUNK_BYTES,
	MAX_ITEMS,
	MAX_KEY_SEGMENTS,
	MIN_CHUNK_BYTES,
	type WireBatchItem,
	type WireVisibility,
	weightOf,
} from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import type { Calls } from "./calls.js";
import { DEAREST, keysOf, putOf, type Shape, undone } from "./shape.js";

/** Batches of one kind of item each, with the dearest keys: private ones over public ones or the other way round. */

const EMPTY = new Uint8Array(0);
const ROOT = rootOf(EMPTY, MAX_CHUNK_BYTES);
const none = { none: null };
const METADATA = Array.from({ length: 32 }, (_, n): [string, string] => [`n${n}`, "v"]);

/** Entries of metadata that a message of as many items reads (PROTOCOL.md, "Bounds"). */
const MOST_ENTRIES = 2_000;

export const KINDS = ["commit", "put", "delete", "rename", "copy", "update"] as const;
export type Kind = (typeof KINDS)[number];

/** Most items, as far as they fit: the dearest keys, and the shortest. */
const SEGMENTS = [MAX_KEY_SEGMENTS, 1];

/** The dearest batch of the kinds that there are, with as many items as fit. */
export async function dearestOfBatches(store: MeteredStore): Promise<number> {
	let most = 0;
	for (const segments of SEGMENTS)
		for (const isPrivate of [true, false])
			for (const kind of KINDS) {
				const shape = { ...DEAREST, items: MAX_ITEMS, segments, isPrivate };
				const tag = `${kind.slice(0, 2)}${segments}${isPrivate ? "p" : ""}`;
				const items = await fittingOf(store, kind, shape, `1${tag}`);
				most = Math.max(most, await costOfBatch(store, kind, { ...shape, items }, tag));
			}
	return most;
}

/** How many items of a kind a batch takes at the most. */
export async function fittingOf(store: Calls, kind: Kind, shape: Shape, tag: string): Promise<number> {
	const [item] = await batchItemsOf(store, kind, { ...shape, items: 1 }, tag);
	const weight = weightOf(item!, keysOf(shape, "")[0], 1);
	return fitting(Array.from({ length: MAX_ITEMS }, () => weight));
}

/** What a batch of so many items costs, when what it needs is there. */
export async function costOfBatch(
	store: MeteredStore,
	kind: Kind,
	shape: Shape,
	tag: string,
): Promise<number> {
	const items = await batchItemsOf(store, kind, shape, tag);
	const { instructions } = await store.costOf("blobs_batch", { id: newId(), items });
	return Number(instructions);
}

/** The items, when what they need is there. */
export async function batchItemsOf(
	store: Calls,
	kind: Kind,
	shape: Shape,
	tag: string,
): Promise<WireBatchItem[]> {
	const to = keysOf(shape, `t${tag}`);
	const from = keysOf(shape, `f${tag}`);
	const visibility = shape.isPrivate ? { private: null } : { public: null };
	// All but a deletion is dearest where what is replaced stands in other lists.
	await fill(store, to, { ...shape, isPrivate: (kind === "delete") === shape.isPrivate });
	if (kind === "rename") await fill(store, from, { ...shape, metadata: 32 });
	// One source has all that a copy reads.
	if (kind === "copy") await fill(store, from.slice(0, 1), { ...shape, metadata: 32 });
	if (kind === "commit") return commitsOf(store, to, visibility);
	const condition = { source: none, precondition: none };
	return to.map((key, n): WireBatchItem => {
		if (kind === "put") return { put: { key, content: EMPTY, ...publication(ROOT, { visibility }) } };
		if (kind === "delete") return { delete: { key, precondition: none } };
		if (kind === "rename") return { rename: { from: from[n]!, to: key, ...condition } };
		if (kind === "copy") return { copy: { from: from[0]!, to: key, ...condition } };
		return {
			update: {
				key,
				precondition: none,
				expiry: [],
				content_type: ["text/plain"],
				visibility: [visibility],
				metadata: [METADATA.slice(0, Math.floor(MOST_ENTRIES / shape.items))],
			},
		};
	});
}

async function commitsOf(
	store: Calls,
	keys: readonly string[],
	visibility: WireVisibility,
): Promise<WireBatchItem[]> {
	const ids = keys.map(() => newId());
	const [size, chunk_size] = [0n, MIN_CHUNK_BYTES];
	for (const [n, key] of keys.entries())
		await store.call("blobs_begin_upload", { id: ids[n]!, key, size: [size], chunk_size });
	const what = publication(rootOf(EMPTY, MIN_CHUNK_BYTES), { visibility });
	return ids.map((id) => ({ commit: { id, size, ...what } }));
}

async function fill(store: Calls, keys: readonly string[], shape: Shape): Promise<void> {
	for (let left = keys; left.length > 0; ) {
		const some = left.slice(0, 100);
		const { results } = await store.call("blobs_put_many", putOf(shape, some));
		left = [...undone(some, results), ...left.slice(100)];
	}
}
