import type { StableMap } from "../host/ports.js";
import { emptyNode, FREE_NODE, isNode, KIND } from "./node.js";
import { NO_RUNS, runBytes } from "./runs.js";

/**
 * The nodes in their map, under their id as a big-endian u64. Ids are u32 in the nodes themselves: Azle's map
 * holds fewer than 2^32 entries. Id 0 is the head: u8 version | u32 next id | u32 first free id (0: none). A
 * free node is u8 255 | u32 next free id: giving an id back and taking it again cost one access each, however
 * many are free. Behind a node the digests of its runs are stored (runs.ts). Keys past the u32 are of drafts (draft.ts).
 */
const HEAD = 0;
const VERSION = 3;

/** The directories of the plain and of the certified roots: always there, the only ones that may be empty. */
export const PLAIN_TOP = 1;
export const CERTIFIED_TOP = 2;

const u32 = (bytes: Uint8Array, at: number): number =>
	((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

function setU32(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
}

/** A node and the digests of its runs. */
export interface Stored {
	readonly node: Uint8Array;
	readonly runs: Uint8Array;
}

/** Most nodes in each half of what the heap keeps: together half a MiB at the most. */
const MOST_KEPT = 16;

/**
 * The nodes that were read or written last are kept in the heap, since each change passes the directories above its own:
 * to find one in the map takes 100,000 instructions. A trap takes heap and map back together.
 */
export class NodeStore {
	readonly #map: StableMap;
	readonly #key = new Uint8Array(8);
	/** Records by id, those of the older half as long as the younger one is not full. None is ever changed. */
	#young = new Map<number, Uint8Array>();
	#old = new Map<number, Uint8Array>();
	/** Read when an id is first taken or given back, written by `commit`: one access each a change, not an id. */
	#head: Uint8Array | undefined;
	/** Given back in the change at hand: what it takes then is of these, so that neither costs an access. */
	readonly #freed: number[] = [];
	/** Whether no number that was given back is taken again: nodes are told apart by them (draft.ts). */
	keepsFreed = false;

	constructor(map: StableMap) {
		this.#map = map;
		const head = map.get(this.#keyOf(HEAD));
		if (head === undefined) {
			this.#head = new Uint8Array(9);
			this.#head[0] = VERSION;
			setU32(this.#head, 1, CERTIFIED_TOP + 1);
			this.write(PLAIN_TOP, emptyNode(KIND.plain, 0), NO_RUNS);
			this.write(CERTIFIED_TOP, emptyNode(KIND.paths, 0), NO_RUNS);
			this.commit();
		} else if (head[0] !== VERSION)
			throw new Error(`catalog: layout ${head[0]} is not ${VERSION}, the one that this code knows`);
	}

	/** To be read only. */
	read(id: number): Stored {
		return stored(this.#young.get(id) ?? this.#find(id));
	}

	/** The caller's own copy, which it may change. */
	take(id: number): Stored {
		return stored((this.#young.get(id) ?? this.#find(id)).slice());
	}

	#find(id: number): Uint8Array {
		const record = this.#old.get(id) ?? this.#map.get(this.#keyOf(id));
		if (record === undefined) throw new Error(`catalog: node ${id} is missing`);
		if (!isNode(record)) throw new Error(`catalog: node ${id} is corrupt`);
		this.#keep(id, record);
		return record;
	}

	#keep(id: number, record: Uint8Array): void {
		if (this.#young.size === MOST_KEPT) {
			this.#old = this.#young;
			this.#young = new Map();
		}
		this.#young.set(id, record);
	}

	/** The node is the store's from now on. */
	write(id: number, node: Uint8Array, runs: Uint8Array): void {
		let record = node;
		if (runs.length > 0) {
			record = new Uint8Array(node.length + runs.length);
			record.set(node);
			record.set(runs, node.length);
		}
		this.#map.set(this.#keyOf(id), record);
		this.#keep(id, record);
	}

	/** A free id; the caller writes its node. */
	allocate(): number {
		const freed = this.keepsFreed ? undefined : this.#freed.pop();
		if (freed !== undefined) return freed;
		const head = this.#readHead();
		const free = this.keepsFreed ? 0 : u32(head, 5);
		if (free === 0) {
			const next = u32(head, 1);
			if (next === 0xffff_ffff) throw new Error("catalog: no node ids are left");
			setU32(head, 1, next + 1);
			return next;
		}
		const node = this.#map.get(this.#keyOf(free));
		if (node?.length !== 5 || node[0] !== FREE_NODE)
			throw new Error(`catalog: node ${free} is in the list of free nodes and is not free`);
		setU32(head, 5, u32(node, 1));
		return free;
	}

	free(id: number): void {
		this.#freed.push(id);
		this.#young.delete(id);
		this.#old.delete(id);
	}

	/** Ends a change. */
	commit(): void {
		const freed = this.#freed;
		if (freed.length > 0) {
			const head = this.#readHead();
			const node = new Uint8Array(5);
			node[0] = FREE_NODE;
			let next = u32(head, 5);
			for (let id = freed.pop(); id !== undefined; id = freed.pop()) {
				setU32(node, 1, next);
				this.#map.set(this.#keyOf(id), node);
				next = id;
			}
			setU32(head, 5, next);
		}
		if (this.#head === undefined) return;
		this.#map.set(this.#keyOf(HEAD), this.#head);
		this.#head = undefined;
	}

	/** The lowest number that no node ever had. */
	get next(): number {
		return u32(this.#readHead(), 1);
	}

	/** What is stored beside nodes: `kind` is not 0. */
	record(kind: number, number: number): Uint8Array | undefined {
		return this.#map.get(recordKey(kind, number));
	}

	setRecord(kind: number, number: number, record: Uint8Array): void {
		this.#map.set(recordKey(kind, number), record);
	}

	deleteRecord(kind: number, number: number): void {
		this.#map.delete(recordKey(kind, number));
	}

	#readHead(): Uint8Array {
		this.#head ??= this.#map.get(this.#keyOf(HEAD))?.slice();
		if (this.#head?.length !== 9) throw new Error("catalog: node 0, the head, is missing or corrupt");
		return this.#head;
	}

	#keyOf(id: number): Uint8Array {
		setU32(this.#key, 4, id);
		return this.#key;
	}
}

function recordKey(kind: number, number: number): Uint8Array {
	const key = new Uint8Array(8);
	setU32(key, 0, kind);
	setU32(key, 4, number);
	return key;
}

function stored(record: Uint8Array): Stored {
	// So few have no runs: nearly all nodes of deep keys.
	if (record[1]! <= 8) return { node: record, runs: NO_RUNS };
	const bytes = runBytes(record);
	if (bytes === 0) return { node: record, runs: NO_RUNS };
	const end = record.length - bytes;
	return { node: record.subarray(0, end), runs: record.subarray(end) };
}
