import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import type { StableMap } from "../ports.js";
import type { Accounts } from "./accounts.js";
import { concat, getU32, putU32 } from "./codec.js";
import { ownedKey } from "./uploads.js";

/** The map has the uploads too, whose names begin with the length of a principal: never 0. */
const MARK = Uint8Array.of(0);

/**
 * The keys that somebody uploads to, each with how many uploads are open. In the quota of blobs such a key counts as if
 * it held one of that principal's already, and as one with it: no commit finds that the place is gone which begin found.
 */
export class Claims {
	readonly #map: StableMap;
	readonly #accounts: Accounts;

	constructor(map: StableMap, accounts: Accounts) {
		this.#map = map;
		this.#accounts = accounts;
	}

	has(who: Uint8Array, key: string): boolean {
		return this.#isPossible(who) && this.#map.has(nameOf(who, key));
	}

	/** One upload more. Answers how many there were before. */
	add(who: Uint8Array, key: string): number {
		const name = nameOf(who, key);
		const others = this.#isPossible(who) ? this.#count(name) : 0;
		this.#set(name, others + 1);
		return others;
	}

	/** One less. Answers how many are left. */
	remove(who: Uint8Array, key: string): number {
		const name = nameOf(who, key);
		const others = this.#count(name) - 1;
		if (others < 0) throw new Error("an upload ends to a key that nobody uploads to");
		if (others === 0) this.#map.delete(name);
		else this.#set(name, others);
		return others;
	}

	/** Who has no upload open, as most who put many small blobs, is not looked for: 50,000 instructions a blob less. */
	#isPossible(who: Uint8Array): boolean {
		return this.#accounts.get(who).openUploads > 0;
	}

	#count(name: Uint8Array): number {
		const record = this.#map.get(name);
		return record === undefined ? 0 : getU32(record, 0);
	}

	#set(name: Uint8Array, uploads: number): void {
		const record = new Uint8Array(4);
		putU32(record, 0, uploads);
		this.#map.set(name, record);
	}
}

const nameOf = (who: Uint8Array, key: string): Uint8Array => concat(MARK, ownedKey(who, encodeUtf8(key)));
