import { sameBytes } from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import type { Lane } from "../lane/lane.js";
import type { Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { fromVersion } from "../wire-map.js";
import { type Claim, isPossible } from "./claim.js";
import { type ByteRange, spanOf } from "./range.js";
import { type EarlyChunks, VerifiedBlob, verifiedLeaves } from "./verified-blob.js";

export interface AheadOptions {
	readonly lane: Lane;
	/** Of which chunks are fetched, as many as the lane takes at once; undefined for leaves only. */
	readonly range: ByteRange | undefined;
	readonly signal: AbortSignal | undefined;
}

/**
 * Leaves and first chunks, fetched while the manifest is still being proven, on the word of one node or of the caller.
 * They are used only if the proven manifest has the root that was claimed, which binds size, chunk size and every
 * leaf. A failure here fails nothing: what is missing is fetched in the ordinary way.
 */
export class Ahead {
	readonly #context: ClientContext;
	readonly #lane: Lane;
	readonly #root: Uint8Array;
	readonly #leaves: Promise<Uint8Array | undefined>;
	readonly #early: EarlyChunks = new Map();
	readonly #end: () => void;

	private constructor(context: ClientContext, claim: Claim, { lane, range, signal }: AheadOptions) {
		this.#context = context;
		this.#lane = lane;
		this.#root = claim.root;
		const { controller, release } = follow(signal);
		this.#end = () => {
			release();
			controller.abort();
		};
		this.#leaves = verifiedLeaves(context, claim, controller.signal).catch(() => undefined);
		const { firstChunk, endChunk } = range ? spanOf(claim, range) : { firstChunk: 0, endChunk: 0 };
		const end = Math.min(endChunk, firstChunk + lane.concurrency);
		for (let index = firstChunk; index < end; index++)
			this.#early.set(index, fetchOnce(context, claim, lane, index, controller.signal));
	}

	/** Undefined where no blob can be as it is claimed, or the range begins beyond it. */
	static of(context: ClientContext, claim: Claim, options: AheadOptions): Ahead | undefined {
		const isPromising = isPossible(claim) && (options.range?.start ?? 0) <= claim.size;
		return isPromising ? new Ahead(context, claim, options) : undefined;
	}

	/** The blob, if the manifest is what was claimed; else what was begun ends. */
	async blobOf(manifest: Manifest): Promise<VerifiedBlob | undefined> {
		const leaves = sameBytes(this.#root, manifest.root) ? await this.#leaves : undefined;
		if (leaves) return new VerifiedBlob(this.#context, manifest, leaves, this.#lane, this.#early);
		this.end();
		return undefined;
	}

	end(): void {
		this.#end();
	}
}

function fetchOnce(
	{ caller }: ClientContext,
	claim: Claim,
	lane: Lane,
	index: number,
	signal: AbortSignal,
): Promise<Uint8Array | undefined> {
	const fetch = lane.run(claim.chunkBytes, signal, ({ onSent }) =>
		caller.query("blobs_get_chunk", [claim.key, fromVersion(claim), index], {
			signal,
			isBound: true,
			onSent,
			retryable: () => false,
		}),
	);
	return fetch.catch(() => undefined);
}
