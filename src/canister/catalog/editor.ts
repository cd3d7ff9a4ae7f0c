import type { Hashing } from "../host/hashing.js";
import { readChild, textAt, textOf } from "./directory.js";
import {
	type Bounds,
	countOf,
	emptyNode,
	FLAG,
	type Flag,
	flagAt,
	isOverfull,
	isUnderfull,
	type Kind,
	labelAt,
	levelOf,
	linkAt,
	search,
	setDigest,
	setEntry,
	setLink,
	valueAt,
} from "./node.js";
import { join, split, withEntry, withoutEntry } from "./node-change.js";
import { freeId, ownId, writeNode } from "./node-writing.js";
import { ALL_STALE, NO_RUNS, staleAt, staleFrom } from "./runs.js";
import type { Sharing } from "./sharing.js";
import type { NodeStore, Stored } from "./store.js";

/** A node that is being changed. It is written, and hashed, once: when the editor leaves it. */
interface Level {
	/** 0: the root of a directory that is not stored yet. */
	id: number;
	node: Uint8Array;
	/** The digests of its runs as they were read, and which of them changes have made stale, as bits. */
	runs: Uint8Array;
	stale: number;
	/** In an inner node the child that is open, in a leaf where the last label was: the next is not before it. */
	index: number;
	/** All labels in here are below it, as a text; undefined: no bound. */
	upper: string | undefined;
	/** In a leaf the label at `index`, if it was looked at: keys that come in between are placed by one comparison. */
	ceiling: string | undefined;
	dirty: boolean;
	/** Whether the last change put an entry at the end. */
	appended: boolean;
}

type Hashable = Pick<Level, "node" | "runs" | "stale">;

const levelOver = (id: number, { node, runs }: Stored, upper: string | undefined): Level => ({
	id,
	node,
	runs,
	stale: 0,
	index: 0,
	upper,
	ceiling: undefined,
	dirty: false,
	appended: false,
});

/** What a label stands for; digest and value are of 32 bytes, and missing in a plain directory. */
export interface Entry {
	readonly flag: Flag;
	readonly link: number;
	readonly digest?: Uint8Array | undefined;
	readonly value?: Uint8Array | undefined;
}

/** What became of a directory: its id (0: it is empty and gone) and, unless it is plain, its digest. */
export interface Edited {
	readonly id: number;
	readonly digest?: Uint8Array | undefined;
	/** It held nothing but `<$>` and is gone: that label's value. */
	readonly self?: Uint8Array | undefined;
}

const EMPTY = new Uint8Array(0);

/**
 * Changes one directory, at any number of labels in ascending order, in one pass: the path from the root to a
 * leaf is open, and what lies to its left is done. `seek` a label, then at most one of insert, update, remove;
 * `finish` in the end. One label costs what it would without the machinery for many: its path, and a sibling a
 * level where nodes join or split.
 */
export class Editor {
	readonly #store: NodeStore;
	readonly #hashing: Hashing;
	readonly #sharing: Sharing | undefined;
	/** From the root down. */
	readonly #levels: Level[];
	/** The label to come, as a text; undefined: none. */
	#next: string | undefined;
	#changed = false;

	/** `directory` 0 is one that does not exist yet. */
	constructor(store: NodeStore, hashing: Hashing, directory: number, kind: Kind, sharing?: Sharing) {
		this.#store = store;
		this.#hashing = hashing;
		this.#sharing = sharing;
		const root = directory === 0 ? { node: emptyNode(kind, 0), runs: NO_RUNS } : store.take(directory);
		this.#levels = [levelOver(directory, root, undefined)];
	}

	/** The leaf in which the last sought label stands or belongs. */
	get leaf(): Uint8Array {
		return this.#lowest.node;
	}

