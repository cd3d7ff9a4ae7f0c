import type { WireBatchItem } from "./wire/index.js";

/**
 * Instructions that the items of a batch may take, as reckoned here. All of them are done or none, so that this has to be
 * known before the first: from what the items say, and as if each key held what is dearest to replace. A message has
 * 40 B; a request within the protocol's bounds costs at most 20 B (bench, `dearestRequestInstructions`).
 */
const MOST = 18e9;

/** What an item takes beside its labels and chunks, with the most metadata in what it says and in what its keys hold. */
const ITEM = 10e6;
/** To change a label in a list or in the tree: a directory of it alone is made, or goes. */
const LABEL = 0.6e6;
/** To hash a byte of a blob and to store it. */
const BYTE = 100;
/** A chunk of an upload: its leaf is read and hashed. */
const CHUNK = 8_000;

const segmentsOf = (key: string): number => key.split("/").length;
/** A private key stands in two lists and once in the tree, a public one in the tree: what comes, and what goes. */
const oneSide = (key: string): number => 2 * segmentsOf(key) + 1;
const bothSides = (key: string): number => 3 * segmentsOf(key) + 1;

/** Instructions that an item takes at the most. `key` and `chunks` are those of the upload that it commits. */
export function weightOf(item: WireBatchItem, key = "", chunks = 0): number {
	if ("put" in item) return ITEM + bothSides(item.put.key) * LABEL + item.put.content.length * BYTE;
	if ("commit" in item) return ITEM + bothSides(key) * LABEL + chunks * CHUNK;
	if ("delete" in item) return ITEM + oneSide(item.delete.key) * LABEL;
	if ("update" in item) return ITEM + bothSides(item.update.key) * LABEL;
	if ("copy" in item) return ITEM + bothSides(item.copy.to) * LABEL;
	return ITEM + (oneSide(item.rename.from) + bothSides(item.rename.to)) * LABEL;
}

/** How many of the items fit, by their weights in order. One always does. */
export function fitting(weights: readonly number[]): number {
	let taken = 0;
	for (let i = 0; i < weights.length; i++) {
		taken += weights[i]!;
		if (i > 0 && taken > MOST) return i;
	}
	return weights.length;
}
