import { checkKey } from "../../protocol/index.js";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import { BYTES, DOWNLOAD } from "../checks.js";
import type { ClientContext } from "../context.js";
import { shown, storedKey } from "../encryption.js";
import {
	ClientError,
	guarded,
	guardedAll,
	isBlobError,
	messageOf,
	refuseInvalid,
	toBlobError,
} from "../errors/errors.js";
import { laneFor } from "../lane/index.js";
import type { Progress } from "../progress.js";
import type { BlobRef, Manifest, TrustLevel } from "../types.js";
import { Gate } from "../upload/gate.js";
import type { RetryEvent } from "../upload/transfer.js";
import { follow, raceAbort } from "../util/abort.js";
import { Emitter } from "../util/emitter.js";
import { part } from "../util/part.js";
import { Pool } from "../util/pool.js";
import type { Ahead, RangeAhead } from "./ahead.js";
import type { Claim } from "./claim.js";
import { chunksInOrder } from "./in-order.js";
import { type DownloadLane, pausable } from "./pausable.js";
import { DownloadMeter } from "./progress.js";
import { type ByteRange, checkRange, type Span, spanOf, within } from "./range.js";
import type { VerifiedBlob } from "./verified-blob.js";

/** Loads the code that proves a manifest and verifies chunks. */
const reading = part(() => import("./reading.js"));
type Parts = Awaited<ReturnType<typeof reading>>;

/** Options of `BlobClient.download`. */
export interface DownloadOptions {
	/** The bytes to read; only chunks that contain them are fetched. Default: the whole blob. */
	range?: ByteRange | undefined;
	/**
	 * How the manifest is verified; the bytes are verified against its root in any case.
	 * @default "proof"
	 */
	trust?: TrustLevel | undefined;
	/**
	 * Maximum chunks in flight, for this download alone.
	 * @default the limit that the client's downloads share, which adapts to the network
	 */
	concurrency?: number | undefined;
	/** Aborts all reads of this download. */
	signal?: AbortSignal | undefined;
}

/** Options for reading a blob by its root. The rest of its manifest is always proven or certified. */
export interface RefDownloadOptions extends DownloadOptions {
	trust?: Exclude<TrustLevel, "node"> | undefined;
}

/** Limit on the size of a buffer. */
export interface BytesOptions {
	/** Maximum size in bytes. Default 536,870,912 (512 MiB). */
	maxBytes?: number | undefined;
}

/** Events of a download, by name. */
export interface DownloadEvents {
	/** Progress of the read that began last, after each step. */
	progress: Progress;
	/** A request is retried. */
	retry: RetryEvent;
}

/** The parameters of one read: the blob, the range, and where to report progress. */
export interface Reading {
	readonly blob: VerifiedBlob;
	readonly span: Span;
	readonly meter: DownloadMeter;
	/** Maximum chunks in flight or in memory: as many as `memoryBytes` holds. */
	readonly window: number;
}

/** The largest buffer that `bytes()` allocates by default. */
const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

/**
 * A blob to read, in any form and any number of times. No request is sent before one of its methods is called. All
 * reads get the same version, and every byte is verified against its root.
 */
export class Download implements AsyncIterable<Uint8Array> {
	readonly #context: ClientContext;
	readonly #target: string | BlobRef;
	readonly #signal: AbortSignal | undefined;
	readonly #lane: DownloadLane;
	readonly #gate = new Gate();
	readonly #events = new Emitter<DownloadEvents>();
	readonly #range: ByteRange;
	readonly #trust: TrustLevel;
	/** The error in target or options; every read fails with it. */
	readonly #invalid: { readonly error: unknown } | undefined;
	#manifest: Promise<Manifest> | undefined;
	#blob: Promise<VerifiedBlob> | undefined;
	#meter: DownloadMeter | undefined;

