import type { Ports } from "../platform/ports.js";
import { stopwatch } from "../util/stopwatch.js";

type Clock = Pick<Ports, "now" | "monotonic" | "sleep">;

/** A time that began with its construction. */
class Window {
	readonly #elapsed: () => number;
	readonly #ms: number;

	constructor(ms: number, ports: Clock) {
		this.#ms = ms;
		this.#elapsed = stopwatch(ports);
	}

	/** In whole milliseconds, since a timer that is shorter takes no time. */
	get leftMs(): number {
		return Math.ceil(Math.max(0, this.#ms - this.#elapsed()));
	}
}

/**
 * Holds back all requests of a client where the network asks for it. One Retry-After may be one overloaded node's or
 * proxy's, and delays only the request that it answered; a second one within its time delays all of them.
 */
export class Throttle {
	readonly #ports: Clock;
	readonly #maxMs: number;
	#last: Window | undefined;
	#closed: Window | undefined;

	/** @param maxMs how long requests are held back at most, whatever the network asks for */
	constructor(ports: Clock, maxMs: number) {
		this.#ports = ports;
		this.#maxMs = maxMs;
	}

	/** A request was refused with Retry-After. */
	refused(retryAfterMs: number): void {
		if (retryAfterMs <= 0) return;
		const isSecond = this.#last !== undefined && this.#last.leftMs > 0;
		this.#last = new Window(Math.min(retryAfterMs, this.#maxMs), this.#ports);
		if (isSecond && this.#last.leftMs > this.closedMs) this.#closed = this.#last;
	}

	/** How long nothing may be sent. */
	get closedMs(): number {
		return this.#closed?.leftMs ?? 0;
	}

	/** Resolves when requests may be sent; rejects when the signal fires. */
	async opened(signal: AbortSignal | undefined): Promise<void> {
		for (let left = this.closedMs; left > 0; left = this.closedMs) await this.#ports.sleep(left, signal);
	}
}
