import { type Serializable, StableBTreeMap } from "azle";
import type { StableMap, Storage } from "../ports.js";

const asTheyAre: Serializable = { toBytes: (bytes) => bytes, fromBytes: (bytes) => bytes };

/** Azle's stable maps, counting writes: a refusal after a write would leave half a change behind. */
export class AzleStorage implements Storage {
	writes = 0;
	readonly #offset: number;
	readonly #maps = new Map<number, StableMap>();

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

	#open(memoryId: number): StableMap {
		const map = new StableBTreeMap(memoryId, asTheyAre, asTheyAre);
		return {
			get: (key) => map.get(key),
			has: (key) => map.containsKey(key),
			set: (key, value) => {
				this.writes++;
				map.insert(key, value);
			},
			delete: (key) => {
				this.writes++;
				map.remove(key);
			},
		};
	}
}
