import { chunkLength } from "../../protocol/index.js";
import { passing } from "../call/retry.js";
import type { ClientContext } from "../context.js";
import type { Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { fromVersion } from "../wire-map.js";
import { type Claim, isClaimOf, isPossible } from "./claim.js";
import type { DownloadLane } from "./pausable.js";
import { type ByteRange, spanOf } from "./range.js";
import { type EarlyChunks, lagging, StoredBlob, verifiedLeaves } from "./verified-blob.js";

/** A range, or what makes it of what is claimed; that may be undefined, for leaves only. */
export type RangeAhead =
	| ByteRange
	| ((claim: Pick<Claim, "size" | "chunkBytes" | "root">) => ByteRange | undefined);

export interface AheadOptions {
	readonly lane: DownloadLane;
	/** Of which chunks are fetched, as many as the lane takes at once; undefined for leaves only. */
	readonly range: RangeAhead | undefined;
	/** Most chunks that are fetched. */
	readonly most?: number | undefined;
	readonly signal: AbortSignal | undefined;
}

/**
 * Leaves and first chunks, fetched while the manifest is still being proven, on the word of one node or of the caller.
 * They are used only if the proven manifest is the version that was claimed, with the root that was claimed, which
 * binds every leaf. Then these are the very requests that would be made without a claim, so that their
 * failures count as well; else all of it is dropped.
 */
export class Ahead implements EarlyChunks {
	readonly #context: ClientContext;
	readonly #lane: DownloadLane;
	readonly #claim: Claim;
	readonly #leaves: Begun<Uint8Array>;
	readonly #chunks = new Map<number, Begun<Uint8Array>>();

	private constructor(
		context: ClientContext,
		claim: Claim,
		range: ByteRange | undefined,
		{ lane, most = Number.POSITIVE_INFINITY, signal }: AheadOptions,
	) {
		this.#context = context;
		this.#lane = lane;
		this.#claim = claim;
		this.#leaves = begin(signal, (own) => verifiedLeaves(context, claim, own));
		const { firstChunk, endChunk } = range ? spanOf(claim, range) : { firstChunk: 0, endChunk: 0 };
		const end = Math.min(endChunk, firstChunk + Math.min(most, lane.concurrency));
		for (let index = firstChunk; index < end; index++)
			this.#chunks.set(
				index,
				begin(signal, (own) => fetchChunk(context, claim, lane, index, own)),
			);
	}

	/** Undefined where no blob can be as it is claimed, or the range begins beyond it. */
	static of(context: ClientContext, claim: Claim, options: AheadOptions): Ahead | undefined {
		if (!isPossible(claim)) return undefined;
		const range = typeof options.range === "function" ? options.range(claim) : options.range;
		return (range?.start ?? 0) <= claim.size ? new Ahead(context, claim, range, options) : undefined;
	}

	/** The blob, if the manifest is what was claimed; else what was begun ends. */
	async blobOf(manifest: Manifest): Promise<StoredBlob | undefined> {
		if (isClaimOf(this.#claim, manifest))
			return new StoredBlob(this.#context, manifest, await this.#leaves.result, this.#lane, this);
		this.end();
		return undefined;
	}

	take(index: number): Promise<Uint8Array> | undefined {
		const chunk = this.#chunks.get(index);
		this.#chunks.delete(index);
		return chunk?.result;
	}

	end(): void {
		this.#leaves.end();
		// Those that were taken are somebody's by now: several may read one blob.
		for (const { end } of this.#chunks.values()) end();
		this.#chunks.clear();
	}
}

/** What is under way, and what ends it. */
interface Begun<T> {
	readonly result: Promise<T>;
	end(): void;
}

/** Begins what is waited for later, if at all: until then its failure is not an unhandled one. */
function begin<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Begun<T> {
	const { controller, release } = follow(signal);
	const result = work(controller.signal).finally(release);
	result.catch(() => {});
	return { result, end: () => controller.abort() };
}

/** Not held against its leaf yet. */
function fetchChunk(
	{ caller }: ClientContext,
	claim: Claim,
	lane: DownloadLane,
	index: number,
	signal: AbortSignal,
): Promise<Uint8Array> {
	const passes = passing();
	const lag = lagging();
	const retryable = (error: unknown) => passes(error) || lag(error);
	const bytes = chunkLength(BigInt(claim.size), claim.chunkBytes, index);
	return lane.run(bytes, signal, ({ onSent, onRetry }) =>
		caller.query("blobs_get_chunk", [claim.key, fromVersion(claim), index], {
			signal,
			isBound: true,
			onSent,
			onRetry,
			retryable,
		}),
	);
}
