import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient } from "../../client/index.js";
import { Budget } from "../../client/util/budget.js";
import { Pool } from "../../client/util/pool.js";
import { rootPreimage } from "../../protocol/hash.js";
import { hex } from "../format/names.js";
import type { ItemWriter } from "../repository/item-writer.js";
import { type BlobEntry, MAX_INLINE_LEAVES } from "../tree/entry.js";
import { type Draft, readableOf } from "./drafts.js";

/** Concurrent chunks of one blob. */
const PARALLEL_CHUNKS = 16;

/** Counters of a fetch. */
export interface Fetched {
	/** Blobs that were processed. */
	blobs: number;
	/** Bytes fetched from the store. */
	bytes: number;
	/** Bytes that the repository already had. */
	reusedBytes: number;
}

/** A blob that could not be fetched. */
export interface Lost {
	readonly key: string;
	readonly reason: string;
	/** Whether it was replaced or deleted meanwhile; the feed will contain that change. */
	readonly isGone: boolean;
}

/** Errors that concern one blob: the backup continues with the others. */
const OF_ONE_BLOB = ["chunk_corrupt", "leaves_corrupt", "version_unsupported"] as const;

/** Fetches the bytes of blobs into a repository. */
export class Contents {
	readonly fetched: Fetched = { blobs: 0, bytes: 0, reusedBytes: 0 };
	readonly #client: BlobClient;
	readonly #writer: ItemWriter;
	readonly #signal: AbortSignal;
	readonly #budget: Budget;
	readonly #onProgress: () => void;

	constructor(
		client: BlobClient,
		writer: ItemWriter,
		{ signal, memoryBytes, onProgress }: { signal: AbortSignal; memoryBytes: number; onProgress: () => void },
	) {
		this.#client = client;
		this.#writer = writer;
		this.#signal = signal;
		this.#budget = new Budget(memoryBytes);
		this.#onProgress = onProgress;
	}

	/**
	 * Stores every chunk of a blob in the repository. @returns the entry for the tree, or why the blob is lost
	 * @param known the entry of the key in the previous snapshot
	 */
	async bring(draft: Draft, known: BlobEntry | undefined): Promise<BlobEntry | Lost> {
		// The previous snapshot keeps its chunks.
		if (known && known.root === draft.root) return { ...draft, leaves: known.leaves };
		this.fetched.blobs++;
		try {
			return { ...draft, leaves: await this.#bring(draft) };
		} catch (error) {
			if (!isBlobError(error)) throw error;
			const isGone = error.code === "blob_not_found" || error.code === "blob_replaced";
			if (!isGone && !OF_ONE_BLOB.some((code) => code === error.code)) throw error;
			return { key: draft.key, reason: error.message, isGone };
		}
	}

	async #bring(draft: Draft): Promise<readonly string[] | undefined> {
		if (draft.size === 0) return [];
		const manifest = readableOf(draft);
		const blob = await this.#client.download(manifest, { signal: this.#signal }).openProven(manifest);
		const leaves = Array.from({ length: blob.count }, (_, index) => blob.leaf(index));
		const pool = new Pool(PARALLEL_CHUNKS);
		try {
			for (const [index, leaf] of leaves.entries()) {
				const { start, end } = blob.range(index);
				await pool.add(() => this.#chunk(hex(leaf), end - start, () => blob.chunk(index, this.#signal)));
			}
			await pool.drain();
		} finally {
			await pool.settle();
		}
		if (leaves.length <= MAX_INLINE_LEAVES) return leaves.map(hex);
		const preimage = rootPreimage(BigInt(draft.size), draft.chunkBytes, Buffer.concat(leaves));
		await this.#writer.add("leaves", draft.root, preimage);
		return undefined;
	}

	async #chunk(sha: string, length: number, fetch: () => Promise<Uint8Array>): Promise<void> {
		if (await this.#writer.has(sha)) {
			this.fetched.reusedBytes += length;
		} else {
			const release = await this.#budget.take(length, this.#signal);
			try {
				await this.#writer.add("chunk", sha, await fetch());
				this.fetched.bytes += length;
			} finally {
				release();
			}
		}
		this.#onProgress();
	}
}

export const isLost = (result: BlobEntry | Lost): result is Lost => "reason" in result;
