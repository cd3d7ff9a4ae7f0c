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

/** Responses that do not match their hash before the read fails; a few can come from one bad node. */
const MAX_CORRUPT = 3;
/** Retries while a node does not know a blob that the subnet has confirmed: nodes lag by a second or two. */
const MAX_LAGS = 5;

/** The position of a chunk in its blob. */
export interface ChunkRange {
	/** Its first byte. */
	readonly start: number;
	/** One past its last byte. */
	readonly end: number;
}

/** Chunks requested before the manifest was proven, and not yet verified against their leaves. */
export interface EarlyChunks {
	/** Takes a chunk, once; undefined if it was not requested. */
	take(index: number): Promise<Uint8Array> | undefined;
	/** Aborts the requests of chunks that were not taken. */
	end(): void;
}

/** The chunks of one version of a blob, each verified against the root before it is returned. */
export interface VerifiedBlob {
	/** The blob's manifest. */
	readonly manifest: Manifest;
	/** Number of chunks. */
	readonly count: number;
	/**
	 * Whether the stored chunks are sealed and decrypted here: then the leaves are not hashes of the returned bytes.
	 */
	readonly isOpened: boolean;
	/** The leaf of chunk `index`: 32 bytes, plain SHA-256 of the chunk as stored (sealed if the blob is encrypted). */
	leaf(index: number): Uint8Array;
	/** The position of chunk `index`. */
	range(index: number): ChunkRange;
	/**
	 * Whether `bytes` are the bytes of chunk `index`. False if that cannot be determined without fetching the chunk.
	 */
	matches(index: number, bytes: Uint8Array): Promise<boolean>;
	/**
	 * The verified bytes of chunk `index`. The concurrency limit applies to all calls together.
	 * @throws ClientError `chunk_corrupt`, `decryption_failed`, CanisterError `blob_replaced`, `blob_not_found`
	 */
	chunk(index: number, signal?: AbortSignal): Promise<Uint8Array>;
	/**
	 * Aborts early requests of chunks that no caller took.
	 * @internal
	 */
	endEarly(): void;
}

/** A blob as stored, without decryption. */
export class StoredBlob implements VerifiedBlob {
	readonly manifest: Manifest;
	readonly count: number;
	readonly isOpened = false;
	readonly #context: ClientContext;
	readonly #leaves: Uint8Array;
	readonly #lane: DownloadLane;
	readonly #early: EarlyChunks | undefined;
	/** The version under which the key holds these bytes. Its type or metadata may change during a read. */
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
			// The blob may have been replaced by the same bytes.
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

	/** Whether the key now holds another version with the same bytes: then the read continues with that version. */
	async #hasMoved(version: WireVersion, signal: AbortSignal | undefined): Promise<boolean> {
		if (this.#version !== version) return true;
		this.#moving ??= this.#move(signal).finally(() => {
			this.#moving = undefined;
		});
		await this.#moving;
		return this.#version !== version;
	}

	/** Ask by an update call: one node alone must not be able to report a replacement. */
	async #move(signal: AbortSignal | undefined): Promise<void> {
		const options = { trust: "subnet" as const, ...(signal && { signal }) };
		const manifest = await stat(this.#context, this.manifest.key, options);
		if (sameBytes(manifest.root, this.manifest.root)) this.#version = fromVersion(manifest);
	}
}

/** The list of leaves, verified against the claimed root. */
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

/** Whether to retry: the node has not yet reached the version. Limits the number of retries. */
export function lagging(): (error: unknown) => boolean {
	let lags = 0;
	return (error) => isBlobError(error, "behind") && ++lags <= MAX_LAGS;
}

/** The errors of a node whose key holds another version, perhaps with the same bytes. */
const isOtherVersion = (error: unknown): boolean =>
	isBlobError(error, "blob_replaced") || isBlobError(error, "rolled_back");
