import type { MethodArgs, MethodName, MethodOk } from "../../protocol/index.js";
import type { OnRetry } from "../call/retry.js";
import type { ClientContext } from "../context.js";
import type { Lane } from "../lane/lane.js";
import type { Gate } from "./gate.js";

/** What the calls of one transfer have in common. */
export interface Line {
	/** Another one after `resume` with another agent. */
	caller: ClientContext["caller"];
	readonly gate: Gate;
	readonly lane: Lane;
	/** Told of each attempt that failed and is made again. */
	readonly onRetry: OnRetry;
}

/** The calls of a transfer: each waits while that is paused, and those that carry bytes take turns. */
export class UploadCalls {
	readonly #line: Line;
	readonly signal: AbortSignal;

	constructor(line: Line, signal: AbortSignal) {
		this.#line = line;
		this.signal = signal;
	}

	/** The same, ended by another signal. */
	until(signal: AbortSignal): UploadCalls {
		return new UploadCalls(this.#line, signal);
	}

	/** Something had to be done again, at once unless it waits. */
	retried(error: unknown, waitMs = 0): void {
		this.#line.onRetry(error, waitMs);
	}

	/** How many calls with bytes may be under way now. */
	get concurrency(): number {
		return this.#line.lane.concurrency;
	}

	/** Resolves when the transfer is not paused. */
	opened(): Promise<void> {
		return this.#line.gate.opened(this.signal);
	}

	/**
	 * A short call, its answer verified.
	 * @param onRetry told of each attempt that failed and is made again
	 */
	update<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		onRetry?: OnRetry,
	): Promise<MethodOk<Name>> {
		return this.caller.update(name, args, { onRetry, verify: true });
	}

	/** @param isBound whether what comes of the answer is bound by the commit, so that a lie costs a repetition only */
	query<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		isBound: boolean,
	): Promise<MethodOk<Name>> {
		return this.caller.query(name, args, { isBound });
	}

	/** What makes calls without bytes for parts of the client that know nothing of transfers: they wait while it is paused. */
	get caller(): ClientContext["caller"] {
		const { signal } = this;
		const { gate } = this.#line;
		const { beforeSending } = gate;
		return {
			update: (name, args, options) => {
				const onRetry = this.#telling(options.onRetry);
				const step = () =>
					this.#line.caller.update(name, args, { ...options, signal, beforeSending, onRetry });
				return gate.pass(signal, step, onRetry);
			},
			query: (name, args, options, check) => {
				const onRetry = this.#telling(options.onRetry);
				const step = () =>
					this.#line.caller.query(name, args, { ...options, signal, beforeSending, onRetry }, check);
				return gate.pass(signal, step, onRetry);
			},
		};
	}

	/** What makes calls at once, paused or not, as the identity of now: another one after `resume` with another agent. */
	get direct(): ClientContext["caller"] {
		return this.#line.caller;
	}

	/** A call that carries bytes. */
	carry<Name extends MethodName>(
		name: Name,
		args: MethodArgs<Name>,
		bytes: number,
		options: { verify: boolean; onSent: () => void; onRetry?: OnRetry },
	): Promise<MethodOk<Name>> {
		const { verify, onSent } = options;
		const { signal } = this;
		const { gate, lane } = this.#line;
		const onRetry = this.#telling(options.onRetry);
		const step = () =>
			lane.run(bytes, signal, async (passage) => {
				// Paused while it waited for its turn.
				gate.beforeSending();
				return this.#line.caller.update(name, args, {
					signal,
					verify,
					beforeSending: gate.beforeSending,
					onSent: () => {
						passage.onSent();
						onSent();
					},
					onRetry: (error, waitMs) => {
						passage.onRetry(error);
						onRetry(error, waitMs);
					},
				});
			});
		return gate.pass(signal, step, onRetry);
	}

	/** Tells the transfer, too. */
	#telling(onRetry: OnRetry | undefined): OnRetry {
		return (error, waitMs) => {
			onRetry?.(error, waitMs);
			this.retried(error, waitMs);
		};
	}
}

/** Calls back the first time only. */
export function once(then: () => void): () => void {
	let isFirst = true;
	return () => {
		if (isFirst) then();
		isFirst = false;
	};
}
