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

/** How a transfer is stopped. */
export interface AbortOptions {
	/** Why, for the error that the transfer then fails with. */
	reason?: unknown | undefined;
	/** True throws away what has arrived. Default false: the upload stays open in the canister and can go on. */
	discard?: boolean | undefined;
}

/** With what a transfer goes on, after a new sign-in. */
export interface ResumeOptions {
	/** Another agent, for the same principal. */
	agent: AgentLike;
	/** Who signs with it. Default: the identity that the agent was made with. */
	identity?: IdentityLike | undefined;
}

/** What a transfer is at. The last three are for ever. */
export type TransferState = "running" | "paused" | "done" | "failed" | "aborted";

/** A request that failed and is sent again. */
export interface RetryEvent {
	/** Why it failed. */
	readonly error: AnyBlobError;
	/** Milliseconds until it is sent again: as long as the network asked for by Retry-After, and some jitter. */
	readonly waitMs: number;
}

/** What a transfer tells, by event. */
export interface TransferEvents<P = UploadProgress, Item = never> {
	/** How far it is, after each step. */
	progress: P;
	/** What it has come to be at. */
	state: TransferState;
	/** A request is retried. */
	retry: RetryEvent;
	/** What became of one of many items, as it comes to its end: `uploadMany` and `deleteMany` tell it. */
	item: Item;
	/** The blob will be stored, and may not be readable in every way. */
	warning: UploadWarning;
	/** What paused the transfer (`identity_expired`) or ended it. */
	error: AnyBlobError;
}

/** What runs a transfer: told when to stop and where to wait, it tells what happens. */
export interface TransferWork<Item = never> {
	readonly signal: AbortSignal;
	readonly gate: Gate;
	/** The progress is another one. */
	readonly changed: () => void;
	readonly onRetry: OnRetry;
	readonly warn: (warning: UploadWarning) => void;
	readonly ended: (item: Item) => void;
}

export interface TransferParts<Result, P, Item> {
	readonly signal: AbortSignal | undefined;
	readonly progress: () => P;
	/** The rate stands still while it is paused. */
	readonly paused: (isPaused: boolean) => void;
	readonly work: (work: TransferWork<Item>) => Promise<Result>;
	/** Takes up another agent. @throws ClientError `identity_differs` */
	readonly reconnect: (agent: AgentLike, identity: IdentityLike | undefined) => Promise<void>;
	readonly discard: () => Promise<void>;
}

const RESUME: Checks<ResumeOptions> = { agent: is.agent, identity: is.identity };

const isAbortOptions = (value: unknown): value is AbortOptions =>
	typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/**
 * An upload in progress: `done` is the promise of its result, progress comes by event or by iteration, and it can be
 * paused, resumed and aborted. The transfer itself is no promise, so an async function can return it. A failure that no
 * caller sees is an unhandled rejection: one who awaits `done`, iterates the transfer, or listens to `error` or `state`
 * sees it. An aborted transfer never is one. A listener that throws does not fail the transfer: its error is thrown
 * separately, as an uncaught one.
 */
export class Transfer<Result = Manifest, P = UploadProgress, Item = never> implements AsyncIterable<P> {
	/** The result. @throws a BlobError: rejects with what the transfer failed with */
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
		// Nothing of ours takes up its failure: that is how one which no caller looks at is seen.
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

	/** How far it is now. */
	get progress(): P {
		return this.#parts.progress();
	}

	/** What it is at now. */
	get state(): TransferState {
		return this.#state;
	}

	/** Calls `listener` at every such event. @returns what ends that. */
	on<Name extends keyof TransferEvents<P, Item>>(
		event: Name,
		listener: (value: TransferEvents<P, Item>[Name]) => void,
	): () => void {
		if (event === "error" || event === "state") this.#isSeen();
		return this.#events.on(event, listener);
	}

	/**
	 * Starts nothing more until `resume`; the few requests under way come to their end. What fails meanwhile for a
	 * reason that may pass, such as a lost connection, is done again afterwards. The upload stays open in the canister
	 * for a day.
	 */
	pause(): void {
		if (this.#state !== "running") return;
		this.#gate.close();
		this.#parts.paused(true);
		this.#become("paused");
	}

	/**
	 * Goes on. With an agent it goes on with that one, which must act for the same principal.
	 * @throws ClientError `identity_differs`; the transfer is then as it was
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
		// Before listeners are told, who may pause it again.
		this.#gate.open();
		this.#become("running");
	}

	/**
	 * Stops the transfer, which then fails with `aborted`. What has arrived stays in the canister until it expires,
	 * so that the same upload later goes on from there, unless `discard` is asked for.
	 * @returns when nothing is under way any more, and all is discarded if it should be.
	 */
	async abort(options?: AbortOptions | string | Error): Promise<void> {
		const { reason, discard = false } = isAbortOptions(options) ? options : { reason: options };
		this.#ended ??= this.done.catch(() => {});
		this.#controller.abort(reason ?? new ClientError("aborted", { reason: "the caller asked for it" }));
		await this.#ended;
		if (discard) await this.#parts.discard();
	}

	/** The latest progress at each step, the last one included; throws what the transfer fails with. */
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
	 * Pauses where the identity has expired, if somebody listens for errors: without, nobody would ever resume, and
	 * the transfer fails.
	 */
	#pauseFor(error: AnyBlobError): boolean {
		if (!this.#events.has("error")) return false;
		this.pause();
		this.#events.emit("error", error);
		return true;
	}

	/** The caller learns of a failure without awaiting the result. */
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

/** A transfer that failed before it began, as it does where its options are not valid. */
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
