import type { Host } from "../../host/ports.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { dayOf } from "./charges.js";
import { cyclesOf } from "./spending.js";

/**
 * Exact ranges, each answered by an update that anybody may cause: what they cost in a day of UTC is bounded, and only
 * where an application sets a bound are there any.
 */
export class ExactRanges {
	readonly #counters: Counters;
	readonly #host: Host;
	readonly #cyclesPerDay: number;

	constructor(counters: Counters, host: Host, cyclesPerDay: number) {
		this.#counters = counters;
		this.#host = host;
		this.#cyclesPerDay = Math.min(cyclesPerDay, Number.MAX_SAFE_INTEGER);
	}

	/** Whether one more may be asked for today. */
	areLeft(now: number): boolean {
		return this.#cyclesPerDay > 0 && this.today(now) < this.#cyclesPerDay;
	}

	/** Cycles that they took today. */
	today(now: number): number {
		return this.#counters.get(COUNTER.exactDay) === dayOf(now) ? this.#counters.get(COUNTER.exactCycles) : 0;
	}

	/** Counts the message at hand, which brought so many bytes, shortly before it ends. */
	count(bytes: number, now: number): void {
		const before = this.today(now);
		this.#counters.set(COUNTER.exactDay, dayOf(now));
		this.#counters.set(COUNTER.exactCycles, before + cyclesOf(bytes, this.#host.instructions()));
	}
}
