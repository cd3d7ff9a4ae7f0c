/**
 * Runs tasks concurrently, up to a limit, and accepts a new task only when there is room: the producer waits, so that
 * pending tasks do not fill memory.
 */
export class Pool {
	readonly #concurrency: () => number;
	#running = 0;
	#failure: { error: unknown } | undefined;
	readonly #waiting: (() => void)[] = [];

	/** @param concurrency maximum tasks at a time; a function if it changes */
	constructor(concurrency: number | (() => number)) {
		this.#concurrency = typeof concurrency === "number" ? () => concurrency : concurrency;
	}

	/** Tasks that have not ended. */
	get running(): number {
		return this.#running;
	}

	/** Starts `task` when there is room. Throws the error of an earlier task and then starts no more. */
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

	/** Waits until all tasks have ended. Throws the error of a failed one. */
	async drain(): Promise<void> {
		await this.settle();
		this.#throwFailure();
	}

	/** Waits until all tasks have ended, failed or not. */
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
