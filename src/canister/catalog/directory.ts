import { type Bounds, labelAt, levelOf, linkAt, search } from "./node.js";
import type { NodeStore, Stored } from "./store.js";

/**
 * One directory: a B+-tree of labels whose root keeps its node id for as long as the directory lives, so that
 * growing and shrinking never touch the link that points to it. Here it is read; editor.ts changes it.
 */

/** A node on the way from the root to a leaf, and where in it the way goes on. */
export interface Step {
	readonly node: Uint8Array;
	readonly index: number;
}

/** Where a label stands, or would stand if `found` is false. */
export interface Place {
	/** From the root to the leaf; never empty. */
	readonly path: readonly Step[];
	readonly found: boolean;
}

export const leafOf = (place: Place): Step => place.path[place.path.length - 1]!;

/**
 * A child is one level below its parent: a link gone wrong is noticed, and cannot make a circle. `isOwn`: the caller may
 * change it.
 */
export function readChild(store: NodeStore, parent: Uint8Array, index: number, isOwn = false): Stored {
	const id = linkAt(parent, index);
	const child = isOwn ? store.take(id) : store.read(id);
	const { node } = child;
	// The kind is in the same byte.
	if (node[0] !== parent[0]! - 1)
		throw new Error(`catalog: node ${id} has level ${levelOf(node)} below level ${levelOf(parent)}`);
	return child;
}

export function descend(store: NodeStore, directory: number, label: Uint8Array): Place {
	const path: Step[] = [];
	const bounds: Bounds = { low: 0, high: 0 };
	let { node } = store.read(directory);
	for (;;) {
		const at = search(node, label, bounds);
		if (levelOf(node) === 0) {
			path.push({ node, index: at < 0 ? ~at : at });
			return { path, found: at >= 0 };
		}
		const index = at < 0 ? ~at - 1 : at;
		path.push({ node, index });
		node = readChild(store, node, index).node;
	}
}

/** Bytes as a text that compares as they do, and inside the engine. At most a node's length. */
export const textOf = (bytes: Uint8Array): string =>
	// `apply` takes anything with a length and indices; its type says arrays only.
	String.fromCharCode.apply(null, bytes as unknown as number[]);

/** The label at an index as such a text. */
export const textAt = (node: Uint8Array, index: number): string => textOf(labelAt(node, index));
