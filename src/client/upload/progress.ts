import { Rate } from "./rate.js";

/** How far an upload is, in bytes where nothing else is said. What has been done never becomes less. */
export interface Progress {
	/** Read from the source. */
	readonly read: number;
	/** Hashed by this client. */
	readonly hashed: number;
	/** Handed to the network. What an earlier upload left in the canister is never sent. */
	readonly sent: number;
	/** Known to be in the canister, `reused` included: at the end exactly `total`. */
	readonly acknowledged: number;
	/** Size of the blob; undefined until the end of a stream without a size. */
	readonly total: number | undefined;
	/** Found in the canister from an earlier upload of the same bytes. */
	readonly reused: number;
	/** Requests that were made again. */
	readonly retries: number;
	/** Requests with bytes that may be under way at a time, of all transfers that share them. */
	readonly concurrency: number;
	/** Acknowledged a second, over the last seconds and without what was reused; undefined at first. */
	readonly bytesPerSecond: number | undefined;
	/** How long the rest takes at that rate; undefined where that is not known. */
	readonly secondsLeft: number | undefined;
}

const COUNTERS = ["read", "hashed", "sent", "acknowledged", "reused"] as const;
type Counter = (typeof COUNTERS)[number];
const START = { read: 0, hashed: 0, sent: 0, acknowledged: 0, reused: 0 };

export interface MeterOptions {
	readonly concurrency: () => number;
	readonly total: number | undefined;
	readonly monotonic: () => number;
	readonly onChange?: () => void;
}

/**
 * Counts an upload's progress. An upload that begins anew counts from nothing again, but shows what was reached
 * until it gets further.
 */
export class ProgressMeter {
	#current = { ...START };
	#reached = { ...START };
	#total: number | undefined;
	#retries = 0;
	readonly #rate: Rate;
	readonly #concurrency: () => number;
	readonly #onChange: () => void;

	constructor({ concurrency, total, monotonic, onChange = () => {} }: MeterOptions) {
		this.#concurrency = concurrency;
		this.#total = total;
		this.#rate = new Rate(monotonic);
		this.#onChange = onChange;
	}

	get progress(): Progress {
		const { bytesPerSecond } = this.#rate;
		const left = this.#total === undefined ? undefined : this.#total - this.#reached.acknowledged;
		return {
			...this.#reached,
			total: this.#total,
			retries: this.#retries,
			concurrency: this.#concurrency(),
			bytesPerSecond,
			secondsLeft: left === 0 ? 0 : bytesPerSecond && left && left / bytesPerSecond,
		};
	}

	add(counter: Exclude<Counter, "reused">, bytes: number): void {
		const more = this.#add(counter, bytes);
		if (more > 0 && counter === "acknowledged") this.#rate.add(more);
		if (more > 0) this.#onChange();
	}

	/** Bytes that are in the canister already. */
	reuse(bytes: number): void {
		const more = this.#add("reused", bytes) + this.#add("acknowledged", bytes);
		if (more > 0) this.#onChange();
	}

	#add(counter: Counter, bytes: number): number {
		this.#current[counter] += bytes;
		const more = Math.max(0, this.#current[counter] - this.#reached[counter]);
		this.#reached[counter] += more;
		return more;
	}

	retried(): void {
		this.#retries++;
		this.#onChange();
	}

	/** The source has ended: this is the size. */
	ended(total: number | undefined): void {
		if (this.#total === total) return;
		this.#total = total;
		this.#onChange();
	}

	restart(): void {
		this.#current = { ...START };
	}

	/** While paused no time passes, for the rate. */
	pause(isPaused: boolean): void {
		if (isPaused) this.#rate.stop();
		else this.#rate.start();
	}
}
