import type { Figures } from "../figures.js";
import { MeteredStore } from "../metered.js";
import { dearestOfBatches } from "./batches.js";
import { dearestOfOthers } from "./others.js";
import { dearestOfOwners } from "./owners.js";
import { dearestOfMany } from "./search.js";
import { dearestOfStaging } from "./staging.js";
import { openStatCycles, strangersCycles } from "./strangers.js";

type Strangers = Pick<Figures, "strangersCyclesPerMessage" | "openStatCycles">;

/** What requests of strangers cost, in cycles. */
export async function measureStrangers(wasm: Uint8Array): Promise<Strangers> {
	const store = await MeteredStore.deploy(wasm);
	try {
		return {
			strangersCyclesPerMessage: await strangersCycles(store),
			openStatCycles: await openStatCycles(store),
		};
	} finally {
		await store.dispose();
	}
}

/** What requests within the protocol's bounds cost at the most, in instructions. */
export async function measureDearest(wasm: Uint8Array): Promise<Pick<Figures, "dearestRequestInstructions">> {
	const store = await MeteredStore.deploy(wasm);
	try {
		return {
			dearestRequestInstructions: Math.max(
				await dearestOfMany(store),
				await dearestOfBatches(store),
				await dearestOfOthers(store),
				await dearestOfOwners(store),
				await dearestOfStaging(store),
			),
		};
	} finally {
		await store.dispose();
	}
}
