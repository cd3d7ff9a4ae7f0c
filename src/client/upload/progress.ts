import { type Progress, timeLeft } from "../progress.js";
import { Rate } from "../util/rate.js";

/** Progress of an upload; figures are in bytes unless stated otherwise. */
export interface UploadProgress extends Progress {
	/** Bytes read from the source. */
	readonly read: number;
	/** Bytes hashed by this client. */
	readonly hashed: number;
	/** Bytes handed to the network. Chunks that the canister already has are not sent. */
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
 * Counts an upload's progress. If the upload restarts, counting restarts from zero, but the figures shown stay until
 * they are exceeded.
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

	/** Counts bytes that are already in the canister. */
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

	/** Sets the size after the source has ended. */
	ended(total: number | undefined): void {
		if (this.#total === total) return;
		this.#total = total;
		this.#onChange();
	}

	restart(): void {
		this.#current = { ...START };
	}

	/** Excludes paused time from the rate. */
	pause(isPaused: boolean): void {
		if (isPaused) this.#rate.stop();
		else this.#rate.start();
	}
}
