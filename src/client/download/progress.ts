/** How far a read is. */
export interface DownloadProgress {
	/** Bytes that have arrived and are verified, those found in a file among them. Never falls within a read. */
	readonly received: number;
	/** Bytes in all: the blob's size, or the range's length. */
	readonly total: number;
	/** Bytes that arrived a second, of late; undefined until there is something to judge by. */
	readonly bytesPerSecond: number | undefined;
	/** At that rate. */
	readonly secondsLeft: number | undefined;
}

/** What arrived this long ago counts for a third of what arrives now: some ten chunks' time on a usual line. */
const MEMORY_MS = 5_000;
/** Chunks that arrive together are one observation. */
const MIN_STEP_MS = 100;

/** Counts one read. */
export class DownloadMeter {
	readonly #monotonic: () => number;
	readonly #total: number;
	readonly #onChange: (progress: DownloadProgress) => void;
	#received = 0;
	#pending = 0;
	#since: number;
	#rate: number | undefined;

	constructor(total: number, monotonic: () => number, onChange: (progress: DownloadProgress) => void) {
		this.#total = total;
		this.#monotonic = monotonic;
		this.#since = monotonic();
		this.#onChange = onChange;
	}

	get progress(): DownloadProgress {
		const rate = this.#rate;
		return {
			received: this.#received,
			total: this.#total,
			bytesPerSecond: rate,
			secondsLeft: rate ? (this.#total - this.#received) / rate : undefined,
		};
	}

	/** Bytes that came over the network. */
	arrived(bytes: number): void {
		this.#received += bytes;
		this.#pending += bytes;
		const ms = this.#monotonic() - this.#since;
		if (ms >= MIN_STEP_MS) {
			const rate = (this.#pending / ms) * 1_000;
			const weight = 1 - Math.exp(-ms / MEMORY_MS);
			this.#rate = this.#rate === undefined ? rate : this.#rate + weight * (rate - this.#rate);
			this.#since += ms;
			this.#pending = 0;
		}
		this.#onChange(this.progress);
	}

	/** Bytes that were there already: they say nothing about the rate. */
	found(bytes: number): void {
		this.#received += bytes;
		this.#onChange(this.progress);
	}
}
