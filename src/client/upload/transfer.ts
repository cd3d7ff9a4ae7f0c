import { ClientError } from "../errors.js";
import type { Manifest } from "../types.js";
import type { Progress } from "./progress.js";

export interface AbortOptions {
	/** Why, for the error that the transfer then fails with. */
	reason?: unknown;
	/** True throws away what has arrived. Default false: the upload stays open in the canister and can go on. */
	discard?: boolean;
}

/** What runs a transfer: told when to stop, it tells its progress. */
export interface TransferWork {
	readonly signal: AbortSignal;
	readonly report: (progress: Progress) => void;
}

const isAbortOptions = (value: unknown): value is AbortOptions =>
	typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A listener that throws is its owner's bug, to be seen as such, and no reason for the transfer to fail. */
function notify(listener: (progress: Progress) => void, progress: Progress): void {
	try {
		listener(progress);
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

/**
 * An upload under way: a promise of the published manifest, with progress by event or by iteration, and abort.
 * Fails with a BlobError.
 */
export class Transfer implements PromiseLike<Manifest>, AsyncIterable<Progress> {
	readonly #controller = new AbortController();
	readonly #listeners = new Set<(progress: Progress) => void>();
	readonly #result: Promise<Manifest>;
	readonly #discard: () => Promise<void>;
	#progress: Progress;
	#ended: Promise<unknown> | undefined;

	constructor(
		start: Progress,
		signal: AbortSignal | undefined,
		work: (work: TransferWork) => Promise<Manifest>,
		discard: () => Promise<void>,
	) {
		this.#progress = start;
		this.#discard = discard;
		const onAbort = () => this.#controller.abort(signal?.reason);
		if (signal?.aborted) onAbort();
		signal?.addEventListener("abort", onAbort, { once: true });
		const report = (progress: Progress) => {
			this.#progress = progress;
			for (const listener of this.#listeners) notify(listener, progress);
		};
		this.#result = work({ signal: this.#controller.signal, report }).finally(() =>
			signal?.removeEventListener("abort", onAbort),
		);
	}

	/** How far it is now. */
	get progress(): Progress {
		return this.#progress;
	}

	/** Calls `listener` at every change. @returns what ends that. */
	on(_event: "progress", listener: (progress: Progress) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/**
	 * Stops the transfer, which then fails with `aborted`. What has arrived stays in the canister until it expires,
	 * so that the same upload later goes on from there, unless `discard` is asked for.
	 * @returns when nothing is under way any more, and all is discarded if it should be.
	 */
	async abort(options?: AbortOptions | string | Error): Promise<void> {
		const { reason, discard = false } = isAbortOptions(options) ? options : { reason: options };
		// Whoever aborts knows that it fails.
		this.#ended ??= this.#result.catch(() => {});
		this.#controller.abort(reason ?? new ClientError("aborted", { reason: "the caller asked for it" }));
		await this.#ended;
		if (discard) await this.#discard();
	}

	// biome-ignore lint/suspicious/noThenProperty: a transfer is awaitable by design
	then<Ok = Manifest, Failed = never>(
		onOk?: ((manifest: Manifest) => Ok | PromiseLike<Ok>) | null,
		onFailed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
	): Promise<Ok | Failed> {
		return this.#result.then(onOk, onFailed);
	}

	catch<Failed = never>(
		onFailed?: ((error: unknown) => Failed | PromiseLike<Failed>) | null,
	): Promise<Manifest | Failed> {
		return this.#result.catch(onFailed);
	}

	finally(onEnd?: (() => void) | null): Promise<Manifest> {
		return this.#result.finally(onEnd);
	}

	/** The latest progress at each step, the last one included; throws what the transfer fails with. */
	async *[Symbol.asyncIterator](): AsyncGenerator<Progress> {
		let isOver = false;
		let wake = () => {};
		const end = this.#result.finally(() => {
			isOver = true;
			wake();
		});
		end.catch(() => {});
		let shown: Progress | undefined;
		const stop = this.on("progress", () => wake());
		try {
			for (;;) {
				if (shown !== this.#progress) {
					shown = this.#progress;
					yield shown;
				} else if (isOver) {
					await end;
					return;
				} else {
					await new Promise<void>((resolve) => {
						wake = resolve;
					});
				}
			}
		} finally {
			stop();
		}
	}
}
