import { MAX_KEY_BYTES } from "../../protocol/limits.js";
import { DIGEST_BYTES, type Hashing } from "../host/hashing.js";

/**
 * A node of a directory's B+-tree, read and changed as the bytes that are stored: nothing is ever decoded as
 * a whole, because in QuickJS a loop over a node's entries costs more than fetching it (40,000 to 70,000
 * instructions). A search costs 75,000 to 120,000. Two bytes of every label in a column of their own,
 * searched through a Uint16Array, were tried: no gain, since making the view costs what the shorter probes
 * save.
 *
 *     u8 kind * 64 + level (level 0: a leaf) | u8 count | count slots, in order of their labels | the labels
 *     a slot: u16 where its label begins, after the slots | u16 its length | u8 flag | u32 link
 *             | unless plain: 32 bytes digest | in a leaf too: 32 bytes value
 *
 * The labels themselves lie in the order in which they came: an insertion shifts slots by one copy inside the
 * engine and adjusts no other slot. A removal closes the gap, so that a node holds no garbage.
 *
 * In a leaf a label is a path's segment, `flag` says whether a key ends here, and `link` is the directory
 * below it (0: none). In an inner node `link` is a child and the label a lower bound of the child's labels,
 * which is above all those of the child before; the first child needs no bound, its label is empty.
 *
 * The digests make the node a piece of a hash tree, as they lie: the forks over its slots' digests are the
 * node's own digest, which stands in the slot above. In a leaf a digest is that of the labelled node; what it
 * stands for, `value`, is kept beside it, because a witness that shows an absent key's neighbours needs what
 * is below their labels, and nobody but the catalog knows it: a directory's digest, or a key's content.
 */
export const HEADER = 2;

