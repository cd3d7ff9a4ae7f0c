import { emptyTree, type Hashing } from "../host/hashing.js";
import { textOf } from "./directory.js";
import { Editor } from "./editor.js";
import { countOf, FLAG, KIND, levelOf, linkAt } from "./node.js";
import { withoutEntry } from "./node-change.js";
import { digestOf, runBytes } from "./runs.js";
import type { NodeStore } from "./store.js";
import { TreeWriter } from "./tree-writer.js";
import { Witness } from "./witness.js";

const NOTHING = new Uint8Array(0);

/**
 * Directories without a name, of labels over empty leaves: the response hashes of a blob of many chunks. Whoever has
 * one keeps its number and puts its digest into a key's content. It is complete after every step, so that building
 * and discarding can go on in another message, with nothing to be remembered but the number.
 */
export class LabelSets {
	readonly #store: NodeStore;
	readonly #hashing: Hashing;

	constructor(store: NodeStore, hashing: Hashing) {
		this.#store = store;
		this.#hashing = hashing;
	}

	/**
	 * Adds labels, in ascending order of their bytes; those that are there already stay. The number of the set, which
	 * stays the same: `set` 0 makes a new one. Cheapest if all are above those that are there.
	 */
	add(set: number, labels: readonly Uint8Array[]): number {
		const editor = new Editor(this.#store, this.#hashing, set, KIND.labels);
		const value = this.#hashing.leaf(NOTHING);
		for (const label of labels) {
			const at = editor.seek(label, textOf(label));
			if (at >= 0) continue;
			const digest = this.#hashing.labeled(label, value);
			editor.insert(~at, label, { flag: FLAG.file, link: 0, digest, value });
		}
		const edited = editor.finish(false);
		this.#store.commit();
		return edited?.id ?? set;
	}

	digest(set: number): Uint8Array {
		if (set === 0) return emptyTree(this.#hashing);
		const { node, runs } = this.#store.read(set);
		return digestOf(this.#hashing, node, runs);
	}

	/** The set's tree, encoded, with nothing shown but this label, or its absence. */
	witness(set: number, label: Uint8Array): Uint8Array {
		const out = new TreeWriter();
		if (set === 0) return out.empty().done();
		const witness = new Witness(this.#store, this.#hashing, set);
		witness.show([label], new TreeWriter().leaf(NOTHING).done());
		witness.write(out);
		return out.done();
	}

	/**
	 * Frees at most `limit` (at least 1) nodes of the set, from its end. What is left has digests no more: nothing can
	 * be done with it but going on. True when all is gone.
	 */
	discard(set: number, limit: number): boolean {
		let freed = 0;
		const open = [{ id: set, node: this.#store.read(set).node }];
		while (open.length > 0 && freed < limit) {
			const { id, node } = open[open.length - 1]!;
			const last = countOf(node) - 1;
			if (levelOf(node) > 1 && last >= 0) {
				const below = linkAt(node, last);
				open.push({ id: below, node: this.#store.read(below).node });
				continue;
			}
			if (levelOf(node) === 1 && last >= 0) {
				// A leaf is freed without a look at it.
				this.#store.free(linkAt(node, last));
			} else {
				this.#store.free(id);
				open.pop();
			}
			freed++;
			const above = open[open.length - 1];
			if (above !== undefined) above.node = withoutEntry(above.node, countOf(above.node) - 1);
		}
		for (const { id, node } of open) this.#store.write(id, node, new Uint8Array(runBytes(node)));
		this.#store.commit();
		return open.length === 0;
	}
}
