import {
	countOf,
	ENTRY_WEIGHT,
	HEADER,
	heapOf,
	labelAt,
	lengthAt,
	levelOf,
	MIN_WEIGHT,
	setU16,
	strideOf,
	u16,
	weightOf,
} from "./node.js";

/** Nodes with entries added, taken away, split off or joined: always new bytes, never more than two copies. */

const EMPTY = new Uint8Array(0);

/** The node with one more entry; what its slot says but for the label is for the caller to write, all of it. */
export function withEntry(node: Uint8Array, index: number, label: Uint8Array): Uint8Array {
	const stride = strideOf(node);
	const count = node[1]!;
	const slot = HEADER + index * stride;
	const end = node.length;
	const changed = new Uint8Array(end + stride + label.length);
	changed.set(node);
	changed.copyWithin(slot + stride, slot, end);
	changed.set(label, end + stride);
	changed[1] = count + 1;
	const offset = end - HEADER - count * stride;
	const length = label.length;
	changed[slot] = offset >> 8;
	changed[slot + 1] = offset; // typed arrays keep the low byte
	changed[slot + 2] = length >> 8;
	changed[slot + 3] = length;
	return changed;
}

/** The node without this entry. */
export function withoutEntry(node: Uint8Array, index: number): Uint8Array {
	const stride = strideOf(node);
	const slot = HEADER + index * stride;
	const offset = u16(node, slot);
	const length = u16(node, slot + 2);
	const label = heapOf(node) + offset;
	const changed = node.slice(0, node.length - stride - length);
	changed.set(node.subarray(slot + stride, label), slot);
	changed.set(node.subarray(label + length), label - stride);
	const count = node[1]! - 1;
	changed[1] = count;
	if (label + length === node.length) return changed;
	const end = HEADER + count * stride;
	for (let at = HEADER; at < end; at += stride) {
		let other = (changed[at]! << 8) | changed[at + 1]!;
		if (other <= offset) continue;
		other -= length;
		changed[at] = other >> 8;
		changed[at + 1] = other;
	}
	return changed;
}

export interface Halves {
	readonly left: Uint8Array;
	/** The lower bound of the right half. */
	readonly separator: Uint8Array;
	readonly right: Uint8Array;
}

/** `appended`: whether what made the node overfull was its last entry. */
export function split(node: Uint8Array, appended: boolean): Halves {
	const isLeaf = levelOf(node) === 0;
	const at = appended ? lateSplit(node) : evenSplit(node);
	const count = countOf(node);
	const label = labelAt(node, at);
	return {
		left: pack([{ node, from: 0, to: at }]),
		separator: isLeaf ? shortest(labelAt(node, at - 1), label) : label.slice(),
		right: pack([isLeaf ? { node, from: at, to: count } : { node, from: at, to: count, first: EMPTY }]),
	};
}

/** Two siblings as one, which may be overfull; `separator` is what their parent says between them. */
export const join = (left: Uint8Array, separator: Uint8Array, right: Uint8Array): Uint8Array =>
	pack([
		{ node: left, from: 0, to: countOf(left) },
		levelOf(left) === 0
			? { node: right, from: 0, to: countOf(right) }
			: { node: right, from: 0, to: countOf(right), first: separator },
	]);

/** The entry on which the middle falls. */
function evenSplit(node: Uint8Array): number {
	const stride = strideOf(node);
	const half = weightOf(node) / 2;
	let at = HEADER + 2;
	let index = 0;
	let sum = 0;
	for (;;) {
		sum += ((node[at]! << 8) | node[at + 1]!) + ENTRY_WEIGHT;
		if (sum >= half && index > 0) return index;
		if (sum >= half) return 1;
		at += stride;
		index++;
	}
}

/**
 * As late as the right half's least weight allows: keys that come in order (dates, counters) leave nodes
 * behind that are three quarters full instead of half.
 */
function lateSplit(node: Uint8Array): number {
	let index = countOf(node) - 1;
	for (let after = 0; after < MIN_WEIGHT; index--) after += lengthAt(node, index) + ENTRY_WEIGHT;
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

/**
 * No calls for an entry: 45 of them cost 1,600,000 instructions with some. Labels that lie one after the other, as
 * those do that a node had since it was packed or that came in order, are copied together.
 */
function pack(runs: readonly Run[]): Uint8Array {
	const model = runs[0]!.node;
	const stride = strideOf(model);
	let count = 0;
	let most = HEADER;
	for (const { node, from, to, first } of runs) {
		count += to - from;
		most += (to - from) * stride + node.length - heapOf(node) + (first === undefined ? 0 : first.length);
	}
	const packed = new Uint8Array(most);
	packed[0] = model[0]!;
	packed[1] = count;
	let slot = HEADER;
	const heap = HEADER + count * stride;
	let end = 0;
	for (const { node, from, to, first } of runs) {
		packed.set(node.subarray(HEADER + from * stride, HEADER + to * stride), slot);
		let entries = to - from;
		if (first !== undefined) {
			packed.set(first, heap + end);
			setU16(packed, slot, end);
			setU16(packed, slot + 2, first.length);
			end += first.length;
			slot += stride;
			entries--;
		}
		const source = heapOf(node);
		// The labels to be copied next: [start, start + (end - copied)) of the node's.
		let start = 0;
		let copied = end;
		for (; entries > 0; entries--, slot += stride) {
			const offset = (packed[slot]! << 8) | packed[slot + 1]!;
			if (offset !== start + end - copied) {
				if (end > copied)
					packed.set(node.subarray(source + start, source + start + end - copied), heap + copied);
				start = offset;
				copied = end;
			}
			packed[slot] = end >> 8;
			packed[slot + 1] = end;
			end += (packed[slot + 2]! << 8) | packed[slot + 3]!;
		}
		if (end > copied) packed.set(node.subarray(source + start, source + start + end - copied), heap + copied);
	}
	return packed.slice(0, heap + end);
}
