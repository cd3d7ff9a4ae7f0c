import { sameBytes } from "../../protocol/hash.js";
import type { Hashing } from "../host/hashing.js";
import { textOf } from "./directory.js";
import { type Edited, Editor, type Entry } from "./editor.js";
import { labelOf, type Path, SELF, SELF_TEXT } from "./key.js";
import {
	FLAG,
	type Flag,
	flagAt,
	HEADER,
	KIND,
	type Kind,
	LEAF_SLOT,
	LEVELS,
	linkAt,
	nodeOf,
	PLAIN_SLOT,
	setEntry,
	valueAt,
} from "./node.js";
import { withoutEntry } from "./node-change.js";
import { freeId, ownId, writeNode } from "./node-writing.js";
import { NO_RUNS, staleAt, staleFrom } from "./runs.js";
import type { Sharing } from "./sharing.js";
import type { NodeStore } from "./store.js";

/** What is to become of a key. */
export interface Item {
	readonly path: Pick<Path, "root" | "bytes" | "texts">;
	/** False: the key goes. */
	readonly present: boolean;
	/** What is certified of it; undefined in plain directories. */
	readonly content: Uint8Array | undefined;
	/** The last text is `<$>`, which is no label of the path: the key at its own directory's entry of that name. */
	readonly isSelf: boolean;
	/** The last text is `<*>`, which is no key. */
	readonly isOthers?: boolean;
}

/** Applies items in order of their labels: first all of a directory below a label, then that label's entry. */
export class Changer {
	readonly #store: NodeStore;
	readonly #hashing: Hashing;
	/** What the directories below the first level are. */
	readonly #kind: Kind;
	/** Of what is below the first level. */
	readonly #sharing: Sharing | undefined;
	/** Whether anything was not as the items say. */
	changed = false;
	/** The directory in which the last label of a single item stands. */
	directory = 0;

	constructor(store: NodeStore, hashing: Hashing, kind: Kind, sharing?: Sharing) {
		this.#store = store;
		this.#hashing = hashing;
		this.#kind = kind;
		this.#sharing = sharing;
	}

	/** `depth`: which of each item's labels stands in this directory. Undefined: nothing was to be changed. */
	change(
		directory: number,
		kind: Kind,
		items: readonly Item[],
		depth: number,
		stays: boolean,
	): Edited | undefined {
		if (items.length === 0) return undefined;
		return this.#pass(directory, kind, items, depth, startOf(items[0]!.path.texts, depth), stays);
	}

