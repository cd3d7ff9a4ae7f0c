/** How many requests may be under way at a time: never fewer than the floor, never more than the ceiling. */
export interface ConcurrencyRange {
	readonly floor: number;
	readonly ceiling: number;
}

/** Why these figures is in docs/CONCURRENCY.md, with what was measured. */
const START = 4;
const MIN_SAMPLES = 4;
const GROW_BELOW = 2;
const SHRINK_ABOVE = 3;
const LOOK_EVERY = 32;
const SHRINK_TO = 0.7;
/** No certified answer comes sooner, so that what is faster than this says nothing about a queue. */
const MIN_BASE_MS = 250;
const MIN_CALM_MS = 1_000;

/**
 * Finds out how many requests to have under way, from how long they take and from refusals.
 *
 * Replies are gathered in rounds of as many as may be under way, and a round counts by its median, so that one slow
 * reply decides nothing. The shortest median is what an answer takes without a queue. Up to twice that there is
 * room for more; beyond three times that requests only wait. A refusal for overload halves, once for all the
 * requests that met the same overload.
 */
export class AdaptiveConcurrency {
	readonly #range: ConcurrencyRange;
	readonly #now: () => number;
	#limit: number;
	#isStarting = true;
	#baseMs = Number.POSITIVE_INFINITY;
	#samples: number[] = [];
	#wasFull = false;
	#rounds = 0;
	#largest = 0;
	/** Requests sent before this say nothing about the limit of now. */
	#sinceMs = 0;
	/** The limit to go back to after a look at what answers take without a queue. */
	#lookedFrom: number | undefined;
	#calmUntilMs = 0;
	#blockedUntilMs = 0;

	constructor(range: ConcurrencyRange, now: () => number) {
		this.#range = range;
		this.#now = now;
		this.#limit = this.#bounded(START);
	}

	get limit(): number {
		return this.#limit;
	}

	/** How long nothing may be sent, because the network said when to come again. */
	get blockedForMs(): number {
		return Math.max(0, this.#blockedUntilMs - this.#now());
	}

	/** A request was answered at its first attempt. `isFull`: as many as allowed were under way. */
	replied(sentAtMs: number, bytes: number, isFull: boolean): void {
		// A short message takes less time on a slow line, and would make all others look as if they queued.
		if (2 * bytes < this.#largest || sentAtMs < this.#sinceMs) return;
		this.#largest = Math.max(this.#largest, bytes);
		this.#wasFull ||= isFull;
		this.#samples.push(this.#now() - sentAtMs);
		if (this.#samples.length < Math.max(this.#limit, MIN_SAMPLES)) return;
		this.#samples.sort((a, b) => a - b);
		const median = this.#samples[(this.#samples.length - 1) >> 1] as number;
		this.#endRound(Math.max(median, MIN_BASE_MS));
		this.#samples = [];
		this.#wasFull = false;
	}

	/** The network refused for want of room (429, 503), or did not answer in time. */
	overloaded(retryAfterMs: number): void {
		const now = this.#now();
		this.#blockedUntilMs = Math.max(this.#blockedUntilMs, now + retryAfterMs);
		if (now < this.#calmUntilMs) return;
		const reply = Number.isFinite(this.#baseMs) ? this.#baseMs : 0;
		this.#calmUntilMs = now + Math.max(MIN_CALM_MS, reply, retryAfterMs);
		this.#isStarting = false;
		this.#lookedFrom = undefined;
		this.#samples = [];
		this.#sinceMs = now;
		this.#limit = this.#bounded(Math.floor(this.#limit / 2));
	}

	#endRound(medianMs: number): void {
		if (this.#lookedFrom !== undefined) {
			this.#baseMs = medianMs;
			this.#limit = this.#bounded(this.#lookedFrom);
			this.#lookedFrom = undefined;
			return;
		}
		this.#baseMs = Math.min(this.#baseMs, medianMs);
		const queue = medianMs / this.#baseMs;
		if (queue > GROW_BELOW) this.#isStarting = false;
		// As many as at the start are needed without any queue: below that only refusals lead.
		if (queue > SHRINK_ABOVE) this.#fewer(Math.max(this.#limit * SHRINK_TO, Math.min(START, this.#limit)));
		else if (queue <= GROW_BELOW && this.#wasFull)
			this.#limit = this.#bounded(this.#isStarting ? Math.ceil(this.#limit * 1.5) : this.#limit + 1);
		if (++this.#rounds % LOOK_EVERY === 0) this.#look(queue);
	}

	/**
	 * For one round only as many as are under way without a queue (Little's law), so that the queue drains and an
	 * answer takes again what it takes by itself: a base once measured would else hold for ever.
	 */
	#look(queue: number): void {
		const from = this.#limit;
		this.#fewer(from / queue);
		if (this.#limit < from) this.#lookedFrom = from;
	}

	/** What was sent while there were more under way is no measure of fewer. */
	#fewer(limit: number): void {
		this.#limit = this.#bounded(Math.ceil(limit));
		this.#sinceMs = this.#now();
	}

	#bounded(limit: number): number {
		return Math.min(this.#range.ceiling, Math.max(this.#range.floor, limit));
	}
}
