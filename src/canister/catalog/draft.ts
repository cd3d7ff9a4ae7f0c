import { sameBytes } from "../../protocol/hash.js";
import type { Hashing } from "../host/hashing.js";
import { Changer, type Item } from "./change.js";
import { descend, leafOf, textOf } from "./directory.js";
import {
	type DraftList,
	type DraftState,
	idsIn,
	idsRecord,
	PHASE,
	RECORD,
	readState,
	writeState,
} from "./draft-record.js";
import { Editor } from "./editor.js";
import { type FlatRoot, isFlat, isList, nameOf, type Root } from "./key.js";
import { countOf, FLAG, KIND, type Kind, levelOf, linkAt } from "./node.js";
import { NO_RUNS } from "./runs.js";
import type { Sharing } from "./sharing.js";
import { CERTIFIED_TOP, type NodeStore, PLAIN_TOP } from "./store.js";

/** Most nodes in a record of nodes to be freed. */
const MOST_IN_RECORD = 1_024;

/**
 * A second state of the certified roots and of some lists, which begins as a copy of what there is, the base, and costs
 * nothing to make: both have the same nodes until one changes them, and then it changes a copy of its own (sharing.ts).
 * In the end either takes the place of the other, by a new link for each root. What only the one that goes had is freed
 * in steps: the nodes that it made since, which are found from its roots down, since what is below an older node is
 * older; and of the older nodes those that the other one has dropped, which it has noted.
 *
 * There is one draft at a time, and none begins before the one before is taken down.
 */
export class Draft {
	readonly #store: NodeStore;
	readonly #hashing: Hashing;
	readonly #state: DraftState;
	#baseDrops: number[] = [];
	#draftDrops: number[] = [];

	constructor(store: NodeStore, hashing: Hashing) {
		this.#store = store;
		this.#hashing = hashing;
		this.#state = readState(store);
		this.#setMark();
	}

	get isOpen(): boolean {
		return this.#state.phase === PHASE.open;
	}

	/** Whether one may be opened. */
	get isNone(): boolean {
		return this.#state.phase === PHASE.none;
	}

