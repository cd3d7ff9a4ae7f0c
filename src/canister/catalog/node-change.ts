import {
	countOf,
	emptyNode,
	HEADER,
	heapOf,
	kindOf,
	labelAt,
	lengthAt,
	levelOf,
	MIN_WEIGHT,
	setU16,
	strideOf,
	u16,
	weightAt,
	weightOf,
} from "./node.js";

/** Nodes with entries added, taken away, split off or joined: always new bytes, never more than two copies. */

const EMPTY = new Uint8Array(0);

/** The node with one more entry, of which nothing but the label is said. */
export function withEntry(node: Uint8Array, index: number, label: Uint8Array): Uint8Array {
	const stride = strideOf(node);
	const slot = HEADER + index * stride;
	const changed = new Uint8Array(node.length + stride + label.length);
	changed.set(node.subarray(0, slot));
	changed.set(node.subarray(slot), slot + stride);
	changed.fill(0, slot, slot + stride);
	changed.set(label, node.length + stride);
	changed[1] = countOf(node) + 1;
	setU16(changed, slot, node.length - heapOf(node));
	setU16(changed, slot + 2, label.length);
	return changed;
}

/** The node without this entry. */
export function withoutEntry(node: Uint8Array, index: number): Uint8Array {
	const stride = strideOf(node);
	const slot = HEADER + index * stride;
	const offset = u16(node, slot);
	const length = u16(node, slot + 2);
	const label = heapOf(node) + offset;
	const changed = new Uint8Array(node.length - stride - length);
	changed.set(node.subarray(0, slot));
	changed.set(node.subarray(slot + stride, label), slot);
	changed.set(node.subarray(label + length), label - stride);
	const count = countOf(node) - 1;
	changed[1] = count;
	const end = HEADER + count * stride;
	for (let at = HEADER; at < end; at += stride) {
		const other = (changed[at]! << 8) | changed[at + 1]!;
		if (other > offset) setU16(changed, at, other - length);
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

function pack(runs: readonly Run[]): Uint8Array {
	const model = runs[0]!.node;
	const stride = strideOf(model);
	let count = 0;
	let size = HEADER;
	for (const { node, from, to, first } of runs) {
		count += to - from;
		for (let i = from; i < to; i++)
			size += stride + (first !== undefined && i === from ? first.length : lengthAt(node, i));
	}
	const packed = new Uint8Array(size);
	packed.set(emptyNode(kindOf(model), levelOf(model)));
	packed[1] = count;
	let slot = HEADER;
	const heap = heapOf(packed);
	let end = heap;
	for (const { node, from, to, first } of runs) {
		packed.set(node.subarray(HEADER + from * stride, HEADER + to * stride), slot);
		for (let i = from; i < to; i++, slot += stride) {
			const label = first !== undefined && i === from ? first : labelAt(node, i);
			packed.set(label, end);
			setU16(packed, slot, end - heap);
			setU16(packed, slot + 2, label.length);
			end += label.length;
		}
	}
	return packed;
}
