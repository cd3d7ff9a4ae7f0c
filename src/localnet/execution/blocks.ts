/** What each block took, for tests that measure how full blocks are. */
import { principalText } from "../encoding/bytes.js";
import type { Ingress } from "./subnet.js";

/** A message from outside in a block. */
export interface IngressRecord {
	/** Textual id of the canister called. */
	readonly canister: string;
	/** Which method it calls. */
	readonly method: string;
	/** Of the whole signed message, as it counts towards the block's ceiling. */
	readonly bytes: number;
}

/** What a block took. */
export interface BlockRecord {
	/** Counts blocks from 1; empty ones count, too. */
	readonly height: number;
	/** Nanoseconds since 1970, as canisters see it. */
	readonly time: bigint;
	/** Of all its messages from outside, as they count towards its ceiling. */
	readonly ingressBytes: number;
	/** How many they are. */
	readonly ingressMessages: number;
	/** Each of them, in order. */
	readonly ingress: readonly IngressRecord[];
}

/** The latest records that are kept: at 1.2 blocks a second those of a day. */
export const KEPT_RECORDS = 100_000;

export class BlockLog {
	readonly #records: BlockRecord[] = [];
	readonly #onBlock: ((block: BlockRecord) => void) | undefined;
	#height = 0;

	constructor(onBlock: ((block: BlockRecord) => void) | undefined) {
		this.#onBlock = onBlock;
	}

	get records(): readonly BlockRecord[] {
		return this.#records;
	}

	add(time: bigint, taken: readonly Ingress[]): void {
		const ingress = taken.map(({ canister, method, bytes }) => ({
			canister: principalText(canister),
			method,
			bytes,
		}));
		const record: BlockRecord = {
			height: ++this.#height,
			time,
			ingressBytes: ingress.reduce((sum, { bytes }) => sum + bytes, 0),
			ingressMessages: ingress.length,
			ingress,
		};
		this.#records.push(record);
		if (this.#records.length > KEPT_RECORDS) this.#records.shift();
		this.#onBlock?.(record);
	}
}
