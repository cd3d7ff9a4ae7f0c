import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Values that are read at the time of a scrape. */
export interface Levels {
	readonly memoryBytes: () => number;
	readonly idleMemoryBytes: () => number;
	readonly readers: () => number;
	readonly cacheBytes: () => number;
	readonly cacheFailures: () => number;
}

/** Origin of a chunk. */
export type ChunkOrigin = "network" | "cache";

const PREFIX = "canister_blobs_serve_";
/** Buckets of request durations: from a response out of memory to a large blob on a slow line. */
const SECONDS = [0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30, 120, 600];

/** The counters of a handler, for Prometheus. Each label has few values, none from a request. */
export class Metrics {
	readonly #registry = new Registry();
	readonly #requests = this.#counter("requests_total", "Requests, by method and status.", [
		"method",
		"status",
	]);
	readonly #ends = this.#counter("bodies_total", "Bodies that were begun, by how they ended.", ["end"]);
	readonly #bytes = this.#counter("body_bytes_total", "Bytes of bodies handed to readers.", []);
	readonly #chunks = this.#counter("chunks_total", "Chunks that were loaded, by where from.", ["from"]);
	readonly #lookups = this.#counter("lookups_total", "Keys asked for at the network, by result.", ["result"]);
	readonly #failures = this.#counter("failures_total", "Requests that failed, by code of the error.", [
		"code",
	]);
	readonly #damaged = this.#counter(
		"cache_damaged_total",
		"Files of the cache that were not what they say.",
		[],
	);
	readonly #firstByte = this.#histogram("first_byte_seconds", "Until the head of an answer was there.");
	readonly #whole = this.#histogram("request_seconds", "Until an answer was out or its reader gone.");

	constructor(levels: Levels) {
		this.#gauge("memory_bytes", "Bytes of chunks in memory.", levels.memoryBytes);
		this.#gauge("memory_idle_bytes", "Of these, those that nobody reads now.", levels.idleMemoryBytes);
		this.#gauge("readers", "Bodies under way.", levels.readers);
		this.#gauge("cache_bytes", "Bytes of the cache on disk.", levels.cacheBytes);
		this.#gauge(
			"cache_write_failures",
			"Chunks that could not be written to the cache.",
			levels.cacheFailures,
		);
	}

	/** Media type of the text. */
	get contentType(): string {
		return this.#registry.contentType;
	}

	/** The metrics in the text format of Prometheus. */
	text(): Promise<string> {
		return this.#registry.metrics();
	}

	damaged(): void {
		this.#damaged.inc();
	}

	answered(method: string, status: number, seconds: number): void {
		this.#requests.inc({ method: METHODS.has(method) ? method : "other", status: String(status) });
		this.#firstByte.observe(seconds);
	}

	ended(end: string, bytes: number, seconds: number): void {
		this.#ends.inc({ end });
		this.#bytes.inc(bytes);
		this.#whole.observe(seconds);
	}

	chunk(from: ChunkOrigin): void {
		this.#chunks.inc({ from });
	}

	lookup(result: string): void {
		this.#lookups.inc({ result });
	}

	failed(code: string): void {
		this.#failures.inc({ code });
	}

	#counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
		return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
	}

	#histogram(name: string, help: string): Histogram {
		return new Histogram({ name: PREFIX + name, help, buckets: SECONDS, registers: [this.#registry] });
	}

	#gauge(name: string, help: string, value: () => number): void {
		new Gauge({
			name: PREFIX + name,
			help,
			registers: [this.#registry],
			collect() {
				this.set(value());
			},
		});
	}
}

const METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
