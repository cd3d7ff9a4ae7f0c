import { decodeUtf8, encodeUtf8 } from "../../../protocol/codec/utf8.js";
import type { StableMap } from "../../host/ports.js";
import { COUNTER, type Counters } from "../base/counters.js";
import type { OwnAnswers } from "../http/own-answers.js";
import { Blob, type Blobs } from "../store/blobs.js";
import type { Certified } from "./certified.js";
import type { Responses } from "./responses.js";

/** Where the last key stands that was looked at; all other keys of the map are longer. */
const CURSOR = new Uint8Array(8);

/**
 * Makes the HTTP answers of all public blobs anew after an upgrade by which they would be others: by the code that made
 * them, or by the application's settings. Blob by blob, in cleaning's steps; until its turn has come a blob is answered
 * 503. A blob that is published meanwhile is of the new rules from the beginning.
 */
export class Renewing {
	readonly #map: StableMap;
	readonly #counters: Counters;
	readonly #blobs: Blobs;
	readonly #certified: Certified;
	readonly #own: OwnAnswers;
	readonly #responses: Responses;
	readonly #settleKey: (key: string) => void;

	constructor(parts: {
		map: StableMap;
		counters: Counters;
		blobs: Blobs;
		certified: Certified;
		own: OwnAnswers;
		responses: Responses;
		settleKey: (key: string) => void;
	}) {
		this.#map = parts.map;
		this.#counters = parts.counters;
		this.#blobs = parts.blobs;
		this.#certified = parts.certified;
		this.#own = parts.own;
		this.#responses = parts.responses;
		this.#settleKey = parts.settleKey;
	}

	/** Whether what is certified was made by other rules. */
	get isStale(): boolean {
		return this.#counters.get(COUNTER.answersMade) !== this.#own.print;
	}

	/** At install and after every upgrade: certifies what is answered where there is nothing, and begins if need be. */
	open(): void {
		// Made now, and kept in the heap: what a query makes is forgotten when it ends.
		const { print } = this.#own;
		if (!this.isStale) return;
		this.#counters.set(COUNTER.answersMade, print);
		this.#certified.setOthers(this.#own.missing);
		if (this.#counters.get(COUNTER.blobs) === 0) return;
		this.#counters.set(COUNTER.renewing, 1);
		this.#map.delete(CURSOR);
	}

	/** Whether blobs are left to be looked at. */
	get isBusy(): boolean {
		return this.#counters.get(COUNTER.renewing) !== 0;
	}

	/** Looks at the next blob; false where there is none any more. */
	renewOne(): boolean {
		if (!this.isBusy) return false;
		const last = this.#map.get(CURSOR);
		const range = { prefix: "", recursive: true };
		const keys = this.#certified.publicKeys(
			last === undefined ? range : { ...range, after: decodeUtf8(last) },
		);
		const next = keys.next();
		if (next.done || !("key" in next.value)) {
			this.#map.delete(CURSOR);
			this.#counters.set(COUNTER.renewing, 0);
			return false;
		}
		const { key } = next.value;
		this.#settleKey(key);
		const blob = this.#blobs.stored(key);
		if (blob === undefined) throw new Error("a public key is listed and holds nothing");
		const place = this.#responses.renewed(blob);
		if (place !== undefined) {
			const renewed = new Blob(blob.manifest, place, blob.bytes);
			this.#blobs.set(renewed);
			this.#certified.put(renewed, blob);
		}
		this.#map.set(CURSOR, encodeUtf8(key));
		return true;
	}
}
