/**
 * Runs tasks side by side, so many at a time, and takes a new one only when there is room for it: whoever produces
 * the tasks is held back, so that what waits never piles up in memory.
 */
export class Pool {
	readonly #concurrency: () => number;
	#running = 0;
	#failure: { error: unknown } | undefined;
	readonly #waiting: (() => void)[] = [];

	/** @param concurrency how many at a time; a function where that changes */
	constructor(concurrency: number | (() => number)) {
		this.#concurrency = typeof concurrency === "number" ? () => concurrency : concurrency;
	}

	/** Tasks that have not ended. */
	get running(): number {
		return this.#running;
	}

	/** Starts `task` once there is room. Throws what an earlier task threw, and then starts nothing more. */
	async add(task: () => Promise<void>): Promise<void> {
		while (!this.#failure && this.#running >= this.#concurrency()) await this.#oneEnded();
		this.#throwFailure();
		this.#running++;
		task()
			.catch((error) => {
				this.#failure ??= { error };
			})
			.finally(() => {
				this.#running--;
				for (const wake of this.#waiting.splice(0)) wake();
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
			this.#waiting.push(resolve);
		});
	}
}
