import * as is from "../arguments.js";
import { type Checks, checkArgument, checkOptions } from "../arguments.js";
import type { AgentLike, IdentityLike } from "../call/agent.js";
import type { OnRetry } from "../call/retry.js";
import { type AnyBlobError, ClientError, guarded, isBlobError, toBlobError } from "../errors/errors.js";
import type { Manifest } from "../types.js";
import { onAbort } from "../util/abort.js";
import { Emitter } from "../util/emitter.js";
import { Gate } from "./gate.js";
import type { UploadProgress } from "./progress.js";
import type { UploadWarning } from "./warning.js";

/** Options of `Transfer.abort`. */
export interface AbortOptions {
	/** The reason, given in the error with which the transfer fails. */
	reason?: unknown | undefined;
	/**
	 * True discards the chunks that have arrived. Default false: the upload stays open in the canister and can be
	 * resumed.
	 */
	discard?: boolean | undefined;
}

/** Options of `Transfer.resume`, for use after a new sign-in. */
export interface ResumeOptions {
	/** Another agent, for the same principal. */
	agent: AgentLike;
	/** The identity that signs. Default: the identity that the agent was made with. */
	identity?: IdentityLike | undefined;
}

/** State of a transfer. `done`, `failed` and `aborted` are final. */
export type TransferState = "running" | "paused" | "done" | "failed" | "aborted";

/** A request that failed and is sent again. */
export interface RetryEvent {
	/** Why it failed. */
	readonly error: AnyBlobError;
	/** Milliseconds until the retry: the network's Retry-After if there is one, plus jitter. */
	readonly waitMs: number;
}

/** Events of a transfer, by name. */
export interface TransferEvents<P = UploadProgress, Item = never> {
	/** Progress, after each step. */
	progress: P;
	/** The new state. */
	state: TransferState;
	/** A request is retried. */
	retry: RetryEvent;
	/** The result of one item, as it ends: emitted by `uploadMany` and `deleteMany`. */
	item: Item;
	/** The blob will be stored, but some ways to read it may not work. */
	warning: UploadWarning;
	/** The error that paused the transfer (`identity_expired`) or ended it. */
	error: AnyBlobError;
}

/** What runs a transfer: it gets the signals to stop and pause, and reports events. */
export interface TransferWork<Item = never> {
	readonly signal: AbortSignal;
	readonly gate: Gate;
	/** Call after each change of the progress. */
	readonly changed: () => void;
	readonly onRetry: OnRetry;
	readonly warn: (warning: UploadWarning) => void;
	readonly ended: (item: Item) => void;
}

export interface TransferParts<Result, P, Item> {
	readonly signal: AbortSignal | undefined;
	readonly progress: () => P;
	/** Stops the measurement of the rate while paused. */
	readonly paused: (isPaused: boolean) => void;
	readonly work: (work: TransferWork<Item>) => Promise<Result>;
	/** Switches to another agent. @throws ClientError `identity_differs` */
	readonly reconnect: (agent: AgentLike, identity: IdentityLike | undefined) => Promise<void>;
	readonly discard: () => Promise<void>;
}

const RESUME: Checks<ResumeOptions> = { agent: is.agent, identity: is.identity };

const isAbortOptions = (value: unknown): value is AbortOptions =>
	typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/**
 * An upload in progress. `done` is the promise of its result; progress comes by event or by iteration; the transfer can
 * be paused, resumed and aborted. The transfer itself is not a promise, so an async function can return it. A failure
 * is reported as an unhandled rejection unless the caller awaits `done`, iterates the transfer, or listens to `error`
 * or `state`. An abort is never reported so. An error thrown by a listener does not fail the transfer; it becomes an
 * uncaught exception.
 */
export class Transfer<Result = Manifest, P = UploadProgress, Item = never> implements AsyncIterable<P> {
	/** The result. Rejects with the transfer's BlobError. */
	readonly done: Promise<Result>;
	readonly #controller = new AbortController();
	readonly #gate = new Gate();
	readonly #events = new Emitter<TransferEvents<P, Item>>();
	readonly #parts: TransferParts<Result, P, Item>;
	#state: TransferState = "running";
	/** Counts changes of the progress. */
	#version = 0;
	#ended: Promise<unknown> | undefined;

