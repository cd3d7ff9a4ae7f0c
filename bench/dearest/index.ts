import type { Figures } from "../figures.js";
import { MeteredStore } from "../metered.js";
import { dearestOfOthers } from "./others.js";
import { dearestOfMany } from "./search.js";
import { openStatCycles, strangersCycles } from "./strangers.js";

type Dearest = Pick<Figures, "strangersCyclesPerMessage" | "openStatCycles" | "dearestRequestInstructions">;

/** What requests cost at the most: of strangers in cycles, of all within the protocol's bounds in instructions. */
export async function measureDearest(wasm: Uint8Array): Promise<Dearest> {
	const store = await MeteredStore.deploy(wasm);
	try {
		return {
			strangersCyclesPerMessage: await strangersCycles(store),
			openStatCycles: await openStatCycles(store),
			dearestRequestInstructions: Math.max(await dearestOfMany(store), await dearestOfOthers(store)),
		};
	} finally {
		await store.dispose();
	}
}
