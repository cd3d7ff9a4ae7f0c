import { MAX_KEY_SEGMENTS, type WireStagedItem } from "../../src/protocol/index.js";
import { newId } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import { batchItemsOf, fittingOf, type Kind } from "./batches.js";
import { DEAREST, keysOf, putOf, type Shape, undone } from "./shape.js";

/** Maximum number of staged items with the most expensive keys, and with the shortest. */
const KINDS = ["put", "commit", "delete"] as const satisfies readonly Kind[];
const SEGMENTS = [MAX_KEY_SEGMENTS, 1];
const PUT_AT_ONCE = 100;
const COMMITS_TRIED = 50;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The most expensive messages that stage a batch, query it and remove keys from it, and timer steps that prepare it
 * while others change its keys, reveal it and settle it, in instructions. A put and a commit are prepared alike, but each
 * commit needs an open upload: so commits are tried with few items, by the message that stages them, and the most
 * expensive is then made with as many as fit.
 */
export async function dearestOfStaging(store: MeteredStore): Promise<number> {
	let most = 0;
	let dearest: { readonly shape: Shape; readonly expected: number } | undefined;
	for (const segments of SEGMENTS)
		for (const isPrivate of [true, false])
			for (const kind of KINDS) {
				// Deleted blobs have this visibility, replaced ones the other.
				const over = isPrivate === (kind === "delete") ? "private" : "public";
				const shape: Shape = { ...DEAREST, segments, isPrivate, over };
				const items = fittingOf(kind, shape);
				if (kind !== "commit") {
					most = Math.max(most, (await costOfStaging(store, kind, { ...shape, items }, "a")).most);
					continue;
				}
				const tried = await costOfStaging(store, kind, { ...shape, items: COMMITS_TRIED }, "t");
				const expected = (tried.staged / COMMITS_TRIED) * items;
				most = Math.max(most, tried.most);
				if (dearest === undefined || expected > dearest.expected)
					dearest = { shape: { ...shape, items }, expected };
			}
	const made = await costOfStaging(store, "commit", dearest!.shape, "a");
	return Math.max(most, made.most);
}

/** Instructions. */
interface Cost {
	/** Of the most expensive message that stages. */
	readonly staged: number;
	/** Of the most expensive of all. */
	readonly most: number;
}

/** Cost of a batch that one message stages. */
export async function costOfStaging(
	store: MeteredStore,
	kind: (typeof KINDS)[number],
	shape: Shape,
	round: string,
): Promise<Cost> {
	const tag = `s${round}${kind.slice(0, 1)}${shape.segments}${shape.isPrivate ? "p" : ""}`;
	const items = (await batchItemsOf(store, kind, shape, tag)) as WireStagedItem[];
	const keys = keysOf(shape, `t${tag}`);
	const batch = newId();
	store.messages.length = 0;
	await store.call("blobs_stage", { id: newId(), batch, items });
	// Stages and removes all of them again, except those that a commit has consumed.
	if (kind !== "commit") {
		await store.call("blobs_stage", { id: newId(), batch, items });
		await store.call("blobs_unstage", { id: newId(), batch, keys });
		await store.call("blobs_stage", { id: newId(), batch, items });
	}
	await store.call("blobs_reveal", { id: newId(), batch });
	let isDisturbed = false;
	for (let state = ""; state !== "revealed"; await pause(20)) {
		({ state } = await store.call("blobs_staged_batch", { batch }));
		if (state === "open") throw new Error("the batch is broken");
		if (state !== "preparing" || isDisturbed) continue;
		isDisturbed = true;
		for (let left = keys; left.length > 0; ) {
			const some = left.slice(0, PUT_AT_ONCE);
			const { results } = await store.call("blobs_put_many", putOf(shape, some, !shape.isPrivate));
			left = [...undone(some, results), ...left.slice(PUT_AT_ONCE)];
		}
	}
	while ((await store.call("blobs_list_batches")).batches.length > 0) await pause(200);
	await store.quiet();
	const others = ["blobs_put_many", "blobs_begin_upload"];
	const own = store.messages.filter(({ method, kind: its }) => its !== "query" && !others.includes(method));
	const costOf = (messages: typeof own) =>
		Math.max(...messages.map(({ instructions }) => Number(instructions)));
	return { staged: costOf(own.filter(({ method }) => method === "blobs_stage")), most: costOf(own) };
}
