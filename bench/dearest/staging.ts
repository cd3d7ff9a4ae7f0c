import { MAX_KEY_SEGMENTS, type WireStagedItem } from "../../src/protocol/index.js";
import { newId } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import { batchItemsOf, fittingOf, type Kind } from "./batches.js";
import { DEAREST, keysOf, putOf, type Shape, undone } from "./shape.js";

/** Maximum number of staged items with the most expensive keys, and with the shortest. */
const KINDS = ["put", "commit", "delete"] as const satisfies readonly Kind[];
const SEGMENTS = [MAX_KEY_SEGMENTS, 1];
const PUT_AT_ONCE = 100;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The most expensive messages that stage a batch, query it and remove keys from it, and timer steps that prepare it
 * while others change its keys, reveal it and settle it, in instructions.
 */
export async function dearestOfStaging(store: MeteredStore): Promise<number> {
	let most = 0;
	for (const segments of SEGMENTS)
		for (const isPrivate of [true, false])
			for (const kind of KINDS) {
				// Deleted blobs have this visibility, replaced ones the other.
				const over = isPrivate === (kind === "delete") ? "private" : "public";
				most = Math.max(most, await costOfStaging(store, kind, { ...DEAREST, segments, isPrivate, over }));
			}
	return most;
}

/** Cost of the most expensive message of a batch with as many items as a message holds. */
export async function costOfStaging(
	store: MeteredStore,
	kind: (typeof KINDS)[number],
	shape: Shape,
): Promise<number> {
	const tag = `s${kind.slice(0, 1)}${shape.segments}${shape.isPrivate ? "p" : ""}`;
	const its = { ...shape, items: fittingOf(kind, shape) };
	const items = (await batchItemsOf(store, kind, its, tag)) as WireStagedItem[];
	const keys = keysOf(its, `t${tag}`);
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
			const { results } = await store.call("blobs_put_many", putOf(its, some, !shape.isPrivate));
			left = [...undone(some, results), ...left.slice(PUT_AT_ONCE)];
		}
	}
	while ((await store.call("blobs_list_batches")).batches.length > 0) await pause(200);
	await store.quiet();
	const others = ["blobs_put_many", "blobs_begin_upload"];
	const own = store.messages.filter(({ method, kind: its }) => its !== "query" && !others.includes(method));
	return Math.max(...own.map(({ instructions }) => Number(instructions)));
}
