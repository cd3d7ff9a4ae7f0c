/** Over how long a rate is smoothed: blocks come about every second, and a reader wants a figure that stands still. */
const SMOOTHED_OVER_MS = 8_000;
/** Before that a rate says nothing. */
const MIN_MS = 250;

/**
 * Bytes a second, smoothed exponentially: bytes and time both lose their weight with age, and the rate is the one by
 * the other, so that it is right from the first bytes on instead of rising from nothing. While it is stopped, no
 * time passes.
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

	/** Undefined as long as there is too little to tell. */
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
