import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import type { ErrorCode, MethodName } from "../../protocol/index.js";
import type { StableMap } from "../ports.js";
import { getU64, putU64 } from "./codec.js";

/** What was counted of a method since the store was installed. */
export interface Tally {
	readonly calls: number;
	readonly refused: number;
	readonly instructions: number;
}

const NOTHING: Tally = { calls: 0, refused: 0, instructions: 0 };
const RECORD_BYTES = 24;

/**
 * Counts of calls by method and of refusals by code, in the map of counters under their names. Written with every
 * update, the refused ones too: what is observed is no part of the store's state.
 */
export class Tallies {
	readonly #map: StableMap;

	constructor(map: StableMap) {
		this.#map = map;
	}

	count(method: MethodName, instructions: number, refusal: ErrorCode | undefined): void {
		const before = this.ofMethod(method);
		this.#set(method, {
			calls: before.calls + 1,
			refused: before.refused + (refusal === undefined ? 0 : 1),
			instructions: before.instructions + instructions,
		});
		if (refusal !== undefined) this.#set(refusal, { ...NOTHING, refused: this.#get(refusal).refused + 1 });
	}

	ofMethod(method: MethodName): Tally {
		return this.#get(method);
	}

	refusals(code: ErrorCode): number {
		return this.#get(code).refused;
	}

	#get(name: string): Tally {
		const record = this.#map.get(encodeUtf8(name));
		if (record === undefined) return NOTHING;
		return { calls: getU64(record, 0), refused: getU64(record, 8), instructions: getU64(record, 16) };
	}

	#set(name: string, tally: Tally): void {
		const record = new Uint8Array(RECORD_BYTES);
		putU64(record, 0, tally.calls);
		putU64(record, 8, tally.refused);
		putU64(record, 16, tally.instructions);
		this.#map.set(encodeUtf8(name), record);
	}
}
