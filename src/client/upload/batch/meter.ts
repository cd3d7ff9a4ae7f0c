import { type MeterOptions, ProgressMeter, type UploadProgress } from "../progress.js";
import type { ItemResult, ItemUploaded, UploadManyProgress } from "./types.js";

const COUNTERS = ["read", "hashed", "sent"] as const;

/** The progress of all files together. */
export class BatchMeter {
	/** The bytes. */
	readonly total: ProgressMeter;
	readonly #options: Omit<MeterOptions, "total">;
	readonly #files = { uploaded: 0, updated: 0, unchanged: 0, failed: 0 };
	#found = 0;
	#isListed = false;
	/** Bytes of the files whose size is known, and how many files there are of which it is not. */
	#bytes = 0;
	#unknown = 0;

	constructor(options: Omit<MeterOptions, "total">) {
		this.#options = options;
		this.total = new ProgressMeter({ ...options, total: undefined });
	}

	get progress(): UploadManyProgress {
		const total = this.#isListed ? this.#found : undefined;
		return { ...this.total.progress, items: { total, ...this.#files } };
	}

	found(size: number | undefined): void {
		this.#found++;
		if (size === undefined) this.#unknown++;
		else this.#bytes += size;
	}

	/** No more files will be found. */
	listed(): void {
		this.#isListed = true;
		this.#update();
	}

	/** A file has ended; `expected` is what it was found with, `done` how much of it is in the store. */
	ended(status: ItemResult<ItemUploaded>["status"], expected: number | undefined, done: number): void {
		this.#files[status]++;
		if (expected === undefined) this.#unknown--;
		this.#bytes += done - (expected ?? 0);
		this.#update();
		this.#options.onChange?.();
	}

	/** A meter for one file, whose progress goes into that of all. */
	of(size: number | undefined): ProgressMeter {
		let last: UploadProgress | undefined;
		const meter: ProgressMeter = new ProgressMeter({
			...this.#options,
			total: size,
			onChange: () => {
				const { progress } = meter;
				const more = (counter: (typeof COUNTERS)[number] | "loaded" | "reused") =>
					progress[counter] - (last?.[counter] ?? 0);
				const reused = more("reused");
				if (reused > 0) this.total.reuse(reused);
				if (more("loaded") > reused) this.total.add("loaded", more("loaded") - reused);
				for (const counter of COUNTERS) if (more(counter) > 0) this.total.add(counter, more(counter));
				last = progress;
			},
		});
		return meter;
	}

	#update(): void {
		this.total.ended(this.#isListed && this.#unknown === 0 ? this.#bytes : undefined);
	}
}
