import { isBlobError } from "../errors.js";
import type { Ports } from "../ports.js";
import { throwIfAborted } from "../util/abort.js";

export interface RetryPolicy {
	/** Most attempts of one request, the first included; one that failed for want of any network does not count. */
	readonly maxAttempts: number;
	/** No attempt begins later than this after the first. */
	readonly deadlineMs: number;
	/** The longest wait before the second attempt; it doubles with each. */
	readonly baseDelayMs: number;
	readonly maxDelayMs: number;
}

/** Full jitter: anything from nothing to the exponential bound, so that clients refused at once do not return at once. */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number): number {
	return random() * Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
}

function retryAfterMs(error: unknown): number {
	return (isBlobError(error, "http") && error.details.retryAfterMs) || 0;
}

export interface RetryOptions {
	readonly policy: RetryPolicy;
	readonly ports: Pick<Ports, "now" | "random" | "sleep" | "isOnline">;
	readonly signal?: AbortSignal | undefined;
	/** Whether an error may pass; by default as `passing` says. */
	readonly retryable?: (error: unknown) => boolean;
	readonly onRetry?: ((error: unknown) => void) | undefined;
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
	const { policy, ports, signal, retryable = passing() } = options;
	const started = ports.now();
	let counted = 0;
	for (let number = 1; ; number++) {
		throwIfAborted(signal);
		try {
			return await attempt(number);
		} catch (error) {
			if (ports.isOnline()) counted++;
			if (counted >= policy.maxAttempts || !retryable(error)) throw error;
			// Whoever says when to come again is not asked before: jitter goes on top.
			const delay = retryAfterMs(error) + backoffMs(policy, number, ports.random);
			if (ports.now() - started + delay > policy.deadlineMs) throw error;
			options.onRetry?.(error);
			await ports.sleep(delay, signal);
			// The machine slept as well, for as long as it liked.
			if (ports.now() - started > policy.deadlineMs) throw error;
		}
	}
}
