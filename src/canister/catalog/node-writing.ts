import type { Hashing } from "../host/hashing.js";
import { KIND } from "./node.js";
import { digestOf, NO_RUNS, renewedRuns } from "./runs.js";
import type { Sharing } from "./sharing.js";
import type { NodeStore } from "./store.js";

/** Under which number a changed node goes into the store, what becomes of one that is gone, and what is written. */

/** The number under which a changed node is written: its own, or a new one where another tree has it too. */
export function ownId(store: NodeStore, id: number, sharing: Sharing | undefined): number {
	if (sharing === undefined || id >= sharing.mark) return id;
	sharing.drop(id);
	return store.allocate();
}

export function freeId(store: NodeStore, id: number, sharing: Sharing | undefined): void {
	if (sharing === undefined || id >= sharing.mark) store.free(id);
	else sharing.drop(id);
}

/** Writes a changed node, and hashes its stale runs again. @returns its digest, unless it is plain or empty */
export function writeNode(
	store: NodeStore,
	hashing: Hashing,
	id: number,
	node: Uint8Array,
	runs: Uint8Array,
	stale: number,
): Uint8Array | undefined {
	if (node[0]! >> 6 === KIND.plain || node[1] === 0) {
		store.write(id, node, NO_RUNS);
		return undefined;
	}
	const renewed = renewedRuns(hashing, node, runs, stale);
	store.write(id, node, renewed);
	return digestOf(hashing, node, renewed);
}
