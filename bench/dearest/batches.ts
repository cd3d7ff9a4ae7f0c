import {
	fitting,
	MAX_CHUNK_BYTES,
	MAX_ITEMS,
	MAX_KEY_SEGMENTS,
	MAX_METADATA_ENTRIES,
	MIN_CHUNK_BYTES,
	type WireBatchItem,
	weightOf,
} from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import type { Calls } from "./calls.js";
import { DEAREST, keysOf, putOf, type Shape, undone } from "./shape.js";

/** Batches of one kind of item, with the factors of their cost: keys, and the content of these keys. */

const EMPTY = new Uint8Array(0);
const none = { none: null };

export const KINDS = ["commit", "put", "delete", "rename", "copy", "update"] as const;
export type Kind = (typeof KINDS)[number];

/** The most expensive keys, and the shortest. */
const SEGMENTS = [MAX_KEY_SEGMENTS, 1];
const OVER = ["public", "private"] as const;
/** Metadata entries that each of 1,000 items of a message can have (PROTOCOL.md, "Bounds"). */
const ENTRIES = 2;
/** Items in each trial batch. The most expensive kinds are then measured with as many items as fit. */
const TRIED = 8;
const MADE = 2;

const BEGUN_AT_ONCE = 100;

/** The most expensive batch found, with as many items as fit. */
export async function dearestOfBatches(store: MeteredStore): Promise<number> {
	const tried: { readonly kind: Kind; readonly shape: Shape; readonly expected: number }[] = [];
	let tag = 0;
	const cost = (kind: Kind, shape: Shape) => costOfBatch(store, kind, shape, (tag++).toString(36));
	for (const segments of SEGMENTS)
		for (const isPrivate of [true, false])
			for (const over of OVER)
				for (const kind of KINDS) {
					const shape = { ...DEAREST, segments, isPrivate, over, metadata: ENTRIES };
					const items = fittingOf(kind, shape);
					const each = (await cost(kind, { ...shape, items: TRIED })) / TRIED;
					tried.push({ kind, shape: { ...shape, items }, expected: each * items });
				}
	tried.sort((one, other) => other.expected - one.expected);
	let most = 0;
	for (const { kind, shape } of tried.slice(0, MADE)) {
		const its = await cost(kind, shape);
		const { items, segments, isPrivate, over } = shape;
		console.error(
			`    ${kind} ${JSON.stringify({ items, segments, isPrivate, over })}: ${(its / 1e9).toFixed(2)} B`,
		);
		most = Math.max(most, its);
	}
	return most;
}

/** Maximum number of items of a kind in a batch. */
export function fittingOf(kind: Kind, shape: Shape): number {
	const [key = ""] = keysOf({ ...shape, items: 1 }, "");
	const weight = weightOf(itemOf(kind, shape, { key, from: key, id: EMPTY }), key, 1);
	return fitting(Array.from({ length: MAX_ITEMS }, () => weight));
}

/** Cost of a batch of this many items, whose preconditions hold. */
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

/** The items, whose preconditions hold and whose keys have the maximum of metadata. */
export async function batchItemsOf(
	store: Calls,
	kind: Kind,
	shape: Shape,
	tag: string,
): Promise<WireBatchItem[]> {
	const to = keysOf(shape, `t${tag}`);
	const from = keysOf(shape, `f${tag}`);
	if (shape.over !== "nothing") await fill(store, to, shape, shape.over === "private");
	if (kind === "rename") await fill(store, from, shape, shape.isPrivate);
	// All copies read the same source.
	if (kind === "copy") await fill(store, from.slice(0, 1), shape, shape.isPrivate);
	const ids = to.map(() => newId());
	const upload = { size: [0n] as [bigint], chunk_size: MIN_CHUNK_BYTES };
	// A block for many of them: one by one they would take longer than all that is measured.
	if (kind === "commit")
		for (let from = 0; from < to.length; from += BEGUN_AT_ONCE)
			await Promise.all(
				to
					.slice(from, from + BEGUN_AT_ONCE)
					.map((key, n) => store.call("blobs_begin_upload", { id: ids[from + n]!, key, ...upload })),
			);
	return to.map((key, n) => itemOf(kind, shape, { key, from: from[kind === "copy" ? 0 : n]!, id: ids[n]! }));
}

function itemOf(
	kind: Kind,
	shape: Shape,
	{ key, from, id }: { key: string; from: string; id: Uint8Array },
): WireBatchItem {
	const visibility = shape.isPrivate ? { private: null } : { public: null };
	const metadata = Array.from({ length: shape.metadata }, (_, n): [string, string] => [`n${n}`, "v"]);
	const published = (chunkBytes: number) => publication(rootOf(EMPTY, chunkBytes), { visibility, metadata });
	if (kind === "put") return { put: { key, content: EMPTY, ...published(MAX_CHUNK_BYTES) } };
	if (kind === "commit") return { commit: { id, size: 0n, ...published(MIN_CHUNK_BYTES) } };
	if (kind === "delete") return { delete: { key, precondition: none } };
	if (kind === "rename") return { rename: { from, to: key, source: none, precondition: none } };
	if (kind === "copy") return { copy: { from, to: key, source: none, precondition: none } };
	return {
		update: {
			key,
			precondition: none,
			expiry: [],
			content_type: ["text/plain"],
			visibility: [visibility],
			// Without metadata the copy keeps the source's, which may exceed what an item can carry.
			metadata: shape.metadata === 0 ? [] : [metadata],
		},
	};
}

async function fill(store: Calls, keys: readonly string[], shape: Shape, isPrivate: boolean): Promise<void> {
	for (let left = keys; left.length > 0; ) {
		const some = left.slice(0, 100);
		const { results } = await store.call(
			"blobs_put_many",
			putOf({ ...shape, metadata: MAX_METADATA_ENTRIES }, some, isPrivate),
		);
		left = [...undone(some, results), ...left.slice(100)];
	}
}
