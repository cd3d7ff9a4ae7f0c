import { type Serializable, StableBTreeMap } from "azle";
import { MEMORIES } from "../host/memory.js";
import type { StableMap, Storage } from "../host/ports.js";

const asTheyAre: Serializable = { toBytes: (bytes) => bytes, fromBytes: (bytes) => bytes };

/** Azle's stable maps, counting writes: a refusal after a write would leave half a change behind. */
export class AzleStorage implements Storage {
	writes = 0;
	readonly #offset: number;
	readonly #maps = new Map<number, StableMap>();
	readonly #opened = new Map<number, StableBTreeMap>();

	constructor(offset: number) {
		this.#offset = offset;
	}

	map(id: number): StableMap {
		let map = this.#maps.get(id);
		if (map === undefined) {
			map = this.#open(this.#offset + id);
			this.#maps.set(id, map);
		}
		return map;
	}

	/** Memory ids of the store under which anything is stored. */
	filled(): number[] {
		for (let id = 0; id < MEMORIES; id++) this.map(id);
		return [...this.#opened].filter(([, map]) => !map.isEmpty()).map(([id]) => id);
	}

	#open(memoryId: number): StableMap {
		const map = new StableBTreeMap(memoryId, asTheyAre, asTheyAre);
		this.#opened.set(memoryId, map);
		return {
			get: (key) => map.get(key),
			has: (key) => map.containsKey(key),
			set: (key, value) => {
				this.writes++;
				return map.insert(key, value);
			},
			delete: (key) => {
				this.writes++;
				map.remove(key);
			},
		};
	}
}
