import { isBlobError } from "../errors/errors.js";
import type { Ports } from "../platform/ports.js";
import { throwIfAborted } from "../util/abort.js";
import { stopwatch } from "../util/stopwatch.js";
import type { Throttle } from "./throttle.js";

/** How often and how long one request is retried. */
export interface Patience {
	/** Most attempts of one request, the first included; one that failed for want of any network does not count. */
	readonly maxAttempts: number;
	/** No attempt begins later than this after the first. */
	readonly deadlineMs: number;
}

export interface RetryPolicy extends Patience {
	/** The longest wait before the second attempt; it doubles with each. */
	readonly baseDelayMs: number;
	readonly maxDelayMs: number;
}

/**
 * Patience with what rarely passes while a caller waits: a host that has never answered, a store that an administrator
 * has closed. The cause is reported within seconds.
 */
export const SHORT_PATIENCE: Patience = { maxAttempts: 5, deadlineMs: 10_000 };

/** Full jitter: anything from nothing to the exponential bound, so that clients refused at once do not return at once. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number): number {
	return random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
}

/** How long the network asks to be left alone. */
export function retryAfterMs(error: unknown): number {
	return (isBlobError(error, "http") && error.details.retryAfterMs) || 0;
}

/** Called before each attempt after the first. */
export type OnRetry = (error: unknown, waitMs: number) => void;

export interface RetryOptions {
	readonly policy: RetryPolicy;
	readonly ports: Pick<Ports, "now" | "monotonic" | "random" | "sleep" | "isOnline">;
	readonly signal?: AbortSignal | undefined;
	/** Whether an error may pass; by default as `passing` says. */
	readonly retryable?: (error: unknown) => boolean;
	/** Less patience with some errors than the policy has; undefined for all others. */
	readonly patience?: (error: unknown) => Patience | undefined;
	/** Holds all requests of the client back. */
	readonly throttle?: Throttle | undefined;
	readonly onRetry?: OnRetry | undefined;
}

export const isRetryable = (error: unknown): boolean => isBlobError(error) && error.action === "retry";

/** Answers to one request that do not verify or cannot be read: that many bad nodes are somebody on the way. */
const MAX_UNVERIFIED = 3;
const UNVERIFIED = [
	"certificate_invalid",
	"certificate_stale",
	"witness_invalid",
	"manifest_corrupt",
	"list_corrupt",
	"feed_corrupt",
	"reply_invalid",
] as const;

/** An answer that says nothing, because it is not what it must be: cut short, forged, of another time. */
export const isUnverified = (error: unknown): boolean => UNVERIFIED.some((code) => isBlobError(error, code));

/**
 * Which errors of one request may pass: what the tables call `retry`, and a few answers that do not verify, for one
 * node or one proxy is not the network.
 */
export function passing(): (error: unknown) => boolean {
	let unverified = 0;
	return (error) => (isUnverified(error) ? ++unverified < MAX_UNVERIFIED : isRetryable(error));
}

/** Does `attempt` until it succeeds, fails for good, or the budget is spent: then its last error is thrown. */
export async function retry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
	const { policy, ports, signal, throttle, retryable = passing() } = options;
	throwIfAborted(signal);
	await throttle?.opened(signal);
	const elapsed = stopwatch(ports);
	let counted = 0;
	for (let number = 1; ; number++) {
		throwIfAborted(signal);
		try {
			return await attempt(number);
		} catch (error) {
			const asked = retryAfterMs(error);
			throttle?.refused(asked);
			if (ports.isOnline()) counted++;
			const patience = options.patience?.(error) ?? policy;
			const deadlineMs = Math.min(policy.deadlineMs, patience.deadlineMs);
			if (counted >= Math.min(policy.maxAttempts, patience.maxAttempts) || !retryable(error)) throw error;
			// A request never returns sooner than it was asked to: jitter goes on top.
			const waitMs = Math.max(asked, throttle?.closedMs ?? 0) + backoffMs(policy, number, ports.random);
			if (elapsed() + waitMs > deadlineMs) throw error;
			options.onRetry?.(error, waitMs);
			await ports.sleep(waitMs, signal);
			await throttle?.opened(signal);
			// The wait may have taken longer: the machine slept, or all requests were held back.
			if (elapsed() > deadlineMs) throw error;
		}
	}
}
