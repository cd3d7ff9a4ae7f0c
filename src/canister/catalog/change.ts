import { sameBytes } from "../../protocol/hash.js";
import type { Hashing } from "../host/hashing.js";
import { type Edited, Editor, type Entry } from "./editor.js";
import { labelOf, type Path, SELF, SELF_TEXT } from "./key.js";
import { FLAG, type Flag, flagAt, KIND, type Kind, linkAt, valueAt } from "./node.js";
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