	/** @internal */
	constructor(context: ClientContext, target: string | BlobRef, options: DownloadOptions, proven?: Manifest) {
		if (proven !== undefined) this.#manifest = Promise.resolve(proven);
		this.#range = { ...options?.range };
		this.#signal = options?.signal;
		this.#trust = options?.trust ?? "proof";
		let lane = context.lanes.download;
		try {
			checkTarget(target);
			// A proven manifest already has the store's own key.
			if (proven === undefined) target = storedTarget(context, target);
			checkOptions(options, DOWNLOAD);
			checkRange(this.#range);
			lane = laneFor(context, "download", options?.concurrency);
		} catch (error) {
			this.#invalid = { error: toBlobError(error) };
		}
		this.#target = target;
		({ context: this.#context, lane: this.#lane } = pausable(context, lane, this.#gate, (error, waitMs) => {
			this.#meter?.retried();
			if (isBlobError(error)) this.#events.emit("retry", { error, waitMs });
		}));
	}

	/** Current limit on chunks in flight, for all downloads that share it. */
	get concurrency(): number {
		return this.#lane.concurrency;
	}

	/** The signal that aborts it. */
	get signal(): AbortSignal | undefined {
		return this.#signal;
	}

	/** Progress of the read that began last; undefined before the first read begins. */
	get progress(): Progress | undefined {
		return this.#meter?.progress;
	}

	/** Subscribes to an event. @returns a function that unsubscribes */
	on<Name extends keyof DownloadEvents>(
		event: Name,
		listener: (value: DownloadEvents[Name]) => void,
	): () => void {
		return this.#events.on(event, listener);
	}

	/** Whether the download is paused. */
	get isPaused(): boolean {
		return this.#gate.isClosed;
	}

	/**
	 * Starts no further requests until `resume`, in all reads of this download. Requests in flight finish; one that
	 * fails meanwhile for a temporary reason is retried after `resume`.
	 */
	pause(): void {
		this.#gate.close();
		this.#meter?.pause(true);
	}

	/** Resumes after `pause`. */
	resume(): void {
		this.#meter?.pause(false);
		this.#gate.open();
	}

	/**
	 * Manifest of the blob: proven by one node or certified by the subnet, unless `trust` is `"node"`.
	 * @throws CanisterError `blob_not_found`, `blob_replaced` if the key no longer holds the requested root
	 */
	manifest(): Promise<Manifest> {
		return guarded(async () => shown(this.#context, await this.#prove(undefined)));
	}

	/** Fetches and verifies the blob's leaves, which are needed to read chunks. */
	open(): Promise<VerifiedBlob> {
		return this.#open(undefined);
	}

	/**
	 * As `open`, but fetches the first chunks of a part while the manifest is being proven, at most `most` of them. For
	 * encrypted blobs it fetches none: the chunks of a part are known only after decryption of the manifest.
	 * @param part selects the chunks by the unproven claim about the blob
	 * @internal
	 */
	openPart(part: Exclude<RangeAhead, ByteRange>, most: number): Promise<VerifiedBlob> {
		const { encryption } = this.#context.settings;
		this.#blob ??= this.#keep(encryption ? this.#opened(undefined) : this.#openAhead(part, most), () => {
			this.#blob = undefined;
		});
		return this.#blob;
	}

