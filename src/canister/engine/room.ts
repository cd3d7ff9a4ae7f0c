import type { Host } from "../ports.js";
import { COUNTER, type Meta } from "./meta.js";
import { refuse } from "./refusal.js";

/** What the canister has to live on; each has a default. Cycles are counted as numbers below 2^53. */
export interface RoomSettings {
	/** Bytes of stable memory that the store may take, its overhead included. Default and most: 256 GiB. */
	readonly maxStableBytes: number;
	/** Below so many cycles, beyond those that freezing keeps back, nothing is taken in. Default 100 B. */
	readonly minCycles: number;
	/** Cycles for storing a GiB for a second. Default 127,000, the price of a subnet of 13 nodes. */
	readonly storageCyclesPerGibSecond: number;
	/** The canister's freezing threshold, which it cannot ask for. Default 2,592,000: 30 days. */
	readonly freezingThresholdSeconds: number;
}

const GIB = 2 ** 30;
const STABLE_PAGE_BYTES = 65_536;
const BUCKET_BYTES = 8 << 20;

/** Memory beside stable memory that storage is paid for: heap and Wasm of a canister of Azle, rounded up. */
const HEAP_BYTES = 128 << 20;

/** Bytes written for a byte of a chunk: 1.13, of which the rest is reused; and the records beside it. */
const OVERHEAD = 1.02;

/** Cycles for receiving a byte, hashing it and storing it (docs/STORAGE.md, "What it costs"). */
const CYCLES_PER_BYTE = 2_080;

/** ic-stable-structures hands out 32,768 buckets of 8 MiB. */
export const DEFAULT_ROOM: RoomSettings = {
	maxStableBytes: 32_768 * BUCKET_BYTES,
	minCycles: 1e11,
	storageCyclesPerGibSecond: 127_000,
	freezingThresholdSeconds: 2_592_000,
};

/** Whether there is memory and there are cycles for what is about to come. */
export class Room {
	readonly #meta: Meta;
	readonly #host: Host;
	readonly #settings: RoomSettings;
	readonly #maps: number;
	/** Cycles for taking in a byte and keeping it until the canister would freeze. */
	readonly #price: number;
	#pages: number | undefined;
	#liquid: number | undefined;

	constructor(meta: Meta, host: Host, settings: Partial<RoomSettings>, maps: number) {
		this.#meta = meta;
		this.#host = host;
		this.#settings = { ...DEFAULT_ROOM, ...settings };
		this.#maps = maps;
		this.#price = CYCLES_PER_BYTE + this.#perSecond(1) * this.#settings.freezingThresholdSeconds;
	}

	/** To be called before each message: what the system said is asked for again. */
	forget(): void {
		this.#pages = undefined;
		this.#liquid = undefined;
	}

	/**
	 * Refuses more bytes than there is memory or cycles for, as quotas count them. With 0, for what was reserved and for
	 * changes without bytes: what is refused is only to go on below the floor of cycles.
	 */
	check(bytes: number): void {
		const missing = bytes * OVERHEAD - this.#available();
		if (bytes > 0 && missing > 0) refuse("no_room", { missing: BigInt(Math.ceil(missing)) });
		const needed = this.#settings.minCycles + bytes * this.#price;
		const cycles = this.#cycles();
		if (cycles < needed) refuse("low_cycles", { missing: BigInt(Math.ceil(needed - cycles)) });
	}

	/** What may be spent before the canister freezes. */
	#cycles(): number {
		this.#liquid ??= this.#host.liquidCycles();
		const liquid = this.#liquid;
		if (liquid !== undefined) return liquid;
		const bytes = this.#taken() + HEAP_BYTES;
		return this.#host.cycles() - this.#perSecond(bytes) * this.#settings.freezingThresholdSeconds;
	}

	/** Cycles that storage costs a day at what is stored now. */
	storageCyclesPerDay(): number {
		return this.#perSecond(this.#taken() + HEAP_BYTES) * 86_400;
	}

	/** What is free: buckets that were never taken, and space within the taken ones that was given back. */
	#available(): number {
		const meta = this.#meta;
		const stored = meta.get(COUNTER.stored);
		const within = meta.get(COUNTER.peakStored) - stored - meta.get(COUNTER.promised);
		return this.#settings.maxStableBytes - this.#taken() + within * OVERHEAD;
	}

	#taken(): number {
		this.#pages ??= this.#host.stablePages();
		const pages = this.#pages;
		if (pages !== undefined) return pages * STABLE_PAGE_BYTES;
		// Each map has at least one bucket, and that of the slots what was ever in them.
		return this.#maps * BUCKET_BYTES + this.#meta.get(COUNTER.peakStored) * OVERHEAD;
	}

	#perSecond(bytes: number): number {
		return (bytes / GIB) * this.#settings.storageCyclesPerGibSecond;
	}
}
