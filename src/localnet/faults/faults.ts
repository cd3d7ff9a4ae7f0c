/** Which request meets which fault: a script that a test writes. */
import { type Fault, type FaultScript, fits, type RequestFilter, type SeenRequest } from "./fault.js";

/** A rule of which request meets which fault; it holds until it is removed. */
export interface FaultRule extends Disposable {
	/** How many requests it has hit. */
	readonly hits: number;
	/** From now on it hits none; also by `using`. */
	remove(): void;
}

/** What befalls which request: rules, of which the earliest one that has a fault counts. */
export class Faults {
	readonly #rules: Rule[] = [];

	/** Hits the n-th of the requests that fit and come from now on, counted from 0. */
	at(n: number, fault: Fault, filter: RequestFilter = {}): FaultRule {
		return this.#counted((nth) => nth === n, fault, filter);
	}

	/** Hits every n-th of the requests that fit: 1 is each, 3 the third, the sixth and so on. */
	every(n: number, fault: Fault, filter: RequestFilter = {}): FaultRule {
		return this.#counted((nth) => (nth + 1) % n === 0, fault, filter);
	}

	/** Asks the script about every request. */
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

	/** The fault of the earliest rule that has one; all rules count. @internal */
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
