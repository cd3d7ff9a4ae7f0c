import { isBlobError } from "../client/node/index.js";
import type { Answer, Asked } from "./answer.js";
import { Busy, type Failure, failureOf, Gone, Late } from "./core/failures.js";
import { type Header, plainHeaders, preflightHeaders } from "./core/headers.js";
import { type Found, Lookups } from "./core/lookups.js";
import { ChunkMemory } from "./core/memory.js";
import { Body, type Segment } from "./core/reader.js";
import { Readers } from "./core/readers.js";
import { represent } from "./core/represent.js";
import { MAX_TARGET, type Target, targetOf } from "./core/target.js";
import { DiskCache } from "./disk-cache.js";
import { Metrics } from "./metrics.js";
import type { Settings } from "./options.js";
import { chunksOf } from "./places.js";

/** A blob that the requester may read. */
interface Readable {
	readonly found: Found;
	readonly isPrivate: boolean;
	readonly lookups: Lookups;
}

/** Limits of the wait for a response. */
interface Patience {
	/** Aborts when the requester disconnects. */
	readonly signal: AbortSignal;
	/** Deadline, by `performance.now()`. */
	readonly endMs: number;
}

const encoder = new TextEncoder();

/** Answers requests from a store's content, as RFC 9110 defines. */
export class Answering {
	readonly metrics: Metrics;
	readonly readers: Readers;
	readonly #settings: Settings;
	readonly #memory: ChunkMemory;
	readonly #public: Lookups;
	readonly #private: Lookups | undefined;
	readonly #methods: string;
	readonly #cache: DiskCache | undefined;

