import { isRetryable, type OnRetry } from "../call/retry.js";
import { type AnyBlobError, isBlobError } from "../errors/errors.js";
import { raceAbort } from "../util/abort.js";

/**
 * Where a transfer waits while it is paused. Every request passes through it, so that pausing needs no thought
 * anywhere else: a request that fails while the gate is closed, for a reason that may pass, is simply made again
 * when it opens, with the same id and the same bytes, which the protocol answers as if it were once.
 */
export class Gate {
	#open: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
	/** Counts openings: what failed under an earlier identity says nothing about the one of now. */
	#openings = 0;
	/** Asked when the identity has expired: true if somebody is there to do something about it. */
	onExpired: (error: AnyBlobError) => boolean = () => false;

	get isClosed(): boolean {
		return this.#open !== undefined;
	}

	close(): void {
		if (this.#open) return;
		let resolve = () => {};
		const promise = new Promise<void>((done) => {
			resolve = done;
		});
		this.#open = { promise, resolve };
	}

	open(): void {
		this.#openings++;
		this.#open?.resolve();
		this.#open = undefined;
	}

	/**
	 * Ends a step in which nothing has been sent yet, or not again: `pass` begins it anew when the gate opens. Asked last
	 * of all before a request goes out, since it may have been signed, or waited for its turn, while the gate was closed.
	 */
	readonly beforeSending = (): void => {
		if (this.isClosed) throw CLOSED;
	};

	/** Resolves when the gate is open; rejects when the signal fires. */
	async opened(signal: AbortSignal | undefined): Promise<void> {
		while (this.#open) await raceAbort(this.#open.promise, signal);
	}

	/**
	 * Does `step` with the gate open, again after the gate was closed over it.
	 * @param onRetry told of what failed meanwhile and is done again
	 */
	async pass<T>(signal: AbortSignal | undefined, step: () => Promise<T>, onRetry: OnRetry): Promise<T> {
		for (;;) {
			await this.opened(signal);
			const openings = this.#openings;
			try {
				return await step();
			} catch (error) {
				if (signal?.aborted) throw error;
				if (error === CLOSED) continue;
				// Attempts were made in vain while the gate was closed, which may be open again by now.
				const wasClosed = this.isClosed || this.#openings !== openings;
				if (isBlobError(error, "identity_expired")) {
					if (!wasClosed && !this.onExpired(error)) throw error;
				} else if (!wasClosed || !isRetryable(error)) throw error;
				onRetry(error, 0);
			}
		}
	}
}

const CLOSED = new Error("the gate is closed");
