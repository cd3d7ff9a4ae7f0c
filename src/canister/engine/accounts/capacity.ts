import type { Host } from "../../host/ports.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { refuse } from "../base/refusal.js";

/** What the canister has to live on; each has a default. Cycles are whole numbers, as bigint or as number. */
export interface CapacitySettings {
	/** Bytes of stable memory that the store may take, its overhead included. Default and most: 256 GiB. */
	readonly maxStableBytes: number;
	/** Below so many cycles, beyond those that freezing keeps back, nothing is taken in. Default 100 B. */
	readonly minCycles: number | bigint;
	/**
	 * Below so many cycles, beyond those that freezing keeps back, the store is read-only: every change but an
	 * administrator's is refused, and no cleaning is done, so that what is left keeps reads going. Default 0.
	 */
	readonly readOnlyCycles: number | bigint;
	/** Cycles for storing a GiB for a second. Default 127,000, the price of a subnet of 13 nodes. */
	readonly storageCyclesPerGibSecond: number;
	/**
	 * Whether the network charges cycles. On a `free` one (a cloud engine: a dedicated subnet whose canisters hold 0
	 * cycles) nothing is refused for want of cycles, and storing costs nothing. `auto` asks the network for the price of
	 * a call in each message; without the native kernel, which does that, a network is taken for free while two messages
	 * in a row see a balance of 0. Default `auto`.
	 */
	readonly costSchedule: "auto" | "paid" | "free";
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
export const DEFAULT_CAPACITY = {
	maxStableBytes: 32_768 * BUCKET_BYTES,
	minCycles: 1e11,
	readOnlyCycles: 0,
	storageCyclesPerGibSecond: 127_000,
	costSchedule: "auto",
	freezingThresholdSeconds: 2_592_000,
} satisfies CapacitySettings;

/** Whether there is memory and there are cycles for what is about to come. */
export class Capacity {
	readonly #counters: Counters;
	readonly #host: Host;
	/** Cycles as numbers: below 2^53, which 9,000 T are. */
	readonly #settings: CapacitySettings & { readonly minCycles: number; readonly readOnlyCycles: number };
	readonly #maps: number;
	/** Cycles for taking in a byte and keeping it until the canister would freeze, where cycles are charged. */
	readonly #price: number;
	#isFree: boolean | undefined;
	/** Whether this message, and the one before it, saw a balance of 0. */
	#wasEmpty = false;
	#isEmpty = false;
	#pages: number | undefined;
	#liquid: number | undefined;
	/** How often this message has asked, and bytes that there is room for beyond those it asked about. */
	#asked = 0;
	#sure = 0;
	/** Bytes of a batch that there was room for and that are not stored yet. */
	#expected = 0;

	constructor(counters: Counters, host: Host, settings: Partial<CapacitySettings>, maps: number) {
		this.#counters = counters;
		this.#host = host;
		const { minCycles, readOnlyCycles, ...others } = { ...DEFAULT_CAPACITY, ...settings };
		this.#settings = { ...others, minCycles: Number(minCycles), readOnlyCycles: Number(readOnlyCycles) };
		this.#maps = maps;
		const { storageCyclesPerGibSecond, freezingThresholdSeconds } = this.#settings;
		this.#price = CYCLES_PER_BYTE + (storageCyclesPerGibSecond / GIB) * freezingThresholdSeconds;
	}

	/** To be called before each message: what the system said is asked for again. */
	forget(): void {
		this.#wasEmpty = this.#isEmpty;
		this.#isEmpty = false;
		this.#isFree = undefined;
		this.#pages = undefined;
		this.#liquid = undefined;
		this.#asked = 0;
		this.#sure = 0;
	}

	/** To be called when a batch was made, or refused. */
	expectNothing(): void {
		this.#expected = 0;
	}

	/** Says that bytes will be stored for which there was room, so that what is asked for after them counts them. */
	expect(bytes: number): void {
		this.#expected += bytes;
	}

	/**
	 * Refuses more bytes than there is memory or cycles for, as quotas count them. With 0, for what was reserved and for
	 * changes without bytes: what is refused is only to go on below the floor of cycles.
	 */
	check(bytes: number): void {
		if (bytes > 0 && bytes <= this.#sure) {
			this.#sure -= bytes;
			return;
		}
		this.#ask(bytes === 0 ? 0 : bytes + this.#expected);
		// A message of many blobs asks for each, and takes in no more than it asked for.
		if (this.#asked++ > 0) this.#sure = Math.max(0, this.left() - bytes - this.#expected);
	}

	#ask(bytes: number): void {
		const missing = bytes * OVERHEAD - this.#available();
		if (bytes > 0 && missing > 0) refuse("no_room", { missing: BigInt(Math.ceil(missing)) });
		if (this.isFree) return;
		const needed = this.#settings.minCycles + bytes * this.#price;
		const cycles = this.#cycles();
		if (cycles < needed) refuse("low_cycles", { missing: BigInt(Math.ceil(needed - cycles)) });
	}

	/** Whether the network charges nothing. Asked in each message and never kept: a canister can move to another subnet. */
	get isFree(): boolean {
		this.#isFree ??= this.#askIsFree();
		return this.#isFree;
	}

	#askIsFree(): boolean {
		const { costSchedule } = this.#settings;
		if (costSchedule !== "auto") return costSchedule === "free";
		const isPaid = this.#host.isPaid();
		if (isPaid !== undefined) return !isPaid;
		// The balance itself, not what is liquid of it: a canister that pays and has no cycles at all executes nothing.
		this.#isEmpty = this.#host.cycles() === 0;
		return this.#isEmpty && this.#wasEmpty;
	}

	get isReadOnly(): boolean {
		const { readOnlyCycles } = this.#settings;
		return readOnlyCycles > 0 && !this.isFree && this.#cycles() < readOnlyCycles;
	}

	/** Refuses any change while the store is read-only. */
	checkWritable(): void {
		if (!this.isReadOnly) return;
		const missing = Math.ceil(this.#settings.readOnlyCycles - this.#cycles());
		refuse("low_cycles", { missing: BigInt(missing) });
	}

	/** How many bytes more there are memory and cycles for, as `check` counts them. */
	left(): number {
		const bytes = this.#available() / OVERHEAD;
		if (this.isFree) return Math.floor(bytes);
		return Math.floor(Math.min(bytes, (this.#cycles() - this.#settings.minCycles) / this.#price));
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
		const counters = this.#counters;
		const stored = counters.get(COUNTER.stored);
		const within = counters.get(COUNTER.peakStored) - stored - counters.get(COUNTER.promised);
		return this.#settings.maxStableBytes - this.#taken() + within * OVERHEAD;
	}

	#taken(): number {
		this.#pages ??= this.#host.stablePages();
		const pages = this.#pages;
		if (pages !== undefined) return pages * STABLE_PAGE_BYTES;
		// Each map has at least one bucket, and that of the slots what was ever in them.
		return this.#maps * BUCKET_BYTES + this.#counters.get(COUNTER.peakStored) * OVERHEAD;
	}

	#perSecond(bytes: number): number {
		if (this.isFree) return 0;
		return (bytes / GIB) * this.#settings.storageCyclesPerGibSecond;
	}
}