	/**
	 * Most directories of a deep key are of one leaf, in which all items have one label that is there: they are passed on the
	 * way down and renewed on the way up. That is a small part of what the editor can do, and takes a third of it.
	 *
	 * @param from where in the path's bytes the label begins
	 */
	#pass(
		id: number,
		kind: Kind,
		items: readonly Item[],
		depth: number,
		from: number,
		stays: boolean,
	): Edited | undefined {
		// Few calls and objects in here, as in `search`.
		const first = items[0]!;
		const { path } = first;
		const { texts } = path;
		const text = texts[depth]!;
		const { length } = text;
		const isEnd = depth === texts.length - 1;
		if (items.length > 1) {
			if (isEnd || items[items.length - 1]!.path.texts[depth] !== text)
				return this.#edit(id, kind, items, depth, stays);
		} else if (first.isSelf || first.isOthers === true) {
			if (isEnd || id === 0) return this.#edit(id, kind, items, depth, stays);
		} else if (id === 0) return first.present ? this.#create(kind, first, depth) : undefined;
		if (id === 0) return this.#edit(id, kind, items, depth, stays);
		const { node, runs } = this.#store.read(id);
		if ((node[0]! & (LEVELS - 1)) !== 0) return this.#edit(id, kind, items, depth, stays);
		const bytes = depth === 0 ? path.root : path.bytes;
		const stride = kind === KIND.plain ? PLAIN_SLOT : LEAF_SLOT;
		let index = 0;
		if (node[1] === 1) {
			if (node.length !== HEADER + stride + length || textOf(node.subarray(HEADER + stride)) !== text)
				return this.#edit(id, kind, items, depth, stays);
		} else {
			index = indexOf(node, stride, text);
			if (index < 0) return this.#edit(id, kind, items, depth, stays);
		}
		const slot = HEADER + index * stride;
		const flag = node[slot + 4]! as Flag;
		const link =
			((node[slot + 5]! << 8) | node[slot + 6]!) * 0x10000 + ((node[slot + 7]! << 8) | node[slot + 8]!);
		let below: Edited | undefined;
		if (!isEnd) {
			if (link === 0) return this.#edit(id, kind, items, depth, stays);
			if (depth === 0) below = this.#pass(link, this.#kind, items, 1, 0, false);
			else below = this.#pass(link, kind, items, depth + 1, from + length + 1, false);
			if (below === undefined || (kind === KIND.plain && below.id === link)) return undefined;
			if (below.id === 0 && flag === FLAG.none) return this.#without(id, node, runs, index, depth, stays);
		} else {
			if (link !== 0 || flag !== FLAG.file) return this.#edit(id, kind, items, depth, stays);
			if (!first.present) {
				this.changed = true;
				const edited = this.#without(id, node, runs, index, depth, stays);
				this.directory = edited.id;
				return edited;
			}
			this.directory = id;
			if (kind === KIND.plain || sameBytes(valueAt(node, index), first.content!)) return undefined;
			this.changed = true;
			below = { id: 0, self: first.content };
		}
		const value = below.digest ?? below.self;
		const own = depth === 0 ? id : ownId(this.#store, id, this.#sharing);
		if (isEnd) this.directory = own;
		const renewed = new Uint8Array(node);
		let digest: Uint8Array | undefined;
		if (value !== undefined) {
			const label = bytes.subarray(from, from + length);
			const isPath = below.id === 0 && kind === KIND.paths;
			digest = isPath ? this.#hashing.labeledPath([label, SELF], value) : this.#hashing.labeled(label, value);
		}
		setEntry(renewed, index, flag, below.id, digest, value);
		// The digest of one entry is its node's.
		if (node[1] === 1) this.#store.write(own, renewed, NO_RUNS);
		else {
			const stale = staleAt(renewed, index);
			digest = writeNode(this.#store, this.#hashing, own, renewed, runs.slice(), stale);
		}
		return { id: own, digest };
	}

	/** A directory of one leaf without one of its entries. */
	#without(
		id: number,
		node: Uint8Array,
		runs: Uint8Array,
		index: number,
		depth: number,
		stays: boolean,
	): Edited {
		const sharing = depth === 0 ? undefined : this.#sharing;
		const count = node[1]!;
		if (count === 1 && !stays) {
			freeId(this.#store, id, sharing);
			return { id: 0 };
		}
		if (count === 2 && flagAt(node, 1 - index) === FLAG.self) {
			freeId(this.#store, id, sharing);
			return { id: 0, self: valueAt(node, 1 - index).slice() };
		}
		const left = withoutEntry(node, index);
		const own = ownId(this.#store, id, sharing);
		return {
			id: own,
			digest: writeNode(this.#store, this.#hashing, own, left, runs.slice(), staleFrom(left, index)),
		};
	}

	/** Makes the directories of a key of which none is there yet, each of one label. */
	#create(kind: Kind, { path, content }: Item, depth: number): Edited {
		const { texts, bytes } = path;
		const last = texts.length - 1;
		let to = bytes.length;
		let edited: Edited = { id: 0, digest: content };
		for (let at = last; at >= depth; at--) {
			const from = to - texts[at]!.length;
			const label = bytes.subarray(from, to);
			const flag = at === last ? FLAG.file : FLAG.none;
			to = from - 1;
			const value = edited.digest;
			const id = this.#store.allocate();
			let digest: Uint8Array | undefined;
			if (value !== undefined)
				digest =
					at === last && kind === KIND.paths
						? this.#hashing.labeledPath([label, SELF], value)
						: this.#hashing.labeled(label, value);
			this.#store.write(id, nodeOf(kind, label, flag, edited.id, digest, value), NO_RUNS);
			edited = { id, digest };
			if (at === last) this.directory = id;
		}
		this.changed = true;
		return edited;
	}

	#edit(
		directory: number,
		kind: Kind,
		items: readonly Item[],
		depth: number,
		stays: boolean,
	): Edited | undefined {
		const sharing = depth === 0 ? undefined : this.#sharing;
		const editor = new Editor(this.#store, this.#hashing, directory, kind, sharing);
		for (let i = 0; i < items.length; ) {
			const text = items[i]!.path.texts[depth]!;
			let end = i + 1;
			while (end < items.length && items[end]!.path.texts[depth] === text) end++;
			this.#changeLabel(editor, kind, items, i, end, depth);
			i = end;
		}
		const edited = editor.finish(stays);
		if (items.length === 1 && items[0]!.path.texts.length === depth + 1)
			this.directory = edited?.id ?? directory;
		return edited;
	}

	/** Items [from, end) have the same label here. The first may end with it. */
	#changeLabel(
		editor: Editor,
		kind: Kind,
		items: readonly Item[],
		from: number,
		end: number,
		depth: number,
	): void {
		const item = items[from]!;
		const { texts } = item.path;
		const ends = texts.length === depth + 1;
		const label = ends && item.isSelf ? SELF : labelOf(item.path, depth);
		const at = editor.seek(label, texts[depth]!);
		const isFound = at >= 0;
		const { leaf } = editor;
		const link = isFound ? linkAt(leaf, at) : 0;
		const before = isFound && flagAt(leaf, at) !== FLAG.none;
		const isThere = ends ? item.present : before;
		const deeper = ends ? from + 1 : from;
		let isBelow = link !== 0;
		for (let i = deeper; !isBelow && i < end; i++) isBelow = items[i]!.present;
		if (deeper === end && (link === 0 || kind === KIND.plain)) isBelow = false;

		let value = isFound && kind !== KIND.plain ? valueAt(leaf, at) : undefined;
		let below = link;
		if (isBelow) {
			const inside = items.slice(deeper, end);
			if (kind === KIND.paths && depth > 0) {
				if (ends) addSelf(inside, item, depth);
				else if (before && link === 0)
					addSelf(inside, { ...item, present: true, content: value!.slice() }, depth);
			}
			const kindBelow = depth === 0 ? this.#kind : kind;
			const edited = this.change(link, kindBelow, inside, depth + 1, false);
			if (edited === undefined) {
				if (before === isThere) return;
			} else if (kind === KIND.plain && edited.id === link && before === isThere) {
				return;
			} else {
				below = edited.id;
				value = edited.digest ?? edited.self;
			}
		} else if (ends) {
			if (before === isThere && (kind === KIND.plain || !isThere || sameBytes(value!, item.content!))) return;
			if (link === 0) value = item.content;
		} else return;

		this.changed = true;
		if (below === 0 && !isThere) {
			if (isFound) editor.remove(at);
			return;
		}
		const own = item.isSelf ? FLAG.self : item.isOthers ? FLAG.others : undefined;
		const entry = this.#entry(kind, label, ends ? own : undefined, isThere, below, value);
		if (isFound) editor.update(at, entry);
		else editor.insert(~at, label, entry);
	}

	#entry(
		kind: Kind,
		label: Uint8Array,
		own: Flag | undefined,
		isThere: boolean,
		link: number,
		value: Uint8Array | undefined,
	): Entry {
		const flag = own ?? (isThere ? FLAG.file : FLAG.none);
		if (kind === KIND.plain || value === undefined) return { flag, link };
		const direct = kind === KIND.labels || own !== undefined || link !== 0;
		const digest = direct
			? this.#hashing.labeled(label, value)
			: this.#hashing.labeledPath([label, SELF], value);
		return { flag, link, digest, value };
	}
}

/**
 * The index of the entry of a leaf that has this label; -1 if none has. By texts, since here most labels are found: byte
 * by byte (`search`), a label that shares its beginning with all others takes three times as much.
 */
function indexOf(leaf: Uint8Array, stride: number, text: string): number {
	let to = leaf[1]!;
	const heap = HEADER + to * stride;
	for (let from = 0; from < to; ) {
		const middle = (from + to) >> 1;
		const slot = HEADER + middle * stride;
		const start = heap + ((leaf[slot]! << 8) | leaf[slot + 1]!);
		const other = textOf(leaf.subarray(start, start + ((leaf[slot + 2]! << 8) | leaf[slot + 3]!)));
		if (other === text) return middle;
		if (other < text) from = middle + 1;
		else to = middle;
	}
	return -1;
}

/** Where in a path's bytes a label begins; the root's name is not in them. */
function startOf(texts: readonly string[], depth: number): number {
	let from = 0;
	for (let i = 1; i < depth; i++) from += texts[i]!.length + 1;
	return from;
}

/** Puts the key that ends where the items' directory begins in its place among them, as the label `<$>`. */
function addSelf(inside: Item[], item: Item, depth: number): void {
	const texts = [...item.path.texts.slice(0, depth + 1), SELF_TEXT];
	let at = 0;
	while (at < inside.length && inside[at]!.path.texts[depth + 1]! < SELF_TEXT) at++;
	inside.splice(at, 0, {
		path: { ...item.path, texts },
		present: item.present,
		content: item.content,
		isSelf: true,
	});
}
