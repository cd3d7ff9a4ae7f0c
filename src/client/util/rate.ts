/** Smoothing time of the rate: blocks come about once a second, and the displayed figure should be steady. */
const SMOOTHED_OVER_MS = 8_000;
/** Below this time the rate is undefined. */
const MIN_MS = 250;

/**
 * Bytes per second, smoothed exponentially. Bytes and time both decay with age, and the rate is their quotient, so that
 * it is right from the first bytes instead of rising from zero. Time while stopped does not count.
 */
export class Rate {
	readonly #monotonic: () => number;
	#bytes = 0;
	#ms = 0;
	#at: number;
	#isStopped = false;

	constructor(monotonic: () => number) {
		this.#monotonic = monotonic;
		this.#at = monotonic();
	}

	add(bytes: number): void {
		this.#age();
		this.#bytes += bytes;
	}

	stop(): void {
		this.#age();
		this.#isStopped = true;
	}

	start(): void {
		this.#age();
		this.#isStopped = false;
	}

	/** Undefined until enough has been measured. */
	get bytesPerSecond(): number | undefined {
		this.#age();
		return this.#ms < MIN_MS || this.#bytes < 1 ? undefined : (this.#bytes / this.#ms) * 1_000;
	}

	#age(): void {
		const now = this.#monotonic();
		const passed = now - this.#at;
		this.#at = now;
		if (this.#isStopped) return;
		const kept = Math.exp(-passed / SMOOTHED_OVER_MS);
		this.#bytes *= kept;
		this.#ms = this.#ms * kept + SMOOTHED_OVER_MS * (1 - kept);
	}
}
