import { seeded } from "../../test/support/seeded.js";
import type { MeteredStore } from "../metered.js";
import { anyShape, changed } from "./random.js";
import { DEAREST, deleteOf, keysOf, putOf, type Shape, undone } from "./shape.js";

const SEED = 11;
/**
 * Number of random shapes, and of mutations of the most expensive ones: each is a message of up to 20 B instructions.
 */
const RANDOM = 6;
const CLIMBS = 8;

/** The most expensive message of many items that the search finds, in instructions. */
export async function dearestOfMany(store: MeteredStore): Promise<number> {
	const random = seeded(SEED);
	let tag = 0;
	const cost = (shape: Shape) => costOf(store, shape, (tag++).toString(36));
	let best = DEAREST;
	let most = await cost(best);
	for (let i = 0; i < RANDOM + CLIMBS; i++) {
		const shape = i < RANDOM ? anyShape(random) : changed(best, random);
		const its = await cost(shape);
		if (its > most) [best, most] = [shape, its];
	}
	return most;
}

/**
 * The more expensive of two messages: the put of a shape over its keys' former content, and the deletion of what it has
 * put.
 */
async function costOf(store: MeteredStore, shape: Shape, tag: string): Promise<number> {
	const keys = keysOf(shape, tag);
	if (shape.over !== "nothing")
		for (let left = keys; left.length > 0; ) {
			const { results } = await store.call("blobs_put_many", putOf(shape, left, shape.over === "private"));
			left = undone(left, results);
		}
	const put = await store.costOf("blobs_put_many", putOf(shape, keys));
	const removed = await store.costOf("blobs_delete_many", deleteOf(keys));
	return Math.max(Number(put.instructions), Number(removed.instructions));
}
