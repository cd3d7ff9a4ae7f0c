import pLimit, { type LimitFunction } from "p-limit";
import { isBlobError } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { abortError, onAbort } from "../util/abort.js";
import { AdaptiveConcurrency, type Attempt, type ConcurrencyRange } from "./concurrency.js";

/** What a request tells the lane that it is under way in. */
export interface Passage {
	/** It has been handed to the network. */
	readonly onSent: () => void;
	/** An attempt failed. */
	readonly onRetry: (error: unknown) => void;
}

/** The way of heavy requests to the network, for all transfers that share it: only so many at a time. */
export class Lane {
	readonly #control: AdaptiveConcurrency;
	readonly #limit: LimitFunction;

	constructor(range: ConcurrencyRange, { monotonic }: Pick<Ports, "monotonic">) {
		this.#control = new AdaptiveConcurrency(range, monotonic);
		this.#limit = pLimit(this.#control.limit);
	}

	/** How many may be under way now. */
	get concurrency(): number {
		return this.#control.limit;
	}

	/** Does `request` when its turn comes. Fails at once if the signal fires before that. */
	run<T>(
		bytes: number,
		signal: AbortSignal | undefined,
		request: (passage: Passage) => Promise<T>,
	): Promise<T> {
		return new Promise((resolve, reject) => {
			if (signal?.aborted) return reject(abortError(signal));
			const release = signal && onAbort(signal, () => reject(abortError(signal)));
			this.#limit(async () => {
				release?.();
				if (signal?.aborted) return;
				await this.#pass(bytes, request).then(resolve, reject);
			});
		});
	}

	async #pass<T>(bytes: number, request: (passage: Passage) => Promise<T>): Promise<T> {
		let attempt: Attempt | undefined;
		let isUnknown = false;
		const failed = (error: unknown) => {
			const overload = overloadOf(error);
			// What was refused was not taken: the next attempt is as good a measure as a first one (Karn's rule).
			if (overload !== "refused") isUnknown = true;
			if (attempt) this.#failed(attempt, overload);
			attempt = undefined;
		};
		try {
			const answer = await request({
				onSent: () => {
					attempt = this.#control.sent(this.#limit.activeCount);
				},
				onRetry: failed,
			});
			if (attempt) this.#control.ended(attempt, isUnknown ? undefined : { bytes, isFull: this.#isFull });
			this.#adapt();
			return answer;
		} catch (error) {
			failed(error);
			throw error;
		}
	}

	get #isFull(): boolean {
		return this.#limit.activeCount >= this.#control.limit;
	}

	#failed(attempt: Attempt, overload: Overload | undefined): void {
		if (overload === "refused") this.#control.refused(attempt);
		else if (overload) this.#control.timedOut(attempt);
		else this.#control.ended(attempt);
		this.#adapt();
	}

	#adapt(): void {
		if (this.#limit.concurrency !== this.#control.limit) this.#limit.concurrency = this.#control.limit;
	}
}

type Overload = "late" | "refused";

/** Whether an attempt failed for want of room at the network or on the line. */
function overloadOf(error: unknown): Overload | undefined {
	if (isBlobError(error, "timeout")) return error.details.waitedMs > 0 ? "late" : undefined;
	if (!isBlobError(error, "http")) return undefined;
	return [429, 503].includes(error.details.status) ? "refused" : undefined;
}
