/** How far an upload is, in bytes but for the last two. No figure ever falls, and nothing is counted twice. */
export interface Progress {
	/** Read from the source. */
	readonly read: number;
	/** Hashed by this client. */
	readonly hashed: number;
	/** Handed to the network. What an earlier upload left in the canister is never sent. */
	readonly sent: number;
	/** Known to be in the canister, `reused` included: at the end exactly the size of the blob. */
	readonly acknowledged: number;
	/** Size of the blob; undefined until the end of a stream without a size. */
	readonly total: number | undefined;
	/** Found in the canister from an earlier upload of the same bytes. */
	readonly reused: number;
	/** Requests that were made again. */
	readonly retries: number;
	/** Chunks that may be under way at a time. */
	readonly concurrency: number;
}

type Counter = "read" | "hashed" | "sent" | "acknowledged" | "reused";
const START = { read: 0, hashed: 0, sent: 0, acknowledged: 0, reused: 0 };

/**
 * Counts an upload's progress. An upload that begins anew counts from nothing again, but shows what was reached
 * until it gets further.
 */
export class ProgressMeter {
	#current = { ...START };
	#reached = { ...START };
	#total: number | undefined;
	#retries = 0;
	readonly #concurrency: number;
	readonly #onChange: (progress: Progress) => void;

	constructor(concurrency: number, total: number | undefined, onChange: (progress: Progress) => void) {
		this.#concurrency = concurrency;
		this.#total = total;
		this.#onChange = onChange;
	}

	get progress(): Progress {
		return {
			...this.#reached,
			total: this.#total,
			retries: this.#retries,
			concurrency: this.#concurrency,
		};
	}

	add(counter: Counter, bytes: number): void {
		this.#current[counter] += bytes;
		if (this.#current[counter] <= this.#reached[counter]) return;
		this.#reached[counter] = this.#current[counter];
		this.#changed();
	}

	retried(): void {
		this.#retries++;
		this.#changed();
	}

	/** The source has ended: this is the size. */
	ended(total: number): void {
		if (this.#total === total) return;
		this.#total = total;
		this.#changed();
	}

	restart(): void {
		this.#current = { ...START };
	}

	#changed(): void {
		this.#onChange(this.progress);
	}
}
