import {
	chunkCount,
	chunkLength,
	leafAt,
	MAX_LEAVES_PER_PAGE,
	rootPreimage,
	SHA256_BYTES,
	sameBytes,
	type WireVersion,
} from "../../protocol/index.js";
import { stat } from "../blobs/stat.js";
import { passing } from "../call/retry.js";
import type { ClientContext } from "../context.js";
import { ClientError, isBlobError } from "../errors/errors.js";
import type { Passage } from "../lane/lane.js";
import type { Manifest } from "../types.js";
import { raceAbort, throwIfAborted } from "../util/abort.js";
import { concat } from "../util/bytes.js";
import { fromVersion } from "../wire-map.js";
import type { Claim } from "./claim.js";
import type { DownloadLane } from "./pausable.js";

/** An answer that does not fit its hash: a few times are a bad node. */
const MAX_CORRUPT = 3;
/** A node that has not seen the blob yet, which the subnet says is there: it lags by a second or two. */
const MAX_LAGS = 5;

/** Where a chunk lies in its blob. */
export interface ChunkRange {
	/** Its first byte. */
	readonly start: number;
	/** One past its last byte. */
	readonly end: number;
}

/** Chunks that were asked for before the manifest was proven, not held against their leaves yet. */
export interface EarlyChunks {
	/** A chunk, once; undefined where it was not asked for. */
	take(index: number): Promise<Uint8Array> | undefined;
	/** Ends what is under way and was not taken. */
	end(): void;
}

/** The chunks of one version of a blob, each verified against the root before anybody sees it. */
export interface VerifiedBlob {
	/** What the blob is. */
	readonly manifest: Manifest;
	/** How many chunks it has. */
	readonly count: number;
	/** Whether its chunks are sealed in the store, and opened here: they are not those of its leaves. */
	readonly isOpened: boolean;
	/** The hash that chunk `index` has: 32 bytes, plain SHA-256. Of one that is opened, of the sealed chunk. */
	leaf(index: number): Uint8Array;
	/** Where chunk `index` begins and ends. */
	range(index: number): ChunkRange;
	/** Whether these are the bytes of chunk `index`. False where it cannot be told without fetching them. */
	matches(index: number, bytes: Uint8Array): Promise<boolean>;
	/**
	 * The bytes of chunk `index`, verified. However many are asked for, only so many are fetched at a time.
	 * @throws ClientError `chunk_corrupt`, `decryption_failed`, CanisterError `blob_replaced`, `blob_not_found`
	 */
	chunk(index: number, signal?: AbortSignal): Promise<Uint8Array>;
	/**
	 * Ends what is under way of chunks that nothing has asked for.
	 * @internal
	 */
	endEarly(): void;
}

/** A blob as the store has it. */
export class StoredBlob implements VerifiedBlob {
	readonly manifest: Manifest;
	readonly count: number;
	readonly isOpened = false;
	readonly #context: ClientContext;
	readonly #leaves: Uint8Array;
	readonly #lane: DownloadLane;
	readonly #early: EarlyChunks | undefined;
	/** The version under which the key holds these bytes: its type or metadata may change while they are read. */
	#version: WireVersion;
	#moving: Promise<void> | undefined;

	constructor(
		context: ClientContext,
		manifest: Manifest,
		leaves: Uint8Array,
		lane: DownloadLane,
		early?: EarlyChunks,
	) {
		this.#context = context;
		this.manifest = manifest;
		this.#leaves = leaves;
		this.count = leaves.length / SHA256_BYTES;
		this.#lane = lane;
		this.#early = early;
		this.#version = fromVersion(manifest);
	}

