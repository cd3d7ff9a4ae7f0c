import { ClientError, isBlobError } from "../errors.js";

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
		const onAbort = () => controller.abort(signal.reason);
		if (signal.aborted) onAbort();
		else signal.addEventListener("abort", onAbort, { once: true });
		return () => signal.removeEventListener("abort", onAbort);
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
		const onAbort = () => reject(abortError(signal));
		if (signal.aborted) onAbort();
		signal.addEventListener("abort", onAbort, { once: true });
		promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
	});
}

/** Resolves after `ms`; rejects at once when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(abortError(signal));
		const onAbort = () => {
			clearTimeout(timer);
			if (signal) reject(abortError(signal));
		};
		const timer = setTimeout(() => {
			signal?.removeEventListener("abort", onAbort);
			resolve();
		}, ms);
		signal?.addEventListener("abort", onAbort, { once: true });
	});
}
