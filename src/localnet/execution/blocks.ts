/** Contents of each block, for tests that measure how full blocks are. */
import { principalText } from "../encoding/bytes.js";
import type { Ingress } from "./subnet.js";

/** An ingress message in a block. */
export interface IngressRecord {
	/** Textual id of the canister called. */
	readonly canister: string;
	/** Name of the method. */
	readonly method: string;
	/** Size of the signed message in bytes, as counted against the block's limit. */
	readonly bytes: number;
}

/** Contents of a block. */
export interface BlockRecord {
	/** Number of the block, from 1. Empty blocks are counted. */
	readonly height: number;
	/** Nanoseconds since 1970, as canisters see it. */
	readonly time: bigint;
	/** Ingress bytes in the block, as counted against its limit. */
	readonly ingressBytes: number;
	/** Number of ingress messages. */
	readonly ingressMessages: number;
	/** The ingress messages in order. */
	readonly ingress: readonly IngressRecord[];
}

/** Number of records kept: about a day at 1.2 blocks a second. */
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