	/** @param onClaim receives the claimed manifest before it is proven */
	#prove(onClaim: ((claim: Claim, parts: Parts) => void) | undefined): Promise<Manifest> {
		if (this.#invalid) return Promise.reject(this.#invalid.error);
		const options = { trust: this.#trust, ...(this.#signal && { signal: this.#signal }) };
		const target = this.#target;
		const prove = async () => {
			const parts = await reading();
			const told = onClaim && ((claim: Claim) => onClaim(claim, parts));
			return typeof target === "string"
				? parts.stat(this.#context, target, options, told)
				: parts.statRef(this.#context, target, options, told);
		};
		this.#manifest ??= this.#keep(prove(), () => {
			this.#manifest = undefined;
		});
		return this.#manifest;
	}

	/** @param range its first chunks are fetched while the manifest is being proven */
	#open(range: ByteRange | undefined): Promise<VerifiedBlob> {
		this.#blob ??= this.#keep(this.#opened(range), () => {
			this.#blob = undefined;
		});
		return this.#blob;
	}

	async #opened(range: ByteRange | undefined): Promise<VerifiedBlob> {
		const { encryption } = this.#context.settings;
		if (!encryption) return this.#openAhead(range);
		// The chunks of a part of an encrypted blob are known only after its manifest is decrypted.
		const isPart = range?.start !== undefined || range?.end !== undefined;
		return encryption.openBlob(await this.#openAhead(isPart ? undefined : range));
	}

	async #openAhead(range: RangeAhead | undefined, most?: number): Promise<VerifiedBlob> {
		let ahead: Ahead | undefined;
		try {
			// Start at once, so that a concurrent call of `manifest()` shares the request.
			const manifest = await this.#prove((claim, { Ahead: Chunks }) => {
				const options = { lane: this.#lane, range, signal: this.#signal };
				ahead ??= Chunks.of(this.#context, claim, most === undefined ? options : { ...options, most });
			});
			// Validate the range first; an invalid one needs no hashes.
			if (typeof range === "object") spanOf(manifest, range);
			return (await ahead?.blobOf(manifest)) ?? (await this.#openProven(manifest));
		} catch (error) {
			ahead?.end();
			throw error;
		}
	}

	/**
	 * As `open`, for a manifest that is proven already, such as one of the feed.
	 * @internal
	 */
	openProven(manifest: Manifest): Promise<VerifiedBlob> {
		return this.#openProven(manifest);
	}

	async #openProven(manifest: Manifest): Promise<VerifiedBlob> {
		const { StoredBlob, verifiedLeaves } = await reading();
		const leaves = await verifiedLeaves(this.#context, manifest, this.#signal);
		return new StoredBlob(this.#context, manifest, leaves, this.#lane);
	}

	/**
	 * Begins a read; `progress` reports it from now on.
	 * @param withChunks whether to fetch the first chunks before it is known which are needed
	 * @throws ClientError `range_invalid`
	 * @internal
	 */
	async begin({ withChunks = true } = {}): Promise<Reading> {
		const blob = await this.#open(withChunks ? this.#range : undefined);
		const span = spanOf(blob.manifest, this.#range);
		const { memoryBytes, ports } = this.#context.settings;
		const meter = new DownloadMeter({
			total: span.end - span.start,
			concurrency: () => this.#lane.concurrency,
			monotonic: ports.monotonic,
			onChange: (progress) => {
				if (this.#meter === meter) this.#events.emit("progress", progress);
			},
		});
		if (this.isPaused) meter.pause(true);
		this.#meter = meter;
		return { blob, span, meter, window: Math.max(1, Math.floor(memoryBytes / blob.manifest.chunkBytes)) };
	}

	/** The bytes in order. Chunks are fetched ahead of the reader within the limit `memoryBytes`. */
	stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
		return this.#stream(() => {});
	}

	#stream(failed: (error: unknown) => void): ReadableStream<Uint8Array<ArrayBuffer>> {
		const { controller, release } = follow(this.#signal);
		const chunks = this.#chunks(controller.signal);
		return new ReadableStream<Uint8Array<ArrayBuffer>>(
			{
				pull: async (sink) => {
					try {
						const { done, value } = await chunks.next();
						if (!done) return sink.enqueue(value as Uint8Array<ArrayBuffer>);
						release();
						sink.close();
					} catch (error) {
						release();
						failed(error);
						throw toBlobError(error);
					}
				},
				cancel: async (reason) => {
					controller.abort(reason);
					release();
					await chunks.return(undefined).catch(() => {});
				},
			},
			// Chunks fetched ahead are counted elsewhere, so this queue must hold nothing.
			{ highWaterMark: 0 },
		);
	}

	/** The bytes in order, as from `stream`. */
	[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
		return guardedAll(() => this.#chunks(this.#signal));
	}

	/** Writes the bytes in order, respecting backpressure, and closes the writable. */
	pipeTo(writable: WritableStream<Uint8Array>, options?: StreamPipeOptions): Promise<void> {
		return this.stream().pipeTo(writable, options);
	}

	/**
	 * All bytes in one buffer.
	 * @throws ClientError `too_large_for_memory` if larger than `maxBytes`, by default 512 MiB
	 */
	bytes(options?: BytesOptions): Promise<Uint8Array<ArrayBuffer>> {
		return guarded(() => {
			checkOptions(options, BYTES);
			return this.#bytes(options);
		});
	}

	async #bytes({ maxBytes = DEFAULT_MAX_BYTES }: BytesOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
		const { blob, span, meter, window } = await this.begin();
		const { start, end } = span;
		if (end - start > maxBytes)
			throw new ClientError("too_large_for_memory", { size: end - start, maxBytes });
		const all = new Uint8Array(end - start);
		const { controller, release } = follow(this.#signal);
		const pool = new Pool(window);
		try {
			for (let index = span.firstChunk; index < span.endChunk; index++) {
				await pool.add(async () => {
					const at = blob.range(index).start;
					const part = within(span, at, await blob.chunk(index, controller.signal));
					all.set(part, Math.max(at, start) - start);
					meter.arrived(part.length);
				});
			}
			await pool.drain();
			return all;
		} catch (error) {
			controller.abort(error);
			blob.endEarly();
			await pool.settle();
			throw error;
		} finally {
			release();
		}
	}

	/** The bytes as a Blob with the blob's media type. A browser may store it on disk. */
	blob(): Promise<Blob> {
		let cause: unknown;
		const stream = () =>
			this.#stream((error) => {
				cause = error;
			});
		return guarded(async () => {
			const { contentType } = await this.manifest();
			try {
				const blob = await new Response(stream()).blob();
				// Set the type by a slice, which copies nothing: a response header refuses some texts.
				return blob.slice(0, blob.size, contentType);
			} catch (error) {
				// Browsers throw a generic error here instead of the stream's own.
				throw cause ?? error;
			}
		});
	}

	/**
	 * All bytes as text, decoded as UTF-8 regardless of the media type; invalid sequences become U+FFFD.
	 * @throws ClientError `too_large_for_memory` as `bytes`
	 */
	async text(options?: BytesOptions): Promise<string> {
		return new TextDecoder().decode(await this.bytes(options));
	}

	/**
	 * All bytes parsed as JSON, regardless of the media type. The shape is not checked.
	 * @throws ClientError `json_invalid` if the text is not JSON; `too_large_for_memory` as `bytes`
	 */
	async json<T = unknown>(options?: BytesOptions): Promise<T> {
		const text = await this.text(options);
		try {
			return JSON.parse(text);
		} catch (error) {
			const { key } = await this.manifest();
			throw new ClientError("json_invalid", { key, reason: messageOf(error) }, error);
		}
	}

	async *#chunks(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
		// A reader that cancels must not wait for a manifest that may never arrive.
		const { blob, span, meter, window } = await raceAbort(this.begin(), signal);
		yield* chunksInOrder(blob, span, window, (bytes) => meter.arrived(bytes), signal);
	}

	/** Callers share a successful result. A failure is forgotten, so that the next caller tries again. */
	#keep<T>(result: Promise<T>, forget: () => void): Promise<T> {
		const kept = guarded(() => result);
		kept.catch(forget);
		return kept;
	}
}

function storedTarget(context: ClientContext, target: string | BlobRef): string | BlobRef {
	if (typeof target === "string") return storedKey(context, target);
	// An opened manifest differs from the stored one in all other fields.
	return context.settings.encryption ? { key: storedKey(context, target.key), root: target.root } : target;
}

function checkTarget(target: string | BlobRef): void {
	if (typeof target !== "string") {
		checkArgument("target", target, is.object);
		checkArgument("root", target.root, is.bytes);
	}
	const key = typeof target === "string" ? target : target.key;
	checkArgument("key", key, is.text);
	refuseInvalid(checkKey(key));
}
