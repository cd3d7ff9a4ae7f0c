import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import {
	FEED_LABEL,
	HTTP_LABEL,
	PRIVATE_LABEL,
	PUBLIC_LABEL,
	SHA256_BYTES,
	sameBytes,
	type WireProof,
} from "../../../protocol/index.js";
import { type Mount, TreeWriter, treeDigest } from "../../catalog/index.js";
import { isWellFormed } from "../base/well-formed.js";
import type { State } from "../state.js";

/** What an application certifies beside the store: trees of its own under labels of the certified root. */

/** What stands under a label: a leaf with this value, or a hash tree of the application's with this digest. */
export type CertifiedTree =
	| {
			/** Of the leaf: at most 65,535 bytes. */
			readonly value: Uint8Array;
	  }
	| {
			/** Of the hash tree: 32 bytes. */
			readonly digest: Uint8Array;
	  };

/** What a proof shows of it: the leaf's value, or the tree in CBOR, pruned as the application likes. */
export type ShownTree = {
	/** It stands under this one. */
	readonly label: string;
} & (
	| {
			/** Of the leaf. */
			readonly value: Uint8Array;
	  }
	| {
			/** The hash tree in CBOR. */
			readonly tree: Uint8Array;
	  }
);

const MOST_LABELS = 16;
const MAX_LABEL_BYTES = 64;
const MAX_VALUE_BYTES = 0xffff;
const STORES = [FEED_LABEL, HTTP_LABEL, PRIVATE_LABEL, PUBLIC_LABEL].map(fromUnits);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** @throws RangeError */
function labelOf(label: string): Uint8Array {
	if (typeof label !== "string" || !isWellFormed(label))
		throw new RangeError("a label is a text without half a surrogate pair");
	const bytes = encodeUtf8(label);
	const order = fromUnits(bytes);
	if (bytes.length === 0 || bytes.length > MAX_LABEL_BYTES)
		throw new RangeError(`a label has 1 to ${MAX_LABEL_BYTES} bytes`);
	// The head of the feed is the first branch of the root.
	if (STORES.includes(order) || order < STORES[0]!)
		throw new RangeError(`the label ${JSON.stringify(label)} is the store's, or comes before "feed"`);
	return bytes;
}

function checkValue(value: Uint8Array): Uint8Array {
	if (value instanceof Uint8Array && value.length <= MAX_VALUE_BYTES) return value;
	throw new RangeError(`a value is a Uint8Array of at most ${MAX_VALUE_BYTES} bytes`);
}

/** Certifies it from now on; undefined: nothing. @throws RangeError */
export function mount(state: State, label: string, tree: CertifiedTree | undefined): void {
	const bytes = labelOf(label);
	const { certified, host } = state;
	const labels = certified.mounted.map(fromUnits);
	if (tree !== undefined && labels.length >= MOST_LABELS && !labels.includes(fromUnits(bytes)))
		throw new RangeError(`an application has at most ${MOST_LABELS} labels`);
	certified.mount(bytes, tree === undefined ? tree : digestOf(tree, (value) => host.hashing.leaf(value)));
}

function digestOf(tree: CertifiedTree, leaf: (value: Uint8Array) => Uint8Array): Uint8Array {
	if (!isObject(tree)) throw new RangeError("what is certified is { value } or { digest }, or undefined");
	if ("value" in tree) return leaf(checkValue(tree.value));
	if (tree.digest instanceof Uint8Array && tree.digest.length === SHA256_BYTES) return tree.digest.slice();
	throw new RangeError(`a digest is a Uint8Array of ${SHA256_BYTES} bytes`);
}

/**
 * What proves it, in a query; empty in an update, whose reply is certified itself. Under a label where nothing is
 * certified it proves just that.
 * @throws RangeError where something else is certified under a label than is to be shown
 */
export function proofOf({ certified, host }: State, shown: readonly ShownTree[]): WireProof {
	if (!Array.isArray(shown) || !shown.every(isObject))
		throw new RangeError("what is shown is an array of { label, value } or { label, tree }");
	const labels = new Set<string>();
	const mounts: Mount[] = (shown as readonly ShownTree[]).map((each) => {
		const label = labelOf(each.label);
		if (labels.has(each.label))
			throw new RangeError(`the label ${JSON.stringify(each.label)} is to be shown twice`);
		labels.add(each.label);
		const subtree =
			"value" in each ? new TreeWriter().leaf(checkValue(each.value)).done() : checkTree(each.tree);
		const digest = treeDigest(subtree, host.hashing);
		if (digest === undefined) throw new RangeError("a tree is a hash tree in CBOR, and nothing behind it");
		const stands = certified.mountAt(label);
		if (stands !== undefined && !sameBytes(stands, host.hashing.labeled(label, digest)))
			throw new RangeError(`under the label ${JSON.stringify(each.label)} something else is certified`);
		return { label, subtree };
	});
	return certified.proofOfMounts(mounts);
}

function checkTree(tree: Uint8Array): Uint8Array {
	if (tree instanceof Uint8Array) return tree;
	throw new RangeError("a tree is a Uint8Array: the hash tree in CBOR");
}
