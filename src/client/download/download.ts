import { checkKey } from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { ClientError, refuseInvalid } from "../errors.js";
import { checkInteger } from "../options.js";
import { stat, statRef } from "../stat.js";
import type { BlobRef, Manifest } from "../types.js";
import { follow } from "../util/abort.js";
import { Pool } from "../util/pool.js";
import { chunksInOrder } from "./in-order.js";
import { VerifiedBlob } from "./verified-blob.js";

export interface DownloadOptions {
	/** Chunks fetched at a time; a stream holds at most as many. Default: the client's. */
	concurrency?: number;
	/** Aborts everything that this download does. */
	signal?: AbortSignal;
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
	readonly #concurrency: number;
	#manifest: Promise<Manifest> | undefined;
	#blob: Promise<VerifiedBlob> | undefined;

	constructor(context: ClientContext, target: string | BlobRef, options: DownloadOptions) {
		refuseInvalid(checkKey(typeof target === "string" ? target : target.key));
		this.#context = context;
		this.#target = target;
		this.#signal = options.signal;
		this.#concurrency = checkInteger("concurrency", options.concurrency ?? context.settings.concurrency, 1);
	}

	/** Chunks that may be fetched at a time. */
	get concurrency(): number {
		return this.#concurrency;
	}

	get signal(): AbortSignal | undefined {
		return this.#signal;
	}

	/**
	 * What the blob is: certified by the subnet, or in accord with the root that the caller gave.
	 * @throws CanisterError `blob_not_found`, `blob_replaced` where the key no longer holds the root asked for
	 */
	manifest(): Promise<Manifest> {
		this.#manifest ??= this.#keep(
			typeof this.#target === "string"
				? stat(this.#context, this.#target, this.#signal ? { signal: this.#signal } : {})
				: statRef(this.#context, this.#target, this.#signal),
			() => {
				this.#manifest = undefined;
			},
		);
		return this.#manifest;
	}

	/** The blob's chunks in any order, each verified. */
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

	/** The blob's bytes in order, fetched ahead as far as `concurrency`, and no further than they are taken. */
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

	[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
		return this.#chunks(this.#signal);
	}

	/**
	 * The whole blob in one buffer.
	 * @throws ClientError `too_large_for_memory` over `maxBytes`, by default 512 MiB
	 */
	async bytes({ maxBytes = DEFAULT_MAX_BYTES }: { maxBytes?: number } = {}): Promise<Uint8Array> {
		const { size } = await this.manifest();
		if (size > maxBytes) throw new ClientError("too_large_for_memory", { size, maxBytes });
		const blob = await this.open();
		const all = new Uint8Array(size);
		const pool = new Pool(this.#concurrency);
		for (let index = 0; index < blob.count; index++) {
			await pool.add(async () => {
				all.set(await blob.chunk(index, this.#signal), blob.range(index).start);
			});
		}
		await pool.drain();
		return all;
	}

	/** The whole as a Blob with its media type; a browser may keep it on disk. */
	async toBlob(): Promise<Blob> {
		const { contentType, size } = await this.manifest();
		// Not by a header of the response, which refuses some texts; a slice of a Blob copies nothing.
		return (await new Response(this.stream()).blob()).slice(0, size, contentType);
	}

	async *#chunks(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
		yield* chunksInOrder(await this.open(), this.#concurrency, signal);
	}

	/** A result is kept for all who ask, a failure is not: who asks again tries again. */
	#keep<T>(result: Promise<T>, forget: () => void): Promise<T> {
		result.catch(forget);
		return result;
	}
}
