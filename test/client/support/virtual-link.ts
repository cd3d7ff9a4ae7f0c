import { Download } from "../../../src/client/download/download.js";
import { nodePorts } from "../../../src/client/node/ports.js";
import type { BlobClientOptions } from "../../../src/client/options.js";
import { MIN_CHUNK_BYTES } from "../../../src/protocol/index.js";
import { MemoryStore, pseudoBytes } from "./memory-store.js";
import { upload } from "./transfers.js";

/** A line with a bandwidth and a round trip, on a clock that stands still between its events. */
export class VirtualLink {
	now = 0;
	readonly #bytesPerSecond: number;
	readonly #roundTripMs: number;
	readonly #events: { readonly at: number; readonly run: () => void }[] = [];
	/** When the line will have carried all that came so far. */
	#free = 0;
	readonly ports = {
		...nodePorts,
		now: () => this.now,
		monotonic: () => this.now,
		random: () => 0.5,
		sleep: (ms: number) => this.sleep(ms),
	};

	constructor(bytesPerSecond: number, roundTripMs: number) {
		this.#bytesPerSecond = bytesPerSecond;
		this.#roundTripMs = roundTripMs;
	}

	sleep(ms: number): Promise<void> {
		return new Promise((run) => this.#events.push({ at: this.now + ms, run }));
	}

	/** Half a round trip. */
	travel(): Promise<void> {
		return this.sleep(this.#roundTripMs / 2);
	}

	/** A reply comes down the line, after those that were before it. */
	carry(bytes: number): Promise<void> {
		this.#free = Math.max(this.#free, this.now) + (bytes / this.#bytesPerSecond) * 1_000;
		return this.sleep(this.#free - this.now);
	}

	/** Lets time pass until the work is done. @returns its milliseconds */
	async timeOf(work: Promise<unknown>): Promise<number> {
		const began = this.now;
		let isOver = false;
		const end = () => {
			isOver = true;
		};
		work.then(end, end);
		while (!isOver) {
			// Between two events all that can go on does.
			for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
			this.#events.sort((a, b) => a.at - b.at);
			const next = this.#events.shift();
			if (!next) continue;
			this.now = Math.max(this.now, next.at);
			next.run();
		}
		await work;
		return this.now - began;
	}
}

/** A line, and a blob to be downloaded over it. Chunks are of the smallest size, the line as much narrower. */
export interface LinkScene {
	/** Chunks of the blob. */
	readonly chunks: number;
	/** Chunks that the line carries a second. */
	readonly chunksPerSecond: number;
	readonly roundTripMs: number;
	/** Chunks that `memoryBytes` holds. */
	readonly memoryChunks: number;
	readonly options?: Partial<BlobClientOptions>;
}

/** The share of what line and memory allow that a verified download reaches, from its first question to its last byte. */
export async function shareOfLink(scene: LinkScene): Promise<number> {
	const { chunks, chunksPerSecond, roundTripMs, memoryChunks, options } = scene;
	const store = new MemoryStore();
	const chunkBytes = MIN_CHUNK_BYTES;
	const size = chunks * chunkBytes;
	const blob = await upload(store.context({ chunkBytes }), pseudoBytes(size), { visibility: "public" }).done;
	const link = new VirtualLink(chunksPerSecond * chunkBytes, roundTripMs);
	store.hooks = {
		before: () => link.travel(),
		answer: async (_, answer) => {
			await link.travel();
			if (answer instanceof Uint8Array) await link.carry(answer.length);
			return answer;
		},
	};
	const memoryBytes = memoryChunks * chunkBytes;
	const context = store.context({ memoryBytes, ports: link.ports, ...options });
	let received = 0;
	const read = async () => {
		for await (const part of new Download(context, blob, {})) received += part.length;
	};
	const ms = await link.timeOf(read());
	if (received !== size) throw new Error(`${received} of ${size} bytes came`);
	const allowed = Math.min(chunksPerSecond, (memoryChunks / roundTripMs) * 1_000);
	return ((chunks / allowed) * 1_000) / ms;
}