	/** @internal */
	constructor(parts: TransferParts<Result, P, Item>) {
		this.#parts = parts;
		const { signal } = parts;
		const abort = () => this.#controller.abort(signal?.reason);
		if (signal?.aborted) abort();
		const release = signal && !signal.aborted ? onAbort(signal, abort) : () => {};
		this.#gate.onExpired = (error) => this.#pauseFor(error);
		const work = parts.work({
			signal: this.#controller.signal,
			gate: this.#gate,
			changed: () => {
				this.#version++;
				if (this.#events.has("progress")) this.#events.emit("progress", parts.progress());
			},
			onRetry: (error, waitMs) => {
				if (isBlobError(error)) this.#events.emit("retry", { error, waitMs });
			},
			warn: (warning) => this.#events.emit("warning", warning),
			ended: (item) => this.#events.emit("item", item),
		});
		// Attach no handler here: the runtime must report a failure that the caller does not handle.
		this.done = work.then(
			(result) => {
				release();
				this.#end("done");
				return result;
			},
			(error) => {
				release();
				const typed = toBlobError(error);
				const isAborted = isBlobError(error, "aborted") || this.#controller.signal.aborted;
				if (isAborted) this.#isSeen();
				this.#end(isAborted ? "aborted" : "failed");
				this.#events.emit("error", typed);
				throw typed;
			},
		);
	}

	/** Current progress. */
	get progress(): P {
		return this.#parts.progress();
	}

	/** Current state. */
	get state(): TransferState {
		return this.#state;
	}

	/** Subscribes to an event. @returns a function that unsubscribes */
	on<Name extends keyof TransferEvents<P, Item>>(
		event: Name,
		listener: (value: TransferEvents<P, Item>[Name]) => void,
	): () => void {
		if (event === "error" || event === "state") this.#isSeen();
		return this.#events.on(event, listener);
	}

	/**
	 * Starts no further requests until `resume`; requests in flight finish. A request that fails while paused for a
	 * temporary reason, such as a lost connection, is retried after `resume`. The upload stays open in the canister for
	 * a day.
	 */
	pause(): void {
		if (this.#state !== "running") return;
		this.#gate.close();
		this.#parts.paused(true);
		this.#become("paused");
	}

	/**
	 * Resumes the transfer, with another agent if one is given; it must act for the same principal.
	 * @throws ClientError `identity_differs`; the transfer then keeps its state
	 */
	async resume(options?: ResumeOptions): Promise<void> {
		if (options)
			await guarded(() => {
				checkOptions(options, RESUME);
				checkArgument("agent", options.agent, is.agent);
				return this.#parts.reconnect(options.agent, options.identity);
			});
		if (this.#state !== "paused") return;
		this.#parts.paused(false);
		// Before listeners run, since they may pause the transfer again.
		this.#gate.open();
		this.#become("running");
	}

	/**
	 * Stops the transfer, which then fails with `aborted`. Chunks that have arrived stay in the canister until they
	 * expire, so that a later upload of the same source can resume, unless `discard` is set.
	 * @returns after all requests have ended and, with `discard`, the chunks are discarded
	 */
	async abort(options?: AbortOptions | string | Error): Promise<void> {
		const { reason, discard = false } = isAbortOptions(options) ? options : { reason: options };
		this.#ended ??= this.done.catch(() => {});
		this.#controller.abort(reason ?? new ClientError("aborted", { reason: "the caller asked for it" }));
		await this.#ended;
		if (discard) await this.#parts.discard();
	}

	/** Yields the latest progress after each step, including the last; throws the transfer's error. */
	async *[Symbol.asyncIterator](): AsyncGenerator<P> {
		let isOver = false;
		let wake = () => {};
		const end = this.done.finally(() => {
			isOver = true;
			wake();
		});
		end.catch(() => {});
		let shown = -1;
		const stop = this.on("progress", () => wake());
		try {
			for (;;) {
				if (shown !== this.#version) {
					shown = this.#version;
					yield this.progress;
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

	/**
	 * Pauses when the identity has expired, if an `error` listener exists. Without one the application would never
	 * learn of it and resume, so the transfer fails.
	 */
	#pauseFor(error: AnyBlobError): boolean {
		if (!this.#events.has("error")) return false;
		this.pause();
		this.#events.emit("error", error);
		return true;
	}

	/** Suppresses the unhandled rejection: the caller learns of the failure without awaiting `done`. */
	#isSeen(): void {
		this.done.catch(() => {});
	}

	#end(state: TransferState): void {
		this.#parts.paused(true);
		this.#become(state);
	}

	#become(state: TransferState): void {
		this.#state = state;
		this.#events.emit("state", state);
	}
}

/** A transfer that failed before it began, for example because an option is invalid. */
export const failedTransfer = <Result, P, Item = never>(
	error: unknown,
	progress: P,
): Transfer<Result, P, Item> =>
	new Transfer<Result, P, Item>({
		signal: undefined,
		progress: () => progress,
		paused: () => {},
		work: () => Promise.reject(error),
		reconnect: async () => {},
		discard: async () => {},
	});
