import { LAYOUT_VERSION } from "../../host/memory.js";
import { COUNTER, type Counters } from "./counters.js";
import { STEPS } from "./layout-steps.js";

/** Writes the layout's version on first use; brings data of an earlier one up to this code's, step by step. */
export function openLayout(counters: Counters): void {
	const found = counters.get(COUNTER.layout);
	const from = found === 0 ? LAYOUT_VERSION : found;
	for (let version = from; version !== LAYOUT_VERSION; version++) {
		const step = version < LAYOUT_VERSION ? STEPS[version] : undefined;
		if (step === undefined)
			throw new Error(
				`the stored data has layout version ${found}, from which no step leads to version ${LAYOUT_VERSION} of this ` +
					"code: install the release of canister-blobs that fits the data",
			);
		step(counters);
	}
	if (found !== LAYOUT_VERSION) counters.set(COUNTER.layout, LAYOUT_VERSION);
}