	/** No number that was given back is taken while nodes are told apart by their numbers. */
	#setMark(): void {
		this.#store.keepsFreed = this.isOpen;
	}

	open(): void {
		const state = this.#state;
		if (!this.isNone) throw new Error("catalog: a draft is opened beside another");
		const { node } = this.#store.read(CERTIFIED_TOP);
		if (levelOf(node) !== 0)
			throw new Error("catalog: there are more certified roots than a leaf has room for");
		state.phase = PHASE.open;
		this.#setMark();
		state.mark = this.#store.next;
		state.top = this.#store.allocate();
		this.#store.write(state.top, node.slice(), NO_RUNS);
		this.#store.commit();
		writeState(this.#store, state);
	}

	/** How the base changes a root, as long as the draft may have nodes of it too. */
	sharing(root: Root): Sharing | undefined {
		if (!this.isOpen) return undefined;
		const mark = isList(root) ? this.#listOf(root)?.mark : this.#state.mark;
		return mark === undefined ? undefined : { mark, drop: (id) => this.#baseDrops.push(id) };
	}

	/** Whether the draft has its own state of a list: that of another is the base's. */
	hasList(root: FlatRoot): boolean {
		return this.#listOf(root) !== undefined;
	}

	#listOf(root: Root): DraftList | undefined {
		return isFlat(root) ? this.#state.lists.find(({ name }) => sameBytes(name, nameOf(root))) : undefined;
	}

	get lists(): number {
		return this.#state.lists.length;
	}

	/** Changes a certified root in the draft; the items are in order. */
	change(kind: Kind, items: readonly Item[]): void {
		const { mark, top } = this.#state;
		const changer = new Changer(this.#store, this.#hashing, kind, this.#ofDraft(mark));
		changer.change(top, KIND.paths, items, 0, true);
		this.#store.commit();
		this.commit();
	}

	/** The same of a list, of which the draft has its own state from now on. */
	changeList(root: FlatRoot, items: readonly Item[]): void {
		let list = this.#listOf(root);
		if (list === undefined) {
			list = { name: nameOf(root).slice(), mark: this.#store.next, id: this.#directoryOf(nameOf(root)) };
			this.#state.lists.push(list);
			writeState(this.#store, this.#state);
		}
		const changer = new Changer(this.#store, this.#hashing, KIND.plain, this.#ofDraft(list.mark));
		const edited = changer.change(list.id, KIND.plain, items, 1, false);
		this.#store.commit();
		if (edited !== undefined && edited.id !== list.id) {
			list.id = edited.id;
			writeState(this.#store, this.#state);
		}
		this.commit();
	}

	#ofDraft(mark: number): Sharing {
		return { mark, drop: (id) => this.#draftDrops.push(id) };
	}

	#directoryOf(name: Uint8Array): number {
		const place = descend(this.#store, PLAIN_TOP, name);
		const { node, index } = leafOf(place);
		return place.found ? linkAt(node, index) : 0;
	}

	/** To be called at the end of each change of the base: notes what it has no more. */
	commit(): void {
		if (this.#baseDrops.length === 0 && this.#draftDrops.length === 0) return;
		const state = this.#state;
		if (this.#baseDrops.length > 0)
			this.#store.setRecord(RECORD.baseDrops, ++state.baseDrops, idsRecord(this.#baseDrops));
		if (this.#draftDrops.length > 0)
			this.#store.setRecord(RECORD.draftDrops, ++state.draftDrops, idsRecord(this.#draftDrops));
		this.#baseDrops = [];
		this.#draftDrops = [];
		writeState(this.#store, state);
	}

	/** The draft takes the place of the base. */
	reveal(): void {
		const state = this.#state;
		const base = this.#store.read(CERTIFIED_TOP).node;
		const draft = this.#store.read(state.top).node.slice();
		this.#scrap(state.mark, linksOf(base));
		this.#store.write(CERTIFIED_TOP, draft, NO_RUNS);
		for (const list of state.lists) {
			this.#scrap(list.mark, [this.#directoryOf(list.name)]);
			this.#link(list);
		}
		this.#end(true);
	}

	/** The base stays as it is. */
	giveUp(): void {
		const state = this.#state;
		this.#scrap(state.mark, linksOf(this.#store.read(state.top).node));
		for (const { mark, id } of state.lists) this.#scrap(mark, [id]);
		this.#end(false);
	}

	#end(staysDraft: boolean): void {
		const state = this.#state;
		this.#store.free(state.top);
		this.#store.commit();
		state.phase = PHASE.takingDown;
		this.#setMark();
		state.staysDraft = staysDraft;
		state.lists = [];
		writeState(this.#store, state);
	}

	#link({ name, id }: DraftList): void {
		const editor = new Editor(this.#store, this.#hashing, PLAIN_TOP, KIND.plain);
		const at = editor.seek(name, textOf(name));
		if (id === 0) {
			if (at >= 0) editor.remove(at);
		} else if (at >= 0) editor.update(at, { flag: FLAG.none, link: id });
		else editor.insert(~at, name, { flag: FLAG.none, link: id });
		editor.finish(true);
	}

	/** Puts nodes of the tree that goes, if they are of it alone, on the list of what is to be freed. */
	#scrap(mark: number, ids: readonly number[]): void {
		const its = ids.filter((id) => id >= mark);
		for (let from = 0; from < its.length; from += MOST_IN_RECORD)
			this.#store.setRecord(
				RECORD.rubble,
				++this.#state.rubble,
				idsRecord([mark, ...its.slice(from, from + MOST_IN_RECORD)]),
			);
	}

	/** Frees about so many nodes of the tree that went; false if nothing was left to do. */
	takeDown(limit: number): boolean {
		const state = this.#state;
		if (state.phase !== PHASE.takingDown) return false;
		for (let left = limit; left > 0; ) {
			const done = this.#takeDownOne();
			if (done === 0) {
				Object.assign(state, { phase: PHASE.none });
				break;
			}
			left -= done;
		}
		this.#store.commit();
		writeState(this.#store, state);
		return true;
	}

	/** One record's worth; 0: none is left. */
	#takeDownOne(): number {
		const state = this.#state;
		const drops = this.#pop(RECORD.baseDrops, "baseDrops") ?? this.#pop(RECORD.draftDrops, "draftDrops");
		if (drops !== undefined) {
			if (drops.of === (state.staysDraft ? "draftDrops" : "baseDrops"))
				for (const id of drops.ids) this.#store.free(id);
			return Math.max(1, drops.ids.length);
		}
		const rubble = this.#pop(RECORD.rubble, "rubble");
		if (rubble === undefined) return 0;
		const [mark, ...ids] = rubble.ids as [number, ...number[]];
		const below: number[] = [];
		for (const id of ids) {
			below.push(...linksOf(this.#store.read(id).node));
			this.#store.free(id);
		}
		this.#scrap(mark, below);
		return ids.length;
	}

	#pop(
		kind: (typeof RECORD)[keyof typeof RECORD],
		of: "baseDrops" | "draftDrops" | "rubble",
	): { readonly of: typeof of; readonly ids: number[] } | undefined {
		const number = this.#state[of];
		if (number === 0) return undefined;
		const record = this.#store.record(kind, number);
		if (record === undefined) throw new Error(`catalog: a record of what ${of} is missing`);
		const ids = idsIn(record);
		this.#store.deleteRecord(kind, number);
		this.#state[of] = number - 1;
		return { of, ids };
	}
}

/** Children, or directories below labels. */
function linksOf(node: Uint8Array): number[] {
	const links: number[] = [];
	for (let i = 0; i < countOf(node); i++) {
		const link = linkAt(node, i);
		if (link !== 0) links.push(link);
	}
	return links;
}
