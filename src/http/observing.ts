import type { Answer, Asked } from "./answer.js";
import { failureOf } from "./core/failures.js";
import { type LoggedError, type LogRecord, loggedPath } from "./log.js";
import type { Metrics } from "./metrics.js";

/** The logged status of a request whose reader left before the response, as in nginx. */
const GONE = 499;

/** Reports the end of a request once to metrics and log. */
export class Observed {
	readonly #asked: Asked;
	readonly #from: string | undefined;
	readonly #metrics: Metrics;
	readonly #log: ((record: LogRecord) => void) | undefined;
	readonly #time = new Date();
	readonly #startedMs = performance.now();
	#status = GONE;
	#bytes = 0;
	#error: LoggedError | undefined;
	#hasBody = false;
	#isAnswered = false;
	#isOver = false;

	constructor(
		asked: Asked,
		from: string | undefined,
		metrics: Metrics,
		log: ((record: LogRecord) => void) | undefined,
	) {
		this.#asked = asked;
		this.#from = from;
		this.#metrics = metrics;
		this.#log = log;
	}

	answered({ status, error, body }: Answer): void {
		// The reader left before there was a status.
		if (this.#isOver) return;
		this.#isAnswered = true;
		this.#status = status;
		this.#error = error;
		this.#hasBody = body !== undefined;
		this.#metrics.answered(this.#asked.method, status, this.#seconds);
	}

	sent(bytes: number): void {
		this.#bytes += bytes;
	}

	/** Records that the body broke off. */
	failed(error: unknown): void {
		const { code, reason } = failureOf(error);
		this.#metrics.failed(code);
		this.#error = { code, ...(reason !== undefined && { reason }) };
		this.ended("failed");
	}

	ended(end: LogRecord["end"]): void {
		if (this.#isOver) return;
		this.#isOver = true;
		if (!this.#isAnswered) this.#metrics.answered(this.#asked.method, this.#status, this.#seconds);
		if (this.#hasBody) this.#metrics.ended(end, this.#bytes, this.#seconds);
		this.#log?.({
			time: this.#time.toISOString(),
			method: this.#asked.method,
			path: loggedPath(this.#asked.target),
			status: this.#status,
			bytes: this.#bytes,
			ms: Math.round(this.#seconds * 1_000),
			end: end === "done" && this.#error ? "failed" : end,
			...(this.#from !== undefined && { from: this.#from }),
			...(this.#error && { error: this.#error }),
		});
	}

	get #seconds(): number {
		return (performance.now() - this.#startedMs) / 1_000;
	}
}
