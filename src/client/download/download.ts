import { checkKey } from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { ClientError, refuseInvalid } from "../errors.js";
import { checkInteger } from "../options.js";
import { stat, statRef } from "../stat.js";
import type { BlobRef, Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { notify } from "../util/notify.js";
import { Pool } from "../util/pool.js";
import { chunksInOrder } from "./in-order.js";
import { DownloadMeter, type DownloadProgress } from "./progress.js";
import { type ByteRange, checkRange, type Span, spanOf, within } from "./range.js";
import { VerifiedBlob } from "./verified-blob.js";

/** How what a key holds is read. */
export interface DownloadOptions {
	/** Only these bytes; only the chunks that hold them are fetched. Default: the whole blob. */
	range?: ByteRange;
	/**
	 * False takes what a key holds on the word of one node, which signs it, and so needs neither proof nor update call.
	 * The bytes are held against the root that it names all the same. Default true.
	 */
	verify?: boolean;
	/** Chunks fetched at a time; a stream holds at most as many. Default: the client's. */
	concurrency?: number;
	/** Aborts everything that this download does. */
	signal?: AbortSignal;
}

/** How a blob is read of which the caller has the root: that is proof enough, so there is nothing to `verify`. */
export interface RefDownloadOptions extends DownloadOptions {
	verify?: never;
}

/** How large a buffer may be. */
export interface ToBytesOptions {
	/** Bytes that it may have at the most. Default 536,870,912 (512 MiB). */
	maxBytes?: number;
}

/** What reads a download: which blob, which part of it, and where to count. */
export interface Reading {
	readonly blob: VerifiedBlob;
	readonly span: Span;
	readonly meter: DownloadMeter;
}

/** The largest buffer that `toBytes()` makes without being told to. */
const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

/**
 * A blob to be read, any way and as often as wanted. Nothing is asked for before one of its methods is called; all
 * of them read the same version, and hand out no byte that is not verified against its root.
 */
export class Download implements AsyncIterable<Uint8Array> {
	readonly #context: ClientContext;
	readonly #target: string | BlobRef;
	readonly #signal: AbortSignal | undefined;
	readonly #concurrency: number;
	readonly #range: ByteRange;
	readonly #verify: boolean;
	readonly #listeners = new Set<(progress: DownloadProgress) => void>();
	#manifest: Promise<Manifest> | undefined;
	#blob: Promise<VerifiedBlob> | undefined;
	#meter: DownloadMeter | undefined;

	/** @internal */
	constructor(context: ClientContext, target: string | BlobRef, options: DownloadOptions) {
		refuseInvalid(checkKey(typeof target === "string" ? target : target.key));
		this.#range = { ...options.range };
		checkRange(this.#range);
		this.#context = context;
		this.#target = target;
		this.#signal = options.signal;
		this.#verify = options.verify ?? true;
		this.#concurrency = checkInteger("concurrency", options.concurrency ?? context.settings.concurrency, 1);
	}

	/** Chunks that may be fetched at a time. */
	get concurrency(): number {
		return this.#concurrency;
	}

	/** What aborts it. */
	get signal(): AbortSignal | undefined {
		return this.#signal;
	}

	/** How far the read is that began last; undefined before the first one has begun. */
	get progress(): DownloadProgress | undefined {
		return this.#meter?.progress;
	}

	/** Calls `listener` whenever bytes have arrived and are verified. @returns what ends that. */
	on(_event: "progress", listener: (progress: DownloadProgress) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/**
	 * What the blob is: proven, certified by the subnet, or in accord with the root that the caller gave.
	 * @throws CanisterError `blob_not_found`, `blob_replaced` where the key no longer holds the root asked for
	 */
	manifest(): Promise<Manifest> {
		const signal = this.#signal && { signal: this.#signal };
		this.#manifest ??= this.#keep(
			typeof this.#target === "string"
				? stat(this.#context, this.#target, { ...signal, ...(this.#verify ? {} : { certified: false }) })
				: statRef(this.#context, this.#target, this.#signal),
			() => {
				this.#manifest = undefined;
			},
		);
		return this.#manifest;
	}

	/** The blob's hashes, fetched and verified: what reads the chunks. */
	open(): Promise<VerifiedBlob> {
		this.#blob ??= this.#keep(
			this.manifest().then((manifest) =>
				VerifiedBlob.open(this.#context, manifest, this.#concurrency, this.#signal),
			),
			() => {
				this.#blob = undefined;
			},
		);
		return this.#blob;
	}

	/**
	 * Begins a read, whose progress is shown from now on.
	 * @throws ClientError `range_invalid`
	 * @internal
	 */
	async begin(): Promise<Reading> {
		// Before the hashes are fetched: a range that is none needs none.
		const span = spanOf(await this.manifest(), this.#range);
		const blob = await this.open();
		const meter = new DownloadMeter(span.end - span.start, this.#context.settings.ports.now, (progress) => {
			if (this.#meter === meter) for (const listener of this.#listeners) notify(listener, progress);
		});
		this.#meter = meter;
		return { blob, span, meter };
	}

	/** The bytes in order, fetched ahead as far as `concurrency`, and no further than they are taken. */
	stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
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
						throw error;
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
		return this.#chunks(this.#signal);
	}

	/** Writes the bytes in order, no faster than they are taken, and closes what they are written to. */
	pipeTo(writable: WritableStream<Uint8Array>, options?: StreamPipeOptions): Promise<void> {
		return this.stream().pipeTo(writable, options);
	}

	/**
	 * All bytes in one buffer.
	 * @throws ClientError `too_large_for_memory` over `maxBytes`, by default 512 MiB
	 */
	async toBytes({ maxBytes = DEFAULT_MAX_BYTES }: ToBytesOptions = {}): Promise<Uint8Array> {
		const { start, end } = spanOf(await this.manifest(), this.#range);
		if (end - start > maxBytes)
			throw new ClientError("too_large_for_memory", { size: end - start, maxBytes });
		const { blob, span, meter } = await this.begin();
		const all = new Uint8Array(end - start);
		const { controller, release } = follow(this.#signal);
		const pool = new Pool(this.#concurrency);
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
			await pool.settle();
			throw error;
		} finally {
			release();
		}
	}

	/** The bytes as a Blob with the blob's media type; a browser may keep it on disk. */
	async toBlob(): Promise<Blob> {
		const { contentType } = await this.manifest();
		const blob = await new Response(this.stream()).blob();
		// Not by a header of the response, which refuses some texts; a slice of a Blob copies nothing.
		return blob.slice(0, blob.size, contentType);
	}

	async *#chunks(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
		const { blob, span, meter } = await this.begin();
		yield* chunksInOrder(blob, span, this.#concurrency, (bytes) => meter.arrived(bytes), signal);
	}

	/** A result is kept for all who ask, a failure is not: who asks again tries again. */
	#keep<T>(result: Promise<T>, forget: () => void): Promise<T> {
		result.catch(forget);
		return result;
	}
}
