import { ClientError, isBlobError } from "../errors/errors.js";

/** The typed error of an aborted signal. A reason that is an error of this package is thrown unchanged. */
export function abortError(signal: AbortSignal): Error {
	const { reason } = signal;
	if (isBlobError(reason)) return reason;
	const text = reason instanceof Error ? reason.message : String(reason ?? "no reason given");
	return new ClientError("aborted", { reason: text.replace(/\.$/, "") }, reason);
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
	if (signal?.aborted) throw abortError(signal);
}

const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` when the signal fires; the signal must not have fired yet. All listeners share one on the signal
 * itself: a dozen requests in flight would exceed the ten at which Node warns of a leak.
 * @returns a function that unsubscribes
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
	let listeners = listenersOf.get(signal);
	if (!listeners) {
		const all = new Set<() => void>();
		listeners = all;
		listenersOf.set(signal, all);
		signal.addEventListener("abort", () => [...all].map((each) => each()), { once: true });
	}
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/**
 * A controller that also follows other signals. AbortSignal.any is newer than the browsers we support, and in Node 20
 * it keeps followers alive as long as the followed signal.
 */
export function follow(...signals: (AbortSignal | undefined)[]): {
	controller: AbortController;
	release: () => void;
} {
	const controller = new AbortController();
	const releases = signals.map((signal) => {
		if (!signal) return () => {};
		if (!signal.aborted) return onAbort(signal, () => controller.abort(signal.reason));
		controller.abort(signal.reason);
		return () => {};
	});
	return {
		controller,
		release: () => {
			for (const release of releases) release();
		},
	};
}

/** The promise's result, or an `aborted` error as soon as the signal fires. The work itself is not stopped. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return promise;
	return new Promise((resolve, reject) => {
		const fail = () => reject(abortError(signal));
		if (signal.aborted) fail();
		const release = signal.aborted ? () => {} : onAbort(signal, fail);
		promise.then(resolve, reject).finally(release);
	});
}

/** The longest timeout, 24.8 days: a longer one fires immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`, at most `MAX_TIMER_MS`; rejects when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(abortError(signal));
		const timer = setTimeout(
			() => {
				release?.();
				resolve();
			},
			Math.min(ms, MAX_TIMER_MS),
		);
		const release =
			signal &&
			onAbort(signal, () => {
				clearTimeout(timer);
				reject(abortError(signal));
			});
	});
}
