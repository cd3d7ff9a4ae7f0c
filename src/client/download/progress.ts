import { type Progress, timeLeft } from "../progress.js";
import { Rate } from "../util/rate.js";

export interface DownloadMeterOptions {
	readonly total: number;
	readonly concurrency: () => number;
	readonly monotonic: () => number;
	readonly onChange: (progress: Progress) => void;
}

/** Counts one read. */
export class DownloadMeter {
	readonly #options: DownloadMeterOptions;
	readonly #rate: Rate;
	#loaded = 0;
	#reused = 0;
	#retries = 0;

	constructor(options: DownloadMeterOptions) {
		this.#options = options;
		this.#rate = new Rate(options.monotonic);
	}

	get progress(): Progress {
		const { total, concurrency } = this.#options;
		return {
			loaded: this.#loaded,
			total,
			reused: this.#reused,
			retries: this.#retries,
			concurrency: concurrency(),
			...timeLeft(this.#rate.bytesPerSecond, total - this.#loaded),
		};
	}

	/** Bytes that came over the network. */
	arrived(bytes: number): void {
		this.#loaded += bytes;
		this.#rate.add(bytes);
		this.#options.onChange(this.progress);
	}

	/** Bytes that were there already: they say nothing about the rate. */
	found(bytes: number): void {
		this.#loaded += bytes;
		this.#reused += bytes;
		this.#options.onChange(this.progress);
	}

	retried(): void {
		this.#retries++;
		this.#options.onChange(this.progress);
	}

	/** While paused no time passes, for the rate. */
	pause(isPaused: boolean): void {
		if (isPaused) this.#rate.stop();
		else this.#rate.start();
	}
}
