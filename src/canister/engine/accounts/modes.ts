import { COUNTER, type Counters } from "../base/counters.js";
import { refuse } from "../base/refusal.js";

/** Modes by number; frozen, since the number is stored. */
export const MODES = ["live", "draining", "maintenance", "importing"] as const;
export type ModeName = (typeof MODES)[number];
const IMPORTING = MODES.indexOf("importing");

/** Whether the store is imported into: a mode in which who asks decides, not what is asked for (admission.ts). */
export const isImporting = (counters: Counters): boolean => counters.get(COUNTER.mode) === IMPORTING;

/** What a method does, as far as modes are concerned: the last mode in which it may. */
const LAST_MODE = { begin: 0, goOn: 1, administer: 2 } as const;
export type Kind = keyof typeof LAST_MODE;

export class Modes {
	readonly #counters: Counters;

	constructor(counters: Counters) {
		this.#counters = counters;
	}

	get name(): ModeName {
		return MODES[this.#counters.get(COUNTER.mode)]!;
	}

	/** Counts the changes of the mode. */
	get generation(): number {
		return this.#counters.get(COUNTER.generation);
	}

	get isImporting(): boolean {
		return isImporting(this.#counters);
	}

	/** Refuses what the mode takes from nobody, or from no administrator. */
	require(kind: Kind): void {
		const mode = this.#counters.get(COUNTER.mode);
		if (mode > LAST_MODE[kind] && mode !== IMPORTING) this.refuse();
	}

	refuse(): never {
		return refuse("not_live", { mode: this.name, generation: BigInt(this.generation) });
	}

	set(mode: ModeName): void {
		this.#counters.set(COUNTER.mode, MODES.indexOf(mode));
		this.#counters.add(COUNTER.generation, 1);
	}
}
