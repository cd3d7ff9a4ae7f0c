import { MAX_KEY_BYTES } from "../../protocol/limits.js";

/**
 * A node of a directory's B+-tree, read and changed as the bytes that are stored: nothing is ever decoded as
 * a whole, because in QuickJS a loop over a node's entries costs more than fetching it (40,000 to 70,000
 * instructions). A search costs 75,000 to 120,000. Two bytes of every label in a column of their own,
 * searched through a Uint16Array, were tried: no gain, since making the view costs what the shorter probes
 * save.
 *
 *     u8 level (0: a leaf) | u8 count | count slots of 9 bytes, in order of their labels | the labels
 *     a slot: u16 where its label begins, after the slots | u16 its length | u8 file | u32 link
 *
 * The labels themselves lie in the order in which they came: an insertion shifts slots by one copy inside the
 * engine and adjusts no other slot. A removal closes the gap, so that a node holds no garbage.
 *
 * In a leaf a label is a path's segment, `file` says whether a key ends here, and `link` is the directory
 * below it (0: none). In an inner node `link` is a child and the label a lower bound of the child's labels,
 * which is above all those of the child before; the first child needs no bound, its label is empty.
 *
 * With certification every slot gets 32 bytes more, after `link`; see catalog.ts.
 */
const HEADER = 2;
const SLOT = 9;

/** What `level` says in a node that is free; store.ts owns the rest of those. */
export const FREE_LEVEL = 255;

/**
 * An entry weighs its bytes and 64 more: the digest that certification adds, and one for the fork above it.
 * Without them a node of short labels would hold 300; with them it holds 40 to 50 (56 at most) in 4 KiB, so
 * that 1,000,000 keys in one directory are 4 levels and 1,000 are 2. With nodes twice as wide an insertion
 * was 4 to 9 % cheaper at 100,000 keys and 2 to 9 % dearer at 1,000: a node is written whole, and with
 * digests it will be 2.5 times as long.
 */
const ENTRY_CHARGE = 64;
const HEAVIEST_ENTRY = MAX_KEY_BYTES + SLOT + ENTRY_CHARGE;

/** A node that weighs more is split. Labels of 1,024 bytes: at least 4 are in a node when that happens. */
const MAX_WEIGHT = 4_096;

/**
 * A node that weighs less is joined to a sibling (its directory's root excepted). What is left when the
 * middle of an overfull node falls on the heaviest entry and that goes to the other side (or up): so both
 * halves of every split weigh enough, and an inner node that does has at least two children, its first being
 * nearly weightless. Hence depth <= 1 + log2(labels) for the worst labels, and about log30 for usual ones,
 * whatever was deleted.
 */
const MIN_WEIGHT = MAX_WEIGHT / 2 - HEAVIEST_ENTRY;

const EMPTY = new Uint8Array(0);

export const emptyLeaf = (): Uint8Array => new Uint8Array(HEADER);
export const levelOf = (node: Uint8Array): number => node[0]!;
export const countOf = (node: Uint8Array): number => node[1]!;

/** What a look at the first bytes can say; the rest is trusted, since only this file writes it. */
export const isNode = (node: Uint8Array): boolean =>
	node.length >= HEADER && node[0] !== FREE_LEVEL && node.length >= HEADER + node[1]! * SLOT;

export const weightOf = (node: Uint8Array): number => node.length - HEADER + countOf(node) * ENTRY_CHARGE;
export const isOverfull = (node: Uint8Array): boolean => weightOf(node) > MAX_WEIGHT;
export const isUnderfull = (node: Uint8Array): boolean => weightOf(node) < MIN_WEIGHT;

const heapOf = (node: Uint8Array): number => HEADER + countOf(node) * SLOT;

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

function setU16(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >> 8;
	bytes[at + 1] = value; // typed arrays keep the low byte
}

const lengthAt = (node: Uint8Array, index: number): number => u16(node, HEADER + index * SLOT + 2);

/** A view, not a copy. */
export function labelAt(node: Uint8Array, index: number): Uint8Array {
	const slot = HEADER + index * SLOT;
	const start = heapOf(node) + u16(node, slot);
	return node.subarray(start, start + u16(node, slot + 2));
}

export const isFileAt = (node: Uint8Array, index: number): boolean => node[HEADER + index * SLOT + 4] === 1;

export function linkAt(node: Uint8Array, index: number): number {
	const at = HEADER + index * SLOT + 5;
	return u16(node, at) * 0x10000 + u16(node, at + 2);
}

