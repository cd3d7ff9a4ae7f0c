import pLimit, { type LimitFunction } from "p-limit";

/**
 * Runs tasks side by side, so many at a time, and takes a new one only when there is room for it: whoever produces
 * the tasks is held back, so that what waits never piles up in memory.
 */
export class Pool {
	readonly #limit: LimitFunction;
	#running = 0;
	#failure: { error: unknown } | undefined;
	#wake: (() => void) | undefined;

	constructor(concurrency: number) {
		this.#limit = pLimit(concurrency);
	}

	/** Starts `task` once there is room. Throws what an earlier task threw, and then starts nothing more. */
	async add(task: () => Promise<void>): Promise<void> {
		while (!this.#failure && this.#running >= this.#limit.concurrency) await this.#oneEnded();
		this.#throwFailure();
		this.#running++;
		this.#limit(task)
			.catch((error) => {
				this.#failure ??= { error };
			})
			.finally(() => {
				this.#running--;
				this.#wake?.();
			});
	}

	/** Waits until every task has ended. Throws what one of them threw. */
	async drain(): Promise<void> {
		await this.settle();
		this.#throwFailure();
	}

	/** Waits until every task has ended, however it ended. */
	async settle(): Promise<void> {
		while (this.#running > 0) await this.#oneEnded();
	}

	#throwFailure(): void {
		if (this.#failure) throw this.#failure.error;
	}

	#oneEnded(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}
}
