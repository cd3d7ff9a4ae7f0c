import { randomBytes } from "node:crypto";
import { MAX_CHUNK_BYTES, type WirePutItem } from "../src/protocol/index.js";
import { newId, publication, rootOf } from "../test/support/published.js";
import { MeteredStore } from "./metered.js";

/** As for the figure of small blobs: this many fit a message. */
const ITEMS = 205;
const BYTES = 10_000;
/** Messages of each kind, in turns: the state that one leaves behind changes the cost of the next. */
const TIMES = 5;

/** Instructions of a put in a batch over those of the same put in `putMany`. */
export async function measureBatch(wasm: Uint8Array): Promise<number> {
	const store = await MeteredStore.deploy(wasm);
	try {
		const [many, batches]: [number[], number[]] = [[], []];
		// The first message creates its sender's account and slots.
		await store.call("blobs_put_many", { id: newId(), blobs: putsOf("first") });
		for (let n = 0; n < TIMES; n++) {
			await store.quiet();
			const blobs = putsOf(`many/${n}`);
			many.push(Number((await store.costOf("blobs_put_many", { id: newId(), blobs })).instructions));
			await store.quiet();
			const items = putsOf(`batch/${n}`).map((put) => ({ put }));
			batches.push(Number((await store.costOf("blobs_batch", { id: newId(), items })).instructions));
		}
		return median(batches) / median(many);
	} finally {
		await store.dispose();
	}
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const putsOf = (directory: string): WirePutItem[] =>
	Array.from({ length: ITEMS }, (_, n) => {
		const content = new Uint8Array(randomBytes(BYTES));
		const key = `${directory}/IMG_${String(n).padStart(7, "0")}.jpg`;
		return { key, content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) };
	});
