import type { WireManifest, WireVersion } from "../../protocol/index.js";
import { leavesUnknown } from "../call/update.js";
import { type ClientContext, isAfter } from "../context.js";
import { isBlobError, isRefused } from "../errors/errors.js";
import { stopwatch } from "../util/stopwatch.js";

/** What the network grants the clocks of its users, too. */
const CLOCKS_DIFFER_MS = 60_000;
/** The last attempt begins by the deadline, and waits until its message has expired. */
const LAST_ATTEMPT_MS = 300_000;

/**
 * The attempts at one change. One whose answer was lost is made again and answered as it was the first time, as long as
 * the store keeps its receipt. Past that (the transfer was paused, the machine asleep) the store refuses what it has
 * done itself, or the change may not be repeated any more, which would undo what others have done since. Then what is
 * there decides whether it was made.
 */
export class Attempts {
	readonly #context: ClientContext;
	/** Milliseconds since the first attempt. */
	readonly #elapsed: () => number;
	/** The last change that was known before the first attempt. */
	readonly #last: WireVersion;
	#isUnknown = false;
	#isAnswered = true;

	constructor(context: ClientContext) {
		this.#context = context;
		this.#elapsed = stopwatch(context.settings.ports);
		this.#last = context.seen.version;
	}

	/** To be told of every attempt that failed. */
	readonly onRetry = (error: unknown): void => {
		this.#isUnknown ||= leavesUnknown(error);
	};

	/**
	 * Whether a version of a blob is not older than the first attempt, by the network's clock; of one that is imported only
	 * by its number, since its times are of another store.
	 */
	isSince(manifest: WireManifest, isImported = false): boolean {
		const startedAt = this.#context.trust.nowMs() - this.#elapsed();
		const changedAt = Number(manifest.modified_at / 1_000_000n);
		return isAfter(manifest, this.#last) && (isImported || changedAt >= startedAt - CLOCKS_DIFFER_MS);
	}

	/**
	 * What the change has made, where an attempt may have made it all the same.
	 * @param error what the change ends with
	 * @param find asks the subnet for what was made; undefined where it is not there, or may be another's
	 * @throws the error where there is nothing to be found
	 */
	async orFound<T>(error: unknown, find: () => Promise<T | undefined>): Promise<T> {
		this.onRetry(error);
		if (!this.#isUnknown || !this.#isWorthAsking(error)) throw error;
		let found: T | undefined;
		try {
			found = await find();
		} catch (reason) {
			if (isBlobError(reason, "aborted")) throw reason;
			this.#isAnswered = false;
		}
		if (found === undefined) throw error;
		return found;
	}

	/** A network that has failed every attempt up to now would fail the question, too; one that was away may be back. */
	#isWorthAsking(error: unknown): boolean {
		const { retry, requestTimeoutMs } = this.#context.settings;
		// Longer than attempts take by themselves: the machine slept, or the transfer was paused.
		const isLate = this.#elapsed() > retry.deadlineMs + LAST_ATTEMPT_MS + requestTimeoutMs;
		return this.#isAnswered && (isRefused(error) || isLate);
	}
}

/**
 * Makes a change in one call.
 * @param make makes the attempts; tells `onRetry` of each that was in vain
 * @param find as for `orFound`
 */
export async function attempt<T>(
	context: ClientContext,
	make: (onRetry: (error: unknown) => void) => Promise<T>,
	find: (attempts: Attempts) => Promise<T | undefined>,
): Promise<T> {
	const attempts = new Attempts(context);
	try {
		return await make(attempts.onRetry);
	} catch (error) {
		return attempts.orFound(error, () => find(attempts));
	}
}
