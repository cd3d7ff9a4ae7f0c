import { DIGEST_BYTES, type Hashing } from "../host/hashing.js";
import { countOf, forksOf, KIND, kindOf, levelOf } from "./node.js";

/**
 * A node's digest is that of the forks over its entries' digests, and one changed entry changes few of those forks. So
 * beside a node of several runs of entries, of eight in a leaf and of sixteen in an inner node, the runs' digests are
 * stored: they are subtrees of that tree. Then one changed entry of 180 takes 26 forks instead of 179, at 8,200
 * instructions each.
 */
const LEAF_RUN_HEIGHT = 3;
const INNER_RUN_HEIGHT = 4;

const runHeight = (node: Uint8Array): number => (levelOf(node) === 0 ? LEAF_RUN_HEIGHT : INNER_RUN_HEIGHT);

export const NO_RUNS: Uint8Array = new Uint8Array(0);

/** Every run is stale: what is said of a node that was put together anew. */
export const ALL_STALE = -1;
/** Bits of the runs that an entry at this index changes: its own; or, inserted or removed, all from there on. */
export const staleAt = (node: Uint8Array, index: number): number => 1 << (index >> runHeight(node));
export const staleFrom = (node: Uint8Array, index: number): number => -1 << (index >> runHeight(node));

/** How many runs so many entries make; the last one may be short. */
const runsOf = (count: number, height: number): number => (count + (1 << height) - 1) >> height;

/** How many bytes of digests are stored with a node. A leaf has at most 56 entries, an inner node 221: 14 runs. */
export function runBytes(node: Uint8Array): number {
	const count = countOf(node);
	const height = runHeight(node);
	return count <= 1 << height || kindOf(node) === KIND.plain ? 0 : runsOf(count, height) * DIGEST_BYTES;
}

/** The digests of the node's runs: of `runs` those that are not stale, the others anew. */
export function renewedRuns(hashing: Hashing, node: Uint8Array, runs: Uint8Array, stale: number): Uint8Array {
	const length = runBytes(node);
	let renewed = runs;
	if (length !== runs.length) {
		renewed = new Uint8Array(length);
		renewed.set(length < runs.length ? runs.subarray(0, length) : runs);
	}
	const count = countOf(node);
	const width = 1 << runHeight(node);
	for (let run = 0, at = 0; at < length; run++, at += DIGEST_BYTES) {
		if (at < runs.length && (stale & (1 << run)) === 0) continue;
		const first = run * width;
		renewed.set(forksOf(hashing, node, first, Math.min(width, count - first)), at);
	}
	return renewed;
}

/** The digest of a node that is not empty. */
export const digestOf = (hashing: Hashing, node: Uint8Array, runs: Uint8Array): Uint8Array =>
	runs.length === 0
		? forksOf(hashing, node, 0, countOf(node))
		: hashing.forks(runs, 0, DIGEST_BYTES, runs.length / DIGEST_BYTES);

/** The digest of the subtree of this height over `count` entries from `first` on, a multiple of 2^height. */
export function subtreeOf(
	hashing: Hashing,
	node: Uint8Array,
	runs: Uint8Array,
	height: number,
	first: number,
	count: number,
): Uint8Array {
	const runsAt = runHeight(node);
	if (runs.length === 0 || height < runsAt) return forksOf(hashing, node, first, count);
	return hashing.forks(runs, (first >> runsAt) * DIGEST_BYTES, DIGEST_BYTES, runsOf(count, runsAt));
}
