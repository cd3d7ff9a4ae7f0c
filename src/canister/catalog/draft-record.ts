import type { NodeStore } from "./store.js";

/** What the store has beside nodes about a draft: under these numbers, in the upper half of a record's key. */
export const RECORD = { state: 1, baseDrops: 2, draftDrops: 3, rubble: 4 } as const;

/** Nothing is under way; a draft is open; what only the tree had that went is being freed. */
export const PHASE = { none: 0, open: 1, takingDown: 2 } as const;

/** A list that the draft has a copy of. */
export interface DraftList {
	readonly name: Uint8Array;
	/** Nodes from this number on are of base or draft alone. */
	readonly mark: number;
	/** Its directory; 0: it is empty. */
	id: number;
}

/** All that is known of a draft, and of one that was before until it is taken down. */
export interface DraftState {
	phase: (typeof PHASE)[keyof typeof PHASE];
	/** Nodes of the certified roots from this number on are of base or draft alone. */
	mark: number;
	/** The draft's directory of certified roots. */
	top: number;
	/** Records of nodes that base and draft do not have any more, and of nodes to be freed with what is below them. */
	baseDrops: number;
	draftDrops: number;
	rubble: number;
	/** Which of the drops are to be freed, once the draft is over: those of the tree that stays. */
	staysDraft: boolean;
	lists: DraftList[];
}

export const NO_DRAFT: DraftState = {
	phase: PHASE.none,
	mark: 0,
	top: 0,
	baseDrops: 0,
	draftDrops: 0,
	rubble: 0,
	staysDraft: false,
	lists: [],
};

const VERSION = 1;
const FIELDS = 24;

/** u8 version | u8 phase | u8 staysDraft | six u32 | of each list u32 length of its name, the name, u32 mark, u32 id */
export function readState(store: NodeStore): DraftState {
	const record = store.record(RECORD.state, 0);
	if (record === undefined) return { ...NO_DRAFT, lists: [] };
	if (record[0] !== VERSION) throw new Error(`catalog: a draft of version ${record[0]}, not ${VERSION}`);
	const view = new DataView(record.buffer, record.byteOffset, record.length);
	const field = (n: number) => view.getUint32(3 + 4 * n);
	const lists: DraftList[] = [];
	let at = 3 + FIELDS;
	for (let left = field(5); left > 0; left--) {
		const length = view.getUint32(at);
		const name = record.slice(at + 4, at + 4 + length);
		at += 4 + length;
		lists.push({ name, mark: view.getUint32(at), id: view.getUint32(at + 4) });
		at += 8;
	}
	return {
		phase: record[1] as DraftState["phase"],
		staysDraft: record[2] === 1,
		mark: field(0),
		top: field(1),
		baseDrops: field(2),
		draftDrops: field(3),
		rubble: field(4),
		lists,
	};
}

export function writeState(store: NodeStore, state: DraftState): void {
	if (state.phase === PHASE.none) {
		store.deleteRecord(RECORD.state, 0);
		return;
	}
	const { phase, mark, top, baseDrops, draftDrops, rubble, staysDraft, lists } = state;
	const length = lists.reduce((sum, { name }) => sum + 12 + name.length, 3 + FIELDS);
	const record = new Uint8Array(length);
	const view = new DataView(record.buffer);
	record[0] = VERSION;
	record[1] = phase;
	record[2] = staysDraft ? 1 : 0;
	const fields = [mark, top, baseDrops, draftDrops, rubble, lists.length];
	for (let n = 0; n < fields.length; n++) view.setUint32(3 + 4 * n, fields[n]!);
	let at = 3 + FIELDS;
	for (const list of lists) {
		view.setUint32(at, list.name.length);
		record.set(list.name, at + 4);
		at += 4 + list.name.length;
		view.setUint32(at, list.mark);
		view.setUint32(at + 4, list.id);
		at += 8;
	}
	store.setRecord(RECORD.state, 0, record);
}

export function idsRecord(ids: readonly number[]): Uint8Array {
	const record = new Uint8Array(4 * ids.length);
	const view = new DataView(record.buffer);
	for (let i = 0; i < ids.length; i++) view.setUint32(4 * i, ids[i]!);
	return record;
}

export function idsIn(record: Uint8Array): number[] {
	const view = new DataView(record.buffer, record.byteOffset, record.length);
	return Array.from({ length: record.length / 4 }, (_, i) => view.getUint32(4 * i));
}
