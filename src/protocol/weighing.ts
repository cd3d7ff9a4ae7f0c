import { encodeUtf8 } from "./codec/utf8.js";
import type { WireBatchItem } from "./wire/index.js";

/**
 * Instructions that the items of a batch may take, as reckoned here. All of them are done or none, so that this has to be
 * known before the first: from what the items say, and as if each key held what is dearest to replace. A message has
 * 40 B; a request within the protocol's bounds costs at most 20 B (bench, `dearestRequestInstructions`).
 */
const MOST = 18.4e9;

/**
 * What an item takes beside its keys: where these hold a blob of as much metadata as there may be, public or private as is
 * dearest, since that is read and taken out of tree and lists.
 */
const PUBLISHED = 13.4e6;
const DELETED = 7e6;
const RENAMED = 14.5e6;
const COPIED = 15.8e6;
const UPDATED = 15e6;
/** An entry of metadata that an item comes with. */
const ENTRY = 0.15e6;
/** A segment of a key: a directory of it alone is made in the tree, or written again. */
const SEGMENT = 0.36e6;
/** The same of the key that a rename empties: it goes. */
const SEGMENT_EMPTIED = 0.33e6;
/** So many bytes of each segment are in that. */
const SEGMENT_BYTES = 32;
/** A byte beyond those of all segments: of long labels a node has few, and a private key is one label in two lists. */
const LONG_BYTE = 4_800;
/** To hash a byte of a blob and to store it. */
const BYTE = 100;
/** A chunk of an upload: its leaf is read and hashed. */
const CHUNK = 8_000;

function weightOfKey(key: string, segment = SEGMENT): number {
	const segments = key.split("/").length;
	const long = Math.max(0, encodeUtf8(key).length - segments * SEGMENT_BYTES);
	return segments * segment + long * LONG_BYTE;
}

/** Instructions that an item takes at the most. `key` and `chunks` are those of the upload that it commits. */
export function weightOf(item: WireBatchItem, key = "", chunks = 0): number {
	if ("delete" in item) return DELETED + weightOfKey(item.delete.key);
	if ("copy" in item) return COPIED + weightOfKey(item.copy.to);
	if ("rename" in item)
		return RENAMED + weightOfKey(item.rename.from, SEGMENT_EMPTIED) + weightOfKey(item.rename.to);
	if ("update" in item)
		return UPDATED + weightOfKey(item.update.key) + item.update.metadata.flat().length * ENTRY;
	const [its, own] =
		"put" in item
			? [item.put, weightOfKey(item.put.key) + item.put.content.length * BYTE]
			: [item.commit, weightOfKey(key) + chunks * CHUNK];
	return PUBLISHED + own + its.metadata.length * ENTRY;
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
