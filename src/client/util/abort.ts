import { ClientError, isBlobError } from "../errors/errors.js";

/** The typed error of an aborted signal. A reason that is one of our errors is thrown as it is. */
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
 * Calls `listener` when the signal fires, which it has not yet. All share one listener on the signal itself: with a
 * dozen requests under way there would be more than the ten at which Node warns of a leak.
 * @returns what ends that
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
 * A controller that also follows other signals. AbortSignal.any does the same, but is younger than the browsers
 * we support, and in Node 20 it keeps its followers alive as long as the followed signal.
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

/** The promise's result, or an `aborted` error as soon as the signal fires; the work itself may go on. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return promise;
	return new Promise((resolve, reject) => {
		const fail = () => reject(abortError(signal));
		if (signal.aborted) fail();
		const release = signal.aborted ? () => {} : onAbort(signal, fail);
		promise.then(resolve, reject).finally(release);
	});
}

/** The longest time that a timer takes, 24.8 days: one that is longer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`, at most `MAX_TIMER_MS`; rejects at once when the signal fires. */
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
