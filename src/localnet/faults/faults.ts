/** Rules, written by a test, that assign faults to requests. */
import { type Fault, type FaultScript, fits, type RequestFilter, type SeenRequest } from "./fault.js";

/** A rule that assigns a fault to requests, until it is removed. */
export interface FaultRule extends Disposable {
	/** Number of requests that it has hit. */
	readonly hits: number;
	/** Removes the rule. `using` calls it, too. */
	remove(): void;
}

/** Rules that assign faults to requests. The earliest rule with a fault applies. */
export class Faults {
	readonly #rules: Rule[] = [];

	/** Hits the n-th matching request from now on, counted from 0. */
	at(n: number, fault: Fault, filter: RequestFilter = {}): FaultRule {
		return this.#counted((nth) => nth === n, fault, filter);
	}

	/** Hits every n-th matching request: 1 hits each, 3 the third, the sixth and so on. */
	every(n: number, fault: Fault, filter: RequestFilter = {}): FaultRule {
		return this.#counted((nth) => (nth + 1) % n === 0, fault, filter);
	}

	/** Calls the script for every request. */
	when(script: FaultScript): FaultRule {
		const rule = new Rule(script, () => {
			const at = this.#rules.indexOf(rule);
			if (at >= 0) this.#rules.splice(at, 1);
		});
		this.#rules.push(rule);
		return rule;
	}

	/** Removes all rules. */
	clear(): void {
		this.#rules.length = 0;
	}

	/** The fault of the earliest rule that has one. All rules count the request. @internal */
	choose(request: SeenRequest): Fault | undefined {
		let chosen: Fault | undefined;
		for (const rule of this.#rules) {
			const fault = rule.script(request);
			if (fault === undefined || chosen !== undefined) continue;
			rule.hits++;
			chosen = fault;
		}
		return chosen;
	}

	#counted(isHit: (nth: number) => boolean, fault: Fault, filter: RequestFilter): FaultRule {
		let seen = 0;
		return this.when((request) => (fits(request, filter) && isHit(seen++) ? fault : undefined));
	}
}

class Rule implements FaultRule {
	hits = 0;

	constructor(
		readonly script: FaultScript,
		readonly remove: () => void,
	) {}

	[Symbol.dispose](): void {
		this.remove();
	}
}