	constructor(settings: Settings) {
		this.#settings = settings;
		const { maxReaders: most, stallMs, pressedStallMs, privateClient } = settings;
		this.#cache = settings.cache && new DiskCache(settings.cache);
		this.#memory = new ChunkMemory(settings.memoryBytes, (bytes) => this.#cache?.recycle(bytes));
		this.readers = new Readers(this.#memory, { most, stallMs, pressedStallMs });
		this.metrics = new Metrics({
			memoryBytes: () => this.#memory.held,
			idleMemoryBytes: () => this.#memory.idle,
			readers: () => this.readers.count,
			cacheBytes: () => this.#cache?.bytes ?? 0,
			cacheFailures: () => this.#cache?.failures ?? 0,
		});
		const lookups = (client: Settings["client"]) =>
			new Lookups(client, {
				freshMs: settings.freshMs,
				indexBytes: settings.indexBytes / (privateClient ? 2 : 1),
				most: settings.maxLookups,
				onAsked: (result) => this.metrics.lookup(result),
			});
		this.#public = lookups(settings.client);
		this.#private = privateClient && lookups(privateClient);
		this.#methods = settings.corsOrigin === undefined ? "GET, HEAD" : "GET, HEAD, OPTIONS";
	}

	/** Resolves when pending disk work is done. */
	async settle(): Promise<void> {
		await this.#cache?.settle();
	}

	/** Never throws. */
	async answer(asked: Asked, signal: AbortSignal): Promise<Answer> {
		const { method, target } = asked;
		if (method === "OPTIONS" && this.#settings.corsOrigin !== undefined)
			return {
				status: 204,
				headers: [["Allow", this.#methods], ...preflightHeaders(this.#settings, this.#methods)],
				body: undefined,
			};
		if (method !== "GET" && method !== "HEAD")
			return this.#plain(405, "Only GET and HEAD.", [["Allow", this.#methods]]);
		if (target.length > MAX_TARGET) return this.#plain(414, "The path is too long.");
		try {
			const patience = { signal, endMs: performance.now() + this.#settings.firstByteMs };
			return await this.#blob(asked, targetOf(target, this.#settings.prefix), patience);
		} catch (error) {
			return this.#failed(failureOf(error));
		}
	}

	async #blob(asked: Asked, target: Target, patience: Patience): Promise<Answer> {
		const { key } = target;
		if (key === undefined) return this.#absent();
		for (let attempt = 1; ; attempt++) {
			const readable = await this.#inTime(this.#find(asked, { ...target, key }), patience);
			if (readable === undefined) return this.#absent();
			try {
				return await this.#represent(asked, readable, patience);
			} catch (error) {
				// The blob was replaced just now, so its first bytes no longer exist.
				const isOld = isBlobError(error, "blob_replaced") || isBlobError(error, "blob_not_found");
				if (!isOld || attempt > 1) throw error;
				readable.lookups.forget(key);
			}
		}
	}

	/** Finds a public blob for any requester. Looks up private blobs only for a requester with a right to the key. */
	async #find(asked: Asked, target: Target & { key: string }): Promise<Readable | undefined> {
		const { key, query } = target;
		const { links, mayRead } = this.#settings;
		if (links?.admits({ key, query })) return this.#own(asked, key);
		const lookups = this.#public;
		const found = await lookups.find(key, asked.method === "GET");
		if (found?.manifest.visibility === "public") return { found, isPrivate: false, lookups };
		if (mayRead === undefined) return undefined;
		const request = {
			key,
			query,
			method: asked.method,
			header: (name: string) => asked.header(name.toLowerCase()),
		};
		return (await mayRead(request)) === true ? this.#own(asked, key) : undefined;
	}

	/** A blob that the server's own identity may read. */
	async #own(asked: Asked, key: string): Promise<Readable | undefined> {
		const lookups = this.#private;
		const found = await lookups?.find(key, asked.method === "GET");
		if (lookups === undefined || found === undefined) return undefined;
		return { found, isPrivate: found.manifest.visibility !== "public", lookups };
	}

	async #represent(asked: Asked, { found, isPrivate }: Readable, patience: Patience): Promise<Answer> {
		const outcome = represent(asked, found.manifest, {
			isPrivate,
			rules: this.#settings,
			maxRanges: this.#settings.maxRanges,
			nowMs: Date.now(),
		});
		const { headers } = outcome;
		if (!("segments" in outcome)) {
			const { status } = outcome;
			return status === 304
				? { status, headers, body: undefined }
				: this.#plain(status, REFUSALS[status], headers);
		}
		const { status, segments } = outcome;
		if (segments.length === 0) return { status, headers, body: undefined };
		return { status, headers, body: await this.#body(found, isPrivate, segments, patience) };
	}

	/** Fetches the first bytes before it returns, so that an early failure becomes an error response. */
	async #body(
		found: Found,
		isPrivate: boolean,
		segments: readonly Segment[],
		patience: Patience,
	): Promise<Body> {
		if (this.readers.isFull) throw new Busy("readers");
		const blob = await this.#inTime(found.blob(), patience);
		const { readAhead } = this.#settings;
		const source = chunksOf(blob, isPrivate, { metrics: this.metrics, cache: this.#cache });
		const body = new Body(source, segments, { memory: this.#memory, readAhead });
		this.readers.add(body);
		try {
			await this.#inTime(body.prepare(), patience);
			return body;
		} catch (error) {
			this.readers.remove(body);
			throw error instanceof Late && this.#memory.isShort ? new Busy("memory") : error;
		}
	}

	async #inTime<T>(work: Promise<T>, { signal, endMs }: Patience): Promise<T> {
		let end: (() => void) | undefined;
		const over = new Promise<never>((_, reject) => {
			const timer = setTimeout(() => reject(new Late()), Math.max(0, endMs - performance.now()));
			const gone = () => reject(new Gone());
			signal.addEventListener("abort", gone);
			if (signal.aborted) gone();
			end = () => {
				clearTimeout(timer);
				signal.removeEventListener("abort", gone);
			};
		});
		try {
			return await Promise.race([work, over]);
		} finally {
			end?.();
		}
	}

	#failed({ status, code, reason, retryAfterSeconds }: Failure): Answer {
		if (code !== "gone") this.metrics.failed(code);
		const headers: Header[] =
			retryAfterSeconds === undefined ? [] : [["Retry-After", String(retryAfterSeconds)]];
		return {
			...this.#plain(status, TEXTS[status], headers),
			error: { code, ...(reason !== undefined && { reason }) },
		};
	}

	#absent(): Answer {
		return this.#plain(404, "There is no such blob, or it is not for you.");
	}

	/** A plain text response. The given headers replace the default ones of the same name. */
	#plain(status: number, text: string, headers: readonly Header[] = []): Answer {
		const body = encoder.encode(`${text}\n`);
		const own = new Set(headers.map(([name]) => name));
		const usual = plainHeaders(this.#settings).filter(([name]) => !own.has(name));
		return { status, headers: [...usual, ...headers, ["Content-Length", String(body.length)]], body };
	}
}

const REFUSALS: Record<412 | 416, string> = {
	412: "A condition of the request does not hold.",
	416: "The range is none of this blob, or there are too many.",
};
const TEXTS: Record<Failure["status"], string> = {
	500: "The server failed.",
	502: "What the network answered cannot be used.",
	503: "Too much is under way. Try again in a moment.",
	504: "The network did not answer in time.",
};
