import { COUNTER, type Meta } from "./meta.js";
import { refuse } from "./refusal.js";

/** Modes by number; frozen, since the number is stored. */
export const MODES = ["live", "draining", "maintenance", "importing"] as const;
export type ModeName = (typeof MODES)[number];
const IMPORTING = MODES.indexOf("importing");

/** Whether the store is imported into: a mode in which who asks decides, not what is asked for (admission.ts). */
export const isImporting = (meta: Meta): boolean => meta.get(COUNTER.mode) === IMPORTING;

/** What a method does, as far as modes are concerned: the last mode in which it may. */
const LAST_MODE = { begin: 0, goOn: 1, administer: 2 } as const;
export type Kind = keyof typeof LAST_MODE;

export class Modes {
	readonly #meta: Meta;

	constructor(meta: Meta) {
		this.#meta = meta;
	}

	get name(): ModeName {
		return MODES[this.#meta.get(COUNTER.mode)]!;
	}

	/** Counts the changes of the mode. */
	get generation(): number {
		return this.#meta.get(COUNTER.generation);
	}

	get isImporting(): boolean {
		return isImporting(this.#meta);
	}

	/** Refuses what the mode takes from nobody, or from no administrator. */
	require(kind: Kind): void {
		const mode = this.#meta.get(COUNTER.mode);
		if (mode > LAST_MODE[kind] && mode !== IMPORTING) this.refuse();
	}

	refuse(): never {
		return refuse("not_live", { mode: this.name, generation: BigInt(this.generation) });
	}

	set(mode: ModeName): void {
		this.#meta.set(COUNTER.mode, MODES.indexOf(mode));
		this.#meta.add(COUNTER.generation, 1);
	}
}
