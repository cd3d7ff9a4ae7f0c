import pLimit, { type LimitFunction } from "p-limit";
import { isBlobError } from "../errors.js";
import type { Ports } from "../ports.js";
import { abortError, onAbort } from "../util/abort.js";
import { AdaptiveConcurrency, type ConcurrencyRange } from "./concurrency.js";

/** What a request tells the lane that it is under way in. */
export interface Passage {
	/** It has been handed to the network. */
	readonly onSent: () => void;
	/** An attempt failed. */
	readonly onRetry: (error: unknown) => void;
}

/** Whether an attempt failed for want of room at the network, and how long that wants to be left alone. */
function overloadOf(error: unknown): { retryAfterMs: number } | undefined {
	if (isBlobError(error, "timeout")) return error.details.waitedMs > 0 ? { retryAfterMs: 0 } : undefined;
	if (!isBlobError(error, "http")) return undefined;
	const { status, retryAfterMs = 0 } = error.details;
	return status === 429 || status === 503 ? { retryAfterMs } : undefined;
}

/** The way of heavy requests to the network, for all transfers that share it: only so many at a time. */
export class Lane {
	readonly #control: AdaptiveConcurrency;
	readonly #limit: LimitFunction;
	readonly #ports: Pick<Ports, "now" | "sleep">;

	constructor(range: ConcurrencyRange, ports: Pick<Ports, "now" | "sleep">) {
		this.#control = new AdaptiveConcurrency(range, ports.now);
		this.#limit = pLimit(this.#control.limit);
		this.#ports = ports;
	}

	/** How many may be under way now. */
	get concurrency(): number {
		return this.#control.limit;
	}

	/** Does `request` when its turn comes. Fails at once if the signal fires before that. */
	run<T>(bytes: number, signal: AbortSignal, request: (passage: Passage) => Promise<T>): Promise<T> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) return reject(abortError(signal));
			const release = onAbort(signal, () => reject(abortError(signal)));
			this.#limit(async () => {
				release();
				if (signal.aborted) return;
				await this.#pass(bytes, signal, request).then(resolve, reject);
			});
		});
	}

	async #pass<T>(bytes: number, signal: AbortSignal, request: (passage: Passage) => Promise<T>): Promise<T> {
		for (let wait = this.#control.blockedForMs; wait > 0; wait = this.#control.blockedForMs)
			await this.#ports.sleep(wait, signal);
		let sentAt: number | undefined;
		let isRetried = false;
		try {
			const answer = await request({
				onSent: () => {
					sentAt ??= this.#ports.now();
				},
				onRetry: (error) => {
					isRetried = true;
					this.#failed(error);
				},
			});
			// Of what was sent twice nobody knows which of the two was answered (Karn's rule).
			if (!isRetried && sentAt !== undefined)
				this.#adapt(() => this.#control.replied(sentAt as number, bytes, this.#isFull));
			return answer;
		} catch (error) {
			this.#failed(error);
			throw error;
		}
	}

	get #isFull(): boolean {
		return this.#limit.activeCount >= this.#control.limit;
	}

	#failed(error: unknown): void {
		const overload = overloadOf(error);
		if (overload) this.#adapt(() => this.#control.overloaded(overload.retryAfterMs));
	}

	#adapt(change: () => void): void {
		change();
		if (this.#limit.concurrency !== this.#control.limit) this.#limit.concurrency = this.#control.limit;
	}
}
