import type { Figures } from "../figures.js";
import { MeteredStore } from "../metered.js";
import { dearestOfBatches } from "./batches.js";
import { dearestOfGrants } from "./grants.js";
import { dearestOfOthers } from "./others.js";
import { dearestOfOwners } from "./owners.js";
import { dearestOfMany } from "./search.js";
import { dearestOfStaging } from "./staging.js";
import { openStatCycles, strangersCycles } from "./strangers.js";

type Strangers = Pick<Figures, "strangersCyclesPerMessage" | "openStatCycles">;

/** Cost of strangers' requests, in cycles. */
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

/**
 * Each search finds the most expensive request of its kind. The offer of every key comes first: the others leave many
 * thousand keys behind.
 */
const SEARCHES: Readonly<Record<string, (store: MeteredStore) => Promise<number>>> = {
	"offers taken, and all of a principal removed": dearestOfOwners,
	"messages of many": dearestOfMany,
	batches: dearestOfBatches,
	"staged batches, and the steps that reveal them": dearestOfStaging,
	"guests by grants": dearestOfGrants,
	"all others": dearestOfOthers,
};

/** Maximum cost of requests within the protocol's bounds, in instructions. */
export async function measureDearest(wasm: Uint8Array): Promise<Pick<Figures, "dearestRequestInstructions">> {
	const store = await MeteredStore.deploy(wasm);
	try {
		let dearestRequestInstructions = 0;
		for (const [kind, search] of Object.entries(SEARCHES)) {
			const most = await search(store);
			console.error(`  ${kind}: ${(most / 1e9).toFixed(2)} B`);
			dearestRequestInstructions = Math.max(dearestRequestInstructions, most);
		}
		return { dearestRequestInstructions };
	} finally {
		await store.dispose();
	}
}
