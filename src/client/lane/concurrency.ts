import { type Cohort, Refusals } from "./refusals.js";

/** How many requests may be under way at a time: never fewer than the floor, never more than the ceiling. */
export interface ConcurrencyRange {
	readonly floor: number;
	readonly ceiling: number;
	/**
	 * Factor by which the limit grows until the first sign of a queue.
	 * @default 1.5
	 */
	readonly startGrowth?: number | undefined;
}

/** docs/CONCURRENCY.md explains these figures. */
const START = 4;
const START_GROWTH = 1.5;
const MIN_SAMPLES = 4;
const GROW_BELOW = 2;
const SHRINK_ABOVE = 3;
const LOOK_EVERY = 32;
const SHRINK_TO = 0.7;
/** No certified answer comes sooner, so that what is faster than this says nothing about a queue. */
const MIN_BASE_MS = 250;
const MIN_CALM_MS = 1_000;

/** One attempt at a request, on its way. */
export interface Attempt {
	readonly sentAtMs: number;
	readonly cohort?: Cohort | undefined;
}

/** An answer as a measure of what answers take. */
export interface Measure {
	readonly bytes: number;
	/** Whether as many as allowed were under way. */
	readonly isFull: boolean;
}

/**
 * Finds out how many requests to have under way, from how long they take and from how many are refused.
 *
 * Replies are gathered in rounds of as many as may be under way, and a round counts by its median, so that one slow
 * reply decides nothing. The shortest median is what an answer takes without a queue. Up to twice that there is
 * room for more; beyond three times that requests only wait. Refusals count by their share (`Refusals`). Requests
 * that are not answered in time halve the limit, once for all that met the same overload.
 */
export class AdaptiveConcurrency {
	readonly #range: ConcurrencyRange;
	readonly #startGrowth: number;
	readonly #now: () => number;
	readonly #refusals: Refusals;
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

	constructor(range: ConcurrencyRange, now: () => number) {
		this.#range = range;
		this.#startGrowth = range.startGrowth ?? START_GROWTH;
		this.#now = now;
		this.#limit = this.#bounded(START);
		this.#refusals = new Refusals(this.#limit);
	}

	get limit(): number {
		return this.#limit;
	}

	/** An attempt goes out, one of `active`. */
	sent(active: number): Attempt {
		const sentAtMs = this.#now();
		// The limit was lowered, and more are still under way: what befalls them says nothing about the lower one.
		return active > this.#limit ? { sentAtMs } : { sentAtMs, cohort: this.#refusals.sent(this.#limit) };
	}

	/**
	 * An attempt was answered, or lost for a reason that says nothing about room.
	 * @param measure absent where nobody can tell which attempt was answered
	 */
	ended({ cohort, sentAtMs }: Attempt, measure?: Measure): void {
		this.#count(cohort, false);
		if (measure) this.#measure(sentAtMs, measure);
	}

	/** The network refused an attempt for want of room (429, 503). */
	refused({ cohort }: Attempt): void {
		this.#count(cohort, true);
	}

	/** An attempt was not answered in time. */
	timedOut({ cohort }: Attempt): void {
		this.#count(cohort, false);
		const now = this.#now();
		if (now < this.#calmUntilMs) return;
		this.#calmUntilMs = now + Math.max(MIN_CALM_MS, Number.isFinite(this.#baseMs) ? this.#baseMs : 0);
		this.#isStarting = false;
		this.#refusals.restart();
		this.#fewer(Math.floor(this.#limit / 2));
		this.#lookedFrom = undefined;
	}

	#measure(sentAtMs: number, { bytes, isFull }: Measure): void {
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

	/** Counts how an attempt ended, and takes the limit that refusals lead to. */
	#count(cohort: Cohort | undefined, isRefused: boolean): void {
		if (!cohort) return;
		const limit = this.#refusals.ended(cohort, isRefused, this.#limit);
		if (limit === this.#limit) return;
		this.#lookedFrom = undefined;
		if (limit < this.#limit) {
			this.#isStarting = false;
			this.#fewer(limit);
		} else this.#limit = this.#bounded(limit);
	}

	#endRound(medianMs: number): void {
		this.#refusals.endRound();
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
		else if (queue <= GROW_BELOW && this.#wasFull && this.#refusals.mayGrow(this.#limit))
			this.#limit = this.#bounded(
				this.#isStarting ? Math.ceil(this.#limit * this.#startGrowth) : this.#limit + 1,
			);
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
		this.#samples = [];
	}

	#bounded(limit: number): number {
		return Math.min(this.#range.ceiling, Math.max(this.#range.floor, limit));
	}
}
