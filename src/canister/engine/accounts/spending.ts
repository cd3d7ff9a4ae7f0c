import type { Host } from "../../host/ports.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { refuseOver } from "../base/refusal.js";
import { type Accounts, saysNothing } from "./accounts.js";
import { type Charges, dayOf } from "./charges.js";
import type { Grants } from "./grants.js";
import type { Roles } from "./roles.js";

/**
 * Estimates of what an update costs on a subnet of 13 nodes (docs/STORAGE.md, "What it costs"): to receive and execute
 * it, to receive a byte; an instruction costs a cycle. What follows the count (writing accounts, the reply, the tallies)
 * is estimated.
 */
const MESSAGE_CYCLES = 6_200_000;
const CYCLES_PER_BYTE = 2_000;
const ENDING_CYCLES = 1_000_000;

/** What an update costs that brought so many bytes and has taken so many instructions up to its last steps. */
export const cyclesOf = (bytes: number, instructions: number): number =>
	MESSAGE_CYCLES + bytes * CYCLES_PER_BYTE + instructions + ENDING_CYCLES;

/** From how much of its bound on a principal's messages are let in no more: until then each is refused with an error. */
const CLOSED_FROM = 1.1;

/** Cycles a day by who caused them: each principal that the store knows, and all strangers together. */
export class Spending {
	readonly #accounts: Accounts;
	readonly #charges: Charges;
	readonly #counters: Counters;
	readonly #roles: Roles;
	readonly #grants: Grants;
	readonly #host: Host;
	readonly strangersPerDay: number;

	constructor(
		parts: {
			accounts: Accounts;
			charges: Charges;
			counters: Counters;
			roles: Roles;
			grants: Grants;
			host: Host;
		},
		strangersPerDay: number,
	) {
		this.#accounts = parts.accounts;
		this.#charges = parts.charges;
		this.#counters = parts.counters;
		this.#roles = parts.roles;
		this.#grants = parts.grants;
		this.#host = parts.host;
		this.strangersPerDay = Math.min(strangersPerDay, Number.MAX_SAFE_INTEGER);
	}

	strangersToday(now: number): number {
		const counters = this.#counters;
		return counters.get(COUNTER.strangersDay) === dayOf(now) ? counters.get(COUNTER.strangersCycles) : 0;
	}

	/** Refuses a caller whose cycles of today are spent. */
	check(who: Uint8Array, now: number): void {
		if (!this.#isStranger(who)) this.#charges.checkCycles(who, now);
		else if (this.#areStrangersOver(now))
			refuseOver("strangers_cycles_per_day", this.strangersPerDay, this.strangersToday(now), 0);
	}

	/** Whether to let in a message of this caller's, free of charge. */
	lets(who: Uint8Array, now: number): boolean {
		const account = this.#accounts.get(who);
		// Who it is matters only where strangers have spent theirs: nothing of it was counted.
		if (saysNothing(account) && !this.#areStrangersOver(now)) return true;
		if (this.#isStranger(who)) return false;
		return (
			this.#charges.cyclesToday(account, now) < CLOSED_FROM * this.#charges.quotaOf(account).cyclesPerDay
		);
	}

	/** Counts the message at hand, of so many bytes, shortly before it ends. */
	count(who: Uint8Array, bytes: number, now: number): void {
		const cycles = cyclesOf(bytes, this.#host.instructions());
		if (this.#isStranger(who)) this.#countStrangers(cycles, now);
		else this.#charges.spent(who, cycles, now);
	}

	/** The same of a message after which nothing else is written: only where there is a bound to hold. */
	countAlone(who: Uint8Array, bytes: number, now: number): void {
		const { cyclesPerDay } = this.#charges.quotaOf(this.#accounts.get(who));
		// Mostly neither has a bound, and then it does not matter who is a stranger, which takes a record to find out.
		if (Math.min(cyclesPerDay, this.strangersPerDay) === Number.MAX_SAFE_INTEGER) return;
		const bound = this.#isStranger(who) ? this.strangersPerDay : cyclesPerDay;
		if (bound < Number.MAX_SAFE_INTEGER) this.count(who, bytes, now);
	}

	#countStrangers(cycles: number, now: number): void {
		if (this.strangersPerDay === Number.MAX_SAFE_INTEGER) return;
		const before = this.strangersToday(now);
		this.#counters.set(COUNTER.strangersDay, dayOf(now));
		this.#counters.set(COUNTER.strangersCycles, before + cycles);
	}

	#areStrangersOver(now: number): boolean {
		return this.strangersToday(now) >= this.strangersPerDay;
	}

	/** A principal of which nothing is known, and which gets no record for what it costs: it can be any number of them. */
	#isStranger(who: Uint8Array): boolean {
		return saysNothing(this.#accounts.get(who)) && !this.#roles.has(who, "admin") && !this.#grants.holds(who);
	}
}
