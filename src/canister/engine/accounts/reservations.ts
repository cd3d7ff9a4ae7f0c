import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { StableMap } from "../../host/ports.js";
import { getU32, putU32 } from "../base/codec.js";
import type { Accounts } from "./accounts.js";

interface Claim {
	readonly who: Uint8Array;
	readonly key: string;
	readonly uploads: number;
}

/**
 * The keys that somebody uploads to, each with how many uploads are open. In the quota of blobs such a key counts as if
 * it held one of that principal's already, and as one with it: no commit finds that the place is gone which begin found.
 */
export class Reservations {
	readonly #map: StableMap;
	readonly #accounts: Accounts;
	/** What was asked for last: each key is asked for twice, to check its blob or upload and to count it. */
	#last: Claim | undefined;

	constructor(map: StableMap, accounts: Accounts) {
		this.#map = map;
		this.#accounts = accounts;
	}

	/** To be called before each message. */
	forget(): void {
		this.#last = undefined;
	}

	/** How many uploads to the key the principal has open. */
	count(who: Uint8Array, key: string): number {
		// Who puts many small blobs mostly has none, and is spared 50,000 instructions for each of them.
		if (this.#accounts.get(who).openUploads === 0) return 0;
		const last = this.#last;
		if (last !== undefined && last.who === who && last.key === key) return last.uploads;
		const record = this.#map.get(nameOf(who, key));
		const uploads = record === undefined ? 0 : getU32(record, 0);
		this.#last = { who, key, uploads };
		return uploads;
	}

	set(who: Uint8Array, key: string, uploads: number): void {
		if (uploads === 0) this.#map.delete(nameOf(who, key));
		else {
			const record = new Uint8Array(4);
			putU32(record, 0, uploads);
			this.#map.set(nameOf(who, key), record);
		}
		this.#last = { who, key, uploads };
	}
}

/** The map has the uploads too, whose names begin with the length of a principal: with 0 begins none of them. */
function nameOf(who: Uint8Array, key: string): Uint8Array {
	const utf8 = encodeUtf8(key);
	const name = new Uint8Array(2 + who.length + utf8.length);
	name[1] = who.length;
	name.set(who, 2);
	name.set(utf8, 2 + who.length);
	return name;
}
