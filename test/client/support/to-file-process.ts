import { readFile } from "node:fs/promises";
import { Download } from "../../../src/client/download/download.js";
import { isBlobError } from "../../../src/client/index.js";
import { toFile } from "../../../src/client/node/index.js";
import { startUpload } from "../../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./memory-store.js";

/** A process of its own that downloads into a file when it is told to, over and over. */

export const CHUNK_BYTES = 65_536;
export const SIZE = 40 * CHUNK_BYTES - 7;

export interface Order {
	readonly path: string;
	/** Of the blob's bytes. */
	readonly seed: number;
	/** Says so, and waits for another message, when it has written all chunks before this one. */
	readonly stallAt?: number;
}

export type Report =
	| { readonly state: "ready" | "stalled" }
	| { readonly state: "done"; readonly reusedBytes: number; readonly isInPlace: boolean }
	| { readonly state: "failed"; readonly code: string; readonly errno: string | undefined };

const say = (report: Report) => process.send?.(report);

const store = new MemoryStore();
const context = store.context({ chunkBytes: CHUNK_BYTES, concurrency: { uploads: 1, downloads: 1 } });
const contents = new Map<number, Uint8Array>();

async function contentOf(seed: number): Promise<Uint8Array> {
	const bytes = contents.get(seed) ?? pseudoBytes(SIZE, seed);
	if (!contents.has(seed)) await startUpload(context, bytes, { key: `${seed}` }).done;
	contents.set(seed, bytes);
	return bytes;
}

async function follow({ path, seed, stallAt }: Order): Promise<Report> {
	const bytes = await contentOf(seed);
	store.calls.length = 0;
	const go = new Promise((resolve) => process.once("message", resolve));
	const download = new Download(context, `${seed}`, {});
	store.hooks = {
		before: async ({ method, nth }) => {
			if (method !== "blobs_get_chunk" || stallAt === undefined || nth < stallAt) return;
			if (nth === stallAt) {
				// This chunk is asked for while the one before is being written.
				while ((download.progress?.loaded ?? 0) < stallAt * CHUNK_BYTES)
					await new Promise((resolve) => setImmediate(resolve));
				say({ state: "stalled" });
			}
			await go;
		},
	};
	try {
		const { reusedBytes } = await toFile(download, path);
		const isInPlace = Buffer.compare(await readFile(path), bytes) === 0;
		return { state: "done", reusedBytes, isInPlace };
	} catch (error) {
		const errno = isBlobError(error, "file_failed") ? error.details.errno : undefined;
		return { state: "failed", code: isBlobError(error) ? error.code : String(error), errno };
	}
}

if (process.send) {
	let isBusy = false;
	process.on("message", async (order: Order | "go") => {
		if (order === "go" || isBusy) return;
		isBusy = true;
		const report = await follow(order);
		isBusy = false;
		say(report);
	});
	say({ state: "ready" });
}
