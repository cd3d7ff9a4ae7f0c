import { randomBytes } from "node:crypto";
import { MAX_CHUNK_BYTES } from "../src/protocol/index.js";
import { newId, publication, rootOf } from "../test/support/published.js";
import { FLOOR_CYCLES_PER_BYTE } from "./floor.js";
import { MeteredStore } from "./metered.js";

const BLOBS = 10_000;
const BYTES = 10_000;
/** Number of blobs with their keys that fit a message of 2 MiB. */
const A_MESSAGE = 205;

/** Cycles for 10,000 blobs of 10 KB packed into messages, timers included, over the floor of their bytes. */
export async function measureSmallBlobs(wasm: Uint8Array): Promise<number> {
	const store = await MeteredStore.deploy(wasm);
	try {
		store.messages.length = 0;
		for (let from = 0; from < BLOBS; from += A_MESSAGE) {
			const blobs = Array.from({ length: Math.min(A_MESSAGE, BLOBS - from) }, (_, i) => {
				const content = new Uint8Array(randomBytes(BYTES));
				const key = `photos/IMG_${String(from + i).padStart(7, "0")}.jpg`;
				return { key, content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) };
			});
			const { results } = await store.call("blobs_put_many", { id: newId(), blobs });
			if (!results.every((result) => "ok" in result)) throw new Error("a small blob was refused");
		}
		await store.quiet();
		const cycles = store.messages.reduce((sum, message) => sum + Number(message.cycles), 0);
		return cycles / (BLOBS * BYTES) / FLOOR_CYCLES_PER_BYTE;
	} finally {
		await store.dispose();
	}
}
