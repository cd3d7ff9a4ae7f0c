import { MAX_CHUNK_BYTES, type WireStagedItem } from "../src/protocol/index.js";
import { newId, publication, rootOf } from "../test/support/published.js";
import { MeteredStore } from "./metered.js";

/** Keys staged per message. */
const AT_ONCE = 1_000;
const DIRECTORY = 100;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reveals of each size: garbage on the heap makes single ones more expensive. */
const REVEALS = 3;

/** Median of the instructions of the message that reveals this many staged items, in a store with as many others. */
async function revealOf(wasm: Uint8Array, items: number): Promise<number> {
	const store = await MeteredStore.deploy(wasm);
	try {
		for (let from = 0; from < items; from += AT_ONCE)
			await store.call("blobs_put_many", {
				id: newId(),
				blobs: itemsOf("there", from, items).map(({ put }) => put),
			});
		const costs: number[] = [];
		for (let n = 0; n < REVEALS; n++) costs.push(await costOfReveal(store, items));
		return costs.sort((one, other) => one - other)[Math.floor(REVEALS / 2)]!;
	} finally {
		await store.dispose();
	}
}

/** Stages the same keys each time, so that the store does not grow, and waits until all work is done. */
async function costOfReveal(store: MeteredStore, items: number): Promise<number> {
	const batch = newId();
	for (let from = 0; from < items; from += AT_ONCE)
		await store.call("blobs_stage", { id: newId(), batch, items: itemsOf("staged", from, items) });
	await store.quiet();
	await store.call("blobs_reveal", { id: newId(), batch });
	for (;;) {
		const { revealed } = await store.call("blobs_staged_batch", { batch });
		const [change] = revealed;
		if (change === undefined) {
			await pause(20);
			continue;
		}
		while ((await store.call("blobs_list_batches")).batches.length > 0) await pause(200);
		await store.quiet();
		return costAt(store, change.canister_version);
	}
}

/** Cost of the message that made a change, distinguished from timer steps by the canister version before it. */
function costAt({ messages }: MeteredStore, version: bigint): number {
	const its = messages.filter(
		({ kind, canisterVersion }) => kind === "update" && canisterVersion === version,
	);
	if (its.length !== 1) throw new Error(`${its.length} messages may have made the change`);
	return Number(its[0]!.instructions);
}

export async function measureReveal(wasm: Uint8Array) {
	const thousand = await revealOf(wasm, 1_000);
	const tenThousand = await revealOf(wasm, 10_000);
	return { batchRevealInstructions: tenThousand, batchReveal10000Over1000: tenThousand / thousand };
}

function itemsOf(directory: string, from: number, to: number): Extract<WireStagedItem, { put: unknown }>[] {
	return Array.from({ length: Math.min(AT_ONCE, to - from) }, (_, i) => {
		const n = from + i;
		const content = new TextEncoder().encode(`${directory} ${n}`);
		const key = `site/${directory}/${Math.floor(n / DIRECTORY)}/page-${String(n).padStart(6, "0")}.html`;
		return { put: { key, content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) } };
	});
}
