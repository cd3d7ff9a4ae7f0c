import { type Progress, timeLeft } from "../progress.js";
import { Rate } from "../util/rate.js";

/** How far an upload is, in bytes where nothing else is said. */
export interface UploadProgress extends Progress {
	/** Read from the source. */
	readonly read: number;
	/** Hashed by this client. */
	readonly hashed: number;
	/** Handed to the network. What an earlier upload left in the canister is never sent. */
	readonly sent: number;
}

const COUNTERS = ["read", "hashed", "sent", "loaded", "reused"] as const;
type Counter = (typeof COUNTERS)[number];
const START = { read: 0, hashed: 0, sent: 0, loaded: 0, reused: 0 };

export interface MeterOptions {
	readonly concurrency: () => number;
	readonly total: number | undefined;
	readonly monotonic: () => number;
	readonly onChange?: ((() => void) | undefined) | undefined;
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

	get progress(): UploadProgress {
		const { bytesPerSecond } = this.#rate;
		const left = this.#total === undefined ? undefined : this.#total - this.#reached.loaded;
		return {
			...this.#reached,
			total: this.#total,
			retries: this.#retries,
			concurrency: this.#concurrency(),
			...timeLeft(bytesPerSecond, left),
		};
	}

	add(counter: Exclude<Counter, "reused">, bytes: number): void {
		const more = this.#add(counter, bytes);
		if (more > 0 && counter === "loaded") this.#rate.add(more);
		if (more > 0) this.#onChange();
	}

	/** Bytes that are in the canister already. */
	reuse(bytes: number): void {
		const more = this.#add("reused", bytes) + this.#add("loaded", bytes);
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
