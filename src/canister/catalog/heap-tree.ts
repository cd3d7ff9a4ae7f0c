import type { Hashing } from "../host/hashing.js";
import { DIGEST_BYTES } from "../host/hashing.js";
import { textOf } from "./directory.js";
import { OTHERS, SELF } from "./key.js";
import type { TreeWriter } from "./tree-writer.js";

/** A label, and what stands under it: a tree of its own, or one of which only the digest is known here. */
interface Entry {
	readonly label: Uint8Array;
	/** Compares as the label's bytes do. */
	readonly text: string;
	readonly below: HeapTree | undefined;
	readonly digest: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** A small hash tree in the heap. A change of a level hashes all of that level again. */
export class HeapTree {
	readonly #hashing: Hashing;
	readonly #entries: Entry[] = [];
	#digest: Uint8Array | undefined;

	constructor(hashing: Hashing) {
		this.#hashing = hashing;
	}

	get hashing(): Hashing {
		return this.#hashing;
	}

	get entries(): readonly Entry[] {
		return this.#entries;
	}

	/** Puts a tree of this digest at a path of labels, or takes away what is there. */
	set([label, ...rest]: readonly Uint8Array[], digest: Uint8Array | undefined): void {
		const text = textOf(label!);
		const at = this.indexOf(text);
		const before = at < 0 ? undefined : this.#entries[at];
		const from = at < 0 ? ~at : at;
		const count = before === undefined ? 0 : 1;
		this.#digest = undefined;
		let below: HeapTree | undefined;
		let value = digest;
		if (rest.length > 0) {
			below = before?.below ?? new HeapTree(this.#hashing);
			below.set(rest, digest);
			value = below.#entries.length === 0 ? undefined : below.digest;
		}
		if (value === undefined) this.#entries.splice(from, count);
		else this.#entries.splice(from, count, { label: label!, text, below, digest: value });
	}

	/** Where a label is among the entries, or ~(where it belongs). */
	indexOf(text: string): number {
		const at = this.#entries.findIndex((entry) => entry.text >= text);
		if (at < 0) return ~this.#entries.length;
		return this.#entries[at]!.text === text ? at : ~at;
	}

	/** It must not be empty. */
	get digest(): Uint8Array {
		this.#digest ??= this.forks(0, this.#entries.length);
		return this.#digest;
	}

	/** Of so many entries. */
	forks(first: number, count: number): Uint8Array {
		const labeled = new Uint8Array(count * DIGEST_BYTES);
		for (let i = 0; i < count; i++) {
			const { label, digest } = this.#entries[first + i]!;
			labeled.set(this.#hashing.labeled(label, digest), i * DIGEST_BYTES);
		}
		return this.#hashing.forks(labeled, 0, DIGEST_BYTES, count);
	}
}

/** Part of such a tree: the way to labels that were asked for, or the neighbours of those that are absent. */
export class HeapWitness {
	readonly #tree: HeapTree;
	/** What is shown under an entry, by its index: an encoded tree, or a part of its own tree. Undefined: its digest. */
	readonly #shown = new Map<number, Uint8Array | HeapWitness | undefined>();

	constructor(tree: HeapTree) {
		this.#tree = tree;
	}

	/** Shows what stands at a path of labels, encoded: it must be there. */
	show([label, ...rest]: readonly Uint8Array[], subtree: Uint8Array): void {
		const at = this.#touch(label!);
		if (at === undefined) throw new Error("what is to be shown is not there");
		if (rest.length === 0) this.#shown.set(at, subtree);
		else this.#open(at)!.show(rest, subtree);
	}

	/**
	 * Shows that nothing is at a path: no more than what stands for it, `others`, at the first `depth` of its labels and
	 * `<*>`. What a gateway must see: Witness.showNothing.
	 */
	showNothing(path: readonly Uint8Array[], depth: number, others: Uint8Array): void {
		this.show([...path.slice(0, depth), OTHERS], others);
		let here: HeapWitness = this;
		for (const [i, label] of path.entries()) {
			if (i >= depth) here.#showNoSlash();
			if (i > depth) here.#touch(OTHERS);
			const at = here.#touch(label);
			const below = at === undefined ? undefined : here.#open(at);
			if (below === undefined) return;
			here = below;
		}
		here.#showNoSlash();
		here.#touch(OTHERS);
		here.#touch(SELF);
	}

	/** That nothing stands for what is below a label of no bytes. The label itself is there where a slash ends a path. */
	#showNoSlash(): void {
		const at = this.#touch(NOTHING);
		const below = at === undefined ? undefined : this.#open(at);
		if (below !== undefined) below.#touch(OTHERS);
	}

	/** Shows a label, or its neighbours: then undefined. */
	#touch(label: Uint8Array): number | undefined {
		const at = this.#tree.indexOf(textOf(label));
		const indices = at >= 0 ? [at] : [~at - 1, ~at];
		for (const index of indices)
			if (index >= 0 && index < this.#tree.entries.length && !this.#shown.has(index))
				this.#shown.set(index, undefined);
		return at >= 0 ? at : undefined;
	}

	/** What is below an entry; undefined where that is not known here. */
	#open(index: number): HeapWitness | undefined {
		const before = this.#shown.get(index);
		if (before instanceof HeapWitness) return before;
		const { below } = this.#tree.entries[index]!;
		if (below === undefined) return undefined;
		const opened = new HeapWitness(below);
		this.#shown.set(index, opened);
		return opened;
	}

	write(out: TreeWriter): void {
		const count = this.#tree.entries.length;
		this.#write(out, Math.ceil(Math.log2(count)), 0);
	}

	/** The subtree of this height from an entry on, in the shape of Hashing.forks. */
	#write(out: TreeWriter, height: number, first: number): void {
		const count = Math.min(1 << height, this.#tree.entries.length - first);
		const isShown = [...this.#shown.keys()].some((index) => index >= first && index < first + count);
		if (!isShown) out.pruned(this.#tree.forks(first, count));
		else if (height === 0) this.#writeEntry(out, first);
		else {
			const half = 1 << (height - 1);
			if (count > half) out.fork();
			this.#write(out, height - 1, first);
			if (count > half) this.#write(out, height - 1, first + half);
		}
	}

	#writeEntry(out: TreeWriter, index: number): void {
		const { label, digest } = this.#tree.entries[index]!;
		const shown = this.#shown.get(index);
		out.labeled(label);
		if (shown instanceof HeapWitness && shown.#shown.size > 0) shown.write(out);
		else if (shown instanceof Uint8Array) out.raw(shown);
		else out.pruned(digest);
	}
}
