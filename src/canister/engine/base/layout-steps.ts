import type { Counters } from "./counters.js";

/**
 * A step from one layout of stable memory to the next. It never walks over records, which say themselves how they are
 * to be read (docs/STORAGE.md, "Versions"): so it fits into one upgrade, whatever is stored.
 */
export type Step = (counters: Counters) => void;

/** By the number of the layout that a step begins with. */
export const STEPS: { readonly [from: number]: Step } = {
	/** The maps of grants, of blobs that end and of those deleted, which are empty, and the queue that grants are looked at in. */
	5: () => {},
};