function setEntry(node: Uint8Array, index: number, file: boolean, link: number): void {
	const slot = HEADER + index * SLOT;
	node[slot + 4] = file ? 1 : 0;
	setU16(node, slot + 5, link >>> 16);
	setU16(node, slot + 7, link & 0xffff);
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

/** The index of the entry that has this label; if none has, less than 0: ~(the index where it would stand). */
export function search(node: Uint8Array, label: Uint8Array, bounds: Bounds): number {
	// No calls and no fields in here: a call is 750 instructions and more, a local 100.
	let to = node[1]!;
	const heap = HEADER + to * SLOT;
	const wanted = label.length;
	let { low, high } = bounds;
	let from = node[0] === 0 ? 0 : 1;
	while (from < to) {
		const middle = (from + to) >> 1;
		const slot = HEADER + middle * SLOT;
		const start = heap + ((node[slot]! << 8) | node[slot + 1]!);
		const length = (node[slot + 2]! << 8) | node[slot + 3]!;
		let shared = low;
		if (high < low) shared = high;
		// Past the end of `label` is undefined, which no byte equals.
		while (shared < length && node[start + shared] === label[shared]) shared++;
		if (shared === length) {
			if (shared === wanted) {
				bounds.low = shared;
				bounds.high = high;
				return middle;
			}
		} else if (shared === wanted || node[start + shared]! > label[shared]!) {
			to = middle;
			high = shared;
			continue;
		}
		from = middle + 1;
		low = shared;
	}
	bounds.low = low;
	bounds.high = high;
	return ~from;
}

/** The node with one more entry. */
export function withEntry(
	node: Uint8Array,
	index: number,
	label: Uint8Array,
	file: boolean,
	link: number,
): Uint8Array {
	const slot = HEADER + index * SLOT;
	const changed = new Uint8Array(node.length + SLOT + label.length);
	changed.set(node.subarray(0, slot));
	changed.set(node.subarray(slot), slot + SLOT);
	changed.set(label, node.length + SLOT);
	changed[1] = countOf(node) + 1;
	setU16(changed, slot, node.length - heapOf(node));
	setU16(changed, slot + 2, label.length);
	setEntry(changed, index, file, link);
	return changed;
}

/** The node with this entry saying something else. */
export function withChanged(node: Uint8Array, index: number, file: boolean, link: number): Uint8Array {
	const changed = node.slice();
	setEntry(changed, index, file, link);
	return changed;
}

/** The node without this entry. */
export function withoutEntry(node: Uint8Array, index: number): Uint8Array {
	const slot = HEADER + index * SLOT;
	const offset = u16(node, slot);
	const length = u16(node, slot + 2);
	const label = heapOf(node) + offset;
	const changed = new Uint8Array(node.length - SLOT - length);
	changed.set(node.subarray(0, slot));
	changed.set(node.subarray(slot + SLOT, label), slot);
	changed.set(node.subarray(label + length), label - SLOT);
	const count = countOf(node) - 1;
	changed[1] = count;
	for (let at = HEADER; at < HEADER + count * SLOT; at += SLOT) {
		const other = u16(changed, at);
		if (other > offset) setU16(changed, at, other - length);
	}
	return changed;
}

/** An inner node over two children: what a root becomes when it splits. */
export function innerNode(level: number, left: number, separator: Uint8Array, right: number): Uint8Array {
	const node = emptyLeaf();
	node[0] = level;
	return withEntry(withEntry(node, 0, EMPTY, false, left), 1, separator, false, right);
}

export interface Halves {
	readonly left: Uint8Array;
	/** The lower bound of the right half. */
	readonly separator: Uint8Array;
	readonly right: Uint8Array;
}

/** `appended`: whether what made the node overfull was its last entry. */
export function split(node: Uint8Array, appended: boolean): Halves {
	const level = levelOf(node);
	const at = appended ? lateSplit(node) : evenSplit(node);
	const count = countOf(node);
	const label = labelAt(node, at);
	return {
		left: pack(level, [{ node, from: 0, to: at }]),
		separator: level === 0 ? shortest(labelAt(node, at - 1), label) : label.slice(),
		right: pack(level, [
			level === 0 ? { node, from: at, to: count } : { node, from: at, to: count, first: EMPTY },
		]),
	};
}

/** Two siblings as one, which may be overfull; `separator` is what their parent says between them. */
export const join = (left: Uint8Array, separator: Uint8Array, right: Uint8Array): Uint8Array =>
	pack(levelOf(left), [
		{ node: left, from: 0, to: countOf(left) },
		levelOf(left) === 0
			? { node: right, from: 0, to: countOf(right) }
			: { node: right, from: 0, to: countOf(right), first: separator },
	]);

const weightAt = (node: Uint8Array, index: number): number => lengthAt(node, index) + SLOT + ENTRY_CHARGE;

/** The entry on which the middle falls. */
function evenSplit(node: Uint8Array): number {
	const half = weightOf(node) / 2;
	let index = 0;
	for (let sum = weightAt(node, 0); sum < half; sum += weightAt(node, index)) index++;
	return index;
}

/**
 * As late as the right half's least weight allows: keys that come in order (dates, counters) leave nodes
 * behind that are three quarters full instead of half.
 */
function lateSplit(node: Uint8Array): number {
	let index = countOf(node) - 1;
	for (let after = 0; after < MIN_WEIGHT; index--) after += weightAt(node, index);
	return index;
}

/** The shortest text above `below` and not above `label`: inner nodes stay wide when labels are long. */
function shortest(below: Uint8Array, label: Uint8Array): Uint8Array {
	let shared = 0;
	while (shared < below.length && below[shared] === label[shared]) shared++;
	return label.slice(0, shared + 1);
}

/** Entries [from, to) of a node, the first under another label if one is given. */
interface Run {
	readonly node: Uint8Array;
	readonly from: number;
	readonly to: number;
	readonly first?: Uint8Array;
}

function pack(level: number, runs: readonly Run[]): Uint8Array {
	let count = 0;
	let size = HEADER;
	for (const { node, from, to, first } of runs) {
		count += to - from;
		for (let i = from; i < to; i++)
			size += SLOT + (first !== undefined && i === from ? first.length : lengthAt(node, i));
	}
	const packed = new Uint8Array(size);
	packed[0] = level;
	packed[1] = count;
	let slot = HEADER;
	const heap = heapOf(packed);
	let end = heap;
	for (const { node, from, to, first } of runs) {
		packed.set(node.subarray(HEADER + from * SLOT, HEADER + to * SLOT), slot);
		for (let i = from; i < to; i++, slot += SLOT) {
			const label = first !== undefined && i === from ? first : labelAt(node, i);
			packed.set(label, end);
			setU16(packed, slot, end - heap);
			setU16(packed, slot + 2, label.length);
			end += label.length;
		}
	}
	return packed;
}
