/**
 * Attempts sent one after another, judged together once all of them have ended: a refusal comes sooner than an answer,
 * so that the first outcomes of any stretch of time are refusals.
 */
export class Cohort {
	readonly size: number;
	/** Cohorts of an earlier epoch were sent while more was under way. */
	readonly epoch: number;
	#sent = 0;
	#ended = 0;
	#refused = 0;

	constructor(size: number, epoch: number) {
		this.size = size;
		this.epoch = epoch;
	}

	get isFull(): boolean {
		return this.#sent === this.size;
	}

	get isOver(): boolean {
		return this.#ended === this.size;
	}

	/** Refusals per attempt; of a cohort that is not over, per attempt sent. */
	get share(): number {
		return this.#refused / this.#sent;
	}

	/** Whether more than this share of the whole cohort was refused, whatever becomes of the rest. */
	exceeds(share: number): boolean {
		return this.#refused > share * this.size;
	}

	send(): void {
		this.#sent++;
	}

	end(isRefused: boolean): void {
		this.#ended++;
		if (isRefused) this.#refused++;
	}
}

/** docs/CONCURRENCY.md explains these figures. */
const ATTEMPTS_PER_SLOT = 4;
const MIN_ATTEMPTS = 8;
const MAX_ATTEMPTS = 32;
/** Share of refusals that needs no explanation. */
const BORNE = 0.1;
/** On top of the background, what chance explains. */
const MARGIN = 0.25;
/** A network that refuses more than this of the least wants even less, for whatever reason. */
const UNWELCOME = 0.75;
const YIELD_TO = 0.7;
const MIN_PATIENCE = 4;
const MAX_PATIENCE = 64;

/**
 * Tells a network that refuses a share of all requests, whatever is sent, from one that refuses what is too much for
 * it. The share of refusals is compared between numbers of requests under way: where fewer are refused as often, to
 * send fewer would only be slower.
 */
export class Refusals {
	/** With this many under way a client asks for the least that fills a subnet's blocks. */
	readonly #least: number;
	#cohort: Cohort | undefined;
	#epoch = 0;
	/** Whether `background` was measured with the least under way. */
	#isLeastKnown = false;
	/** Share that is refused whatever is sent; 0 where it is small enough to be borne. */
	#background = 0;
	/** The highest limit at which no more than that was refused. */
	#good: number;
	/** The lowest limit at which more was refused. */
	#crest = Number.POSITIVE_INFINITY;
	#patience = MIN_PATIENCE;
	#roundsLeft = 0;
	/** Whether it has just gone below what was borne before. */
	#hasYielded = false;
	/** The limit to go back to, while the least is tried because what was borne before is no longer. */
	#triedFrom: number | undefined;

	constructor(least: number) {
		this.#least = least;
		this.#good = least;
	}

	/** Counts an attempt that goes out under this limit. @returns the cohort that it belongs to */
	sent(limit: number): Cohort {
		if (!this.#cohort || this.#cohort.isFull) {
			const size = Math.ceil(limit * ATTEMPTS_PER_SLOT);
			this.#cohort = new Cohort(Math.min(MAX_ATTEMPTS, Math.max(MIN_ATTEMPTS, size)), this.#epoch);
		}
		this.#cohort.send();
		return this.#cohort;
	}

	/** Counts how an attempt ended. @returns the limit from now on */
	ended(cohort: Cohort, isRefused: boolean, limit: number): number {
		if (cohort.epoch !== this.#epoch) return limit;
		cohort.end(isRefused);
		if (cohort.exceeds(this.#bearable(limit))) return this.#exceeded(limit);
		return cohort.isOver ? this.#borne(cohort.share, limit) : limit;
	}

	/** Whether a higher limit than this may be tried now. */
	mayGrow(limit: number): boolean {
		if (this.#triedFrom !== undefined) return false;
		// Whether more is refused of more can be told only once the share of the least is known.
		if (!this.#isLeastKnown && limit >= this.#least && this.#cohort && this.#cohort.share > 0) return false;
		return limit + 1 < this.#crest || this.#roundsLeft === 0;
	}

	/** Counts the rounds until the limit that was too high is tried again. */
	endRound(): void {
		this.#roundsLeft = Math.max(0, this.#roundsLeft - 1);
	}

	/** Forgets what is under way: the limit was lowered, and it says nothing about the lower one. */
	restart(): void {
		this.#epoch++;
		this.#cohort = undefined;
	}

	#bearable(limit: number): number {
		if (limit <= this.#least) return UNWELCOME;
		return this.#background > 0 ? this.#background + MARGIN : BORNE;
	}

	#exceeded(limit: number): number {
		this.restart();
		if (limit <= this.#least) {
			this.#triedFrom = undefined;
			return Math.floor(limit / 2);
		}
		if (limit > this.#good || !this.#hasYielded) {
			this.#setCrest(limit);
			if (limit <= this.#good) {
				this.#hasYielded = true;
				this.#good = Math.max(this.#least, Math.floor(limit * YIELD_TO));
			}
			return this.#good;
		}
		// Less is borne than before, and still less a moment later: either it is load, or fewer are no better.
		this.#triedFrom = limit;
		this.#good = this.#least;
		return this.#least;
	}

	#borne(share: number, limit: number): number {
		if (limit > this.#least) {
			this.#good = Math.max(this.#good, limit);
			this.#hasYielded = false;
			if (limit >= this.#crest) this.#forgetCrest();
			// Never upwards: it would follow the limit step by step to where most is refused.
			if (share < this.#background) this.#learn(share, 0.25);
			return limit;
		}
		this.#hasYielded = false;
		this.#learn(share, this.#isLeastKnown && this.#triedFrom === undefined ? 0.5 : 1);
		this.#isLeastKnown = true;
		// Where the least is refused as well, a crest that was found before proves nothing.
		if (this.#background > 0) this.#forgetCrest();
		const from = this.#triedFrom;
		this.#triedFrom = undefined;
		if (from === undefined) return limit;
		// As often refused with the least under way: more does no harm.
		if (this.#background > 0) return from;
		this.#setCrest(from);
		return limit;
	}

	#learn(share: number, weight: number): void {
		const background = this.#background + weight * (share - this.#background);
		this.#background = background > BORNE ? background : 0;
	}

	#setCrest(limit: number): void {
		this.#crest = limit;
		this.#roundsLeft = this.#patience;
		this.#patience = Math.min(MAX_PATIENCE, 2 * this.#patience);
	}

	#forgetCrest(): void {
		this.#crest = Number.POSITIVE_INFINITY;
		this.#patience = MIN_PATIENCE;
	}
}
