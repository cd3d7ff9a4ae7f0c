import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { type ErrorCode, METHODS, type MethodName } from "../../../protocol/index.js";
import type { StableMap } from "../../host/ports.js";
import { getU64, writeU64 } from "./codec.js";

/** What was counted of a method, or under an error's code, since the store was installed. */
export interface Tally {
	readonly calls: number;
	readonly refused: number;
	readonly instructions: number;
	/** Of those refused, the ones whose message was none that the method takes. */
	readonly malformed: number;
}

/** Written anew each time: the map keeps a copy. */
const record = new Uint8Array(32);
const view = new DataView(record.buffer);

const NOTHING: Tally = { calls: 0, refused: 0, instructions: 0, malformed: 0 };

/**
 * Counts of calls by method and of refusals by code, in the map of counters under their names. Written with every
 * update, the refused ones too: what is observed is no part of the store's state. Whoever sends rubbish shall not
 * make the store work for it: what is malformed is counted in the method's record alone, and records once read are
 * kept in the heap. So a refusal of that kind takes one insert instead of two and two gets: 0.3 M instructions less.
 * Items refused within a message of many are added up, and written with it: an insert for each code, not for each item.
 */
export class CallCounts {
	readonly #map: StableMap;
	readonly #known = new Map<string, Tally>();
	/** Of the message at hand, what was refused: itself, or items within it. */
	readonly #refused = new Map<ErrorCode, number>();

	constructor(map: StableMap) {
		this.#map = map;
	}

	/** To be called before each message: what one left that was not counted is no part of the next. */
	forget(): void {
		if (this.#refused.size > 0) this.#refused.clear();
	}

	/** To be told of each item that is refused within a message. */
	noteRefusal(code: ErrorCode): void {
		this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
	}

	/** Counts a message, and what was refused within it. */
	count(method: MethodName, instructions: number, refusal: ErrorCode | undefined): void {
		const before = this.ofMethod(method);
		this.#set(method, {
			calls: before.calls + 1,
			refused: before.refused + (refusal === undefined ? 0 : 1),
			instructions: before.instructions + instructions,
			malformed: before.malformed + (refusal === "malformed" ? 1 : 0),
		});
		if (refusal !== undefined && refusal !== "malformed") this.noteRefusal(refusal);
		// Mostly there is none, and to find that by a loop takes 5,000 instructions more.
		if (this.#refused.size === 0) return;
		for (const [code, times] of this.#refused)
			this.#set(code, { ...NOTHING, refused: this.#get(code).refused + times });
		this.#refused.clear();
	}

	ofMethod(method: MethodName): Tally {
		return this.#get(method);
	}

	refusals(code: ErrorCode): number {
		if (code !== "malformed") return this.#get(code).refused;
		let sum = 0;
		for (const name of Object.keys(METHODS)) sum += this.#get(name).malformed;
		return sum;
	}

	#get(name: string): Tally {
		const known = this.#known.get(name);
		if (known !== undefined) return known;
		const record = this.#map.get(encodeUtf8(name));
		if (record === undefined) return NOTHING;
		return {
			calls: getU64(record, 0),
			refused: getU64(record, 8),
			instructions: getU64(record, 16),
			malformed: getU64(record, 24),
		};
	}

	#set(name: string, tally: Tally): void {
		const { calls, refused, instructions, malformed } = tally;
		writeU64(view, 0, calls);
		writeU64(view, 8, refused);
		writeU64(view, 16, instructions);
		writeU64(view, 24, malformed);
		this.#map.set(encodeUtf8(name), record);
		this.#known.set(name, tally);
	}
}