/** What a directory's digests mean, the same for all nodes of it. */
export const KIND = {
	/** No digests: what is only listed. */
	plain: 0,
	/** A key's content stands under the label `<$>` below the key's last label. */
	paths: 1,
	/** Content stands under its label itself; there is no directory below. */
	labels: 2,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** In the first byte the kind stands above this. */
export const LEVELS = 64;
export const PLAIN_SLOT = 9;
const INNER_SLOT = PLAIN_SLOT + DIGEST_BYTES;
export const LEAF_SLOT = INNER_SLOT + DIGEST_BYTES;

const LINK = 5;
const DIGEST = PLAIN_SLOT;
const VALUE = INNER_SLOT;

/** What stands at a label in a leaf, besides the directory that `link` names. */
export const FLAG = {
	none: 0,
	/** A key ends here. */
	file: 1,
	/** This is the label `<$>`: the key that ends at the directory's own label. */
	self: 2,
	/** This is the label `<*>`: what HTTP certification has for all paths below the directory that are no keys. */
	others: 3,
} as const;
export type Flag = (typeof FLAG)[keyof typeof FLAG];

/** What the first byte says in a node that is free; store.ts owns the rest of those. */
export const FREE_NODE = 255;

/**
 * An entry weighs its label and 73 bytes more in every node: what it takes in a leaf with digests, the widest.
 */
export const ENTRY_WEIGHT = LEAF_SLOT;
const HEAVIEST_ENTRY = MAX_KEY_BYTES + ENTRY_WEIGHT;

/**
 * A node that weighs more is split. Labels of 1,024 bytes: at least 4 are in a node when that happens. A leaf holds 40
 * to 50 entries of short labels (56 at most), an inner node four times as many (221 at most), so 1,000,000 keys in one
 * directory are 3 levels and 1,000 are 2. What a level costs a change is reading and writing a node at all, 700,000
 * instructions; a leaf's entries shift when one comes in, and are hashed again, those of an inner node seldom.
 */
const MAX_LEAF_WEIGHT = 4_096;
const MAX_INNER_WEIGHT = 16_384;

/**
 * A node that weighs less is joined to a sibling (its directory's root excepted). What is left when the
 * middle of an overfull node falls on the heaviest entry and that goes to the other side (or up): so both
 * halves of every split weigh enough, and an inner node that does has at least two children, its first being
 * nearly weightless. Hence depth <= 1 + log2(labels) for the worst labels, and about log30 for usual ones,
 * whatever was deleted.
 */
export const MIN_WEIGHT = MAX_LEAF_WEIGHT / 2 - HEAVIEST_ENTRY;

export function emptyNode(kind: Kind, level: number): Uint8Array {
	const node = new Uint8Array(HEADER);
	node[0] = kind * LEVELS + level;
	return node;
}

export const kindOf = (node: Uint8Array): Kind => (node[0]! >> 6) as Kind;
export const levelOf = (node: Uint8Array): number => node[0]! & (LEVELS - 1);
export const countOf = (node: Uint8Array): number => node[1]!;

/** How far apart the slots are. */
export function strideOf(node: Uint8Array): number {
	const first = node[0]!;
	if (first < LEVELS) return PLAIN_SLOT;
	return (first & (LEVELS - 1)) === 0 ? LEAF_SLOT : INNER_SLOT;
}

/** What a look at the first bytes can say; the rest is trusted, since only this folder writes it. */
export const isNode = (record: Uint8Array): boolean =>
	record.length >= HEADER && record[0] !== FREE_NODE && record.length >= heapOf(record);

/** Where the labels begin. */
export const heapOf = (node: Uint8Array): number => HEADER + node[1]! * strideOf(node);

export const weightOf = (node: Uint8Array): number =>
	node.length - HEADER + node[1]! * (LEAF_SLOT - strideOf(node));
export const isOverfull = (node: Uint8Array): boolean =>
	weightOf(node) > (levelOf(node) === 0 ? MAX_LEAF_WEIGHT : MAX_INNER_WEIGHT);
export const isUnderfull = (node: Uint8Array): boolean => weightOf(node) < MIN_WEIGHT;

export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

export function setU16(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >> 8;
	bytes[at + 1] = value; // typed arrays keep the low byte
}

export const lengthAt = (node: Uint8Array, index: number): number =>
	u16(node, HEADER + index * strideOf(node) + 2);

/** A view, not a copy. */
export function labelAt(node: Uint8Array, index: number): Uint8Array {
	const stride = strideOf(node);
	const slot = HEADER + index * stride;
	const start = HEADER + node[1]! * stride + u16(node, slot);
	return node.subarray(start, start + u16(node, slot + 2));
}

export const flagAt = (node: Uint8Array, index: number): Flag =>
	node[HEADER + index * strideOf(node) + 4] as Flag;

export const isFileAt = (node: Uint8Array, index: number): boolean => flagAt(node, index) === FLAG.file;

export function linkAt(node: Uint8Array, index: number): number {
	const at = HEADER + index * strideOf(node) + LINK;
	return u16(node, at) * 0x10000 + u16(node, at + 2);
}

/** A view, not a copy; so is `valueAt`. */
export function digestAt(node: Uint8Array, index: number): Uint8Array {
	const at = HEADER + index * strideOf(node) + DIGEST;
	return node.subarray(at, at + DIGEST_BYTES);
}

export function valueAt(node: Uint8Array, index: number): Uint8Array {
	const at = HEADER + index * strideOf(node) + VALUE;
	return node.subarray(at, at + DIGEST_BYTES);
}

/** Writes a slot, all but the label; without digests in a plain directory, without a value in an inner node. */
export function setEntry(
	node: Uint8Array,
	index: number,
	flag: Flag,
	link: number,
	digest?: Uint8Array,
	value?: Uint8Array,
): void {
	const slot = HEADER + index * strideOf(node);
	node[slot + 4] = flag;
	// Written here and in setLink: a call would cost as much as the rest.
	node[slot + LINK] = link >>> 24;
	node[slot + LINK + 1] = link >>> 16;
	node[slot + LINK + 2] = link >>> 8;
	node[slot + LINK + 3] = link;
	if (digest !== undefined) node.set(digest, slot + DIGEST);
	if (value !== undefined) node.set(value, slot + VALUE);
}

/** A leaf of one entry. */
export function nodeOf(
	kind: Kind,
	label: Uint8Array,
	flag: Flag,
	link: number,
	digest?: Uint8Array,
	value?: Uint8Array,
): Uint8Array {
	const heap = HEADER + (kind === KIND.plain ? PLAIN_SLOT : LEAF_SLOT);
	const { length } = label;
	const node = new Uint8Array(heap + length);
	node[0] = kind * LEVELS;
	node[1] = 1;
	node[HEADER + 2] = length >> 8;
	node[HEADER + 3] = length; // typed arrays keep the low byte
	node.set(label, heap);
	setEntry(node, 0, flag, link, digest, value);
	return node;
}

export function setLink(node: Uint8Array, index: number, link: number): void {
	const at = HEADER + index * strideOf(node) + LINK;
	node[at] = link >>> 24;
	node[at + 1] = link >>> 16;
	node[at + 2] = link >>> 8;
	node[at + 3] = link;
}

export function setDigest(node: Uint8Array, index: number, digest: Uint8Array): void {
	node.set(digest, HEADER + index * strideOf(node) + DIGEST);
}

/** Digest of the forks over `count` entries from `index` on. */
export function forksOf(hashing: Hashing, node: Uint8Array, index: number, count: number): Uint8Array {
	const stride = strideOf(node);
	return hashing.forks(node, HEADER + index * stride + DIGEST, stride, count);
}

/**
 * How many first bytes a label is known to share with everything between two bounds: the entries, here or in
 * the nodes above, that a search found below it and above it. Handed from node to node, it makes every byte
 * of a label be compared about once in a whole descent, however long the prefixes that adversarial labels
 * share: a byte is 1,500 instructions, and 1,000 of them compared anew in each of 20 probes would be 30 M.
 */
export interface Bounds {
	low: number;
	high: number;
}

/**
 * The index of the entry that has this label; if none has, less than 0: ~(the index where it would stand).
 * `hint`: the label is above all entries before this one, and it may well be below it: it is looked at first.
 */
export function search(node: Uint8Array, label: Uint8Array, bounds: Bounds, hint = -1): number {
	// No calls and no fields in here: a call is 750 instructions and more, a local 100.
	let to = node[1]!;
	const isLeaf = (node[0]! & (LEVELS - 1)) === 0;
	const stride = node[0]! < LEVELS ? PLAIN_SLOT : isLeaf ? LEAF_SLOT : INNER_SLOT;
	const heap = HEADER + to * stride;
	const wanted = label.length;
	let { low, high } = bounds;
	let from = isLeaf ? 0 : 1;
	let middle = (from + to) >> 1;
	if (hint >= 0) {
		from = hint;
		middle = hint;
	}
	while (from < to) {
		const slot = HEADER + middle * stride;
		const start = heap + ((node[slot]! << 8) | node[slot + 1]!);
		const length = (node[slot + 2]! << 8) | node[slot + 3]!;
		let shared = low;
		if (high < low) shared = high;
		// Past the end of `label` is undefined, which no byte equals.
		while (shared < length && node[start + shared] === label[shared]) shared++;
		let below = true;
		if (shared === length) {
			if (shared === wanted) {
				bounds.low = shared;
				bounds.high = high;
				return middle;
			}
		} else if (shared === wanted || node[start + shared]! > label[shared]!) below = false;
		if (below) {
			from = middle + 1;
			low = shared;
		} else {
			to = middle;
			high = shared;
		}
		middle = (from + to) >> 1;
	}
	bounds.low = low;
	bounds.high = high;
	return ~from;
}