	leaf(index: number): Uint8Array {
		return leafAt(this.#leaves, index);
	}

	range(index: number): ChunkRange {
		const { size, chunkBytes } = this.manifest;
		const start = index * chunkBytes;
		return { start, end: start + chunkLength(BigInt(size), chunkBytes, index) };
	}

	async matches(index: number, bytes: Uint8Array): Promise<boolean> {
		const { start, end } = this.range(index);
		if (bytes.length !== end - start) return false;
		return sameBytes(await this.#context.settings.ports.sha256(bytes), this.leaf(index));
	}

	async chunk(index: number, signal?: AbortSignal): Promise<Uint8Array> {
		const { start, end } = this.range(index);
		return (
			(await this.#takeEarly(index, signal)) ??
			this.#lane.run(end - start, signal, (passage) => this.#fetch(index, passage, signal))
		);
	}

	async #takeEarly(index: number, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
		const asked = this.#early?.take(index);
		if (!asked) return undefined;
		try {
			const bytes = await raceAbort(asked, signal);
			return (await this.matches(index, bytes)) ? bytes : undefined;
		} catch (error) {
			// It may have been replaced by the same bytes.
			if (isOtherVersion(error)) return undefined;
			throw error;
		}
	}

	endEarly(): void {
		this.#early?.end();
	}

	async #fetch(index: number, passage: Passage, signal: AbortSignal | undefined): Promise<Uint8Array> {
		for (;;) {
			throwIfAborted(signal);
			const version = this.#version;
			try {
				return await this.#fetchVersion(version, index, passage, signal);
			} catch (error) {
				if (!isOtherVersion(error) || !(await this.#hasMoved(version, signal))) throw error;
				passage.onRetry(error);
			}
		}
	}

	#fetchVersion(
		version: WireVersion,
		index: number,
		{ onSent, onRetry }: Passage,
		signal: AbortSignal | undefined,
	): Promise<Uint8Array> {
		let corrupt = 0;
		const lag = lagging();
		const passes = passing();
		const check = async (bytes: Uint8Array) => {
			if (!(await this.matches(index, bytes)))
				throw new ClientError("chunk_corrupt", { index, attempts: ++corrupt });
		};
		const retryable = (error: unknown) =>
			isBlobError(error, "chunk_corrupt") ? corrupt < MAX_CORRUPT : passes(error) || lag(error);
		const options = { signal, onSent, onRetry, isBound: true, retryable };
		return this.#context.caller.query("blobs_get_chunk", [this.manifest.key, version, index], options, check);
	}

	/** Whether the key has another version by now with the very same bytes: then that one is read on. */
	async #hasMoved(version: WireVersion, signal: AbortSignal | undefined): Promise<boolean> {
		if (this.#version !== version) return true;
		this.#moving ??= this.#move(signal).finally(() => {
			this.#moving = undefined;
		});
		await this.#moving;
		return this.#version !== version;
	}

	/** By an update call: one node's word that a blob was replaced is worth no more than the node. */
	async #move(signal: AbortSignal | undefined): Promise<void> {
		const options = { trust: "subnet" as const, ...(signal && { signal }) };
		const manifest = await stat(this.#context, this.manifest.key, options);
		if (sameBytes(manifest.root, this.manifest.root)) this.#version = fromVersion(manifest);
	}
}

/** The list of leaves, checked against the root that is claimed. */
export async function verifiedLeaves(
	context: ClientContext,
	claim: Claim,
	signal?: AbortSignal,
): Promise<Uint8Array> {
	for (let attempts = 1; ; attempts++) {
		const leaves = await fetchLeaves(context, claim, signal);
		const preimage = rootPreimage(BigInt(claim.size), claim.chunkBytes, leaves);
		if (sameBytes(await context.settings.ports.sha256(preimage), claim.root)) return leaves;
		if (attempts === MAX_CORRUPT) throw new ClientError("leaves_corrupt", { key: claim.key, attempts });
	}
}

async function fetchLeaves(
	context: ClientContext,
	claim: Claim,
	signal: AbortSignal | undefined,
): Promise<Uint8Array> {
	const { key, size, chunkBytes } = claim;
	const version = fromVersion(claim);
	const count = chunkCount(BigInt(size), chunkBytes);
	const pages: Uint8Array[] = [];
	const lag = lagging();
	for (let from = 0; from < count; from += MAX_LEAVES_PER_PAGE) {
		const passes = passing();
		const retryable = (error: unknown) => passes(error) || lag(error);
		const request = { key, version, from, limit: Math.min(MAX_LEAVES_PER_PAGE, count - from) };
		pages.push(await context.caller.query("blobs_leaves", [request], { signal, isBound: true, retryable }));
	}
	return concat(...pages);
}

/** A node that has not come as far as the version is asked again, so often. */
export function lagging(): (error: unknown) => boolean {
	let lags = 0;
	return (error) => isBlobError(error, "behind") && ++lags <= MAX_LAGS;
}

/** What a node says whose key holds something else: the same bytes under another version, perhaps. */
const isOtherVersion = (error: unknown): boolean =>
	isBlobError(error, "blob_replaced") || isBlobError(error, "rolled_back");