	get #lowest(): Level {
		return this.#levels[this.#levels.length - 1]!;
	}

	/** The label's index in `leaf`, or ~(the index where it belongs). `text` is the label's `textOf`. */
	seek(label: Uint8Array, text: string): number {
		this.#next = text;
		const bounds: Bounds = { low: 0, high: 0 };
		for (;;) {
			const level = this.#lowest;
			if (isOverfull(level.node)) this.#split(this.#levels.length - 1);
			else if (level.upper !== undefined && text >= level.upper) {
				if (!this.#settle(this.#levels.length - 1)) this.#close();
			} else if (levelOf(level.node) === 0) {
				return this.#place(level, label, text, bounds);
			} else {
				const at = search(level.node, label, bounds);
				level.index = at < 0 ? ~at - 1 : at;
				this.#open(level);
			}
		}
	}

	#place(level: Level, label: Uint8Array, text: string, bounds: Bounds): number {
		const { node, index } = level;
		if (index > 0) {
			if (index === node[1]) return ~index;
			level.ceiling ??= textAt(node, index);
			if (text < level.ceiling) return ~index;
			if (text === level.ceiling) return index;
		}
		const at = search(node, label, bounds, index > 0 ? index : -1);
		level.index = at < 0 ? ~at : at;
		level.ceiling = undefined;
		return at;
	}

	/** At ~index as `seek` answered it. An overfull leaf waits for the next label to say which half goes on. */
	insert(index: number, label: Uint8Array, entry: Entry): void {
		const level = this.#lowest;
		level.appended = index === countOf(level.node);
		level.node = withEntry(level.node, index, label);
		level.stale |= staleFrom(level.node, index);
		this.#set(level, index, entry);
	}

	update(index: number, entry: Entry): void {
		const level = this.#lowest;
		level.appended = false;
		level.ceiling = undefined;
		level.stale |= staleAt(level.node, index);
		this.#set(level, index, entry);
	}

	remove(index: number): void {
		const level = this.#lowest;
		level.node = withoutEntry(level.node, index);
		level.stale |= staleFrom(level.node, index);
		level.index = index;
		level.ceiling = undefined;
		level.dirty = true;
		level.appended = false;
		this.#changed = true;
	}

	/** Undefined if nothing changed. `stays`: keep the root also when it is empty. */
	finish(stays: boolean): Edited | undefined {
		this.#next = undefined;
		for (;;) {
			const lowest = this.#levels.length - 1;
			if (isOverfull(this.#levels[lowest]!.node)) this.#split(lowest);
			else if (lowest === 0) {
				const root = this.#lowest;
				if (levelOf(root.node) === 0 || countOf(root.node) > 1) break;
				// Its only child was left before it became the root; opened again, it is made the root.
				root.index = 0;
				this.#open(root);
			} else if (!this.#settle(lowest)) this.#close();
		}
		if (!this.#changed) return undefined;
		const root = this.#levels[0]!;
		// Without digests a change goes up only as far as nodes come and go.
		if (!root.dirty) return { id: root.id };
		const { node } = root;
		const count = countOf(node);
		const onlySelf = count === 1 && levelOf(node) === 0 && flagAt(node, 0) === FLAG.self;
		if ((count === 0 && !stays) || onlySelf) {
			if (root.id !== 0) this.#free(root.id);
			return onlySelf ? { id: 0, self: valueAt(node, 0).slice() } : { id: 0 };
		}
		root.id = root.id === 0 ? this.#store.allocate() : this.#own(root.id);
		const digest = this.#write(root.id, root);
		return digest === undefined ? { id: root.id } : { id: root.id, digest };
	}

	#set(level: Level, index: number, { flag, link, digest, value }: Entry): void {
		setEntry(level.node, index, flag, link, digest, value);
		level.index = index + 1;
		level.dirty = true;
		this.#changed = true;
	}

	#own(id: number): number {
		return ownId(this.#store, id, this.#sharing);
	}

	#free(id: number): void {
		freeId(this.#store, id, this.#sharing);
	}

	/** Its digest, unless it is plain. */
	#write(id: number, { node, runs, stale }: Hashable): Uint8Array | undefined {
		return writeNode(this.#store, this.#hashing, id, node, runs, stale);
	}

	/** Goes on in the child at the level's index. */
	#open(level: Level): void {
		const { node, index } = level;
		const child = readChild(this.#store, node, index, true);
		this.#levels.push(levelOver(linkAt(node, index), child, this.#upperOf(level)));
	}

	/** The bound of the open child. */
	#upperOf({ node, index, upper }: Level): string | undefined {
		return index + 1 < countOf(node) ? textAt(node, index + 1) : upper;
	}

	/** Leaves the lowest level, which is neither the root nor too light or heavy. */
	#close(): void {
		const level = this.#levels.pop()!;
		if (!level.dirty) return;
		const id = this.#own(level.id);
		const digest = this.#write(id, level);
		const parent = this.#lowest;
		if (id !== level.id) {
			setLink(parent.node, parent.index, id);
			parent.dirty = true;
		}
		if (digest === undefined) return;
		setDigest(parent.node, parent.index, digest);
		parent.stale |= staleAt(parent.node, parent.index);
		parent.dirty = true;
	}

	/**
	 * Joins the node at this depth to a sibling if it is too light; whether it did. Merely freeing nodes when
	 * they are empty would keep depth within the log of the most labels there ever were, but not of those there
	 * are, and leave a node for every label that survives. The sibling after it is taken before the one before:
	 * that is done already, this may be about to be changed, and the joined node is still open.
	 */
	#settle(depth: number): boolean {
		if (depth === 0) return false;
		const level = this.#levels[depth]!;
		const parent = this.#levels[depth - 1]!;
		const alone = countOf(parent.node) === 1;
		if (alone && depth === 1) {
			// A root over one child: the child is the root.
			this.#free(level.id);
			this.#levels.shift();
			level.id = parent.id;
			level.dirty = true;
			return true;
		}
		if (!isUnderfull(level.node)) return false;
		// The only child of a node that is not the root: that is underfull too, and joining it brings siblings.
		if (alone) return this.#settle(depth - 1);
		const isFirst = parent.index + 1 < countOf(parent.node);
		const left = isFirst ? parent.index : parent.index - 1;
		const sibling = readChild(this.#store, parent.node, isFirst ? left + 1 : left).node;
		const separator = labelAt(parent.node, left + 1);
		const leftId = linkAt(parent.node, left);
		const rightId = linkAt(parent.node, left + 1);
		if (!isFirst) level.index += countOf(sibling);
		level.node = isFirst ? join(level.node, separator, sibling) : join(sibling, separator, level.node);
		level.stale = ALL_STALE;
		level.id = leftId;
		level.ceiling = undefined;
		level.dirty = true;
		level.appended = false;
		parent.node = withoutEntry(parent.node, left + 1);
		parent.stale |= staleFrom(parent.node, left);
		parent.index = left;
		parent.dirty = true;
		parent.appended = false;
		level.upper = this.#upperOf(parent);
		if (isOverfull(level.node)) this.#split(depth, rightId);
		else this.#free(rightId);
		return true;
	}

	/** Splits the node at this depth; the half where the open child or the next label is stays open. */
	#split(depth: number, freeId?: number): void {
		const level = this.#levels[depth]!;
		if (depth === 0) {
			// The root keeps its id, and becomes the parent of what it was.
			const raised = withEntry(emptyNode((level.node[0]! >> 6) as Kind, levelOf(level.node) + 1), 0, EMPTY);
			const id = this.#store.allocate();
			setEntry(raised, 0, FLAG.none, id);
			const root = levelOver(level.id, { node: raised, runs: NO_RUNS }, undefined);
			root.dirty = true;
			this.#levels.unshift(root);
			level.id = id;
			this.#split(1);
			return;
		}
		const parent = this.#levels[depth - 1]!;
		const { left, separator, right } = split(level.node, level.appended);
		const rightId = freeId === undefined ? this.#store.allocate() : this.#own(freeId);
		const bound = textOf(separator);
		const isInner = depth < this.#levels.length - 1;
		const goesRight = isInner
			? level.index >= countOf(left)
			: this.#next === undefined || this.#next >= bound;
		const leftIndex = parent.index;
		parent.appended = leftIndex + 1 === countOf(parent.node);
		parent.node = withEntry(parent.node, leftIndex + 1, separator);
		parent.stale |= staleFrom(parent.node, leftIndex);
		parent.dirty = true;
		setEntry(parent.node, leftIndex + 1, FLAG.none, rightId);
		const done = { node: goesRight ? left : right, runs: NO_RUNS, stale: ALL_STALE };
		if (goesRight) {
			level.id = this.#own(level.id);
			setLink(parent.node, leftIndex, level.id);
		}
		const digest = this.#write(goesRight ? level.id : rightId, done);
		if (digest !== undefined) setDigest(parent.node, goesRight ? leftIndex : leftIndex + 1, digest);
		if (goesRight) {
			parent.index = leftIndex + 1;
			level.id = rightId;
			level.node = right;
			level.index = Math.max(0, level.index - countOf(left));
		} else {
			level.node = left;
			level.upper = bound;
		}
		level.stale = ALL_STALE;
		level.ceiling = undefined;
		level.dirty = true;
		level.appended = false;
		if (isOverfull(parent.node)) this.#split(depth - 1);
	}
}
