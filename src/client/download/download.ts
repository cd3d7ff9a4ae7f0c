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

/** What proves a manifest and verifies chunks. */
const reading = part(() => import("./reading.js"));
type Parts = Awaited<ReturnType<typeof reading>>;

/** How what a key holds is read. */
export interface DownloadOptions {
	/** Only these bytes; only the chunks that hold them are fetched. Default: the whole blob. */
	range?: ByteRange | undefined;
	/**
	 * On whose word the manifest stands; the bytes are verified against its root in any case.
	 * @default "proof"
	 */
	trust?: TrustLevel | undefined;
	/**
	 * Chunks fetched at a time at most, beside those of other downloads.
	 * @default shared with the client's other downloads, as many as the network bears
	 */
	concurrency?: number | undefined;
	/** Aborts everything that this download does. */
	signal?: AbortSignal | undefined;
}

/** How a blob is read of which the caller has the root. What else is known of it is always proven or certified. */
export interface RefDownloadOptions extends DownloadOptions {
	trust?: Exclude<TrustLevel, "node"> | undefined;
}

/** How large a buffer may be. */
export interface BytesOptions {
	/** Bytes that it may have at the most. Default 536,870,912 (512 MiB). */
	maxBytes?: number | undefined;
}

/** What a download tells, by event. */
export interface DownloadEvents {
	/** How far the read is that began last, after each step. */
	progress: Progress;
	/** A request is retried. */
	retry: RetryEvent;
}

/** What reads a download: which blob, which part of it, and where to count. */
export interface Reading {
	readonly blob: VerifiedBlob;
	readonly span: Span;
	readonly meter: DownloadMeter;
	/** Chunks that may be under way or in hand at a time: as many as `memoryBytes` holds. */
	readonly window: number;
}

/** The largest buffer that `bytes()` makes without being told to. */
const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

/**
 * A blob to be read, any way and as often as wanted. Nothing is asked for before one of its methods is called; all
 * of them read the same version, and hand out no byte that is not verified against its root.
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
	/** What is wrong with target or options: every read fails with it. */
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
			// What is proven already has the store's own key.
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

	/** Chunks that may be fetched at a time now, by all downloads that share this. */
	get concurrency(): number {
		return this.#lane.concurrency;
	}

	/** What aborts it. */
	get signal(): AbortSignal | undefined {
		return this.#signal;
	}

	/** How far the read is that began last; undefined before the first one has begun. */
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

	/** Whether `pause` was called, and `resume` was not since. */
	get isPaused(): boolean {
		return this.#gate.isClosed;
	}

	/**
	 * Starts no more requests until `resume`, in all reads of this download. Requests in progress finish; one that fails
	 * meanwhile for a reason that may pass is made again afterwards.
	 */
	pause(): void {
		this.#gate.close();
		this.#meter?.pause(true);
	}

	/** Goes on where `pause` stopped. */
	resume(): void {
		this.#meter?.pause(false);
		this.#gate.open();
	}

	/**
	 * Manifest of the blob: proven by one node or certified by the subnet, unless `trust` is `"node"`.
	 * @throws CanisterError `blob_not_found`, `blob_replaced` where the key no longer holds the root asked for
	 */
	manifest(): Promise<Manifest> {
		return guarded(async () => shown(this.#context, await this.#prove(undefined)));
	}

	/** The blob's hashes, fetched and verified: what reads the chunks. */
	open(): Promise<VerifiedBlob> {
		return this.#open(undefined);
	}

	/**
	 * The same, with the first chunks of a part fetched while the manifest is proven, at most `most` of them. Of what is
	 * encrypted none: which chunks hold a part of it shows only once it is opened.
	 * @param part which, by what is claimed of the blob
	 * @internal
	 */
	openPart(part: Exclude<RangeAhead, ByteRange>, most: number): Promise<VerifiedBlob> {
		const { encryption } = this.#context.settings;
		this.#blob ??= this.#keep(encryption ? this.#opened(undefined) : this.#openAhead(part, most), () => {
			this.#blob = undefined;
		});
		return this.#blob;
	}

	/** @param onClaim told what the manifest is claimed to be, before that is proven */
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

	/** @param range of which the first chunks are fetched as well while the manifest is proven */
	#open(range: ByteRange | undefined): Promise<VerifiedBlob> {
		this.#blob ??= this.#keep(this.#opened(range), () => {
			this.#blob = undefined;
		});
		return this.#blob;
	}

	async #opened(range: ByteRange | undefined): Promise<VerifiedBlob> {
		const { encryption } = this.#context.settings;
		if (!encryption) return this.#openAhead(range);
		// Which chunks hold a part of it shows only once it is opened.
		const isPart = range?.start !== undefined || range?.end !== undefined;
		return encryption.openBlob(await this.#openAhead(isPart ? undefined : range));
	}

	async #openAhead(range: RangeAhead | undefined, most?: number): Promise<VerifiedBlob> {
		let ahead: Ahead | undefined;
		try {
			// Begun at once: who asks for the manifest beside this shares what is begun.
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
	 * The same for a manifest that the caller has proven already, such as one of the feed: nothing more is asked about it.
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
	 * Begins a read, whose progress is shown from now on.
	 * @param withChunks whether the first chunks may be fetched before it is known which of them are needed
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

	/** The bytes in order, fetched ahead as far as `memoryBytes` allows, and no further than they are taken. */
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
			// What is fetched ahead is counted where it is fetched: this queue holds nothing.
			{ highWaterMark: 0 },
		);
	}

	/** The bytes in order, as `stream` has them. */
	[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
		return guardedAll(() => this.#chunks(this.#signal));
	}

	/** Writes the bytes in order, no faster than they are taken, and closes what they are written to. */
	pipeTo(writable: WritableStream<Uint8Array>, options?: StreamPipeOptions): Promise<void> {
		return this.stream().pipeTo(writable, options);
	}

	/**
	 * All bytes in one buffer.
	 * @throws ClientError `too_large_for_memory` over `maxBytes`, by default 512 MiB
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

	/** The bytes as a Blob with the blob's media type; a browser may keep it on disk. */
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
				// Not by a header of the response, which refuses some texts; a slice of a Blob copies nothing.
				return blob.slice(0, blob.size, contentType);
			} catch (error) {
				// Browsers fail with an error of their own that says nothing of the stream's.
				throw cause ?? error;
			}
		});
	}

	/**
	 * All bytes as text, decoded as UTF-8 whatever media type the blob has; what is no UTF-8 becomes U+FFFD.
	 * @throws ClientError `too_large_for_memory` as `bytes`
	 */
	async text(options?: BytesOptions): Promise<string> {
		return new TextDecoder().decode(await this.bytes(options));
	}

	/**
	 * All bytes as JSON, whatever media type the blob has. Its shape is not checked.
	 * @throws ClientError `json_invalid` where it is no JSON; `too_large_for_memory` as `bytes`
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
		// Who cancels does not wait for a manifest that may never come.
		const { blob, span, meter, window } = await raceAbort(this.begin(), signal);
		yield* chunksInOrder(blob, span, window, (bytes) => meter.arrived(bytes), signal);
	}

	/** A result is kept for all who ask, a failure is not: who asks again tries again. */
	#keep<T>(result: Promise<T>, forget: () => void): Promise<T> {
		const kept = guarded(() => result);
		kept.catch(forget);
		return kept;
	}
}

function storedTarget(context: ClientContext, target: string | BlobRef): string | BlobRef {
	if (typeof target === "string") return storedKey(context, target);
	// What else an opened manifest says is not what the store has.
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
